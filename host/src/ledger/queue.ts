/** What people and rules do with entries: queue, cancel, re-issue, and tell what they found out. */
import type { AdoptEvent, CancelEvent, Outcome, ProofEvent, QueueEvent, Refusal, ReissueEvent } from './events.js'
import { retryOf, targetOf } from './intent.js'
import { type Entry, type EntryState, isEnded } from './model.js'
import { closeDelivery, isReplaced, reconcile, settleReplaced } from './reconcile.js'
import { changeEntry, changeLedger, entryOf, isInOpenDelivery, type Step, tell } from './step.js'

function refused(step: Step, refusal: Refusal): [Step, Outcome] {
  return [step, { type: 'refused', refusal }]
}

/** A new intent. It takes the place of what waits for the same target, and waits itself while that is with the card. */
export function queueEntry(step: Step, event: QueueEvent): [Step, Outcome] {
  const { policy, now, ledger } = step
  const { entry: id, template = '72', earliest = now, expiry = now + policy.lifetime } = event
  if (ledger.status === 'reissued') return refused(step, 'card-reissued')
  if (entryOf(step, id) !== undefined) return refused(step, 'repeated-id')
  if (!policy.templates.includes(template)) return refused(step, 'template-not-allowed')
  if (expiry <= now || expiry <= earliest) return refused(step, 'expiry-passed')
  const state = earliest > now ? 'queued' : 'pending'
  const entry: Entry = {
    id,
    sequence: ledger.nextSequence,
    intent: event.intent,
    target: targetOf(event.intent),
    origin: event.origin ?? 'operator',
    priority: event.priority ?? 0,
    condition: event.condition ?? 'any',
    template,
    earliest,
    expiry,
    maxAttempts: event.maxAttempts ?? policy.maxAttempts,
    attempts: 0,
    operator: event.operator,
    reason: event.reason,
    created: now,
    state,
    rank: null,
    final: false,
    contradiction: false,
    hold: null,
    delivery: null,
    history: [],
    proof: null,
  }
  const added = changeLedger(step, { entries: [...ledger.entries, entry], nextSequence: ledger.nextSequence + 1 })
  const next = settleReplaced(tell(added, { type: 'created', entry: id }, ...(state === 'pending' ? [ready(id)] : [])))
  const superseded = ledger.entries
    .filter((one) => one.state !== 'superseded' && entryOf(next, one.id)?.state === 'superseded')
    .map((one) => one.id)
  return [next, { type: 'queued', entry: id, superseded }]
}

function ready(entry: string): { readonly type: 'queued'; readonly entry: string } {
  return { type: 'queued', entry }
}

/** What is with the card cannot be called back; what is unknown stays so, and is not sent again. */
export function cancelEntry(step: Step, { entry: id }: CancelEvent): [Step, Outcome] {
  const entry = entryOf(step, id)
  if (entry === undefined) return refused(step, 'unknown-entry')
  if (isEnded(entry)) return refused(step, 'ended')
  if (entry.state === 'sent' || isInOpenDelivery(step, entry)) return refused(step, 'delivery-open')
  if (entry.hold === 'cancelled') return [step, { type: 'done' }]
  return [withdraw(step, entry, 'cancelled'), { type: 'done' }]
}

function withdraw(step: Step, { id, state }: Entry, hold: 'cancelled' | 'reissue'): Step {
  const change = state === 'unknown' ? { hold } : ({ state: 'cancelled', hold: null } as const)
  return tell(changeEntry(step, id, change), { type: 'cancelled', entry: id })
}

const WAITING: readonly EntryState[] = ['queued', 'pending', 'failed', 'unknown']

/**
 * Ends the ledger of a chip. Its deliveries are over. What waits is cancelled, or moved to the chip that comes: then it is
 * handed back as entries that were never sent. What may have been executed and must not be twice stays with the old chip.
 */
export function reissueCard(step: Step, { waiting, otherPan = false }: ReissueEvent): [Step, Outcome] {
  if (step.ledger.status === 'reissued') return refused(step, 'card-reissued')
  const open = step.ledger.deliveries.filter(({ state }) => state === 'open')
  let next = changeLedger(step, { status: 'reissued' })
  for (const { id } of open) next = closeDelivery(next, id)
  const moved: Entry[] = []
  for (const entry of next.ledger.entries) {
    if (!WAITING.includes(entry.state) || entry.final) continue
    const isSafe = entry.state !== 'unknown' || (retryOf(entry.intent) !== 'never' && entry.hold === null)
    const isBound = otherPan && 'newPin' in entry.intent
    if (waiting === 'move' && isSafe && !isBound) {
      moved.push(unsent(entry))
      next = tell(next, { type: 'moved', entry: entry.id })
    }
    next = withdraw(next, entry, 'reissue')
  }
  return [next, { type: 'reissued', moved }]
}

/** The entry as the new chip's ledger takes it: as {@link queueEntry} would make it, with its dates. */
function unsent(entry: Entry): Entry {
  const state = entry.state === 'queued' ? 'queued' : 'pending'
  const fresh = {
    state,
    rank: null,
    final: false,
    contradiction: false,
    hold: null,
    delivery: null,
    proof: null,
  } as const
  return { ...entry, ...fresh, attempts: 0, history: [] }
}

/** Takes the entries that another chip's ledger gave away. What this chip was told later for the same target stands. */
export function adoptEntries(step: Step, { entries }: AdoptEvent): [Step, Outcome] {
  if (step.ledger.status === 'reissued') return refused(step, 'card-reissued')
  let next = step
  for (const entry of entries.toSorted((a, b) => a.sequence - b.sequence)) {
    const { entries: own, nextSequence: sequence } = next.ledger
    const { id, created } = entry
    if (entryOf(next, id) !== undefined) continue
    const later = step.ledger.entries.filter((one) => one.created > created)
    const state = isReplaced({ ...entry, sequence: 0 }, later) ? 'superseded' : entry.state
    next = changeLedger(next, { entries: [...own, { ...entry, state, sequence }], nextSequence: sequence + 1 })
    next = tell(next, { type: 'created', entry: id }, ...(state === 'pending' ? [ready(id)] : []))
    if (state === 'superseded') next = tell(next, { type: 'superseded', entry: id })
  }
  return [settleReplaced(next), { type: 'done' }]
}

/** Somebody knows what became of the entry's last delivery. */
export function proveEntry(step: Step, { entry: id, executed, rank }: ProofEvent): [Step, Outcome] {
  const entry = entryOf(step, id)
  if (entry === undefined) return refused(step, 'unknown-entry')
  if (entry.delivery === null) return refused(step, 'not-sent')
  const { proof, delivery } = entry
  if (proof !== null && proof.executed === executed && proof.rank === rank) return [step, { type: 'done' }]
  const next = changeEntry(step, id, { proof: { delivery, executed, rank } })
  return [reconcile(next, delivery), { type: 'done' }]
}
