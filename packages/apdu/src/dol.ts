/**
 * Data object lists: tags and lengths, without values. The other side answers with the values, one after another.
 * @see [EMV-B3] 5.4
 */
import { concat } from './bytes.js'
import { IssuerkitError } from './errors.js'
import { isConstructed, readTag, tagBytes } from './tag.js'
import { TAGS } from './tags.js'

/** One entry of a data object list. */
export interface DolEntry {
  /** Upper-case hexadecimal. */
  readonly tag: string
  /** Bytes that the value takes in the answer, 0 to 255. */
  readonly length: number
}

/** [EMV-B3] Annex A: PDOL, CDOL1, CDOL2, DDOL and TDOL are at most 252 bytes. It also bounds what a hostile list costs. */
const MAX_DOL = 252

/**
 * Parses a data object list: a tag and one length byte, repeated.
 * @param bytes the value of 9F38, 8C, 8D, 9F49, 97 or 9F4F, 0 to 252 bytes
 * @throws ERR_DOL when the list is longer, a tag is not well-formed or its length byte is missing; `offset` tells where
 */
export function parseDol(bytes: Uint8Array): DolEntry[] {
  const fail = (expected: string, got: string, offset: number): IssuerkitError =>
    new IssuerkitError('ERR_DOL', { label: 'dol', expected, got, offset })
  if (bytes.length > MAX_DOL) throw fail(`at most ${MAX_DOL} bytes`, `${bytes.length} bytes`, MAX_DOL)
  const entries: DolEntry[] = []
  for (let offset = 0; offset < bytes.length; ) {
    const start = offset
    const tag = readTag(bytes, start, bytes.length, (got) => fail('a tag of 1 to 3 bytes', got, start))
    offset += tag.length / 2
    const length = bytes[offset]
    if (length === undefined) throw fail('a length byte', 'the end', offset)
    entries.push({ tag, length })
    offset += 1
  }
  return entries
}

/**
 * The bytes of a data object list.
 * @throws ERR_TAG when a tag is not one well-formed tag; ERR_DOL when a length is not a whole number from 0 to 255, or
 * the list is longer than 252 bytes
 */
export function encodeDol(dol: readonly DolEntry[]): Uint8Array {
  const parts = dol.map(({ tag, length }) => {
    if (!Number.isInteger(length) || length < 0 || length > 255) {
      throw new IssuerkitError('ERR_DOL', { label: `tag ${tag}`, expected: 'a length of 0 to 255', got: `${length}` })
    }
    return concat(tagBytes(tag), Uint8Array.of(length))
  })
  const bytes = concat(...parts)
  if (bytes.length > MAX_DOL) {
    const got = `${bytes.length} bytes`
    throw new IssuerkitError('ERR_DOL', { label: 'dol', expected: `at most ${MAX_DOL} bytes`, got })
  }
  return bytes
}

/** How many bytes the values of the list take together. */
export function dolLength(dol: readonly DolEntry[]): number {
  return dol.reduce((sum, entry) => sum + entry.length, 0)
}

/**
 * The values that a data object list asks for, one after another, each brought to the length that the list gives.
 *
 * | [EMV-B3] 5.4 | too long | too short |
 * |---|---|---|
 * | n | loses bytes on the left | zeros on the left |
 * | cn | loses bytes on the right | FF on the right |
 * | any other | loses bytes on the right | zeros on the right |
 * | not in `values`, or a template | | zeros |
 *
 * A tag that {@link TAGS} does not know but `values` has is treated as "any other".
 * @param values the data objects at hand, by upper-case tag
 */
export function fillDol(dol: readonly DolEntry[], values: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const filled = new Uint8Array(dolLength(dol))
  let offset = 0
  for (const { tag, length } of dol) {
    const value = values.get(tag)
    // [EMV-B3] 5.4 step 2 a: an unknown tag, or a template, is answered with zeros.
    if (value !== undefined && !isConstructed(tag)) place(filled.subarray(offset, offset + length), value, tag)
    offset += length
  }
  return filled
}

function place(field: Uint8Array, value: Uint8Array, tag: string): void {
  const format = TAGS[tag]?.format
  if (format === 'n') {
    const kept = value.subarray(Math.max(0, value.length - field.length))
    field.set(kept, field.length - kept.length)
    return
  }
  if (format === 'cn') field.fill(0xff)
  field.set(value.subarray(0, field.length))
}
