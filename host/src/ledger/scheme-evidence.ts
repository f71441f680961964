/**
 * What the script counter and the failure bit of a CVR say of a delivery, family by family.
 *
 * Let c be the counter if nothing of the delivery ran, m the number of its commands that the card counts, and k how many of
 * them it counted. The CVR shows c + k, in four bits. c is 0 when the delivery's transaction reset the counter, and what the
 * card had shown in that transaction when it did not: issuer authentication failed, or the second GENERATE AC never came.
 *
 * A family that counts every command with a MAC counts the one that failed, too, and a script ends at its first failure:
 * then the k-th failed. One that counts successes has failed at the k + 1st.
 * @see [PBOC-SCRIPT] 6, 8, 9, [VIS] (CVR byte 4), [EMV-B3] C7.3, [MCHIP] CVR
 */
import { type DecodedFlags, hasFlag, type SchemeFamily } from '@issuerkit/keys'
import type { CvrFacts } from './events.js'
import type { CardReading, Delivery } from './model.js'
import type { CounterRule } from './policy.js'
import { contactlessBetween } from './seen.js'

/** The rules of the families. Interac's CVR is not public; the row is never asked. */
export const COUNTER_RULES: Readonly<Record<SchemeFamily, CounterRule>> = {
  unionpay: { counts: 'maced', overflow: 'either', resets: 'online-completion' },
  visa: { counts: 'maced', overflow: 'either', resets: 'online-completion' },
  mastercard: { counts: 'maced', overflow: 'either', resets: 'online-completion' },
  interac: { counts: 'maced', overflow: 'either', resets: 'online-completion' },
  ccd: { counts: 'executed', overflow: 'either', resets: 'online-completion' },
}

/** What the ledger takes of a decoded CVR; nothing when its table has no script counter. */
export function cvrFacts(cvr: DecodedFlags): CvrFacts | undefined {
  const counter = cvr.values['scriptCounter']
  if (typeof counter !== 'number') return undefined
  return {
    generateAc: cvr.values['secondGenerateAc'] === 'notRequested' ? 'first' : 'second',
    counter,
    failed: hasFlag(cvr, 'scriptFailed'),
    received: cvr.table === 'cvr-mchip' ? hasFlag(cvr, 'scriptReceived') : null,
    lastOnlineNotCompleted: hasFlag(cvr, 'lastOnlineTransactionNotCompleted'),
    pinTryLimitExceeded: hasFlag(cvr, 'pinTryLimitExceeded'),
    issuerAuthenticationFailed: hasFlag(cvr, 'issuerAuthenticationFailed'),
    lastIssuerAuthenticationFailed: hasFlag(cvr, 'lastIssuerAuthenticationFailed'),
  }
}

/**
 * | count | |
 * |---|---|
 * | known | k commands were counted; `failed`: whether one of the delivery's failed, `unclear` where the bit may be older |
 * | reset | the counter shows none, and may have been reset before it was seen |
 * | ambiguous | two values of k fit |
 * | foreign | no value of k fits: scripts of somebody else, or an earlier delivery |
 */
export type Count =
  | { readonly type: 'known'; readonly k: number; readonly failed: 'yes' | 'no' | 'unclear' }
  | { readonly type: 'reset' | 'ambiguous' | 'foreign' }

/** How many commands of the delivery the card counted, by its first reading after it. */
export function countedBy(delivery: Delivery, reading: CardReading, rule: CounterRule, seen: readonly number[]): Count {
  const fits = startingCounters(delivery, reading, rule).flatMap((start) =>
    Array.from({ length: delivery.counted + 1 }, (_, k) => ({ ...start, k })).filter(
      ({ c, k }) => shows(reading.counter, c + k, rule) && isReceivedBitRight(reading, c + k, rule),
    ),
  )
  const [fit] = fits
  if (fit === undefined) return { type: 'foreign' }
  if (fits.some(({ k }) => k !== fit.k)) return { type: 'ambiguous' }
  if (fit.k === 0 && mayHaveBeenReset(delivery, reading, rule, seen)) return { type: 'reset' }
  // A failure from before is still there when nothing reset the indicator.
  const isOlder = delivery.failedBefore && fits.some(({ isKept }) => isKept)
  return { type: 'known', k: fit.k, failed: !reading.failed ? 'no' : isOlder ? 'unclear' : 'yes' }
}

interface Start {
  readonly c: number
  /** The transaction of the delivery did not reset counter and indicator. */
  readonly isKept: boolean
}

function startingCounters(delivery: Delivery, reading: CardReading, rule: CounterRule): readonly Start[] {
  const kept: Start = { c: delivery.counterBefore, isKept: true }
  const reset: Start = { c: 0, isKept: false }
  if (rule.resets === 'never' || delivery.evidence.issuerAuthenticationFailed) return [kept]
  // What the card calls its last online transaction is certain only when none can lie between, this one included.
  if (reading.atc === delivery.atc + 1 && reading.generateAc === 'first')
    return [reading.lastOnlineNotCompleted ? kept : reset]
  return [reset, kept]
}

const MOST = 15

function shows(counter: number, total: number, { overflow }: CounterRule): boolean {
  if (total <= MOST) return counter === total
  return (overflow !== 'wrap' && counter === MOST) || (overflow !== 'saturate' && counter === (total & MOST))
}

/** M/Chip says apart from its counter whether it received a script. */
function isReceivedBitRight({ received }: CardReading, total: number, rule: CounterRule): boolean {
  return received === null || rule.resets === 'never' || received === total > 0
}

/**
 * Whether an online transaction that we know nothing of may have reset the counter. Contactless ones end before the second
 * GENERATE AC and reset nothing. Where the last online transaction was not completed, there is none at all unless two are
 * missing: one that reset, and one that broke off.
 */
function mayHaveBeenReset(
  delivery: Delivery,
  reading: CardReading,
  rule: CounterRule,
  seen: readonly number[],
): boolean {
  if (rule.resets === 'never') return false
  const unexplained = reading.atc - delivery.atc - 1 - contactlessBetween(seen, delivery.atc, reading.atc)
  return unexplained > (reading.lastOnlineNotCompleted ? 1 : 0)
}
