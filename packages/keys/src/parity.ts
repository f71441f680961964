/** The parity bits of DES keys, the lowest bit of each byte. */
import { IssuerkitError } from '@issuerkit/apdu'

/** Whether the parity bits of a derived DES key are made odd, or left as enciphering gave them. */
export type Parity = 'odd' | 'none'

/** The bytes with the lowest bit of each set so that its number of ones is odd, as DES keys are kept. In a new array. */
export function withOddParity(bytes: Uint8Array): Uint8Array {
  const odd = new Uint8Array(bytes.length)
  for (let i = 0; i < odd.length; i++) {
    const byte = bytes[i] as number
    const folded = byte ^ (byte >> 4)
    const ones = (0x6996 >> (folded & 15)) & 1
    odd[i] = ones === 1 ? byte : byte ^ 1
  }
  return odd
}

/** The bytes with their parity bits zero, in which equal DES keys are equal. In a new array. */
export function withoutParity(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte & 0xfe)
}

/**
 * One of the two choices.
 * @throws ERR_OPTION when it is another
 */
export function expectParity(parity: Parity): Parity {
  if (parity !== 'odd' && parity !== 'none') {
    throw new IssuerkitError('ERR_OPTION', { label: 'parity', expected: 'odd or none', got: String(parity) })
  }
  return parity
}
