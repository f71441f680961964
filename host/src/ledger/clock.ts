/** What the passing of time does. */

import { addEvidence } from './evidence.js'
import type { EntryState } from './model.js'
import { changeEntry, isInOpenDelivery, type Step, tell } from './step.js'

const EXPIRES: readonly EntryState[] = ['queued', 'pending', 'failed']

/**
 * Dates that are reached: earliest, expiry, and too long a silence after a delivery. Nothing ends silently: an entry whose
 * fate is unknown at its expiry stays unknown, is told, and is not sent again.
 */
export function passTime(step: Step): Step {
  const { now, policy } = step
  let next = step
  for (const delivery of step.ledger.deliveries) {
    const isOverdue = delivery.state === 'open' && now - delivery.time >= policy.unknownAfter
    if (isOverdue) next = addEvidence(next, delivery, { overdue: true })
  }
  for (const entry of next.ledger.entries) {
    const { id, state, earliest, expiry, final, hold } = entry
    const isExpired = expiry <= now && !final && !isInOpenDelivery(next, entry)
    if (isExpired && EXPIRES.includes(state)) {
      next = tell(changeEntry(next, id, { state: 'expired', hold: null }), { type: 'expired', entry: id })
    } else if (isExpired && state === 'unknown' && hold !== 'expired' && hold !== 'cancelled' && hold !== 'reissue') {
      next = tell(changeEntry(next, id, { hold: 'expired' }), { type: 'expired', entry: id })
    } else if (state === 'queued' && earliest <= now) {
      next = tell(changeEntry(next, id, { state: 'pending' }), { type: 'queued', entry: id })
    }
  }
  return next
}
