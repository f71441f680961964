/** The PAN as it stands on the card and in certificates: digits, padded with F on the right. */
import { toHex } from '@issuerkit/apdu'

/**
 * The digits of a PAN of tag 5A or of an ICC certificate (10 bytes), or `undefined` where it is not 8 to 19 digits
 * followed by nothing but F.
 * @see [EMV-B3] Annex A tag 5A, [EMV-B2] 6.1
 */
export function panDigits(bytes: Uint8Array): string | undefined {
  return /^([0-9]{8,19})F*$/.exec(toHex(bytes))?.[1]
}

/**
 * Whether an issuer identifier (4 bytes: 3 to 8 digits, padded with F) is what the PAN begins with.
 * @see [EMV-B2] 5.3 step 8
 */
export function identifiesIssuer(identifier: Uint8Array, pan: string): boolean {
  const digits = /^([0-9]{3,8})F*$/.exec(toHex(identifier))?.[1]
  return pan.startsWith(digits ?? 'no identifier')
}
