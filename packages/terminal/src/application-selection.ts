/**
 * Finding the applications of a card: by its directory (PSE with contacts, PPSE without), or by trying a list of AIDs.
 *
 * ```
 * SELECT 1PAY.SYS.DDF01 -> FCI with the SFI (88) -> READ RECORD 1, 2, ... until 6A83 -> templates 61
 * SELECT 2PAY.SYS.DDF01 -> FCI with the templates 61 in BF0C
 * SELECT aid, and again with P2 = 02 while the card has a longer name for it
 * ```
 * @see [EMV-B1] 12.2, 12.3
 */
import {
  type Exchange,
  encodeCommand,
  findTlv,
  fromHex,
  parseOneTlv,
  parseResponse,
  type Response,
  readRecordCommand,
  type Tlv,
  toHex,
} from '@issuerkit/apdu'
import { attempt } from './attempt.js'
import { type Finding, finding } from './findings.js'
import { type SelectedApplication, selectApplication } from './select-application.js'

/** An application that a terminal may choose. */
export interface Candidate {
  /** 5 to 16 bytes. */
  readonly aid: Uint8Array
  /** Tag 50 and tag 9F12, the characters of ISO 8859-1. */
  readonly label?: string
  readonly preferredName?: string
  /** 1, the highest, to 15; absent when the card gives none. */
  readonly priority?: number
  /** Bit 8 of the priority indicator (87): not to be chosen without the cardholder's word. [EMV-B1] 12.2.3 */
  readonly needsConfirmation: boolean
}

/** What a way of selection found. */
export interface FoundApplications {
  /** The status of the first SELECT: of the directory, or of the first AID that is not answered with 6A82. */
  readonly status: string
  /** The answer to SELECT of a directory. */
  readonly fci?: Uint8Array
  /** In the card's order, blocked ones left out. */
  readonly candidates: readonly Candidate[]
  /** Applications answered with 6283, which only a list shows: a directory does not tell. */
  readonly blocked: readonly SelectedApplication[]
  /** 6A81: the card is blocked, or has no SELECT. Nothing more is to be asked of it. */
  readonly cardBlocked: boolean
  readonly findings: readonly Finding[]
}

const PSE = fromHex('315041592E5359532E4444463031')
const PPSE = fromHex('325041592E5359532E4444463031')

/** AIDs tried on a card without a directory, longest names of each scheme left to the card. */
export const DEFAULT_AIDS: readonly Uint8Array[] = [
  // UnionPay: debit, credit, quasi-credit, electronic cash.
  'A000000333010101',
  'A000000333010102',
  'A000000333010103',
  'A000000333010106',
  // Visa credit and debit, Electron; Mastercard, Maestro; American Express; JCB; Discover; Interac.
  'A0000000031010',
  'A0000000032010',
  'A0000000041010',
  'A0000000043060',
  'A00000002501',
  'A0000000651010',
  'A0000001523010',
  'A0000002771010',
].map((aid) => fromHex(aid))

/** No card of the field comes near these; a card without end does. */
const MAX_CANDIDATES = 32
const MAX_OCCURRENCES = 16
const MAX_RECORD = 255

/** The SFIs that a directory may have. [EMV-B1] 12.2.3 */
const MAX_DIRECTORY_SFI = 10

/**
 * The applications that the payment system environment names (1PAY.SYS.DDF01). Entries of directory definition files are
 * a finding; records are read up to 6A83, 255 at most.
 * @throws ERR_RESPONSE when an answer has no status; what the exchange rejects with
 * @see [EMV-B1] 12.3.2
 */
export async function selectDirectory(exchange: Exchange): Promise<FoundApplications> {
  const directory = await openDirectory(exchange, PSE)
  const { status, fci, template, findings } = directory
  if (template === undefined) return { ...notFound(status, findings), ...(fci === undefined ? {} : { fci }) }
  const [sfi, ...more] = findTlv([template], '6F', 'A5', '88')?.value ?? []
  if (sfi === undefined || more.length > 0 || sfi < 1 || sfi > MAX_DIRECTORY_SFI) {
    return { ...notFound(status, [...findings, finding('DIRECTORY_MALFORMED', 'tag 88')]), fci: template.bytes }
  }
  const entries: Tlv[] = []
  for (let record = 1; ; record++) {
    if (record > MAX_RECORD) {
      findings.push(finding('DIRECTORY_ENDLESS', `SFI ${sfi}`))
      break
    }
    const answer = parseResponse(await exchange(readRecordCommand({ sfi, record })))
    if (answer.status === '6A83') break
    if (answer.status !== '9000') {
      findings.push(finding('DIRECTORY_STATUS', `record ${record}: ${answer.status}`))
      break
    }
    const body = attempt(() => parseOneTlv(answer.data, '70', { nonMinimalLengths: true }))
    if (body === undefined) findings.push(finding('DIRECTORY_MALFORMED', `record ${record}`))
    else entries.push(...entriesOf(body, `record ${record}`, findings))
  }
  return { ...found(status, entries, findings), fci: template.bytes }
}

/**
 * The applications that the directory of a contactless card names (2PAY.SYS.DDF01): they stand in its FCI.
 * @throws as {@link selectDirectory}
 * @see [EMV-B1] 11.3.4
 */
export async function selectProximityDirectory(exchange: Exchange): Promise<FoundApplications> {
  const { status, fci, template, findings } = await openDirectory(exchange, PPSE)
  if (template === undefined) return { ...notFound(status, findings), ...(fci === undefined ? {} : { fci }) }
  const issuer = findTlv([template], '6F', 'A5', 'BF0C')
  if (issuer === undefined) {
    return { ...notFound(status, [...findings, finding('DIRECTORY_MALFORMED', 'tag BF0C')]), fci: template.bytes }
  }
  return { ...found(status, entriesOf(issuer, 'tag BF0C', findings), findings), fci: template.bytes }
}

