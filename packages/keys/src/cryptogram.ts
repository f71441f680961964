/**
 * Application cryptograms (ARQC, TC, AAC) and the issuer's answer to an ARQC, the ARPC.
 */
import { concat, xor } from '@issuerkit/apdu'
import { backend } from './backend.js'
import { constantTimeEqual } from './compare.js'
import { expectArc, expectArqc } from './expect.js'
import type { TdesKey } from './key.js'
import { macAlgorithm3 } from './mac.js'
import type { PaddingMethod } from './padding.js'

/** The key of a cryptogram: a session key, or the ICC master key itself for schemes without session keys (CVN 10). */
export type CryptogramKey = TdesKey<'session' | 'icc', 'AC'>

/**
 * An application cryptogram: 8 bytes, the ISO 9797-1 algorithm 3 MAC over the scheme's data.
 * @param data what the scheme covers, one value after another, unpadded
 * @param padding 2 for EMV session keys and PBOC, 1 for CVN 10
 * @throws ERR_PADDING, ERR_KEY_DESTROYED
 * @see [EMV-B2] 8.1.2
 */
export function generateCryptogram(key: CryptogramKey, data: Uint8Array, padding: PaddingMethod = 2): Uint8Array {
  return macAlgorithm3(key, data, { padding })
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

/**
 * ARPC by method 1: TDES(key)[ARQC XOR (ARC ‖ 000000000000)], 8 bytes.
 *
 * Answer only an ARQC that has verified: over chosen input this function enciphers any block under the card's key.
 * @param arc DE39 as two ASCII bytes
 * @throws ERR_ARQC, ERR_ARC, ERR_KEY_DESTROYED
 * @see [EMV-B2] 8.2.1
 */
export function generateArpcMethod1(key: CryptogramKey, arqc: Uint8Array, arc: Uint8Array): Uint8Array {
  const block = xor(expectArqc(arqc), concat(expectArc(arc), new Uint8Array(6)))
  return backend().des('encrypt', key.expose(), block)
}

/**
 * Issuer authentication data (the value of tag 91) of method 1: ARPC ‖ ARC, 10 bytes.
 * @throws ERR_ARQC when the ARPC is not 8 bytes; ERR_ARC
 * @see [EMV-B2] 8.2.1, [EMV-B3] Annex A tag 91
 */
export function issuerAuthenticationData(arpc: Uint8Array, arc: Uint8Array): Uint8Array {
  return concat(expectArqc(arpc), expectArc(arc))
}
