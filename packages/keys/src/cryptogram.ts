/** Application cryptograms (ARQC, TC, AAC) from a key and the data that they cover. */
import { constantTimeEqual } from './compare.js'
import { expectArqc } from './expect.js'
import type { SecretKey } from './key.js'
import { mac } from './mac.js'
import type { PaddingMethod } from './padding.js'

/** The key of a cryptogram: a session key, or the ICC master key itself for schemes without session keys (CVN 10). */
export type CryptogramKey = SecretKey<'session' | 'icc', 'AC'>

/**
 * An application cryptogram: 8 bytes of the MAC over the scheme's data, which is algorithm 3 of ISO 9797-1 for TDES, CMAC
 * for AES and CBC-MAC for SM4.
 * @param data what the scheme covers, one value after another, unpadded
 * @param padding 2 for EMV session keys and PBOC, 1 for CVN 10; CMAC has its own, whatever is said
 * @throws ERR_PADDING, ERR_KEY_DESTROYED
 * @see [EMV-B2] 8.1.2
 */
export function generateCryptogram(key: CryptogramKey, data: Uint8Array, padding: PaddingMethod = 2): Uint8Array {
  return mac(key, data, { padding })
}

/**
 * Whether a cryptogram is the one of this key and data, compared in constant time.
 * @throws ERR_ARQC when the cryptogram is not 8 bytes; ERR_PADDING, ERR_KEY_DESTROYED
 */
export function verifyCryptogram(
  key: CryptogramKey,
  data: Uint8Array,
  cryptogram: Uint8Array,
  padding: PaddingMethod = 2,
): boolean {
  expectArqc(cryptogram)
  return constantTimeEqual(generateCryptogram(key, data, padding), cryptogram)
}
