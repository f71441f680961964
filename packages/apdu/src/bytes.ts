/**
 * Bytes and their hexadecimal form. Inside the toolkit bytes are `Uint8Array`; hex exists only at the edges.
 */
import { IssuerkitError } from './errors.js'

/** How many bytes are made text of at once: as arguments of one call. */
const PIECE = 1024

/** The value of one hexadecimal digit, computed without a table so that no index depends on a key's nibble. */
function nibble(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  // Only bit 6 is cleared, no higher one: U+0141 is no A.
  const upper = code & ~0x20
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1
}

/**
 * Bytes from hexadecimal text, upper or lower case, without spaces or prefix.
 *
 * The text itself never appears in the error: it may be a key.
 * @param label names the value in the error
 * @throws ERR_HEX when the text has an odd length or a character that is not a hexadecimal digit
 */
export function fromHex(text: string, label = 'hex'): Uint8Array {
  if (typeof text !== 'string') throw new IssuerkitError('ERR_HEX', { label, expected: 'text', got: typeof text })
  if (text.length % 2 !== 0) {
    throw new IssuerkitError('ERR_HEX', { label, expected: 'an even number of digits', got: `${text.length} digits` })
  }
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const high = nibble(text.charCodeAt(2 * i))
    const low = nibble(text.charCodeAt(2 * i + 1))
    if (high < 0 || low < 0) {
      throw new IssuerkitError('ERR_HEX', {
        label,
        expected: 'digits 0-9 and A-F',
        got: `another character at ${2 * i}`,
      })
    }
    bytes[i] = (high << 4) | low
  }
  return bytes
}

/** Upper-case hexadecimal text of the bytes, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length <= PIECE) return hexOfPiece(bytes)
  let text = ''
  for (let i = 0; i < bytes.length; i += PIECE) text += hexOfPiece(bytes.subarray(i, i + PIECE))
  return text
}

/** In one go, and not as a text that grows by a digit at a time: that is a list of pieces until somebody reads it. */
function hexOfPiece(bytes: Uint8Array): string {
  const codes = new Array<number>(2 * bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    codes[2 * i] = digitCode(byte >> 4)
    codes[2 * i + 1] = digitCode(byte & 15)
  }
  return String.fromCharCode(...codes)
}

/** The character of a hexadecimal digit, computed as {@link nibble} is: A is seven places behind the one after 9. */
function digitCode(digit: number): number {
  return 0x30 + digit + (((9 - digit) >> 31) & 7)
}

/** The parts one after another, in a new array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return concatAll(parts)
}

/** As {@link concat}, for lists too long to be spread into arguments. */
export function concatAll(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/**
 * Byte-wise exclusive or of two arrays of the same length, in a new array.
 * @throws ERR_LENGTH when the lengths differ
 */
export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length !== b.length) {
    throw new IssuerkitError('ERR_LENGTH', { label: 'xor', expected: `${a.length} bytes`, got: `${b.length} bytes` })
  }
  const result = new Uint8Array(a.length)
  for (let i = 0; i < result.length; i++) result[i] = (a[i] as number) ^ (b[i] as number)
  return result
}

/**
 * The bytes, checked for their length.
 * @param label names the value in the error
 * @throws ERR_LENGTH when there are more or fewer than `length`
 */
export function expectLength(bytes: Uint8Array, length: number, label: string): Uint8Array {
  if (!(bytes instanceof Uint8Array)) {
    throw new IssuerkitError('ERR_LENGTH', { label, expected: `${length} bytes`, got: typeof bytes })
  }
  if (bytes.length !== length) {
    throw new IssuerkitError('ERR_LENGTH', { label, expected: `${length} bytes`, got: `${bytes.length} bytes` })
  }
  return bytes
}

/**
 * Whether two byte arrays are equal, for values that are public (tags, AIDs, headers).
 * It returns at the first difference: never use it for a MAC, a hash or a key (that is `constantTimeEqual` of keys).
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
