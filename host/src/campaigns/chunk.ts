/**
 * Working on a chunk. What its lines say is what is true: each line is done in a statement or a transaction of its own that also
 * says so, and only while it waits. So a chunk may be begun again at any point, by two nodes at once even, and every line is done
 * once. A card is locked for no longer than its own line takes to commit.
 */

import { queueEntry } from '../cards/queue.js'
import type { Database } from '../database.js'
import type { Intent } from '../ledger/intent.js'
import { cardStore, type StoreContext } from '../store/card-store.js'
import { CHUNK_LINES, entryOf, type OdaSettings, type QueueSettings } from './campaign.js'
import { endLine, failLine } from './end.js'
import type { Chunk } from './jobs.js'
import { inLanes } from './line.js'
import { judgeLine } from './oda.js'

export interface ChunkOptions {
  /** Milliseconds. */
  readonly now: () => number
  /** Whether the rest is to be left to somebody else. */
  readonly isOver: () => boolean
  /** Hears of a line that failed by the host's own fault. */
  readonly onError: (error: unknown) => void
}

/** Lines that are read at once. */
const TOGETHER = 20
/** Lines that are done at once: their commits share a write to the disk. */
const LANES = 4

/** Does what waits in a chunk, unless the campaign is in another round. @returns false when something was left */
export async function workOn(context: StoreContext, chunk: Chunk, options: ChunkOptions): Promise<boolean> {
  const begin = chunk.chunk * CHUNK_LINES
  for (let after = begin; ; ) {
    const lines = await waitingLines(context.database, chunk, after, begin + CHUNK_LINES)
    const last = lines.at(-1)
    if (last === undefined) return true
    if (options.isOver()) return false
    await inLanes(LANES, lines, async (line) => {
      try {
        await (line.kind === 'oda' ? odaLine(context, line) : queueLine(context, line, options.now()))
      } catch (error) {
        await failLine(context.database, line, error, options.onError)
      }
    })
    after = last.number
  }
}

type Line = Awaited<ReturnType<typeof waitingLines>>[number]

function waitingLines(database: Database, { campaign, round }: Chunk, after: number, last: number) {
  return database
    .selectFrom('campaign_line as line')
    .innerJoin('campaign', 'campaign.id', 'line.campaign')
    .select(['line.campaign', 'line.number', 'line.card', 'line.intent', 'line.sealed'])
    .select(['campaign.kind', 'campaign.settings', 'campaign.operator'])
    .where('line.campaign', '=', campaign)
    .where('line.number', '>', after)
    .where('line.number', '<=', last)
    .where('line.state', '=', 'waiting')
    .where('campaign.state', '=', 'running')
    .where('campaign.round', '=', round)
    .orderBy('line.number')
    .limit(TOGETHER)
    .execute()
}

/** Puts the line's command into the ledger of its card, and says so in the same transaction. */
async function queueLine(context: StoreContext, line: Line, now: number): Promise<void> {
  const { campaign, number, card, operator } = line
  const entry = entryOf(campaign, number)
  const settings = line.settings as QueueSettings
  const own = line.intent === null ? {} : { intent: line.intent as Intent }
  await context.database.transaction().execute(async (transaction) => {
    if (!(await endLine(transaction, line, { state: 'done', result: { entry } }))) return
    const event = { ...settings, ...own, type: 'queue', entry, operator } as const
    const { superseded } = await cardStore(context, transaction).change({ handle: card ?? '' }, (change) =>
      queueEntry(change, { event, pins: [] }, { operator, request: campaign, now }),
    )
    if (superseded.length === 0) return
    const result = JSON.stringify({ entry, superseded })
    const update = transaction.updateTable('campaign_line').set({ result })
    await update.where('campaign', '=', campaign).where('number', '=', number).execute()
  })
}

/** Checks what the line holds, and erases it. */
async function odaLine(context: StoreContext, line: Line): Promise<void> {
  await endLine(context.database, line, await judgeLine(context, line, line.settings as OdaSettings))
}
