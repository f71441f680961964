/** A card that was read, as indented text. */
import { describeStatus } from '@issuerkit/apdu'
import { type ShownApplication, type ShownCard, type ShownRecord, type ShownSearch, showCard } from './card-tree.js'
import type { Finding } from './findings.js'
import type { CardTree } from './read-card.js'
import type { ShownObject, ShowOptions } from './shown-objects.js'

/** A line and the lines below it. */
type Branch = readonly [line: string, below?: readonly Branch[]]

/**
 * The card as text: a line a data object, two blanks a level. PAN, track data and the holder's personal data are masked
 * unless asked for. It ends with a line end.
 */
export function treeText(tree: CardTree, options: ShowOptions = {}): string {
  return lines(cardBranches(showCard(tree, options)), 0)
}

function lines(branches: readonly Branch[], level: number): string {
  return branches.map(([line, below = []]) => `${'  '.repeat(level)}${line}\n${lines(below, level + 1)}`).join('')
}

const METHODS = {
  pse: 'payment system environment 1PAY.SYS.DDF01',
  ppse: 'proximity payment system environment 2PAY.SYS.DDF01',
  list: 'list of AIDs',
} as const

function cardBranches({ cardBlocked, ended, searches, applications }: ShownCard): Branch[] {
  return [
    ...searches.map(searchBranch),
    ...(cardBlocked ? [['the card is blocked, or has no SELECT: nothing more is asked of it'] as const] : []),
    ...applications.map(applicationBranch),
    ...(ended === undefined ? [] : [[`the reading ended: ${ended.message}`] as const]),
  ]
}

function searchBranch({ method, status, candidates, findings }: ShownSearch): Branch {
  const named = candidates.map(({ aid, label, preferredName, priority, needsConfirmation }): Branch => {
    const names = [label, preferredName === label ? undefined : preferredName].flatMap((name) => name ?? [])
    const rank = priority === undefined ? [] : [`priority ${priority}`]
    const confirm = needsConfirmation ? ['needs confirmation'] : []
    return [[aid, ...names.map((name) => `"${name}"`), ...rank, ...confirm].join(', ')]
  })
  return [`${METHODS[method]}: ${statusText(status)}`, [...named, ...findings.map(findingBranch)]]
}

function applicationBranch(application: ShownApplication): Branch {
  const { aid = 'without a name', label, status, fci, data, log, findings } = application
  const below: Branch[] = []
  if (fci !== undefined) below.push(['file control information', fci.map(objectBranch)])
  below.push(...processingBranches(application))
  if (data !== undefined) below.push(['by GET DATA', data.map(objectBranch)])
  if (log !== undefined) below.push(['log of transactions', log.map((record) => recordBranch(record))])
  below.push(...authenticationBranches(application))
  if (findings.length > 0) below.push(['findings', findings.map(findingBranch)])
  return [`application ${aid}${label === undefined ? '' : ` "${label}"`}: ${statusText(status)}`, below]
}

function processingBranches({ pdolData, aip, afl = [], options = [], records = [] }: ShownApplication): Branch[] {
  if (aip === undefined) return []
  const files = afl.map(({ sfi, first, last, signed }): Branch => {
    const which = first === last ? `record ${first}` : `records ${first} to ${last}`
    return [`SFI ${sfi} ${which}${signed === 0 ? '' : `, the first ${signed} signed`}`]
  })
  const functions = aip.functions.length === 0 ? '' : ` (${aip.functions.join(', ')})`
  return [
    [`values for the PDOL: ${pdolData || 'none'}`],
    ['processing options', [[`82 ${aip.value}${functions}`], ['94', files], ...options.map(objectBranch)]],
    ...records.map((record) => recordBranch(record, `SFI ${record.sfi} `)),
  ]
}

function recordBranch({ record, length, objects = [], bytes }: ShownRecord, file = ''): Branch {
  if (objects.length > 0) return [`${file}record ${record}`, objects.map(objectBranch)]
  return [`${file}record ${record}: ${bytes ?? `${length} bytes that are no data objects`}`]
}

/** What of a long value stands in a line: the first bytes. */
const SHOWN = 32

function objectBranch({ tag, name, value, length, text, objects = [] }: ShownObject): Branch {
  const title = `${tag} ${name}`
  if (value === undefined) return [title, objects.map(objectBranch)]
  const bytes = length ?? value.length / 2
  const shown = length !== undefined || bytes > SHOWN + 8 ? `${value.slice(0, 2 * SHOWN)}… (${bytes} bytes)` : value
  const asked = objects.map(
    (entry): Branch => [`${entry.tag} ${entry.name}, ${entry.length} ${entry.length === 1 ? 'byte' : 'bytes'}`],
  )
  return [`${title}: ${shown}${text === undefined ? '' : ` "${text}"`}`, asked]
}

const OUTCOMES = {
  authenticated: 'ok',
  failed: 'NOT OK',
  'cda-needs-generate-ac': 'certificates ok; CDA itself needs a GENERATE AC',
  'no-method': 'none that card and terminal have in common',
} as const

function authenticationBranches({ authentication }: ShownApplication): Branch[] {
  if (authentication === undefined) return []
  const { outcome, verdict } = authentication
  const stages = verdict.stages.map(({ stage, section, fault }): Branch => {
    const what = fault === undefined ? `ok ${section}` : `NOT OK ${fault.reason}: ${fault.sentence} ${fault.citation}`
    return [`${stage}: ${what}`]
  })
  const result = [`TVR ${verdict.tvr}  TSI ${verdict.tsi}`] as const
  return [[`offline data authentication, ${verdict.method}: ${OUTCOMES[outcome]}`, [...stages, result]]]
}

function findingBranch({ code, about, sentence, citation }: Finding): Branch {
  return [`${code}${about === undefined ? '' : ` (${about})`}: ${sentence} ${citation}`]
}

function statusText(status: string): string {
  return `${status} (${describeStatus(status)})`
}
