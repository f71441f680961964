/**
 * PIN blocks enciphered under a PIN encryption key of a zone, as they travel between hosts.
 *
 * | format | key | |
 * |---|---|---|
 * | 0, 3 | TDES | one block |
 * | 4 | AES | AES(AES(PIN field) XOR PAN field), 16 bytes |
 *
 * There is no function from one format or key to another: a service that translates PIN blocks is one that PINs can be
 * searched with.
 * @see [ISO9564-1] 9.3, 9.4
 */
import { concat, IssuerkitError, xor } from '@issuerkit/apdu'
import { type AesKey, decipherBlocks, encipherBlocks, type Secret, type TdesKey } from '@issuerkit/keys'
import { isoPinBlock, type PanFormat, parsePinBlock } from './pin-block.js'
import {
  longPanField,
  type Pin,
  pinBlockError,
  pinDigits,
  pinField,
  type RandomSource,
  randomFrom,
  readPinField,
} from './pin-block-field.js'

/** A format with a key that fits it. */
export type PinBlockCipher =
  | { readonly format: PanFormat; readonly key: TdesKey<'zone', 'PIN'> }
  | { readonly format: 4; readonly key: AesKey<'zone', 'PIN'> }

/** What an enciphered PIN block is made of. */
export type EncipherPinBlockInput = PinBlockCipher & {
  readonly pin: Pin
  /** PAN of 8 to 19 digits, with its check digit. */
  readonly pan: string
  /** The source of the fill of formats 3 and 4: the platform's generator by default. */
  readonly random?: RandomSource
}

/** What an enciphered PIN block is read with. */
export type DecipherPinBlockInput = PinBlockCipher & {
  readonly block: Uint8Array
  /** The PAN that the block must be of. */
  readonly pan: string
}

const ECB = { mode: 'ecb' } as const
const FIELD_4 = { control: 4, fill: 10 } as const

/**
 * A PIN block enciphered: 8 bytes under TDES, 16 under AES.
 * @throws ERR_PIN, ERR_PAN; ERR_KEY when the key is of another algorithm than the format's; ERR_OPTION when there is no
 *   such format; ERR_LENGTH when `random` gives another length; ERR_KEY_DESTROYED
 * @see [ISO9564-1] 9.4.2 (format 4)
 */
export function encipherPinBlock(input: EncipherPinBlockInput): Uint8Array {
  expectFormatKey(input)
  const { key, pin, pan, random } = input
  if (input.format !== 4) {
    return encipherBlocks(key, isoPinBlock(input.format, pin, { pan, ...(random && { random }) }).expose(), ECB)
  }
  const digits = pinField(FIELD_4.control, pinDigits(pin), (count) => new Uint8Array(count).fill(FIELD_4.fill))
  const panField = longPanField(pan)
  const blockA = encipherBlocks(key, concat(digits, randomFrom(8, random)), ECB)
  return encipherBlocks(key, xor(blockA, panField), ECB)
}

/**
 * The PIN of an enciphered PIN block, as a secret that holds its digits in ASCII.
 * @throws ERR_PIN_BLOCK without a word more, whatever is wrong with the block, its length, its key or its PAN
 * @throws ERR_PAN when the PAN given is none; ERR_KEY, ERR_OPTION as {@link encipherPinBlock}; ERR_KEY_DESTROYED
 * @see [ISO9564-1] 9.4.2 (format 4)
 */
export function decipherPinBlock(input: DecipherPinBlockInput): Secret {
  expectFormatKey(input)
  const { key, block, pan } = input
  if (input.format !== 4) {
    if (block.length !== 8) throw pinBlockError()
    return parsePinBlock(input.format, decipherBlocks(key, block, ECB), { pan })
  }
  const panField = longPanField(pan)
  if (block.length !== panField.length) throw pinBlockError()
  const blockA = xor(decipherBlocks(key, block, ECB), panField)
  const { control, fill } = FIELD_4
  return readPinField(decipherBlocks(key, blockA, ECB), control, { lowest: fill, highest: fill })
}

/** Callers without types: a key of the other algorithm would encipher too, and give a block that nobody can read. */
function expectFormatKey({ format, key }: PinBlockCipher): void {
  if (format !== 0 && format !== 3 && format !== 4) {
    throw new IssuerkitError('ERR_OPTION', { label: 'PIN block format', expected: '0, 3 or 4', got: String(format) })
  }
  const expected = format === 4 ? 'aes' : 'tdes'
  if (key.algorithm !== expected) {
    throw new IssuerkitError('ERR_KEY', { label: 'PIN key', expected: `a key of ${expected}`, got: key.algorithm })
  }
}
