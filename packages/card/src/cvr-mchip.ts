/**
 * CVR of M/Chip 4 and M/Chip Advance, six bytes. What the card does not have stays 0: dates, CAT3, check tables, the limit
 * on one transaction and on days offline.
 *
 * The second counter counts transactions abroad, the second accumulator adds up both currencies.
 * @see [MCHIP] CVR
 */
import type { CardVerification } from './card-verification-results.js'
import { bits, cryptogramKinds, issuerAuthenticationFailed, lowBits, nibble } from './cvr-bits.js'

/** The CVR of M/Chip. */
export function encodeCvrMchip(facts: CardVerification): Uint8Array {
  const { offlinePin, issuerAuthentication, limits } = facts
  const [performed, succeeded] = [offlinePin !== 'none', offlinePin === 'succeeded']
  const enciphered = performed && facts.offlinePinEnciphered
  return Uint8Array.of(
    cryptogramKinds(facts) | lowBits(false, performed, enciphered, succeeded),
    bits(facts.ddaPerformed, facts.cdaFirst, facts.cdaSecond, issuerAuthentication !== 'none'),
    (nibble(facts.scriptCounter) << 4) | nibble(facts.pinTryCounter),
    bits(
      facts.lastOnlineNotCompleted,
      facts.unableToGoOnline,
      !performed,
      offlinePin === 'failed',
      facts.pinTryLimitExceeded,
      facts.international === true,
      facts.international === false,
      facts.terminalWronglyConsidersPinOk,
    ),
    bits(
      limits.lowerConsecutive,
      limits.upperConsecutive,
      limits.lowerCumulative,
      limits.upperCumulative,
      facts.goOnlineNext,
      issuerAuthenticationFailed(facts),
      facts.scriptCounter > 0,
      facts.scriptFailed,
    ),
    // There is one limit abroad, the one that asks to go online: the lower.
    bits(limits.international, false, limits.lowerCumulativeDual, limits.upperCumulativeDual),
  )
}
