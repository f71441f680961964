/**
 * PIN blocks of ISO 9564-1 of 8 bytes, in clear. Format 4, of 16 bytes, never stands in clear: `encipherPinBlock`.
 *
 * | format | PIN field | fill | |
 * |---|---|---|---|
 * | 0 | 0 N PIN fill | F | XOR 0000 ‖ 12 digits of the PAN |
 * | 1 | 1 N PIN fill | random 0 to F | no PAN |
 * | 2 | 2 N PIN fill | F | no PAN, between terminal and card only |
 * | 3 | 3 N PIN fill | random A to F | XOR 0000 ‖ 12 digits of the PAN |
 * @see [ISO9564-1] 9.3.2 to 9.3.5
 */
import { IssuerkitError, xor } from '@issuerkit/apdu'
import { Secret } from '@issuerkit/keys'
import {
  type FillRange,
  type Pin,
  pinBlockError,
  pinDigits,
  pinField,
  type RandomSource,
  randomFrom,
  readPinField,
  shortPanField,
} from './pin-block-field.js'

export { expectPin, type Pin, type RandomSource } from './pin-block-field.js'
export { type VisPinBlock, type VisPinBlockInput, visPinBlock } from './pin-block-vis.js'

/** The formats with a PAN, and those without. */
export type PanFormat = 0 | 3
export type PlainFormat = 1 | 2

/** What a PIN block is made with besides the PIN. */
export interface PinBlockOptions {
  /** PAN of 8 to 19 digits, with its check digit. Formats 0 and 3. */
  readonly pan: string
  /** The source of the fill of formats 1 and 3: the platform's generator by default. */
  readonly random?: RandomSource
}

const FILL: Readonly<Record<PanFormat | PlainFormat, FillRange>> = {
  0: { lowest: 15, highest: 15 },
  1: { lowest: 0, highest: 15 },
  2: { lowest: 15, highest: 15 },
  3: { lowest: 10, highest: 15 },
}

/**
 * A clear PIN block of format 0 to 3: 8 bytes.
 * @throws ERR_PIN when the PIN is not 4 to 12 decimal digits; ERR_PAN when the PAN is not 8 to 19; ERR_OPTION when there is
 *   no such format; ERR_LENGTH when `random` gives another length
 * @see [ISO9564-1] 9.3
 */
export function isoPinBlock(format: PanFormat, pin: Pin, options: PinBlockOptions): Secret
export function isoPinBlock(format: PlainFormat, pin: Pin, options?: Partial<PinBlockOptions>): Secret
export function isoPinBlock(
  format: PanFormat | PlainFormat,
  pin: Pin,
  { pan = '', random }: Partial<PinBlockOptions> = {},
): Secret {
  const range = fillRange(format)
  const field = pinField(format, pinDigits(pin), (count) => fillWithin(range, count, random))
  return Secret.of(hasPan(format) ? xor(field, shortPanField(pan)) : field, 'PIN block')
}

/**
 * The PIN of a clear PIN block, as a secret that holds its digits in ASCII.
 *
 * A PAN that is not the one of the block shows as a wrong fill or digit; the shorter the fill, the less is sure of it.
 * @param block 8 bytes
 * @throws ERR_PIN_BLOCK without a word more, whatever is wrong with the block: length, control value, number of digits, a
 *   digit, the fill, the PAN; ERR_PAN when the PAN given is none; ERR_OPTION when there is no such format
 * @see [ISO9564-1] 9.3
 */
export function parsePinBlock(format: PanFormat, block: Uint8Array | Secret, options: { readonly pan: string }): Secret
export function parsePinBlock(format: PlainFormat, block: Uint8Array | Secret): Secret
export function parsePinBlock(
  format: PanFormat | PlainFormat,
  block: Uint8Array | Secret,
  { pan = '' }: { readonly pan?: string } = {},
): Secret {
  const range = fillRange(format)
  const mask = hasPan(format) ? shortPanField(pan) : new Uint8Array(8)
  const bytes = block instanceof Secret ? block.expose() : block
  if (bytes.length !== mask.length) throw pinBlockError()
  return readPinField(xor(bytes, mask), format, range)
}

function fillRange(format: PanFormat | PlainFormat): FillRange {
  const range = Object.hasOwn(FILL, format) ? FILL[format] : undefined
  if (range === undefined) {
    throw new IssuerkitError('ERR_OPTION', { label: 'PIN block format', expected: '0, 1, 2 or 3', got: String(format) })
  }
  return range
}

function hasPan(format: PanFormat | PlainFormat): boolean {
  return format === 0 || format === 3
}

/** Nibbles of a fill: fixed, or scaled from 16 random bits each, which leaves no bias that could be seen. */
function fillWithin({ lowest, highest }: FillRange, count: number, random?: RandomSource): Uint8Array {
  if (lowest === highest) return new Uint8Array(count).fill(lowest)
  const bytes = randomFrom(2 * count, random)
  return Uint8Array.from({ length: count }, (_, i) => {
    const bits = ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number)
    return lowest + ((bits * (highest - lowest + 1)) >> 16)
  })
}
