/**
 * Taking the lines of a campaign in. A line that names its card by PAN becomes the card's handle here, and what is to be checked
 * is enciphered here: neither reaches a table as it came. Lines are stored some at a time, so an upload that is cut off has
 * given the campaign its first lines, and goes on behind them.
 */

import { sql } from 'kysely'
import { appendAudit } from '../audit/append.js'
import type { AuditRecord } from '../audit/entry.js'
import { type LineGroup, lineGroups } from '../batch/lines.js'
import { type Fields, isBlank, lineFields } from '../batch/lines-json.js'
import type { CommandText } from '../cards/commands.js'
import { openCard } from '../cards/find.js'
import type { Operation } from '../cards/operation.js'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import { hostSeal } from '../keys/host-secrets.js'
import type { Intent } from '../ledger/intent.js'
import type { StoreContext } from '../store/card-store.js'
import { type Campaign, type LineState, MOST_LINES } from './campaign.js'
import { inLanes, lineError, lineRow } from './line.js'
import { readCampaign } from './records.js'
import { intentFor } from './settings.js'

/** A line of a queue campaign, as its schema has let it through. */
export type QueueLine = { readonly id?: string; readonly command?: CommandText } & (
  | { readonly card: string }
  | { readonly pan: string; readonly panSequence?: string; readonly application?: string }
)

/** Judges the fields of a line by their schema; what it throws becomes the line's result. */
export type CheckLine = (fields: Fields) => QueueLine

export interface Upload {
  readonly campaign: string
  readonly input: AsyncIterable<Uint8Array>
  /** The number that the first line must get; the next one unless given. */
  readonly from: number | undefined
  readonly checkLine: CheckLine
  /** Who gives them; the cards that they make are audited with them. */
  readonly operation: Pick<Operation, 'operator' | 'request'>
}

/** Bytes of a line. */
export const LONGEST_LINE = 65_536
/** Lines that are stored at once. */
const TOGETHER = 200
/** Cards that are looked up at once. */
const LANES = 4

type QueueCampaign = Extract<Campaign, { readonly kind: 'queue' }>

interface NewLine {
  readonly state: Extract<LineState, 'waiting' | 'invalid'>
  readonly name?: string
  readonly card?: string
  readonly intent?: Intent
  readonly sealed?: Uint8Array
  readonly error?: object
}

/**
 * Takes lines in; empty ones are passed over. A bad line is taken, too: it is `invalid` and has its error as its result.
 * @returns how many lines the campaign has now
 * @throws ERR_NOT_FOUND; ERR_CAMPAIGN_STATE when it is not open, or has another number of lines than `from` says, or gets lines
 *   from somewhere else at the same time; ERR_CAMPAIGN_SIZE
 */
export async function takeLines(
  context: StoreContext,
  { campaign: id, input, from, checkLine, operation }: Upload,
): Promise<number> {
  const campaign = await readCampaign(context.database, id)
  let taken = campaign.total
  expectOpen(campaign, from)
  const read = campaign.kind === 'queue' ? queueReader(context, campaign, checkLine) : undefined
  for await (const lines of together(lineGroups(input, LONGEST_LINE))) {
    if (taken + lines.length > MOST_LINES) throw new HostError('ERR_CAMPAIGN_SIZE')
    const rows = await (read ?? odaReader(context, id, taken))(lines)
    await context.database.transaction().execute(async (transaction) => {
      await addLines(transaction, id, taken, rows)
      await appendAudit(transaction, recordOf(operation, id, taken, rows.length))
    })
    taken += rows.length
  }
  return taken
}

function expectOpen({ state, total }: Campaign, from: number | undefined): void {
  if (state !== 'open') throw new HostError('ERR_CAMPAIGN_STATE', `The campaign is ${state}: it takes no more lines.`)
  if (from === undefined || from === total + 1) return
  throw new HostError('ERR_CAMPAIGN_STATE', `The campaign has ${total} lines: the next one is ${total + 1}.`)
}

type Bytes = Uint8Array | undefined

/** Lines that are not empty, some at a time; `undefined` for one that is too long. */
async function* together(groups: AsyncIterable<LineGroup>): AsyncGenerator<readonly Bytes[]> {
  let lines: Bytes[] = []
  for await (const { bytes, bounds } of groups) {
    for (let n = 0; n + 1 < bounds.length; n += 2) {
      const [begin = 0, end = 0] = bounds.slice(n, n + 2)
      if (begin >= 0 && isBlank(bytes, begin, end)) continue
      // A copy: a group is not kept for the sake of one line.
      lines.push(begin < 0 ? undefined : new Uint8Array(bytes.subarray(begin, end)))
      if (lines.length < TOGETHER) continue
      yield lines
      lines = []
    }
  }
  if (lines.length > 0) yield lines
}

