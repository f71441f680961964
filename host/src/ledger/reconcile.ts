/** Brings entries in line with what is known of their deliveries, and tells what changed. */
import type { OutboxEvent } from './events.js'
import { isReplaceable, retryOf } from './intent.js'
import { type Judgement, judgeDelivery } from './judge.js'
import type { Delivery, Entry, EntryState, Hold } from './model.js'
import { COUNTER_RULES } from './scheme-evidence.js'
import { changeDelivery, changeEntry, deliveryOf, entryOf, isInOpenDelivery, type Step, tell } from './step.js'

/** Judges a delivery anew and moves its entries. */
export function reconcile(step: Step, id: string): Step {
  const delivery = deliveryOf(step, id)
  if (delivery === undefined) return step
  const rule = step.policy.counters[delivery.family] ?? COUNTER_RULES[delivery.family]
  const entries = new Map(step.ledger.entries.map((entry) => [entry.id, entry]))
  const judgements = judgeDelivery(delivery, entries, rule, step.ledger.seen)
  let next = step
  for (const judgement of judgements) next = moveEntry(next, delivery, judgement)
  next = announceReversal(next, delivery, judgements)
  return settleReplaced(next)
}

/** Ends a delivery: the card has gone on. */
export function closeDelivery(step: Step, id: string): Step {
  return reconcile(changeDelivery(step, id, { state: 'closed' }), id)
}

const STATE = {
  waiting: 'sent',
  executed: 'confirmed',
  failed: 'failed',
  'not-executed': 'pending',
  unknown: 'unknown',
} as const satisfies Record<Judgement['outcome'], EntryState>

function moveEntry(step: Step, delivery: Delivery, judged: Judgement): Step {
  const entry = entryOf(step, judged.entry) as Entry
  // It was sent again since: only the contradiction is news, and what was done stands.
  if (entry.delivery !== delivery.id) return noteLate(step, entry, delivery, judged)
  const judgement = withProof(entry, judged)
  const contradiction = judgement.contradiction || entry.history.some((attempt) => attempt.contradiction)
  const isOver = entry.state === 'superseded' || entry.state === 'cancelled' || entry.state === 'expired'
  if (isOver) {
    const isNews = judgement.outcome === 'executed' || contradiction
    return isNews ? flag(step, entry, delivery) : step
  }
  const move = endHeld(moveOf(entry, delivery, judgement))
  const next = changeEntry(step, entry.id, { ...move, contradiction })
  const events: Omit<OutboxEvent, 'time'>[] = []
  const about = { entry: entry.id, delivery: delivery.id }
  const isMoved = move.state !== entry.state || move.final !== entry.final
  if (isMoved || (move.state === 'confirmed' && move.rank !== entry.rank)) events.push(...toldOf(move, about))
  if (contradiction && !entry.contradiction) events.push({ type: 'contradiction', ...about })
  if (move.hold === 'foreign-script' && entry.hold !== 'foreign-script')
    events.push({ type: 'foreign-script', ...about })
  return tell(next, ...events)
}

type Move = Pick<Entry, 'state' | 'rank' | 'final' | 'hold'>

function moveOf(entry: Entry, delivery: Delivery, { outcome, rank, foreign }: Judgement): Move {
  const retry = retryOf(entry.intent)
  const isSpent = entry.attempts >= entry.maxAttempts
  const state = STATE[outcome]
  if (state === 'confirmed' || state === 'sent') return { state, rank, final: false, hold: null }
  const kept = entry.hold === 'never-again' || entry.hold === 'foreign-script' ? null : entry.hold
  if (state === 'failed') return { state, rank, final: isSpent || retry === 'never', hold: kept }
  if (state === 'pending') {
    // Nothing but a terminal says that it was not performed, and no more will be heard: that is not enough to risk it.
    if (retry === 'never' && rank !== 'card' && rank !== 'operator' && delivery.state === 'closed') {
      return { state: 'unknown', rank: null, final: false, hold: kept ?? 'never-again' }
    }
    return isSpent ? { state: 'failed', rank, final: true, hold: kept } : { state, rank, final: false, hold: kept }
  }
  const own: Hold | null = foreign ? 'foreign-script' : retry === 'never' ? 'never-again' : null
  return { state, rank, final: false, hold: kept ?? own }
}

