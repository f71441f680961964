/** An authorization request: is it new, what does it prove, and may its answer carry scripts? */
import { judgeAtc } from '@issuerkit/keys'
import type { AuthorizationEvent, Outcome } from './events.js'
import { readingOf, takeReading, takeResults } from './evidence.js'
import type { AuthorizationRecord, CardLedger, Delivery, Unreachable } from './model.js'
import { addSeen, seenAt } from './seen.js'
import { changeLedger, type Step } from './step.js'

/**
 * The same message again changes nothing. Evidence is taken of verified cryptograms alone, and neither of replays nor of
 * counters out of range.
 */
export function seeAuthorization(step: Step, event: AuthorizationEvent): [Step, Outcome] {
  const { authorizations } = step.ledger
  const repeated = authorizations.find((one) => isSameMessage(one, event))
  if (repeated !== undefined)
    return [step, { type: 'authorization', authorization: repeated.id, repeat: true, findings: [] }]
  const { authorization } = event
  if (authorizations.some(({ id }) => id === authorization)) return [step, { type: 'refused', refusal: 'repeated-id' }]

  const findings = event.verified ? judgeCounter(step, event) : []
  const isTrusted = event.verified && findings.length === 0
  const unreachable = unreachableBecause(step, event, findings)
  const reading = isTrusted && event.cvr !== undefined ? readingOf(event.atc, event.kind, event.cvr) : null
  let next = remember(step, recordOf(event, unreachable, reading))
  if (event.verified || event.standIn) next = noteCounter(next, event, !event.contact, isTrusted)
  // The terminal's word first: what the card says outranks it in any order.
  if (isTrusted && event.results !== undefined) {
    next = takeResults(next, event.results, {
      isPossible: (delivery) => delivery.atc < event.atc,
      unnamed: onlyOpen(next.ledger, ({ atc }) => atc + 1 === event.atc),
    })
  }
  if (reading !== null) next = takeReading(next, reading)
  return [next, { type: 'authorization', authorization, repeat: false, findings }]
}

function isSameMessage(one: AuthorizationRecord, { reference, atc, fingerprint, kind }: AuthorizationEvent): boolean {
  return one.reference === reference && one.atc === atc && one.fingerprint === fingerprint && one.kind === kind
}

function judgeCounter({ ledger, policy }: Step, { atc, kind, replayed }: AuthorizationEvent): readonly ('E' | 'A')[] {
  const { highestAtc: highest, seen } = ledger
  const { ahead, behindOnline, behindOffline } = policy.atc
  const window = { highest: highest ?? atc, ahead, behind: kind === 'ARQC' ? behindOnline : behindOffline }
  const known = seenAt(seen, atc)
  return judgeAtc(atc, kind, { seen: replayed === true ? [...known, { atc, type: kind }] : known, window })
}

function unreachableBecause(
  { ledger, policy, now }: Step,
  event: AuthorizationEvent,
  findings: readonly ('E' | 'A')[],
): Unreachable | null {
  if (ledger.status === 'reissued') return 'card-reissued'
  if (event.standIn) return 'stand-in'
  if (!event.verified) return 'not-verified'
  if (findings.includes('E')) return 'replay'
  if (findings.includes('A')) return 'atc-out-of-range'
  if (!event.contact) return 'no-chip-contact'
  if (event.contactlessCryptogram) return 'contactless-cryptogram'
  if (event.kind !== 'ARQC' && !(event.kind === 'AAC' && policy.scriptsAfterAac)) return 'not-an-arqc'
  if (ledger.highestAtc !== null && event.atc < ledger.highestAtc) return 'late'
  // Before the evidence of this message: a terminal may still be busy with the other answer.
  if (ledger.deliveries.some((delivery) => isInFlight(delivery, now, policy.answerTimeout))) return 'delivery-in-flight'
  return null
}

/** Whether the answer that carries a delivery may still be on its way. */
export function isInFlight({ state, time }: Delivery, now: number, timeout: number): boolean {
  return state === 'open' && now - time < timeout
}

function recordOf(
  event: AuthorizationEvent,
  unreachable: Unreachable | null,
  reading: AuthorizationRecord['reading'],
): AuthorizationRecord {
  const { authorization: id, reference, atc, kind, fingerprint, now: time, dki, scheme, family, macLength } = event
  const from = { id, reference, atc, kind, fingerprint, time, dki, scheme, family, macLength }
  return { ...from, unreachable, reading, answered: false, delivery: null }
}

/** Keeps the latest; forged messages do not push out real ones, and one that has an open delivery stays. */
function remember(step: Step, record: AuthorizationRecord): Step {
  const { authorizations, deliveries } = step.ledger
  const open = new Set(deliveries.filter(({ state }) => state === 'open').map(({ authorization }) => authorization))
  const all = [...authorizations, record]
  const spare = [
    ...all.filter(({ unreachable }) => unreachable === 'not-verified'),
    ...all.filter(({ unreachable }) => unreachable !== 'not-verified'),
  ].filter(({ id }) => id !== record.id && !open.has(id))
  const dropped = new Set(spare.slice(0, Math.max(0, all.length - step.policy.authorizationsKept)))
  return changeLedger(step, { authorizations: all.filter((one) => !dropped.has(one)) })
}

/** Remembers a counter; only one that is trusted moves the window. */
export function noteCounter(
  step: Step,
  { atc, kind }: Pick<AuthorizationEvent, 'atc' | 'kind'>,
  contactless: boolean,
  isTrusted: boolean,
): Step {
  const { seen, highestAtc } = step.ledger
  return changeLedger(step, {
    seen: addSeen(seen, { atc, type: kind }, contactless, step.policy.atc.seen),
    highestAtc: isTrusted ? Math.max(atc, highestAtc ?? atc) : highestAtc,
  })
}

/** The open delivery, when there is one and the message can be about it. */
export function onlyOpen({ deliveries }: CardLedger, agrees: (delivery: Delivery) => boolean): Delivery | undefined {
  const open = deliveries.filter(({ state }) => state === 'open')
  return open.find(agrees)
}
