/** Takes in what cards and terminals report, and hands it to the deliveries that it is about. */
import type { CvrFacts, ReportedResult } from './events.js'
import type { CardReading, Delivery, DeliveryEvidence, MatchedResult } from './model.js'
import { closeDelivery, reconcile } from './reconcile.js'
import { changeDelivery, changeLedger, type Step, tell } from './step.js'

/** A reading from the facts of a verified cryptogram. */
export function readingOf(atc: number, kind: CardReading['kind'], cvr: CvrFacts): CardReading {
  const { generateAc, counter, failed, received, lastOnlineNotCompleted, pinTryLimitExceeded } = cvr
  const issuerAuthenticationFailed =
    cvr.issuerAuthenticationFailed || (generateAc === 'first' && cvr.lastIssuerAuthenticationFailed)
  return {
    atc,
    kind,
    generateAc,
    counter,
    failed,
    received,
    lastOnlineNotCompleted,
    pinTryLimitExceeded,
    issuerAuthenticationFailed,
  }
}

/**
 * What a verified cryptogram says of the time before it. Once a card has begun another transaction, nothing of an earlier
 * one can be executed any more: its delivery closes.
 */
export function takeReading(step: Step, reading: CardReading): Step {
  let next = noteLatest(step, reading)
  for (const delivery of step.ledger.deliveries) {
    if (delivery.atc === reading.atc && reading.generateAc === 'second' && reading.issuerAuthenticationFailed) {
      next = addEvidence(next, delivery, { issuerAuthenticationFailed: true })
    }
    if (!isAbout(delivery, reading)) continue
    const evidence = { ...delivery.evidence, reading }
    next = closeDelivery(changeDelivery(next, delivery.id, { evidence }), delivery.id)
  }
  return next
}

/** The first reading after a delivery is the one that no later transaction has blurred. */
function isAbout({ atc, evidence: { reading: known } }: Delivery, reading: CardReading): boolean {
  if (reading.atc <= atc) return false
  // At the second GENERATE AC the card may have reset the counter already: zero says nothing.
  if (reading.generateAc === 'second' && reading.counter === 0) return false
  return known === null || order(reading) < order(known)
}

function order({ atc, generateAc }: CardReading): number {
  return 2 * atc + (generateAc === 'first' ? 0 : 1)
}

function noteLatest(step: Step, reading: CardReading): Step {
  const { lastReading, issuerAuthenticationFailed: was } = step.ledger
  if (lastReading !== null && order(reading) <= order(lastReading)) return step
  const { issuerAuthenticationFailed } = reading
  const next = changeLedger(step, { lastReading: reading, issuerAuthenticationFailed })
  return issuerAuthenticationFailed && !was ? tell(next, { type: 'issuer-authentication-failed' }) : next
}

/** Adds to what was heard of a delivery. */
export function addEvidence(step: Step, { id }: Delivery, news: Partial<DeliveryEvidence>): Step {
  const delivery = step.ledger.deliveries.find((one) => one.id === id) as Delivery
  const isKnown = Object.entries(news).every(([name, to]) => delivery.evidence[name as keyof DeliveryEvidence] === to)
  if (isKnown) return step
  return reconcile(changeDelivery(step, id, { evidence: { ...delivery.evidence, ...news } }), id)
}

const NO_IDENTIFIER = '00000000'

/**
 * Script results. One that names a script is that script's, from a message of the delivery's transaction or a later one.
 * One that names none is believed only when there is one script it can be of: `unnamed` is the delivery that the message
 * can be about.
 */
export function takeResults(
  step: Step,
  results: readonly ReportedResult[],
  where: { readonly isPossible: (delivery: Delivery) => boolean; readonly unnamed: Delivery | undefined },
): Step {
  let next = step
  for (const result of results) {
    for (const { id } of step.ledger.deliveries) {
      const delivery = next.ledger.deliveries.find((one) => one.id === id) as Delivery
      const matched = match(delivery, result, where)
      if (matched === undefined || delivery.evidence.results.some((known) => isSame(known, matched))) continue
      next = addEvidence(next, delivery, { results: [...delivery.evidence.results, matched] })
    }
  }
  return next
}

function match(
  delivery: Delivery,
  { scriptIdentifier, outcome, commandNumber }: ReportedResult,
  {
    isPossible,
    unnamed,
  }: { readonly isPossible: (delivery: Delivery) => boolean; readonly unnamed: Delivery | undefined },
): MatchedResult | undefined {
  if (scriptIdentifier !== NO_IDENTIFIER) {
    const script = delivery.scripts.findIndex(({ identifier }) => identifier === scriptIdentifier)
    return script < 0 || !isPossible(delivery) ? undefined : { script, outcome, commandNumber, rank: 'terminal' }
  }
  const isIts = unnamed?.id === delivery.id && delivery.scripts.length === 1
  return isIts ? { script: 0, outcome, commandNumber, rank: 'unidentified' } : undefined
}

function isSame(a: MatchedResult, b: MatchedResult): boolean {
  return a.script === b.script && a.outcome === b.outcome && a.commandNumber === b.commandNumber && a.rank === b.rank
}
