/** Advices: what arrives later about a transaction, in any order, any number of times. */
import { noteCounter, onlyOpen } from './authorize.js'
import type { AdviceEvent, AtcResetEvent, Outcome } from './events.js'
import { addEvidence, readingOf, takeReading, takeResults } from './evidence.js'
import type { Delivery, DeliveryEvidence } from './model.js'
import { changeLedger, type Step, tell } from './step.js'

/** Takes what an advice says. Without an authorization of its reference it is not matched, and its cryptogram counts still. */
export function takeAdvice(step: Step, event: AdviceEvent): [Step, Outcome] {
  const { ledger } = step
  const authorization = ledger.authorizations.find(({ reference }) => reference === event.reference)
  const delivery = ledger.deliveries.find(({ reference }) => reference === event.reference)
  let next = step
  if (event.results !== undefined) {
    next = takeResults(next, event.results, {
      // A result belongs to the transaction that carried the script: another reference or counter is a mix-up.
      isPossible: (one) => one.id === delivery?.id && isAtcRight(one, event),
      unnamed: onlyOpen(ledger, (one) => one.id === delivery?.id && isAtcRight(one, event)),
    })
  }
  if (delivery !== undefined && event.advice === 'reversal') next = reverse(next, delivery, event)
  if (event.cryptogram !== undefined) next = takeCryptogram(next, event.cryptogram)
  if (event.applicationBlocked === true) next = takeBlocked(next, event)
  return [next, { type: 'advice', matched: (delivery ?? authorization) !== undefined, delivery: delivery?.id ?? null }]
}

function isAtcRight({ atc }: Delivery, event: AdviceEvent): boolean {
  return (event.atc ?? event.cryptogram?.atc ?? atc) === atc
}

function reverse(step: Step, delivery: Delivery, { noAnswer }: AdviceEvent): Step {
  const news: Partial<DeliveryEvidence> = { reversed: true, ...(noAnswer === true ? { noAnswer } : {}) }
  return addEvidence(step, delivery, news)
}

/** The same TC comes with the notification, the upload and the clearing line: seeing it again is no replay. */
function takeCryptogram(step: Step, cryptogram: NonNullable<AdviceEvent['cryptogram']>): Step {
  const { atc, kind, contactless, cvr } = cryptogram
  const { highestAtc } = step.ledger
  const { ahead, behindOffline } = step.policy.atc
  const isInside = highestAtc === null || (atc <= highestAtc + ahead && atc >= highestAtc - behindOffline)
  const next = noteCounter(step, { atc, kind }, contactless, isInside)
  return isInside && cvr !== undefined ? takeReading(next, readingOf(atc, kind, cvr)) : next
}

/** An application that is found blocked was blocked by what was sent before. */
function takeBlocked(step: Step, { cryptogram, atc = cryptogram?.atc }: AdviceEvent): Step {
  return step.ledger.deliveries
    .filter((delivery) => atc !== undefined && delivery.atc < atc)
    .reduce((next, delivery) => addEvidence(next, delivery, { blockedSeen: true }), step)
}

/** An operator moves the window of counters, when card and host are out of step. */
export function resetAtc(step: Step, { atc, forget }: AtcResetEvent): Step {
  const change = { highestAtc: atc ?? null, ...(forget === true ? { seen: [] } : {}) }
  const next = changeLedger(step, change)
  return next === step ? step : tell(next, { type: 'atc-reset' })
}
