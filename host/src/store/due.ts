/** When time alone will change a ledger. It mirrors ledger/clock.ts: what that would do, and when. */
import type { CardLedger, Entry } from '../ledger/model.js'
import type { LedgerPolicy } from '../ledger/policy.js'

/** The time, in milliseconds, of the next change that needs nothing but time; `undefined` when there is none. */
export function nextDue({ entries, deliveries }: CardLedger, { unknownAfter }: LedgerPolicy): number | undefined {
  const open = deliveries.filter(({ state }) => state === 'open')
  const withCard = new Set(open.map(({ id }) => id))
  const times = [
    ...open.filter(({ evidence }) => !evidence.overdue).map(({ time }) => time + unknownAfter),
    ...entries.flatMap((entry) => dueOf(entry, entry.delivery !== null && withCard.has(entry.delivery))),
  ]
  return times.length === 0 ? undefined : Math.min(...times)
}

function dueOf({ state, earliest, expiry, final, hold }: Entry, isWithCard: boolean): number[] {
  if (isWithCard || final) return []
  if (state === 'queued') return [earliest, expiry]
  if (state === 'pending' || state === 'failed') return [expiry]
  const isTold = hold === 'expired' || hold === 'cancelled' || hold === 'reissue'
  return state === 'unknown' && !isTold ? [expiry] : []
}
