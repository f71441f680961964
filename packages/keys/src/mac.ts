/**
 * Message authentication codes of ISO/IEC 9797-1 with DES.
 * EMV and PBOC use algorithm 3, also called the retail MAC: single DES in CBC mode with the left half of the key, and the
 * whole two-key TDES on the last block only.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { backend } from './backend.js'
import type { KeyLevel, TdesKey } from './key.js'
import { type PaddingMethod, pad } from './padding.js'

const ZERO_IV = new Uint8Array(8)

/** How a MAC is formed. */
export interface MacOptions {
  /** Padding method, 2 by default. */
  readonly padding?: PaddingMethod
  /** Bytes kept from the left, 4 to 8; 8 by default. */
  readonly length?: number
}

/**
 * The MAC of algorithm 3: 4 to 8 bytes.
 * @param key an AC key for application cryptograms, a MAC key for secure messaging
 * @throws ERR_MAC_LENGTH when the length is not a whole number from 4 to 8; ERR_PADDING; ERR_KEY_DESTROYED
 * @see [ISO9797-1] 7.3 (algorithm 3), [EMV-B2] A1.2.1
 */
export function macAlgorithm3(
  key: TdesKey<KeyLevel, 'AC' | 'MAC'>,
  data: Uint8Array,
  { padding = 2, length = 8 }: MacOptions = {},
): Uint8Array {
  expectMacLength(length)
  const padded = pad(data, padding, 8)
  const bytes = key.expose()
  const last = padded.length - 8
  const chained =
    last === 0 ? ZERO_IV : backend().des('encrypt', bytes.subarray(0, 8), padded.subarray(0, last), ZERO_IV)
  return backend().des('encrypt', bytes, padded.subarray(last), chained.subarray(-8)).subarray(0, length)
}

/**
 * A MAC length of EMV and PBOC secure messaging.
 * @throws ERR_MAC_LENGTH when it is not a whole number from 4 to 8
 * @see [EMV-B2] 9.2.1
 */
export function expectMacLength(length: number): number {
  if (!Number.isInteger(length) || length < 4 || length > 8) {
    throw new IssuerkitError('ERR_MAC_LENGTH', { label: 'MAC', expected: '4 to 8 bytes', got: String(length) })
  }
  return length
}
