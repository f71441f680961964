/**
 * Key check values: the few bytes by which two parties see that they hold the same key.
 *
 * | method | value | usual for |
 * |---|---|---|
 * | legacy | a zero block enciphered | TDES, SM4 |
 * | cmac | CMAC of a zero block | AES; the legacy value of an AES key would give away a block of its CMAC subkeys |
 */
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { BLOCK_LENGTH, type KeyAlgorithm, runBlocks } from './block-cipher.js'
import { cmac } from './cmac.js'
import { constantTimeEqual } from './compare.js'
import type { KeyLevel, KeyPurpose, SecretKey } from './key.js'

/** How a key check value is formed. */
export type KcvMethod = 'legacy' | 'cmac'

/** Method and length of a key check value. */
export interface KcvOptions {
  /** `cmac` for AES and `legacy` for TDES and SM4 unless said. */
  readonly method?: KcvMethod
  /** Bytes kept from the left: 3 by default, at least 1, at most one block (8 for TDES, 16 for AES and SM4). */
  readonly length?: number
}

const USUAL = { tdes: 'legacy', aes: 'cmac', sm4: 'legacy' } as const satisfies Record<KeyAlgorithm, KcvMethod>

/**
 * The key check value as upper-case hexadecimal text, two digits a byte.
 *
 * A long value, or both methods of one AES key, tells more of the key than a check needs: show 3 bytes.
 * @throws ERR_OPTION when the method is unknown; ERR_LENGTH; ERR_KEY_DESTROYED
 * @see [X9.143] optional block KC
 */
export function keyCheckValue(key: SecretKey<KeyLevel, KeyPurpose>, { method, length = 3 }: KcvOptions = {}): string {
  const block = BLOCK_LENGTH[key.algorithm]
  if (!Number.isInteger(length) || length < 1 || length > block) {
    throw new IssuerkitError('ERR_LENGTH', { label: 'kcv', expected: `1 to ${block} bytes`, got: String(length) })
  }
  return toHex(checkBlock(key.algorithm, key.expose(), method).subarray(0, length))
}

/** The whole block whose first bytes are the key check value, for key bytes. Inside this package only. */
export function checkBlock(algorithm: KeyAlgorithm, key: Uint8Array, method: KcvMethod = USUAL[algorithm]): Uint8Array {
  const zero = new Uint8Array(BLOCK_LENGTH[algorithm])
  if (method === 'legacy') return runBlocks(algorithm, 'encrypt', key, zero)
  if (method === 'cmac') return cmac(algorithm, key, zero)
  throw new IssuerkitError('ERR_OPTION', { label: 'kcv method', expected: 'legacy or cmac', got: String(method) })
}

/**
 * That key bytes have the key check value given with them: 4 hexadecimal digits or more, each of which must agree.
 * Inside this package only.
 * @param label names the key or component in the error
 * @throws ERR_KCV when it is another value, or not 2 bytes to one block; ERR_HEX; ERR_OPTION
 */
export function expectKeyCheckValue(
  algorithm: KeyAlgorithm,
  key: Uint8Array,
  kcv: string,
  label: string,
  method?: KcvMethod,
): void {
  const given = fromHex(kcv, `kcv of ${label}`)
  const block = BLOCK_LENGTH[algorithm]
  if (given.length < 2 || given.length > block) {
    throw new IssuerkitError('ERR_KCV', { label, expected: `2 to ${block} bytes`, got: `${given.length} bytes` })
  }
  if (!constantTimeEqual(checkBlock(algorithm, key, method).subarray(0, given.length), given)) {
    throw new IssuerkitError('ERR_KCV', { label, expected: `key check value ${toHex(given)}`, got: 'another value' })
  }
}
