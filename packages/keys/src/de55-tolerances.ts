/**
 * What real messages do that no standard asks for. Each deviation that was put right has a name, and whoever reads the
 * values also learns which of them were put right.
 */
import { fromHex, IssuerkitError, isConstructed, TAGS } from '@issuerkit/apdu'

/**
 * | name | what was tolerated |
 * |---|---|
 * | length-prefix | the field began with its own length (LLLVAR or binary) |
 * | non-minimal-length | a TLV length in more bytes than it needs |
 * | repeated-tag | a tag stood twice with the same value |
 * | unknown-tag | a tag that the dictionary does not have; it is kept |
 * | tag-order | the tags of a UnionPay request in another order than that of [UPI-F55] |
 * | amount-other-absent | no 9F03; zeros stand for it |
 * | numeric-code-digits | a country or currency code (n 3) with too few or too many leading zeros |
 * | from-original | a value that the message lacks, taken from the request that it belongs to |
 */
export type ToleranceName =
  | 'length-prefix'
  | 'non-minimal-length'
  | 'repeated-tag'
  | 'unknown-tag'
  | 'tag-order'
  | 'amount-other-absent'
  | 'numeric-code-digits'
  | 'from-original'

/** One deviation that was put right. */
export interface Tolerance {
  readonly name: ToleranceName
  /** The tag that it concerns, if it concerns one. */
  readonly tag?: string
  readonly detail?: string
}

/** Values by upper-case tag. `CVR` and `COUNTERS` are no tags but parts of tag 9F10, for hosts that keep them apart. */
export type TagValues = ReadonlyMap<string, Uint8Array>

/** Codes of three digits in two bytes, the first digit zero. [EMV-B3] Annex A: n 3 */
const NUMERIC_CODES: readonly string[] = ['9F1A', '5F2A']

const PARTS: readonly string[] = ['CVR', 'COUNTERS']

/**
 * The value of a country or currency code in its two bytes; other values as they are. `000156` loses its leading zeros.
 * @returns the value, and whether it had to be changed
 */
export function numericCode(tag: string, value: Uint8Array): { value: Uint8Array; changed: boolean } {
  const changed = NUMERIC_CODES.includes(tag) && value.length === 3 && value[0] === 0
  return { value: changed ? value.subarray(1) : value, changed }
}

/**
 * The value, checked against the length that the dictionary gives its tag. A tag that is not in it may have any length.
 * @throws ERR_LENGTH
 */
export function expectTagLength(tag: string, value: Uint8Array): Uint8Array {
  const info = TAGS[tag]
  if (info !== undefined && (value.length < info.min || value.length > info.max)) {
    const expected = info.min === info.max ? `${info.min} bytes` : `${info.min} to ${info.max} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: `tag ${tag}`, expected, got: `${value.length} bytes` })
  }
  return value
}

/**
 * Values from text: tags to hexadecimal digits, as configuration files and JSON have them. A country or currency code
 * may be its three digits alone, `156` for `0156`.
 * @throws ERR_TAG when a name is neither an upper-case tag nor CVR or COUNTERS; ERR_HEX
 */
export function tagsFromText(record: Readonly<Record<string, string>>): {
  readonly tags: TagValues
  readonly tolerances: readonly Tolerance[]
} {
  const tolerances: Tolerance[] = []
  const tags = new Map<string, Uint8Array>()
  for (const [tag, text] of Object.entries(record)) {
    // Throws ERR_TAG when the name is no tag.
    if (!PARTS.includes(tag)) isConstructed(tag)
    const isShortCode = NUMERIC_CODES.includes(tag) && /^[0-9]{3}$/.test(text)
    if (isShortCode) tolerances.push({ name: 'numeric-code-digits', tag })
    tags.set(tag, fromHex(isShortCode ? `0${text}` : text, PARTS.includes(tag) ? tag : `tag ${tag}`))
  }
  return { tags, tolerances }
}
