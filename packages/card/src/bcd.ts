/** Numbers in BCD, EMV's format n: two decimal digits a byte. @see [EMV-B3] 4.3 */

/**
 * The number that the digits are, 0 to 15 digits. A terminal may send any bytes: a digit above 9 counts as what it is, so that the
 * number is never smaller than it looks.
 */
export function fromBcd(bytes: Uint8Array): number {
  return bytes.reduce((number, byte) => number * 100 + (byte >> 4) * 10 + (byte & 0x0f), 0)
}

/** A whole number as BCD; all nines when it has more digits than fit. */
export function toBcd(number: number, length: number): Uint8Array {
  let rest = Math.min(number, 100 ** length - 1)
  const bytes = new Uint8Array(length)
  for (let i = length - 1; i >= 0; i--) {
    const two = rest % 100
    bytes[i] = (Math.floor(two / 10) << 4) | (two % 10)
    rest = Math.floor(rest / 100)
  }
  return bytes
}
