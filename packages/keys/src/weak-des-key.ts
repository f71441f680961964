/** The weak and semi-weak keys of DES: a block enciphered twice by one, or by a pair of them, is itself again. */
import { fromHex } from '@issuerkit/apdu'
import { constantTimeEqual } from './compare.js'
import { withoutParity } from './parity.js'

/** The 4 weak and the 12 semi-weak keys, with their parity bits odd. FIPS 74, 3.6 */
const WEAK = [
  '0101010101010101',
  'FEFEFEFEFEFEFEFE',
  'E0E0E0E0F1F1F1F1',
  '1F1F1F1F0E0E0E0E',
  '01FE01FE01FE01FE',
  'FE01FE01FE01FE01',
  '1FE01FE00EF10EF1',
  'E01FE01FF10EF10E',
  '01E001E001F101F1',
  'E001E001F101F101',
  '1FFE1FFE0EFE0EFE',
  'FE1FFE1FFE0EFE0E',
  '011F011F010E010E',
  '1F011F010E010E01',
  'E0FEE0FEF1FEF1FE',
  'FEE0FEE0FEF1FEF1',
].map((hex) => withoutParity(fromHex(hex)))

/**
 * Whether one of the 8-byte parts of a DES or TDES key is a weak or semi-weak DES key, whatever its parity bits.
 * @param bytes 8, 16 or 24 bytes
 */
export function isWeakDesKey(bytes: Uint8Array): boolean {
  const plain = withoutParity(bytes)
  return [0, 8, 16].some((at) => WEAK.some((weak) => constantTimeEqual(weak, plain.subarray(at, at + 8))))
}
