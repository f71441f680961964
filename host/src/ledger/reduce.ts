/**
 * The ledger as a state machine: a ledger and an event give the next ledger, what the world is told, and what the caller
 * wants to know. No clock, no random numbers, no database: the event brings what it needs.
 */
import { resetAtc, takeAdvice } from './advise.js'
import { seeAuthorization } from './authorize.js'
import { passTime } from './clock.js'
import type { LedgerEvent, OutboxEvent, Outcome } from './events.js'
import type { CardLedger } from './model.js'
import { planAnswer } from './plan.js'
import type { LedgerPolicy } from './policy.js'
import { adoptEntries, cancelEntry, proveEntry, queueEntry, reissueCard } from './queue.js'
import type { Step } from './step.js'

export interface Reduction {
  /** The same object when nothing changed. */
  readonly ledger: CardLedger
  readonly outbox: readonly OutboxEvent[]
  readonly outcome: Outcome
}

/**
 * One event. Time passes before it, so that what has expired does not go out with the answer that is being planned, and after
 * it, so that what it gives back does not outlive its expiry.
 */
export function reduce(ledger: CardLedger, event: LedgerEvent, policy: LedgerPolicy): Reduction {
  const start = passTime({ ledger, outbox: [], now: event.now, policy })
  const [done, outcome] = apply(start, event)
  const end = passTime(done)
  const isChanged = end.ledger !== ledger
  return {
    ledger: isChanged ? { ...end.ledger, version: ledger.version + 1 } : ledger,
    outbox: end.outbox,
    outcome,
  }
}

function apply(step: Step, event: LedgerEvent): [Step, Outcome] {
  switch (event.type) {
    case 'queue':
      return queueEntry(step, event)
    case 'cancel':
      return cancelEntry(step, event)
    case 'reissue':
      return reissueCard(step, event)
    case 'adopt':
      return adoptEntries(step, event)
    case 'authorization-seen':
      return seeAuthorization(step, event)
    case 'answer-planned':
      return planAnswer(step, event)
    case 'advice':
      return takeAdvice(step, event)
    case 'proof':
      return proveEntry(step, event)
    case 'tick':
      return [step, { type: 'done' }]
    case 'atc-reset':
      return [resetAtc(step, event), { type: 'done' }]
  }
}
