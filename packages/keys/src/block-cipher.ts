/** The block ciphers by the name of their algorithm, on bytes. Inside this package only: callers hold keys, not bytes. */
import { backend, type Direction } from './backend.js'
import type { KeyPurpose, SecretKey } from './key.js'
import { encryptBlocks, isTableDes } from './tdes.js'
import { cachedSchedule } from './tdes-cache.js'

/** The block cipher of a key. `tdes` is two-key Triple DES unless the key says otherwise. */
export type KeyAlgorithm = 'tdes' | 'aes' | 'sm4'

/** Bytes of a block. */
export const BLOCK_LENGTH = { tdes: 8, aes: 16, sm4: 16 } as const satisfies Record<KeyAlgorithm, number>

const PRIMITIVE = { tdes: 'des', aes: 'aes', sm4: 'sm4' } as const

/** Whole blocks enciphered or deciphered: ECB without an IV, CBC with one. */
export function runBlocks(
  algorithm: KeyAlgorithm,
  direction: Direction,
  key: Uint8Array,
  data: Uint8Array,
  iv?: Uint8Array,
): Uint8Array {
  return backend()[PRIMITIVE[algorithm]](direction, key, data, iv)
}

/**
 * A few blocks enciphered by an issuer master key, in ECB mode. The key schedule of a TDES key is kept for the next card.
 * @throws ERR_KEY_DESTROYED
 */
export function encipherByMasterKey(key: SecretKey<'issuer', KeyPurpose>, data: Uint8Array): Uint8Array {
  const bytes = key.expose()
  if (key.algorithm !== 'tdes' || !isTableDes(backend().des)) return runBlocks(key.algorithm, 'encrypt', bytes, data)
  const output = new Uint8Array(data.length)
  encryptBlocks(cachedSchedule(key, bytes), data, 0, output, 0, data.length)
  return output
}

/** The CBC-MAC of whole blocks with a zero IV: the last block that CBC mode gives. [ISO9797-1] 7.1 */
export function cbcMac(algorithm: KeyAlgorithm, key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const length = BLOCK_LENGTH[algorithm]
  return runBlocks(algorithm, 'encrypt', key, blocks, new Uint8Array(length)).slice(-length)
}
