/** CVR of Visa and of UnionPay (PBOC). Bytes 3 and 4 of both forms are the same. */
import type { CardVerification } from './card-verification-results.js'
import { bits, cryptogramKinds, lowBits, nibble } from './cvr-bits.js'

/**
 * The CVR of PBOC and of Visa's IAD formats 0, 1 and 3: 03 and three bytes.
 * @see [PBOC] 5 (card verification results), [VIS] A
 */
export function encodeCvrVis(facts: CardVerification): Uint8Array {
  const { issuerAuthentication, offlinePin, unableToGoOnline } = facts
  const [failed, performed, wrong] = [issuerAuthentication === 'failed', offlinePin !== 'none', offlinePin === 'failed']
  const first = cryptogramKinds(facts) | lowBits(failed, performed, wrong, unableToGoOnline)
  return Uint8Array.of(0x03, first, ...history(facts))
}

/**
 * The CVR of Visa's IAD formats 2 and 4: five bytes without a length. Byte 1 and most of byte 5 tell of a device that
 * verifies its holder, which a card is not. Bit 1 of byte 5: scripts are secured under EMV common session keys.
 * @see [VIS] F
 */
export function encodeCvrVisaDevice(facts: CardVerification, emvSessionKeyScripts: boolean): Uint8Array {
  const failed = facts.issuerAuthentication === 'failed'
  const second = cryptogramKinds(facts) | lowBits(failed, false, false, facts.unableToGoOnline)
  return Uint8Array.of(0x00, second, ...history(facts), emvSessionKeyScripts ? 0x01 : 0x00)
}

/** Bytes 3 and 4. */
function history(facts: CardVerification): readonly [number, number] {
  const { limits } = facts
  const exceeded = Object.values(limits).some(Boolean)
  const byte3 = bits(
    facts.lastOnlineNotCompleted,
    facts.pinTryLimitExceeded,
    exceeded,
    facts.newCard,
    facts.lastIssuerAuthenticationFailed,
    facts.issuerAuthenticationNotPerformed,
    facts.blockedByPin,
    facts.lastSdaFailed,
  )
  // CDA is a form of dynamic data authentication, and the family has no other bit for it.
  const dynamic = facts.ddaPerformed || facts.cdaFirst || facts.cdaSecond
  const low = lowBits(facts.scriptFailed, facts.lastDdaFailed, dynamic)
  return [byte3, (nibble(facts.scriptCounter) << 4) | low]
}
