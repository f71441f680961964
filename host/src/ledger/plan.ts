/** The answer to an authorization: which entries go with it now, and why the others do not. */
import { isInFlight } from './authorize.js'
import type { AnswerEvent, Outcome, Refusal, Withheld } from './events.js'
import { commandBytes, type Intent, retryOf, tlvBytes } from './intent.js'
import type { AuthorizationRecord, DeliveredScript, Delivery, Entry, Unreachable } from './model.js'
import type { LedgerPolicy } from './policy.js'
import { countPinCommands } from './probe.js'
import { closeDelivery, isReplaced } from './reconcile.js'
import { changeAuthorization, changeEntry, changeLedger, deliveryOf, entryOf, type Step, tell } from './step.js'

type WithheldEntry = { readonly entry: string; readonly reason: Withheld }

/** Decides once; asked again it says the same. */
export function planAnswer(step: Step, event: AnswerEvent): [Step, Outcome] {
  const record = step.ledger.authorizations.find(({ id }) => id === event.authorization)
  if (record === undefined) return refused(step, 'unknown-authorization')
  if (record.answered) {
    const delivery = deliveryOf(step, record.delivery) ?? null
    return [step, { type: 'plan', repeat: true, delivery, withheld: [] }]
  }
  if (step.ledger.deliveries.some(({ id }) => id === event.delivery)) return refused(step, 'repeated-id')

  const unreachable = unreachableNow(step, record, event)
  const ready = unreachable === null ? closeSilent(step) : step
  const waiting = inOrder(ready.ledger.entries.filter(isWaiting))
  if (unreachable !== null) {
    const withheld = waiting.map(({ id }) => ({ entry: id, reason: unreachable }))
    const answered = changeAuthorization(ready, record.id, { answered: true })
    return [answered, { type: 'plan', repeat: false, delivery: null, withheld }]
  }
  const { scripts, withheld } = select(ready, record, event, waiting)
  if (scripts.length === 0) {
    const answered = changeAuthorization(ready, record.id, { answered: true })
    return [answered, { type: 'plan', repeat: false, delivery: null, withheld }]
  }
  const delivery = deliveryFor(ready, record, event, scripts)
  const sent = send(ready, delivery)
  const answered = changeAuthorization(sent, record.id, { answered: true, delivery: delivery.id })
  return [answered, { type: 'plan', repeat: false, delivery, withheld }]
}

function refused(step: Step, refusal: Refusal): [Step, Outcome] {
  return [step, { type: 'refused', refusal }]
}

/** What has happened since the request was seen counts, too. */
function unreachableNow(
  { ledger, policy, now }: Step,
  record: AuthorizationRecord,
  { issuerAuthentication }: AnswerEvent,
): Unreachable | null {
  if (ledger.status === 'reissued') return 'card-reissued'
  if (record.unreachable !== null) return record.unreachable
  if (ledger.highestAtc !== null && record.atc < ledger.highestAtc) return 'late'
  const open = ledger.deliveries.filter(({ state }) => state === 'open')
  if (open.some((delivery) => delivery.atc >= record.atc || isInFlight(delivery, now, policy.answerTimeout))) {
    return 'delivery-in-flight'
  }
  // [PBOC-SCRIPT] 10: where the card insists, it has to have authenticated us, and said so the last time.
  const isRefused = ledger.issuerAuthenticationFailed || !issuerAuthentication
  return policy.requiresIssuerAuthentication && isRefused ? 'no-issuer-authentication' : null
}

/** A card without a readable CVR leaves its delivery open; the next one ends it, with what is known by then. */
function closeSilent(step: Step): Step {
  return step.ledger.deliveries
    .filter(({ state }) => state === 'open')
    .reduce((next, { id }) => closeDelivery(next, id), step)
}

function isWaiting({ state, final }: Entry): boolean {
  return state === 'queued' || state === 'pending' || (state === 'failed' && !final) || state === 'unknown'
}

/** Automatic ones first, then by priority, then as they were queued. */
function inOrder(entries: readonly Entry[]): Entry[] {
  const isLater = ({ origin }: Entry): number => (origin === 'automatic' ? 0 : 1)
  return entries.toSorted((a, b) => isLater(a) - isLater(b) || b.priority - a.priority || a.sequence - b.sequence)
}

/** Why an entry may not go with this answer, whatever else does. */
function withheldBecause(step: Step, entry: Entry, record: AuthorizationRecord, event: AnswerEvent): Withheld | null {
  const { policy } = step
  if (entry.state === 'queued') return 'earliest'
  if (!policy.templates.includes(entry.template)) return 'template'
  if (entry.condition !== 'any' && entry.condition !== (event.approved ? 'approved' : 'declined')) return 'condition'
  if (entry.hold !== null) return 'hold'
  if (entry.attempts >= entry.maxAttempts) return 'attempts'
  if (entry.state === 'unknown' && !mayRepeat(step, entry)) return 'hold'
  if (record.kind === 'AAC' && !UNBLOCKING.includes(entry.intent.type)) return 'needs-unblocking-device'
  return event.unbuildable?.find((one) => one.entry === entry.id)?.reason ?? null
}

const UNBLOCKING: readonly Entry['intent']['type'][] = ['application-unblock', 'pin-unblock', 'pin-change']

function mayRepeat({ policy, ledger }: Step, entry: Entry): boolean {
  const retry = retryOf(entry.intent)
  if (retry === 'never') return false
  if (retry === 'repeatable') return true
  if (entry.intent.type !== 'pin-unblock') return !isReplaced(entry, ledger.entries)
  const unknowns = entry.history.filter(({ outcome }) => outcome === 'unknown').length
  return unknowns < policy.pinUnblockResends
}

