/** Padding methods 1 and 2 of ISO/IEC 9797-1 and 7816-4. */
import { IssuerkitError } from '@issuerkit/apdu'
import { expectByteArray } from './expect.js'

/** 1: zero bytes up to a whole block, none when it is whole already. 2: 80, then zero bytes up to a whole block, always. */
export type PaddingMethod = 1 | 2

/**
 * The data padded to whole blocks, in a new array. An empty message becomes one block under either method.
 * @param blockLength bytes of a block: 8 for DES, 16 for AES and SM4
 * @throws ERR_PADDING when the method is not 1 or 2; ERR_LENGTH when the data are no bytes
 * @see [ISO9797-1] 6.3.2 (method 1), 6.3.3 (method 2)
 */
export function pad(data: Uint8Array, method: PaddingMethod, blockLength: number): Uint8Array {
  if (method !== 1 && method !== 2) {
    throw new IssuerkitError('ERR_PADDING', { label: 'padding method', expected: '1 or 2', got: String(method) })
  }
  const used = expectByteArray(data, 'data').length + (method === 2 ? 1 : 0)
  const padded = new Uint8Array(Math.max(Math.ceil(used / blockLength), 1) * blockLength)
  padded.set(data)
  if (method === 2) padded[data.length] = 0x80
  return padded
}
