/** CVR of the Common Core Definitions, five bytes. @see [EMV-B3] C7.3 */
import type { CardVerification } from './card-verification-results.js'
import { bits, cryptogramKinds, issuerAuthenticationFailed, lowBits, nibble } from './cvr-bits.js'

/**
 * The CVR of a common core application. It has one counter and one accumulator: transactions abroad and the amounts of both
 * currencies go into their bits. Issuer-discretionary bits and byte 5 (reserved) are 0.
 */
export function encodeCvrCcd(facts: CardVerification): Uint8Array {
  const { offlinePin, limits } = facts
  const tries = nibble(facts.pinTryCounter) << 4
  return Uint8Array.of(
    cryptogramKinds(facts) |
      lowBits(
        facts.cdaFirst || facts.cdaSecond,
        facts.ddaPerformed,
        facts.issuerAuthenticationNotPerformed,
        issuerAuthenticationFailed(facts),
      ),
    tries |
      lowBits(offlinePin !== 'none', offlinePin === 'failed', facts.pinTryLimitExceeded, facts.lastOnlineNotCompleted),
    bits(
      limits.lowerConsecutive || limits.international,
      limits.upperConsecutive,
      limits.lowerCumulative || limits.lowerCumulativeDual,
      limits.upperCumulative || limits.upperCumulativeDual,
    ),
    (nibble(facts.scriptCounter) << 4) |
      lowBits(
        facts.scriptFailed,
        facts.lastSdaFailed || facts.lastDdaFailed,
        facts.goOnlineNext,
        facts.unableToGoOnline,
      ),
    0x00,
  )
}