/** Not executed after all, and nobody wants it any more. */
function endHeld(move: Move): Move {
  const isWaiting = move.state === 'pending' || move.state === 'failed'
  const isUnwanted = move.hold === 'cancelled' || move.hold === 'reissue'
  return isWaiting && isUnwanted ? { ...move, state: 'cancelled', final: false, hold: null } : move
}

function toldOf(
  { state, rank, final }: Move,
  about: Pick<OutboxEvent, 'entry' | 'delivery'>,
): Omit<OutboxEvent, 'time'>[] {
  switch (state) {
    case 'confirmed':
      return [{ type: 'applied', ...about, ...(rank === null ? {} : { rank }) }]
    case 'failed':
      return [{ type: final ? 'failed-final' : 'failed-will-retry', ...about }]
    case 'pending':
      return [{ type: 'not-performed', ...about }]
    case 'unknown':
      return [{ type: 'unknown', ...about }]
    case 'cancelled':
      return [{ type: 'cancelled', ...about }]
    default:
      return []
  }
}

/** A proof speaks where the evidence is weaker. */
function withProof({ proof }: Entry, judgement: Judgement): Judgement {
  if (proof === null || judgement.rank === 'card' || (proof.rank !== 'card' && judgement.rank === 'operator')) {
    return judgement
  }
  const outcome = proof.executed ? 'executed' : 'not-executed'
  const isDenied = judgement.rank !== null && judgement.outcome !== outcome
  return { ...judgement, outcome, rank: proof.rank, contradiction: judgement.contradiction || isDenied, foreign: false }
}

/** An earlier delivery of an entry turns out to have been executed after all. */
function noteLate(step: Step, entry: Entry, delivery: Delivery, { outcome }: Judgement): Step {
  const attempt = entry.history.find((one) => one.delivery === delivery.id)
  if (attempt === undefined || attempt.contradiction || outcome !== 'executed' || attempt.outcome === 'unknown')
    return step
  const history = entry.history.map((one) => (one === attempt ? { ...one, contradiction: true } : one))
  return flag(changeEntry(step, entry.id, { history }), entry, delivery)
}

function flag(step: Step, entry: Entry, delivery: Delivery): Step {
  if (entry.contradiction) return step
  const about = { entry: entry.id, delivery: delivery.id }
  return tell(changeEntry(step, entry.id, { contradiction: true }), { type: 'contradiction', ...about })
}

/** A reversal takes the money back, never the change to the card. */
function announceReversal(step: Step, delivery: Delivery, judgements: readonly Judgement[]): Step {
  const isNews = delivery.evidence.reversed && !delivery.announcedReversal
  if (!isNews || !judgements.some(({ outcome }) => outcome === 'executed')) return step
  const told = tell(step, { type: 'card-changed-though-reversed', delivery: delivery.id })
  return changeDelivery(told, delivery.id, { announcedReversal: true })
}

const LIVE: readonly EntryState[] = ['queued', 'pending', 'failed', 'unknown']
const STANDING: readonly EntryState[] = ['queued', 'pending', 'sent', 'confirmed', 'failed', 'unknown']

/** Whether a newer intent stands for the same target. */
export function isReplaced(entry: Entry, entries: readonly Entry[]): boolean {
  return (
    isReplaceable(entry.intent) &&
    entries.some(
      (other) =>
        other.target === entry.target &&
        other.sequence > entry.sequence &&
        isReplaceable(other.intent) &&
        STANDING.includes(other.state),
    )
  )
}

/** What waits, and is not in an open delivery, gives way to a newer intent. */
export function settleReplaced(step: Step): Step {
  let next = step
  for (const entry of step.ledger.entries) {
    const isLive = LIVE.includes(entry.state) && !entry.final
    if (!isLive || isInOpenDelivery(step, entry) || !isReplaced(entry, step.ledger.entries)) continue
    const ended = changeEntry(next, entry.id, { state: 'superseded', hold: null })
    next = tell(ended, { type: 'superseded', entry: entry.id })
  }
  return next
}
