/**
 * The dictionary of data objects, as data: name, format, length and source of each tag.
 *
 * Names are those of the standards. Some tags from 9F50 on have other meanings with other payment systems; the ones here
 * are those of PBOC and, where PBOC leaves a tag free, of Visa, from which PBOC took the range.
 */
import { EMV_TAGS } from './tags-emv.js'
import { PBOC_TAGS } from './tags-pboc.js'

/** How a value is coded. [EMV-B3] 4.3: n and cn are decimal digits, two a byte; a, an and ans are characters. */
export type TagFormat = 'a' | 'an' | 'ans' | 'b' | 'cn' | 'n' | 'var'

/** Who gives the value. */
export type TagSource = 'card' | 'terminal' | 'issuer'

/** What the dictionary says of one tag. */
export interface TagInfo {
  readonly name: string
  readonly format: TagFormat
  /** The least bytes of the value. */
  readonly min: number
  /** The most bytes of the value. Where the standard only says "var.", the 252 of a template. */
  readonly max: number
  readonly source: TagSource
}

/** A row of the dictionary: name, format, least and most bytes of the value, source. */
export type TagRow = readonly [name: string, format: TagFormat, min: number, max: number, source: TagSource]

const ROWS: readonly (readonly [string, TagRow])[] = [...Object.entries(EMV_TAGS), ...Object.entries(PBOC_TAGS)]

const INFOS = ROWS.map(([tag, [name, format, min, max, source]]) => [tag, { name, format, min, max, source }] as const)

/** The dictionary, by upper-case tag. It has no prototype, so that a tag such as "constructor" finds nothing. */
export const TAGS: Readonly<Record<string, TagInfo>> = Object.assign(Object.create(null), Object.fromEntries(INFOS))

/** The name of a tag, such as "Issuer Application Data", or "unknown". */
export function tagName(tag: string): string {
  return TAGS[tag]?.name ?? 'unknown'
}
