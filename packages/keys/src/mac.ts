/**
 * Message authentication codes.
 *
 * | function | key | used for |
 * |---|---|---|
 * | macAlgorithm3 | two-key TDES | application cryptograms and secure messaging of EMV and PBOC; also called the retail MAC |
 * | macAlgorithm1 | DES, TDES | CBC-MAC with the whole cipher on each block |
 * | macAesCmac | AES | the same as algorithm 3, for AES cards; EMV keeps the leftmost 8 bytes |
 * | macSm4Cbc | SM4 | the same as algorithm 3, for SM4 cards of PBOC |
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { backend } from './backend.js'
import { cbcMac, runBlocks } from './block-cipher.js'
import { cmac } from './cmac.js'
import type { AesKey, KeyLevel, SecretKey, Sm4Key, TdesKey } from './key.js'
import { type PaddingMethod, pad } from './padding.js'
import { isTableDes, SHORT, tableMacAlgorithm3 } from './tdes.js'

const ZERO_IV = new Uint8Array(8)

/** What a MAC key may be for: application cryptograms, or messages. */
type MacPurpose = 'AC' | 'MAC'

/** How a MAC is formed. */
export interface MacOptions {
  /** Padding method, 2 by default; CMAC has a padding of its own and takes none. */
  readonly padding?: PaddingMethod
  /** Bytes kept from the left, at least 4; one block by default: 8 for DES, 16 for AES and SM4. */
  readonly length?: number
}

/**
 * The MAC of algorithm 3: 4 to 8 bytes. Single DES in CBC mode with the left half of the key, and the whole two-key TDES
 * on the last block only.
 * @param key an AC key for application cryptograms, a MAC key for secure messaging
 * @throws ERR_MAC_LENGTH when the length is not a whole number from 4 to 8; ERR_KEY when the key is not of 16 bytes;
 *   ERR_PADDING; ERR_KEY_DESTROYED
 * @see [ISO9797-1] 7.3 (algorithm 3), [EMV-B2] A1.2.1
 */
export function macAlgorithm3(
  key: TdesKey<KeyLevel, MacPurpose>,
  data: Uint8Array,
  { padding = 2, length = 8 }: MacOptions = {},
): Uint8Array {
  expectLengthWithin(length, 8)
  const padded = pad(data, padding, 8)
  const bytes = key.expose()
  if (bytes.length !== 16) {
    throw new IssuerkitError('ERR_KEY', { label: 'MAC key', expected: '16 bytes', got: `${bytes.length} bytes` })
  }
  if (padded.length <= SHORT && isTableDes(backend().des)) return tableMacAlgorithm3(bytes, padded).slice(0, length)
  const last = padded.length - 8
  const chained = last === 0 ? ZERO_IV : cbcMac('tdes', bytes.subarray(0, 8), padded.subarray(0, last))
  return runBlocks('tdes', 'encrypt', bytes, padded.subarray(last), chained).slice(0, length)
}

/**
 * The MAC of algorithm 1, CBC-MAC: 4 to 8 bytes.
 * @param key of 16 bytes, or a key of the level `zone` of 8 (single DES) or 24 bytes
 * @throws ERR_MAC_LENGTH when the length is not a whole number from 4 to 8; ERR_PADDING; ERR_KEY_DESTROYED
 * @see [ISO9797-1] 7.1 (algorithm 1)
 */
export function macAlgorithm1(
  key: TdesKey<KeyLevel, MacPurpose>,
  data: Uint8Array,
  { padding = 2, length = 8 }: MacOptions = {},
): Uint8Array {
  expectLengthWithin(length, 8)
  return cbcMac('tdes', key.expose(), pad(data, padding, 8)).slice(0, length)
}

/**
 * AES-CMAC: 4 to 16 bytes, by a key of 16, 24 or 32 bytes.
 * @throws ERR_MAC_LENGTH when the length is not a whole number from 4 to 16; ERR_KEY_DESTROYED
 * @see [ISO9797-1] 7.5 (algorithm 5), [EMV-B2] A1.2.2
 */
export function macAesCmac(
  key: AesKey<KeyLevel, MacPurpose>,
  data: Uint8Array,
  { length = 16 }: Pick<MacOptions, 'length'> = {},
): Uint8Array {
  expectLengthWithin(length, 16)
  return cmac('aes', key.expose(), data).slice(0, length)
}

/**
 * CBC-MAC with SM4: 4 to 16 bytes.
 * @throws ERR_MAC_LENGTH when the length is not a whole number from 4 to 16; ERR_PADDING; ERR_KEY_DESTROYED
 * @see [ISO9797-1] 7.1 (algorithm 1), [PBOC] (SM4 secure messaging)
 */
export function macSm4Cbc(
  key: Sm4Key<KeyLevel, MacPurpose>,
  data: Uint8Array,
  { padding = 2, length = 16 }: MacOptions = {},
): Uint8Array {
  expectLengthWithin(length, 16)
  return cbcMac('sm4', key.expose(), pad(data, padding, 16)).slice(0, length)
}

/**
 * The MAC that EMV and PBOC form with a key of this algorithm, the leftmost 8 bytes unless said: algorithm 3 for TDES,
 * CMAC for AES, CBC-MAC for SM4.
 * @param options `padding` is that of algorithm 3 and CBC-MAC; CMAC has its own, whatever is said
 * @throws ERR_MAC_LENGTH when the length is not a whole number from 4 to 8; ERR_KEY; ERR_PADDING; ERR_KEY_DESTROYED
 * @see [EMV-B2] 9.2.1 and A1.2, [PBOC]
 */
export function mac(
  key: SecretKey<KeyLevel, MacPurpose>,
  data: Uint8Array,
  { padding = 2, length = 8 }: MacOptions = {},
): Uint8Array {
  expectMacLength(length)
  if (key.algorithm === 'aes') return macAesCmac(key, data, { length })
  if (key.algorithm === 'sm4') return macSm4Cbc(key, data, { padding, length })
  return macAlgorithm3(key, data, { padding, length })
}

/**
 * A MAC length of EMV and PBOC secure messaging.
 * @throws ERR_MAC_LENGTH when it is not a whole number from 4 to 8
 * @see [EMV-B2] 9.2.1
 */
export function expectMacLength(length: number): number {
  return expectLengthWithin(length, 8)
}

function expectLengthWithin(length: number, most: number): number {
  if (!Number.isInteger(length) || length < 4 || length > most) {
    throw new IssuerkitError('ERR_MAC_LENGTH', { label: 'MAC', expected: `4 to ${most} bytes`, got: String(length) })
  }
  return length
}
