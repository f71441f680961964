/**
 * Whole blocks enciphered and deciphered, without padding: what a scheme pads, and how, is the scheme's own rule.
 */
import { expectLength, IssuerkitError } from '@issuerkit/apdu'
import type { Direction } from './backend.js'
import { BLOCK_LENGTH, runBlocks } from './block-cipher.js'
import { expectByteArray } from './expect.js'
import type { KeyLevel, SecretKey } from './key.js'

/** A key that enciphers: data of messages, keys, PINs. */
export type EncipheringKey = SecretKey<KeyLevel, 'ENC' | 'DEK' | 'PIN'>

/** The mode of the block cipher. */
export interface CipherMode {
  readonly mode: 'ecb' | 'cbc'
  /** The initial value of CBC mode, one block; zeros by default. ECB has none. */
  readonly iv?: Uint8Array
}

/**
 * The data enciphered, as long as they are.
 * @param data one whole block or more: 8 bytes for TDES, 16 for AES and SM4
 * @throws ERR_LENGTH when the data are no whole blocks, or none; or the IV is not one block
 * @throws ERR_OPTION when the mode is unknown, or an IV comes with ECB; ERR_KEY_DESTROYED
 * @see [EMV-B2] A1.1
 */
export function encipherBlocks(key: EncipheringKey, data: Uint8Array, mode: CipherMode): Uint8Array {
  return blocks('encrypt', key, data, mode)
}

/**
 * The data deciphered, as long as they are: the inverse of {@link encipherBlocks}, with the same errors.
 * @throws ERR_LENGTH, ERR_OPTION, ERR_KEY_DESTROYED
 * @see [EMV-B2] A1.1
 */
export function decipherBlocks(key: EncipheringKey, data: Uint8Array, mode: CipherMode): Uint8Array {
  return blocks('decrypt', key, data, mode)
}

function blocks(direction: Direction, key: EncipheringKey, data: Uint8Array, { mode, iv }: CipherMode): Uint8Array {
  const length = BLOCK_LENGTH[key.algorithm]
  if (expectByteArray(data, 'data').length === 0 || data.length % length !== 0) {
    const expected = `whole blocks of ${length} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: 'data', expected, got: `${data.length} bytes` })
  }
  if (mode === 'cbc') {
    const initial = iv === undefined ? new Uint8Array(length) : expectLength(iv, length, 'iv')
    return runBlocks(key.algorithm, direction, key.expose(), data, initial)
  }
  if (mode !== 'ecb') {
    throw new IssuerkitError('ERR_OPTION', { label: 'mode', expected: 'ecb or cbc', got: String(mode) })
  }
  if (iv !== undefined) throw new IssuerkitError('ERR_OPTION', { label: 'iv', expected: 'none in ECB mode' })
  return runBlocks(key.algorithm, direction, key.expose(), data)
}
