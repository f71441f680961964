/**
 * The tag field of BER-TLV, shared by data objects and data object lists.
 * @see [ISO7816-4] 5.2.2.1, [EMV-B3] B1
 */
import { fromHex, toHex } from './bytes.js'
import { IssuerkitError } from './errors.js'

/** Makes the error for a tag that is not well-formed; `got` says why. */
export type TagFailure = (got: string) => IssuerkitError

/** The tag that begins at `offset`, as {@link tagLength} finds its end, in upper-case hexadecimal. */
export function readTag(bytes: Uint8Array, offset: number, end: number, fail: TagFailure): string {
  return toHex(bytes.subarray(offset, offset + tagLength(bytes, offset, end, fail)))
}

/**
 * How many bytes the tag has that begins at `offset`, which must lie before `end`.
 *
 * Padding is refused where a tag should begin, though [ISO7816-4] lets 00 and FF stand between data objects: a byte
 * that the parser skips is a byte that two parsers may read differently. FF begins padding when another FF, a 00 or
 * nothing follows; any other FFxx is a private template and stays a tag.
 */
function tagLength(bytes: Uint8Array, offset: number, end: number, fail: TagFailure): 1 | 2 | 3 {
  const first = bytes[offset] as number
  if (first === 0x00) throw fail('padding 00')
  // [ISO7816-4] 5.2.2.1: all five low bits set, the number follows in further bytes.
  if ((first & 0x1f) !== 0x1f) return 1
  if (offset + 1 >= end) throw fail('a tag cut short')
  const second = bytes[offset + 1] as number
  if (first === 0xff && (second === 0xff || second === 0x00)) throw fail('padding FF')
  // [ISO8825-1] 8.1.2.4.2 c: the first subsequent byte carries digits of the number, so it is not a bare 80.
  if (second === 0x80) throw fail('a tag with a leading zero digit (80)')
  if ((second & 0x80) === 0) return 2
  if (offset + 2 >= end) throw fail('a tag cut short')
  // [ISO7816-4] 5.2.2.1: no tag of interindustry use is longer than 3 bytes.
  if ((bytes[offset + 2] as number) >= 0x80) throw fail('a tag of more than 3 bytes')
  return 3
}

/**
 * The bytes of a tag given as upper-case hexadecimal text.
 * @throws ERR_TAG when the text is not exactly one well-formed tag of 1 to 3 bytes
 */
export function tagBytes(tag: string): Uint8Array {
  const fail: TagFailure = (got) =>
    new IssuerkitError('ERR_TAG', { label: 'tag', expected: 'one tag in upper-case hexadecimal', got })
  if (!/^(?:[0-9A-F]{2}){1,3}$/.test(tag)) throw fail('other text')
  const bytes = fromHex(tag)
  if (tagLength(bytes, 0, bytes.length, fail) !== bytes.length) throw fail('more bytes than a tag has')
  return bytes
}

/** Whether the tag is that of a template, which holds data objects: bit 6 of its first byte. [ISO7816-4] 5.2.2.1 */
export function isConstructed(tag: string): boolean {
  return ((tagBytes(tag)[0] as number) & 0x20) !== 0
}
