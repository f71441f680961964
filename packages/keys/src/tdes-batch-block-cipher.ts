/**
 * DES for a back end through the bitsliced engine, for whoever wants no table look-up by key or data in single
 * operations, too: `useBackend({ ...backend(), des: slicedDes })`. Then each call of the cipher takes some 30
 * microseconds and more, most of the lanes being idle, and derivations, MACs and PIN blocks of one card a few calls.
 *
 * The blocks of ECB mode do not depend on each other, so each has a lane. In CBC mode a block waits for the one before,
 * and one lane does them all. A single DES key is a TDES key of three equal parts.
 */
import type { BlockCipher } from './backend.js'
import { sharedColumn } from './tdes-batch-fields.js'
import type { Kernel } from './tdes-batch-kernel.js'
import { chooseKernel, runSliced } from './tdes-batch-run.js'
import { cipherSliced } from './tdes-batch-sliced-messages.js'
import { loadSharedKey, type ThreeKeys } from './tdes-batch-slices.js'

/** DES and TDES in ECB and CBC mode, constant-time in its structure; see {@link BlockCipher} for what it takes. */
export const slicedDes: BlockCipher = (direction, key, data, iv) => {
  const output = new Uint8Array(data.length)
  // ECB: as many values of one block as there are blocks. CBC: one value.
  const length = iv === undefined ? 8 : data.length
  const column = (bytes: Uint8Array) => ({ bytes, offset: 0, stride: length, length })
  const cipher = { direction, iv: iv && sharedColumn(iv) }
  const count = data.length / length
  let keys: ThreeKeys
  runSliced(chooseKernel(count, { constantTime: true }) as Kernel, count, {
    prepare(kernel) {
      keys = loadSharedKey(kernel, key)
    },
    sliced: (kernel, lanes) => cipherSliced(kernel, keys, cipher, column(data), column(output), lanes),
  })
  return output
}
