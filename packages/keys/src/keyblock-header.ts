/**
 * The header of a key block: clear text, bound to the key by the MAC.
 *
 * | offset | characters | field |
 * |---|---|---|
 * | 0 | 1 | version |
 * | 1 | 4 | length of the whole key block, decimal |
 * | 5 | 2 | key usage |
 * | 7 | 1 | algorithm |
 * | 8 | 1 | mode of use |
 * | 9 | 2 | key version |
 * | 11 | 1 | exportability |
 * | 12 | 2 | number of optional blocks, decimal |
 * | 14 | 2 | key context and a reserved character |
 * | 16 | | optional blocks, in all a multiple of the cipher's block: identifier (2), length (2, hexadecimal), data |
 *
 * The length of an optional block counts the whole of it. From 256 characters on it stands as `00`, then `02` (the bytes
 * of the length), then four hexadecimal digits.
 * @see [X9.143] 6.2, 6.3
 */
import { type ErrorDetails, IssuerkitError } from '@issuerkit/apdu'
import { BLOCK_LENGTH } from './block-cipher.js'
import {
  type Exportability,
  KEY_BLOCK_VERSIONS,
  type KeyBlockVersion,
  type KeyUsage,
  type ModeOfUse,
} from './keyblock-tables.js'
import type { Secret } from './secret.js'

/** An optional block: an identifier of two upper-case letters or digits (`KS`, `KC`, `TS` ...) and printable ASCII. */
export interface OptionalBlock {
  readonly id: string
  readonly data: string
}

/** A header as it was read: every field as it stands, known to the tables or not. */
export interface KeyBlockHeader {
  readonly version: KeyBlockVersion
  readonly usage: string
  readonly algorithm: string
  readonly modeOfUse: string
  /** `00` unused, `c` and a digit for a component, otherwise the version of the key. */
  readonly keyVersion: string
  readonly exportability: string
  /** Key context (`0` none, `1` storage, `2` exchange) and the reserved character. */
  readonly reserved: string
  /** In their order, without the padding block PB. */
  readonly optionalBlocks: readonly OptionalBlock[]
}

/** What a key block held, its MAC having been right. */
export interface UnwrappedKeyBlock {
  readonly header: KeyBlockHeader
  /** The bytes of the key. */
  readonly key: Secret
}

/** A header to write: values of the tables only, and only for keys of TDES and AES. */
export interface NewKeyBlockHeader {
  readonly version: KeyBlockVersion
  readonly usage: KeyUsage
  readonly algorithm: 'A' | 'T'
  readonly modeOfUse: ModeOfUse
  /** Two letters or digits, `00` by default. */
  readonly keyVersion?: string
  readonly exportability: Exportability
  /** In their order, identifiers all different. The padding block PB is added where the length asks for it. */
  readonly optionalBlocks?: readonly OptionalBlock[]
}

/** Characters of the header before the optional blocks. */
export const FIXED_HEADER_LENGTH = 16

/** The optional block that fills the header up to whole blocks of the cipher. It is the last one. [X9.143] 6.3.6 */
export const PADDING_BLOCK = 'PB'

/** What comes before the data of an optional block: with a length of two digits, and with the extended length. */
export const OPTIONAL_BLOCK_PREFIX = { short: 4, extended: 10 } as const

/** Bytes of a block of the cipher that protects a version: 8 for B and C, 16 for D. */
export function blockLengthOf(version: KeyBlockVersion): 8 | 16 {
  return BLOCK_LENGTH[KEY_BLOCK_VERSIONS[version].algorithm]
}

/** Refuse a key block. A header is public: its characters may stand in the error, those of the key never do. */
export function refuse(details: ErrorDetails): never {
  throw new IssuerkitError('ERR_KEY_BLOCK', details)
}

/**
 * That a text is printable ASCII, as the whole of a key block is.
 * @throws ERR_KEY_BLOCK with the offset of the first other character
 */
export function expectPrintable(text: string, label: string): void {
  if (typeof text !== 'string') refuse({ label, expected: 'text', got: typeof text })
  const offset = text.search(/[^ -~]/)
  if (offset >= 0) refuse({ label, expected: 'printable ASCII', got: 'another character', offset })
}
