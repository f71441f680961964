/**
 * What slices are used with beside the kernel's own operations: where blocks and keys lie, known bytes, keys in and
 * out.
 *
 * Blocks and keys have fixed places in the kernel's memory; each function says which it uses. A byte that is known,
 * such as F0 in a diversification value or the padding of a message, is eight whole slices of ones or zeros, alike in
 * all lanes. A derived key becomes a key schedule by naming other slices, and is not turned into bytes on the way.
 */
import { type Column, type Lanes, sharedColumn, stage, unstage } from './tdes-batch-fields.js'
import type { Kernel } from './tdes-batch-kernel.js'
import { IP } from './tdes-tables.js'

/** A two-key TDES key is two DES keys of 112 slices; these are the places of some. */
export const KEYS = { master: 0, masterToo: 224, icc: 448, session: 672, sessionToo: 896 } as const
/** Places of blocks, 64 slices each. A key that is not yet a schedule is two blocks, left and right. */
export const BLOCKS = {
  left: 1120,
  right: 1184,
  text: 1248,
  chain: 1312,
  kept: 1376,
  keptToo: 1440,
  spare: 1504,
} as const

/** For a column with one value for all records it does not matter which they are. */
export const ALL_LANES: Lanes = { first: 0, count: 1 }

/** Bit n of a block, from 0 from the left -> its slice. */
const SLICE_OF = Array.from({ length: 64 }, (_, bit) => IP.indexOf(bit + 1))

/** `value` in byte `byte` of a block, in all lanes. */
export function setByte({ words, lanes }: Kernel, block: number, byte: number, value: number): void {
  const width = lanes / 32
  for (let bit = 0; bit < 8; bit++) {
    const ones = -((value >> (7 - bit)) & 1)
    const at = width * (block + (SLICE_OF[8 * byte + bit] as number))
    for (let n = at; n < at + width; n++) words[n] = ones
  }
}

/** Byte `byte` of a block XOR `mask`, in all lanes. */
export function xorByte({ words, lanes }: Kernel, block: number, byte: number, mask: number): void {
  const width = lanes / 32
  for (let bit = 0; bit < 8; bit++) {
    const ones = -((mask >> (7 - bit)) & 1)
    const at = width * (block + (SLICE_OF[8 * byte + bit] as number))
    for (let n = at; n < at + width; n++) words[n] = (words[n] as number) ^ ones
  }
}

/** A block copied to another place. */
export function copy({ words, lanes }: Kernel, from: number, to: number): void {
  const width = lanes / 32
  words.copyWithin(width * to, width * from, width * (from + 64))
}

/** NOT of a block, in its place. */
export function invert({ words, lanes }: Kernel, block: number): void {
  const width = lanes / 32
  for (let n = width * block; n < width * (block + 64); n++) words[n] = ~(words[n] as number)
}

/** Zeros for a block. */
export function clear({ words, lanes }: Kernel, block: number): void {
  words.fill(0, (lanes / 32) * block, (lanes / 32) * (block + 64))
}

/** Keys of 16 bytes into {@link BLOCKS}.left and right, and as a schedule to `key`. */
export function loadKeys(kernel: Kernel, column: Column, lanes: Lanes, key: number): void {
  const { address, stride } = stage(kernel, column, lanes, 0, 16)
  kernel.load(address, stride, BLOCKS.left)
  kernel.load(address + 8, stride, BLOCKS.right)
  scheduleKeys(kernel, key)
}

/** The three DES keys of a TDES key: the places of their schedules. */
export type ThreeKeys = readonly [key1: number, key2: number, key3: number]

/** The two-key TDES key whose schedule is at `key`. */
export function twoKey(key: number): ThreeKeys {
  return [key, key + 112, key]
}

/**
 * A DES (8 bytes), two-key (16) or three-key TDES key (24), the same for all lanes, as schedules from KEYS.session
 * on.
 */
export function loadSharedKey(kernel: Kernel, key: Uint8Array): ThreeKeys {
  const places = [0, 1, 2].map((n) => KEYS.session + 112 * (((8 * n) % key.length) >> 3)) as [number, number, number]
  for (let n = 0; n < key.length / 8; n++) {
    const { address, stride } = stage(kernel, sharedColumn(key), ALL_LANES, 8 * n, 8)
    kernel.load(address, stride, BLOCKS.text)
    kernel.schedule(BLOCKS.text, KEYS.session + 112 * n)
  }
  return places
}

/** The key in {@link BLOCKS}.left and right as a schedule to `key`. */
export function scheduleKeys(kernel: Kernel, key: number): void {
  kernel.schedule(BLOCKS.left, key)
  kernel.schedule(BLOCKS.right, key + 112)
}

/** The key in {@link BLOCKS}.left and right into the records, 16 bytes, its parity made odd or left alone. */
export function storeKeys(kernel: Kernel, out: Column, lanes: Lanes, isOdd: boolean): void {
  if (isOdd) {
    kernel.parity(BLOCKS.left)
    kernel.parity(BLOCKS.right)
  }
  const address = kernel.records
  kernel.store(BLOCKS.left, address, 16)
  kernel.store(BLOCKS.right, address + 8, 16)
  unstage(kernel, { address, stride: 16 }, out, lanes)
}
