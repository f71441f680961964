/**
 * CMAC, on bytes: algorithm 5 of ISO/IEC 9797-1, with AES, two- or three-key TDES, or SM4.
 * Inside this package only: key check values, AES cryptograms and key blocks stand on it.
 */
import { BLOCK_LENGTH, cbcMac, type KeyAlgorithm, runBlocks } from './block-cipher.js'
import { pad } from './padding.js'

/** The constant of the field in which a block is doubled: of 64 and of 128 bits. */
const FIELD = { 8: 0x1b, 16: 0x87 } as const

/**
 * The whole CMAC of the data, one block long.
 * @see [ISO9797-1] 7.5 (algorithm 5)
 */
export function cmac(algorithm: KeyAlgorithm, key: Uint8Array, data: Uint8Array): Uint8Array {
  const length = BLOCK_LENGTH[algorithm]
  const zero = runBlocks(algorithm, 'encrypt', key, new Uint8Array(length))
  const isWhole = data.length > 0 && data.length % length === 0
  const message = pad(data, isWhole ? 1 : 2, length)
  const subkey = isWhole ? double(zero) : double(double(zero))
  const start = message.length - length
  subkey.forEach((byte, i) => {
    message[start + i] = (message[start + i] as number) ^ byte
  })
  return cbcMac(algorithm, key, message)
}

/** Twice the block in its field: shifted left by a bit, the field's constant added when a bit falls out. */
function double(block: Uint8Array): Uint8Array {
  const carried = (block[0] as number) >> 7
  const doubled = block.map((byte, i) => (byte << 1) | ((block[i + 1] ?? 0) >> 7))
  const last = block.length - 1
  // Multiplied, not branched on: the bit depends on the key.
  doubled[last] = (doubled[last] as number) ^ (carried * FIELD[block.length as 8 | 16])
  return doubled
}
