/**
 * The passing of time: entries whose earliest date has come, entries that expire, deliveries of which nothing was heard for too
 * long. A card says when it is due; every node asks for those that are, each second.
 *
 * Nothing is locked meanwhile, because an authorization of the card would wait for the lock. Two nodes that come to one card at
 * once do no harm: the second finds that nothing is left to do.
 */
import type { Database } from '../database.js'
import { cardStore, type StoreContext } from './card-store.js'
import { type Repeated, type RepeatOptions, repeat } from './repeat.js'

/** Cards that are read at once. */
const BATCH = 100

export interface TickerOptions extends Partial<RepeatOptions> {
  /** Milliseconds. */
  readonly now?: () => number
}

/** Starts the ticker of a node. */
export function startTicker(context: StoreContext, options: TickerOptions = {}): Repeated {
  const { everyMilliseconds = 1_000, now = Date.now, onError = () => {} } = options
  return repeat((closing) => passTime(context, now(), { closing, onError }), { everyMilliseconds, onError })
}

/**
 * Lets time pass for every card that is due. A card that fails is told of, and the others go on.
 */
export async function passTime(
  context: StoreContext,
  now: number,
  { closing, onError = () => {} }: { readonly closing?: AbortSignal; readonly onError?: (error: unknown) => void } = {},
): Promise<void> {
  const store = cardStore(context)
  const failed: string[] = []
  const isClosing = () => closing?.aborted === true
  while (!isClosing()) {
    const due = await dueCards(context.database, now, failed)
    for (const handle of shuffled(due)) {
      if (isClosing()) return
      await store
        .change({ handle }, (change) => void change.apply({ type: 'tick', now }))
        .catch((error: unknown) => {
          failed.push(handle)
          onError(error)
        })
    }
    if (due.length < BATCH || failed.length >= BATCH) return
  }
}

async function dueCards(database: Database, now: number, failed: readonly string[]): Promise<string[]> {
  let query = database
    .selectFrom('card_ledger')
    .select('card')
    .where('due_at', '<=', new Date(now))
    .where('stopped', 'is', null)
  if (failed.length > 0) query = query.where('card', 'not in', [...failed])
  const rows = await query.orderBy('due_at').limit(BATCH).execute()
  return rows.map(({ card }) => card)
}

/** In another order on each node, so that they seldom meet. */
function shuffled(cards: readonly string[]): string[] {
  return cards
    .map((card) => ({ card, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ card }) => card)
}