const TOO_LONG = new HostError('ERR_BODY_TOO_LARGE', `A line has at most ${LONGEST_LINE} bytes.`)

/** What is to be checked is not looked at yet, only enciphered. */
function odaReader(context: StoreContext, campaign: string, before: number) {
  return async (lines: readonly Bytes[]): Promise<readonly NewLine[]> => {
    const seal = await hostSeal(context, 'campaign')
    return lines.map((bytes, i) =>
      bytes === undefined
        ? invalid(TOO_LONG)
        : { state: 'waiting', sealed: seal.wrap(lineRow(campaign, before + i + 1), bytes) },
    )
  }
}

function queueReader(context: StoreContext, campaign: QueueCampaign, checkLine: CheckLine) {
  const { issuer, settings } = campaign
  const handleOf = async (line: QueueLine): Promise<string> => {
    if ('card' in line) return line.card
    const { pan, panSequence = '00', application = '' } = line
    return (await openCard(context, context.database, { issuer, pan, panSequence, application })).handle
  }
  const readOne = async (bytes: Bytes): Promise<NewLine> => {
    let name = {}
    try {
      if (bytes === undefined) throw TOO_LONG
      const { id, command, ...line } = checkLine(lineFields(bytes))
      name = id === undefined ? {} : { name: id }
      const own = command === undefined ? {} : { intent: await intentFor(context, issuer, command, settings) }
      return { state: 'waiting', ...name, ...own, card: await handleOf(line) }
    } catch (error) {
      return { ...invalid(error), ...name }
    }
  }
  return async (lines: readonly Bytes[]): Promise<readonly NewLine[]> => {
    const read = await inLanes(LANES, lines, readOne)
    const { own, named } = await cardsOf(context.database, campaign, read)
    return read.map((line) => {
      if (line.card === undefined) return line
      if (!own.has(line.card)) return { ...invalid(NO_CARD), ...nameOf(line) }
      // Lines have no order among each other, so two commands for one card would be left to chance.
      if (named.size === named.add(line.card).size) return { ...invalid(AGAIN), ...nameOf(line) }
      return line
    })
  }
}

const NO_CARD = new HostError('ERR_NOT_FOUND', 'The issuer has no such card.')
const AGAIN = new HostError('ERR_CAMPAIGN_CARD')

/** What is the host's own fault is none of the line's, and ends the upload. */
function invalid(error: unknown): NewLine {
  const told = lineError(error)
  if (told === undefined) throw error
  return { state: 'invalid', error: told }
}

const nameOf = ({ name }: NewLine) => (name === undefined ? {} : { name })

/** Those cards of the lines that are the issuer's, and those that the campaign has named before. */
async function cardsOf(database: Database, { id, issuer }: QueueCampaign, lines: readonly NewLine[]) {
  const cards = lines.flatMap(({ card }) => card ?? [])
  const own = database.selectFrom('card_ledger').select('card').where('issuer', '=', issuer)
  const named = database.selectFrom('campaign_line').select('card').where('campaign', '=', id)
  const among = sql<boolean>`card = any(${cards}::text[])`
  const [owned, known] = await Promise.all([own.where(among).execute(), named.where(among).execute()])
  return { own: new Set(owned.map(({ card }) => card)), named: new Set(known.map(({ card }) => card)) }
}

/** Adds lines behind the first `before`, or nothing. */
async function addLines(
  transaction: Database,
  campaign: string,
  before: number,
  lines: readonly NewLine[],
): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable('campaign')
    .set({ lines: before + lines.length, changed_at: new Date() })
    .where('id', '=', campaign)
    .where('state', '=', 'open')
    .where('lines', '=', before)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new HostError('ERR_CAMPAIGN_STATE', 'The campaign was changed by somebody else.')
  const rows = lines.map(({ state, name = null, card = null, sealed = null, intent, error }, i) => ({
    campaign,
    number: before + i + 1,
    state,
    name,
    card,
    sealed,
    intent: intent === undefined ? null : JSON.stringify(intent),
    result: error === undefined ? null : JSON.stringify({ error }),
  }))
  await transaction.insertInto('campaign_line').values(rows).execute()
}

function recordOf(
  { operator: subject, request }: Upload['operation'],
  campaign: string,
  before: number,
  lines: number,
): AuditRecord {
  const detail = { change: 'lines', from: before + 1, lines }
  return { subject, request, action: 'campaign.change', object: `campaign:${campaign}`, outcome: 'ok', detail }
}
