/**
 * A key block taken apart, without a key: nothing of it is verified yet.
 * @see [X9.143] 6.1, 6.2
 */
import { fromHex } from '@issuerkit/apdu'
import {
  blockLengthOf,
  expectPrintable,
  FIXED_HEADER_LENGTH,
  type KeyBlockHeader,
  OPTIONAL_BLOCK_PREFIX,
  type OptionalBlock,
  PADDING_BLOCK,
  refuse,
} from './keyblock-header.js'
import type { SealedKeyData } from './keyblock-protection.js'
import { KEY_BLOCK_VERSIONS, type KeyBlockVersion } from './keyblock-tables.js'

/** The parts of a key block. */
export interface ParsedKeyBlock {
  readonly header: KeyBlockHeader
  /** The characters of the header as they stand: what the MAC covers. */
  readonly headerText: string
  readonly sealed: SealedKeyData
}

/** Identifier, then either the extended length or the one of two digits. */
const OPTIONAL_BLOCK = /^([0-9A-Z]{2})(?:00(?:02|04)([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2}))/

/**
 * The parts of a key block.
 *
 * The hexadecimal digits of key data and MAC may be upper-case, as the standard has them, or lower-case, as some devices
 * send them, but not both.
 * @throws ERR_KEY_BLOCK with the name of the field, what it must be, and mostly the offset
 */
export function parseKeyBlock(text: string): ParsedKeyBlock {
  expectPrintable(text, 'key block')
  const version = parseVersion(text)
  const blockLength = blockLengthOf(version)
  expectKeyBlockLength(text, blockLength)
  const other = /[^0-9A-Za-z]/.exec(text.slice(0, FIXED_HEADER_LENGTH))
  if (other !== null) refuse({ label: 'header', expected: 'letters and digits', got: other[0], offset: other.index })
  const { optionalBlocks, end } = parseOptionalBlocks(text)
  const sealed = parseSealedKeyData(text, end, blockLength, KEY_BLOCK_VERSIONS[version].macLength)
  const header = {
    version,
    usage: text.slice(5, 7),
    algorithm: text.charAt(7),
    modeOfUse: text.charAt(8),
    keyVersion: text.slice(9, 11),
    exportability: text.charAt(11),
    reserved: text.slice(14, 16),
    optionalBlocks,
  }
  return { header, headerText: text.slice(0, end), sealed }
}

function parseVersion(text: string): KeyBlockVersion {
  const version = text.charAt(0)
  if (Object.hasOwn(KEY_BLOCK_VERSIONS, version)) return version as KeyBlockVersion
  // A shares the variant keys of C, whose blocks it could be taken for: it is known, and refused, by its name.
  const got = version === 'A' ? 'A (key variant binding of 2005, withdrawn)' : version || 'nothing'
  return refuse({ label: 'version', expected: Object.keys(KEY_BLOCK_VERSIONS).join(', '), got, offset: 0 })
}

function expectKeyBlockLength(text: string, blockLength: number): void {
  const label = 'key block length'
  const field = text.slice(1, 5)
  const actual = String(text.length).padStart(4, '0')
  if (field !== actual) refuse({ label, expected: `${actual}, as many as there are`, got: field, offset: 1 })
  if (text.length % blockLength !== 0) {
    refuse({ label, expected: `a multiple of ${blockLength}`, got: field, offset: 1 })
  }
  if (text.length < FIXED_HEADER_LENGTH) {
    refuse({ label, expected: `at least ${FIXED_HEADER_LENGTH}`, got: field, offset: 1 })
  }
}

function parseOptionalBlocks(text: string): { optionalBlocks: OptionalBlock[]; end: number } {
  const count = text.slice(12, 14)
  if (/[^0-9]/.test(count)) {
    refuse({ label: 'number of optional blocks', expected: 'two decimal digits', got: count, offset: 12 })
  }
  const optionalBlocks: OptionalBlock[] = []
  let end = FIXED_HEADER_LENGTH
  for (let left = Number(count); left > 0; left--) {
    const { block, length } = parseOptionalBlock(text, end)
    const label = `optional block ${block.id}`
    if (optionalBlocks.some(({ id }) => id === block.id)) refuse({ label, expected: 'once', got: 'again', offset: end })
    if (block.id !== PADDING_BLOCK) optionalBlocks.push(block)
    else if (left > 1) refuse({ label, expected: 'the last one', got: 'another after it', offset: end })
    end += length
  }
  return { optionalBlocks, end }
}

function parseOptionalBlock(text: string, offset: number): { block: OptionalBlock; length: number } {
  const match = OPTIONAL_BLOCK.exec(text.slice(offset))
  if (match === null) {
    return refuse({ label: 'optional block', expected: 'identifier and length', got: 'other characters', offset })
  }
  const [, id, extended, short] = match as unknown as readonly [string, string, string | undefined, string]
  // The length of the extended length counts bytes (02) in the standard's text; its printed examples have 04, characters.
  const prefix = extended === undefined ? OPTIONAL_BLOCK_PREFIX.short : OPTIONAL_BLOCK_PREFIX.extended
  const length = Number.parseInt(extended ?? short, 16)
  const available = text.length - offset
  if (length < prefix || length > available) {
    const expected = `a length of ${prefix} to ${available}`
    refuse({ label: `optional block ${id}`, expected, got: String(length), offset })
  }
  return { block: { id, data: text.slice(offset + prefix, offset + length) }, length }
}

function parseSealedKeyData(text: string, offset: number, blockLength: number, macLength: number): SealedKeyData {
  const label = 'key data'
  const digits = text.slice(offset)
  const keyDigits = digits.length - 2 * macLength
  if (keyDigits <= 0 || keyDigits % (2 * blockLength) !== 0) {
    const expected = `whole blocks of ${2 * blockLength} characters and a MAC of ${2 * macLength}`
    refuse({ label, expected, got: `${digits.length} characters`, offset })
  }
  // One case throughout: a block in which a single digit changes its case has been touched.
  if (!/^(?:[0-9A-F]+|[0-9a-f]+)$/.test(digits)) {
    refuse({ label, expected: 'hexadecimal digits of one case', got: 'other characters', offset })
  }
  const bytes = fromHex(digits)
  return { enciphered: bytes.subarray(0, -macLength), mac: bytes.subarray(-macLength) }
}
