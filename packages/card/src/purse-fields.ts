/** The data fields of transaction commands: binary fields of fixed lengths, one behind another. @see [PBOC] 2 */

/** Data of a length that was checked, cut into copies of its fields. */
export function fieldsOf<N extends string>(
  data: Uint8Array,
  layout: Readonly<Record<N, number>>,
): Record<N, Uint8Array> {
  let at = 0
  const cut = Object.entries<number>(layout).map(([name, length]) => {
    at += length
    return [name, data.slice(at - length, at)]
  })
  return Object.fromEntries(cut)
}

/** A whole number, its highest byte first. */
export function numberOf(bytes: Uint8Array): number {
  return bytes.reduce((number, byte) => number * 256 + byte, 0)
}

/** A whole number that fits, as that many bytes, the highest first. */
export function bytesOf(number: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.floor(number / 256 ** (length - 1 - i)) % 256)
}