interface Draft {
  readonly template: Entry['template']
  readonly identifier: string
  readonly entries: readonly Entry[]
  /** Bytes of the commands. */
  readonly bytes: number
}

/** 9F18, a length and four bytes. */
const IDENTIFIER_BYTES = 7

function select(
  step: Step,
  record: AuthorizationRecord,
  event: AnswerEvent,
  waiting: readonly Entry[],
): { readonly scripts: readonly DeliveredScript[]; readonly withheld: readonly WithheldEntry[] } {
  const { policy, ledger } = step
  const room = Math.min(policy.scriptBytes, policy.fieldBytes - event.otherBytes)
  const used = new Set(ledger.deliveries.flatMap(({ scripts }) => scripts.map(({ identifier }) => identifier)))
  const fresh = [...new Set(event.scriptIdentifiers)].filter((one) => one !== '00000000' && !used.has(one))
  const drafts: Draft[] = []
  const withheld: WithheldEntry[] = []
  const targets = new Set<string>()
  let isFull = false
  let commands = 0
  for (const entry of waiting) {
    const withhold = (reason: Withheld): void => void withheld.push({ entry: entry.id, reason })
    const because = withheldBecause(step, entry, record, event)
    const bytes = commandBytes(entry.intent, record.macLength, policy.trailer)
    const open = drafts.findIndex(({ template }) => template === entry.template)
    if (because !== null) withhold(because)
    else if (targets.has(entry.target)) withhold('same-target')
    // The others do not wait for it.
    else if (isTooLarge(entry.intent, record.macLength, policy)) withhold('too-large')
    else if (isFull) withhold('no-room')
    else if (open < 0 && drafts.length >= policy.maxScripts) withhold('script-limit')
    else if (open < 0 && fresh[drafts.length] === undefined) withhold('no-script-identifier')
    else {
      const draft = drafts[open] ?? {
        template: entry.template,
        identifier: fresh[drafts.length] as string,
        entries: [],
        bytes: 0,
      }
      const longer = { ...draft, entries: [...draft.entries, entry], bytes: draft.bytes + bytes }
      const next = open < 0 ? [...drafts, longer] : drafts.with(open, longer)
      if (commands < policy.maxCommands && sizeOf(next) <= room) {
        drafts.splice(0, drafts.length, ...next)
        targets.add(entry.target)
        commands += 1
      } else {
        // What comes after it in order waits with it.
        isFull = true
        withhold('no-room')
      }
    }
  }
  const scripts = drafts
    // The terminal runs 71 first.
    .toSorted((a, b) => a.template.localeCompare(b.template))
    .map(({ template, identifier, entries }) => ({ template, identifier, entries: entries.map(({ id }) => id) }))
  return { scripts, withheld }
}

/** Whether a command fits no answer, even by itself. */
export function isTooLarge(intent: Intent, macLength: number, policy: LedgerPolicy): boolean {
  const { trailer, scriptBytes, fieldBytes } = policy
  return tlvBytes(IDENTIFIER_BYTES + commandBytes(intent, macLength, trailer)) > Math.min(scriptBytes, fieldBytes)
}

function sizeOf(drafts: readonly Draft[]): number {
  return drafts.reduce((sum, { bytes }) => sum + tlvBytes(IDENTIFIER_BYTES + bytes), 0)
}

function deliveryFor(
  step: Step,
  record: AuthorizationRecord,
  event: AnswerEvent,
  scripts: readonly DeliveredScript[],
): Delivery {
  const { id: authorization, reference, atc, kind, fingerprint, dki, scheme, family, reading } = record
  const intents = scripts.flatMap(({ entries }) => entries.map((id) => (entryOf(step, id) as Entry).intent))
  const after = scripts.filter(({ template }) => template === '72').flatMap(({ entries }) => entries)
  return {
    id: event.delivery,
    ...{ authorization, reference, atc, kind, fingerprint, dki, scheme, family },
    time: step.now,
    answer: event.answer,
    scripts,
    counterBefore: reading?.counter ?? 0,
    failedBefore: reading?.failed ?? false,
    pinTryLimitExceededBefore: reading?.pinTryLimitExceeded ?? false,
    // After an AAC there is no second GENERATE AC, and a card counts only what follows it. [PBOC-SCRIPT] 6
    counted: kind === 'ARQC' ? after.length : 0,
    pinCommands: countPinCommands(intents),
    evidence: NOTHING_HEARD,
    state: 'open',
    announcedReversal: false,
  }
}

const NOTHING_HEARD: Delivery['evidence'] = {
  results: [],
  reading: null,
  reversed: false,
  noAnswer: false,
  overdue: false,
  issuerAuthenticationFailed: false,
  blockedSeen: false,
}

function send(step: Step, delivery: Delivery): Step {
  let next = changeLedger(step, { deliveries: [...step.ledger.deliveries, delivery] })
  for (const id of delivery.scripts.flatMap(({ entries }) => entries)) {
    const entry = entryOf(next, id) as Entry
    next = changeEntry(next, id, {
      state: 'sent',
      rank: null,
      final: false,
      attempts: entry.attempts + 1,
      delivery: delivery.id,
      history: historyOf(entry),
      proof: null,
    })
    next = tell(next, { type: 'sent', entry: id, delivery: delivery.id })
  }
  return next
}

/** Why it may be sent once more. */
function historyOf({ delivery, state, rank, contradiction, history }: Entry): Entry['history'] {
  if (delivery === null) return history
  const outcome = state === 'failed' || state === 'unknown' ? state : 'not-executed'
  const isSticky = contradiction && !history.some((attempt) => attempt.contradiction)
  return [...history, { delivery, outcome, rank, contradiction: isSticky }]
}
