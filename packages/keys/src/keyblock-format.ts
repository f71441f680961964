/** The header of a new key block: checked strictly, then put into characters. */
import {
  blockLengthOf,
  expectPrintable,
  FIXED_HEADER_LENGTH,
  type NewKeyBlockHeader,
  OPTIONAL_BLOCK_PREFIX,
  type OptionalBlock,
  PADDING_BLOCK,
  refuse,
} from './keyblock-header.js'
import { EXPORTABILITY, KEY_BLOCK_ALGORITHMS, KEY_BLOCK_VERSIONS, KEY_USAGES } from './keyblock-tables.js'

/** What the fields of the length and of the number of optional blocks hold. [X9.143] 6.2 */
const LENGTH_DIGITS = 4
const MAXIMUM_OPTIONAL_BLOCKS = 99
/** The greatest length of an optional block in two hexadecimal digits. */
const MAXIMUM_SHORT_LENGTH = 255

const SYMMETRIC = Object.entries(KEY_BLOCK_ALGORITHMS)
  .filter(([, { lengths }]) => lengths.length > 0)
  .map(([letter]) => letter)

/**
 * That a header to write holds values of the tables only, and a mode of use that goes with its usage.
 * @throws ERR_KEY_BLOCK with the name of the field
 * @see [X9.143] 6.3
 */
export function expectNewHeader(header: NewKeyBlockHeader): void {
  expectOneOf('version', header.version, Object.keys(KEY_BLOCK_VERSIONS))
  expectOneOf('key usage', header.usage, Object.keys(KEY_USAGES))
  expectOneOf('algorithm', header.algorithm, SYMMETRIC)
  expectOneOf('mode of use', header.modeOfUse, [...KEY_USAGES[header.usage].modes])
  expectOneOf('exportability', header.exportability, Object.keys(EXPORTABILITY))
  const { keyVersion = '00' } = header
  if (typeof keyVersion !== 'string' || !/^[0-9A-Za-z]{2}$/.test(keyVersion)) {
    refuse({ label: 'key version', expected: 'two letters or digits', got: String(keyVersion) })
  }
}

/**
 * That a field has one of its values.
 * @throws ERR_KEY_BLOCK with the name of the field and the values
 */
export function expectOneOf(label: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) {
    refuse({ label, expected: allowed.length > 0 ? allowed.join(', ') : 'none', got: String(value) })
  }
}

/**
 * The characters of a header that {@link expectNewHeader} accepts, with the padding block where one is needed.
 * @param bodyLength characters that follow it: key data and MAC
 * @throws ERR_KEY_BLOCK when an optional block is malformed or repeated, or there are too many or too long ones
 * @see [X9.143] 6.2, 6.3.6
 */
export function formatKeyBlockHeader(header: NewKeyBlockHeader, bodyLength: number): string {
  const { version, usage, algorithm, modeOfUse, keyVersion = '00', exportability, optionalBlocks = [] } = header
  expectOptionalBlocks(optionalBlocks)
  const blocks = optionalBlocks.map(formatOptionalBlock)
  const padding = paddingBlock(blocks.join('').length, blockLengthOf(version))
  if (padding !== '') blocks.push(padding)
  if (blocks.length > MAXIMUM_OPTIONAL_BLOCKS) {
    const expected = `at most ${MAXIMUM_OPTIONAL_BLOCKS}`
    refuse({ label: 'number of optional blocks', expected, got: String(blocks.length) })
  }
  const optional = blocks.join('')
  const length = decimal(FIXED_HEADER_LENGTH + optional.length + bodyLength, LENGTH_DIGITS)
  if (length.length > LENGTH_DIGITS) refuse({ label: 'key block length', expected: 'four digits', got: length })
  const fields = `${usage}${algorithm}${modeOfUse}${keyVersion}${exportability}`
  return `${version}${length}${fields}${decimal(blocks.length, 2)}00${optional}`
}

function expectOptionalBlocks(blocks: readonly OptionalBlock[]): void {
  const seen = new Set([PADDING_BLOCK])
  for (const { id, data } of blocks) {
    const label = `optional block ${id}`
    if (!/^[0-9A-Z]{2}$/.test(id)) refuse({ label, expected: 'two upper-case letters or digits' })
    if (seen.has(id)) refuse({ label, expected: 'an identifier of its own', got: id })
    expectPrintable(data, label)
    seen.add(id)
  }
}

function formatOptionalBlock({ id, data }: OptionalBlock): string {
  const short = OPTIONAL_BLOCK_PREFIX.short + data.length
  if (short <= MAXIMUM_SHORT_LENGTH) return `${id}${hexadecimal(short, 2)}${data}`
  return `${id}0002${hexadecimal(OPTIONAL_BLOCK_PREFIX.extended + data.length, 4)}${data}`
}

/** The padding block after optional blocks of `used` characters, or nothing when they fill whole blocks. */
function paddingBlock(used: number, blockLength: number): string {
  const missing = (blockLength - (used % blockLength)) % blockLength
  if (missing === 0) return ''
  const length = missing < OPTIONAL_BLOCK_PREFIX.short ? missing + blockLength : missing
  return formatOptionalBlock({ id: PADDING_BLOCK, data: '0'.repeat(length - OPTIONAL_BLOCK_PREFIX.short) })
}

function decimal(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}