interface Directory extends Response {
  readonly fci?: Uint8Array
  /** Absent when there is no directory to read. */
  readonly template?: Tlv
  readonly findings: Finding[]
}

async function openDirectory(exchange: Exchange, name: Uint8Array): Promise<Directory> {
  const select = encodeCommand({ cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x00, data: name, le: 256 })
  const answer = parseResponse(await exchange(select))
  const given = answer.data.length === 0 ? {} : { fci: answer.data }
  // [EMV-B1] 12.3.2 step 1: 6A82 is no directory, 6283 a blocked one; either way the terminal tries its list.
  if (answer.status !== '9000') return { ...answer, ...given, findings: [] }
  const template = attempt(() => parseOneTlv(answer.data, '6F', { nonMinimalLengths: true }))
  if (template === undefined) return { ...answer, ...given, findings: [finding('FCI_MALFORMED')] }
  return { ...answer, fci: template.bytes, template, findings: [] }
}

function notFound(status: string, findings: readonly Finding[]): FoundApplications {
  return { status, candidates: [], blocked: [], cardBlocked: status === '6A81', findings }
}

/** The application entries in a record or in BF0C. [EMV-B1] 12.2.3: what else stands there is skipped. */
function entriesOf(template: Tlv, where: string, findings: Finding[]): Tlv[] {
  const entries = (template.children as readonly Tlv[]).filter(({ tag }) => tag === '61')
  return entries.filter((entry) => {
    if (findTlv([entry], '61', '9D') === undefined) return true
    findings.push(finding('DIRECTORY_DDF', where))
    return false
  })
}

function found(status: string, entries: readonly Tlv[], findings: Finding[]): FoundApplications {
  const candidates: Candidate[] = []
  const names = new Set<string>()
  for (const entry of entries) {
    const value = (tag: string): Uint8Array | undefined => findTlv([entry], '61', tag)?.value
    const aid = value('4F')
    if (aid === undefined || aid.length < 5 || aid.length > 16) {
      findings.push(finding('DIRECTORY_MALFORMED', 'tag 4F'))
    } else if (names.has(toHex(aid))) {
      findings.push(finding('DIRECTORY_REPEATED', toHex(aid)))
    } else if (candidates.length === MAX_CANDIDATES) {
      findings.push(finding('TOO_MANY_APPLICATIONS', `${MAX_CANDIDATES} are`))
      break
    } else {
      names.add(toHex(aid))
      candidates.push(candidateOf(aid, value))
    }
  }
  return { status, candidates, blocked: [], cardBlocked: false, findings }
}

function candidateOf(aid: Uint8Array, value: (tag: string) => Uint8Array | undefined): Candidate {
  const [label, preferredName] = [text(value('50')), text(value('9F12'))]
  const indicator = value('87')?.[0] ?? 0
  const priority = indicator & 0x0f
  return {
    aid: aid.slice(),
    ...(label === undefined ? {} : { label }),
    ...(preferredName === undefined ? {} : { preferredName }),
    ...(priority === 0 ? {} : { priority }),
    needsConfirmation: (indicator & 0x80) !== 0,
  }
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && String.fromCharCode(...bytes)
}

/**
 * The applications that answer to the AIDs of a list. A name of the card that goes on after the AID asks for the next one
 * (P2 = 02), until the card has none or gives a name again.
 * @param aids each 5 to 16 bytes
 * @throws ERR_RESPONSE when an answer has no status; ERR_LENGTH for an AID of another length
 * @see [EMV-B1] 12.3.3
 */
export async function selectByList(
  exchange: Exchange,
  aids: readonly Uint8Array[] = DEFAULT_AIDS,
): Promise<FoundApplications> {
  const candidates: Candidate[] = []
  const blocked: SelectedApplication[] = []
  const findings: Finding[] = []
  const names = new Set<string>()
  let first = '6A82'
  for (const aid of aids) {
    for (let occurrence = 0; ; occurrence++) {
      if (occurrence === MAX_OCCURRENCES) {
        findings.push(finding('SELECT_ENDLESS', toHex(aid)))
        break
      }
      const selected = await selectApplication(exchange, aid, occurrence === 0 ? 'first' : 'next')
      const { status, aid: name } = selected
      if (first === '6A82') first = status
      if (status === '6A81' && occurrence === 0) {
        return { status: first, candidates, blocked, cardBlocked: true, findings }
      }
      if (status !== '9000' && status !== '6283') break
      findings.push(...selected.findings)
      if (name === undefined) break
      // Two AIDs of the list may lead to one application; a card that ignores P2 gives the same one again.
      const known = names.has(toHex(name))
      if (!known) {
        if (candidates.length + blocked.length === MAX_CANDIDATES) {
          findings.push(finding('TOO_MANY_APPLICATIONS', `${MAX_CANDIDATES} are`))
          return { status: first, candidates, blocked, cardBlocked: false, findings }
        }
        names.add(toHex(name))
        // [EMV-B1] 12.3.3 step 4: a blocked application is no candidate.
        if (status === '6283') blocked.push(selected)
        else candidates.push(candidateOf(name, (tag) => selected.objects.get(tag)))
      }
      if (name.length === aid.length || (known && occurrence > 0)) break
    }
  }
  return { status: first, candidates, blocked, cardBlocked: false, findings }
}

/**
 * The candidates as a terminal offers them: by priority, 1 first; those without one last, in the card's order.
 * @see [EMV-B1] 12.4
 */
export function byPriority(candidates: readonly Candidate[]): Candidate[] {
  return [...candidates].sort((a, b) => (a.priority ?? 16) - (b.priority ?? 16))
}
