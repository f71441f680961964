/**
 * MACs and enciphering on slices, for all lanes of a kernel at once.
 *
 * The steps are those of mac.ts and cipher.ts. Block by block the messages of all lanes are loaded, and the chaining
 * value stays slices from the first block to the last. Messages that are longer than the kernel's memory has room for
 * come in parts. The lengths of all lanes are the same, and so are the steps.
 * @see [EMV-B2] A1.1, A1.2, [ISO9797-1] 7.3
 */
import type { PaddingMethod } from './padding.js'
import { type Column, type Lanes, roomOf, type Staged, stage, unstage } from './tdes-batch-fields.js'
import type { Kernel } from './tdes-batch-kernel.js'
import { BLOCKS, clear, copy, setByte, type ThreeKeys, twoKey } from './tdes-batch-slices.js'

/** Blocks of a message of so many bytes with its padding; an empty one is one block. [ISO9797-1] 6.3 */
export function blocksOf(length: number, padding: PaddingMethod): number {
  return Math.max(1, Math.ceil((padding === 2 ? length + 1 : length) / 8))
}

/** MACs of algorithm 3 with the schedule `key` over a field; the first bytes of each into `out`. [ISO9797-1] 7.3 */
export function macSliced(
  kernel: Kernel,
  key: number,
  message: Column,
  padding: PaddingMethod,
  out: Column,
  lanes: Lanes,
): void {
  const window = windowOf(kernel)
  let staged: Staged | undefined
  macOver(kernel, key, message.length, padding, (at) => {
    if (at % window === 0) staged = stage(kernel, message, lanes, at, Math.min(window, message.length - at))
    const { address, stride } = staged as Staged
    return { address: address + (at % window), stride }
  })
  storeMac(kernel, out, lanes)
}

/** Bytes of a long value that are staged at a time: whole blocks. */
function windowOf(kernel: Kernel): number {
  return roomOf(kernel) - 8 - (roomOf(kernel) % 8)
}

/** The MAC's 64 slices into {@link BLOCKS}.chain; `place` says where the block at a byte of the message lies. */
function macOver(
  kernel: Kernel,
  key: number,
  length: number,
  padding: PaddingMethod,
  place: (at: number) => Staged,
): void {
  const count = blocksOf(length, padding)
  const { text, chain } = BLOCKS
  clear(kernel, chain)
  for (let n = 0; n < count; n++) {
    const used = Math.max(0, length - 8 * n)
    if (used > 0) {
      const { address, stride } = place(8 * n)
      kernel.load(address, stride, text)
    }
    for (let byte = used; byte < 8; byte++) setByte(kernel, text, byte, byte === used && padding === 2 ? 0x80 : 0)
    kernel.xor(chain, text)
    if (n < count - 1) kernel.des(chain, key)
    else kernel.tdes(chain, ...twoKey(key))
  }
}

function storeMac(kernel: Kernel, out: Column, lanes: Lanes): void {
  kernel.store(BLOCKS.chain, kernel.records, 8)
  unstage(kernel, { address: kernel.records, stride: 8 }, out, lanes)
}

/** Enciphering of whole blocks: ECB without `iv`, CBC with it. */
export interface SlicedCipher {
  readonly direction: 'encrypt' | 'decrypt'
  readonly iv: Column | undefined
}

/** The values of a field enciphered or deciphered with `keys`. [EMV-B2] A1.1 */
export function cipherSliced(
  kernel: Kernel,
  keys: ThreeKeys,
  cipher: SlicedCipher,
  data: Column,
  out: Column,
  lanes: Lanes,
): void {
  loadIv(kernel, cipher, lanes)
  const window = windowOf(kernel)
  for (let from = 0; from < data.length; from += window) {
    const length = Math.min(window, data.length - from)
    const staged = stage(kernel, data, lanes, from, length, length)
    cipherStaged(kernel, keys, cipher, staged, length)
    unstage(kernel, staged, out, lanes, from, length)
  }
}

function loadIv(kernel: Kernel, { iv }: SlicedCipher, lanes: Lanes): void {
  if (iv === undefined) return
  const { address, stride } = stage(kernel, iv, lanes, 0, 8)
  kernel.load(address, stride, BLOCKS.kept)
}

/**
 * Blocks in the kernel's memory enciphered or deciphered in their place; the chaining value is in {@link
 * BLOCKS}.kept.
 */
function cipherStaged(
  kernel: Kernel,
  keys: ThreeKeys,
  { direction, iv }: SlicedCipher,
  staged: Staged,
  length: number,
): void {
  const { text, kept, spare } = BLOCKS
  for (let at = staged.address; at < staged.address + length; at += 8) {
    kernel.load(at, staged.stride, text)
    if (direction === 'encrypt') {
      if (iv !== undefined) kernel.xor(text, kept)
      kernel.tdes(text, ...keys)
      if (iv !== undefined) copy(kernel, text, kept)
    } else {
      copy(kernel, text, spare)
      kernel.untdes(text, ...keys)
      if (iv !== undefined) kernel.xor(text, kept)
      copy(kernel, spare, kept)
    }
    kernel.store(text, at, staged.stride)
  }
}

/** A message whose end is enciphered, under a MAC: what {@link protectSliced} takes. */
export interface SlicedMessage {
  /** What stands before the enciphered data under the MAC. */
  readonly header: Column
  readonly data: Column
  readonly cipher: SlicedCipher
  readonly padding: PaddingMethod
  readonly enciphered: Column
  readonly mac: Column
}

/** Data enciphered with the schedule `encKey`, and the MAC with `macKey` over header ‖ enciphered data. */
export function protectSliced(
  kernel: Kernel,
  encKey: number,
  macKey: number,
  message: SlicedMessage,
  lanes: Lanes,
): void {
  const { header, data, cipher, padding, enciphered, mac } = message
  const length = header.length + data.length
  const { first, count } = lanes
  loadIv(kernel, cipher, lanes)
  // The header's place in the kernel's memory has room behind it for the data, so the message comes together there.
  const room = 8 * Math.ceil((length + 8) / 8)
  const staged = stage(kernel, header, lanes, 0, header.length, room)
  const at = staged.address + header.length
  for (let lane = 0; lane < count; lane++) {
    const from = data.offset + (first + lane) * data.stride
    for (let n = 0; n < data.length; n++) {
      kernel.bytes[at + lane * staged.stride + n] = data.bytes[from + n] as number
    }
  }
  cipherStaged(kernel, twoKey(encKey), cipher, { address: at, stride: staged.stride }, data.length)
  unstage(kernel, { address: at, stride: staged.stride }, enciphered, lanes)
  macOver(kernel, macKey, length, padding, (byte) => ({ address: staged.address + byte, stride: staged.stride }))
  storeMac(kernel, mac, lanes)
}
