/**
 * Fixed text within lines. Comparing and copying it is most of what a batch costs beside its cryptography, and four bytes at
 * a time are as fast as one: a view of an array reads them at any place.
 */

/** ASCII text as whole words and the bytes behind them. */
export interface Literal {
  readonly words: Int32Array
  readonly rest: Uint8Array
  readonly length: number
}

/** The literal of a text in ASCII. */
export function literal(text: string): Literal {
  const bytes = Buffer.from(text)
  const words = Int32Array.from({ length: bytes.length >> 2 }, (_, n) => bytes.readInt32LE(4 * n))
  return { words, rest: Uint8Array.from(bytes.subarray(4 * words.length)), length: bytes.length }
}

/** Where the literal ends that begins at `at`; -1 when it does not stand there, or not before `end`. */
export function afterLiteral({ words, rest, length }: Literal, view: DataView, at: number, end: number): number {
  if (at + length > end) return -1
  let from = at
  for (let n = 0; n < words.length; n++, from += 4) if (view.getInt32(from, true) !== words[n]) return -1
  for (let n = 0; n < rest.length; n++, from++) if (view.getUint8(from) !== rest[n]) return -1
  return from
}

/** Writes a literal. @returns where it ends */
export function putLiteral({ words, rest }: Literal, view: DataView, at: number): number {
  let to = at
  for (let n = 0; n < words.length; n++, to += 4) view.setInt32(to, words[n] as number, true)
  for (let n = 0; n < rest.length; n++, to++) view.setUint8(to, rest[n] as number)
  return to
}

/** Two hexadecimal digits by the byte that they stand for, the first in the lower half. */
const HEX = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).toUpperCase().padStart(2, '0')).readUInt16LE(0),
)

/** Writes bytes of `from` in hexadecimal. */
export function putHex(from: Uint8Array, begin: number, length: number, view: DataView, at: number): void {
  for (let n = 0; n < length; n++) view.setUint16(at + 2 * n, HEX[from[begin + n] as number] as number, true)
}
