/**
 * ICC master keys and session keys on slices, for all lanes of a kernel at once.
 *
 * The steps are those of derive.ts, session.ts and session-tree.ts, in blocks instead of arrays: a key is two blocks,
 * left and right, and both are enciphered under the schedule of the key before. Each function leaves the key where the
 * next one takes it.
 * @see [EMV-B2] A1.3, A1.4
 */
import { type Column, type Lanes, stage, stageBlock } from './tdes-batch-fields.js'
import type { Kernel } from './tdes-batch-kernel.js'
import type { SessionColumns } from './tdes-batch-session.js'
import { BLOCKS, copy, invert, KEYS, scheduleKeys, setByte, twoKey, xorByte } from './tdes-batch-slices.js'

function tdesBoth(kernel: Kernel, key: number): void {
  kernel.tdes(BLOCKS.left, ...twoKey(key))
  kernel.tdes(BLOCKS.right, ...twoKey(key))
}

/** The session keys from issuer master keys, whose schedule is `master`, as a schedule to `session`. */
export function derivedSessionSliced(
  kernel: Kernel,
  master: number,
  y: Column,
  session: SessionColumns,
  lanes: Lanes,
  to: number,
): void {
  deriveSliced(kernel, master, y, lanes)
  scheduleKeys(kernel, KEYS.icc)
  sessionSliced(kernel, KEYS.icc, session, lanes)
  scheduleKeys(kernel, to)
}

/** TDES(key)[Y] and TDES(key)[NOT Y] into {@link BLOCKS}.left and right. [EMV-B2] A1.4.1 */
export function deriveSliced(kernel: Kernel, key: number, y: Column, lanes: Lanes): void {
  const { address, stride } = stage(kernel, y, lanes, 0, 8)
  kernel.load(address, stride, BLOCKS.left)
  copy(kernel, BLOCKS.left, BLOCKS.right)
  invert(kernel, BLOCKS.right)
  tdesBoth(kernel, key)
}

/**
 * The session keys of the ICC master keys in {@link BLOCKS}.left and right, whose schedule is `key`, in their place.
 * @see session.ts for the methods
 */
export function sessionSliced(kernel: Kernel, key: number, session: SessionColumns, lanes: Lanes): void {
  if (session.method === 'emv2000-tree') {
    treeSliced(kernel, session, lanes)
    return
  }
  const { address, stride } =
    session.parts.length === 1 && session.parts[0]?.column.length === 8
      ? stage(kernel, session.parts[0].column, lanes, 0, 8)
      : stageBlock(kernel, lanes, session.parts)
  kernel.load(address, stride, BLOCKS.text)
  if (session.method === 'visa-xor') {
    // [VIS]: left half XOR ATC, right half XOR NOT ATC.
    kernel.xor(BLOCKS.left, BLOCKS.text)
    invertAtc(kernel, BLOCKS.text)
    kernel.xor(BLOCKS.right, BLOCKS.text)
    return
  }
  copy(kernel, BLOCKS.text, BLOCKS.left)
  copy(kernel, BLOCKS.text, BLOCKS.right)
  if (session.method === 'pboc') {
    invertAtc(kernel, BLOCKS.right)
  } else {
    setByte(kernel, BLOCKS.left, 2, 0xf0)
    setByte(kernel, BLOCKS.right, 2, 0x0f)
  }
  tdesBoth(kernel, key)
}

/** 000000000000 ‖ ATC -> 000000000000 ‖ NOT ATC. */
function invertAtc(kernel: Kernel, block: number): void {
  xorByte(kernel, block, 6, 0xff)
  xorByte(kernel, block, 7, 0xff)
}

/** The tree of session-tree.ts; the parent is in left and right, the grandparent in kept and keptToo. */
function treeSliced(kernel: Kernel, session: SessionColumns & { method: 'emv2000-tree' }, lanes: Lanes): void {
  const { branch, height, iv, parts } = session
  const { kept, keptToo, left, right, text, chain } = BLOCKS
  const ivAt = stage(kernel, iv, lanes, 0, 16)
  kernel.load(ivAt.address, ivAt.stride, kept)
  kernel.load(ivAt.address + 8, ivAt.stride, keptToo)
  for (let level = 1; level <= height; level++) {
    const { address, stride } = stageBlock(kernel, lanes, parts)
    childNumbers(kernel, address, branch ** (height - level), branch)
    kernel.load(address, stride, text)
    copy(kernel, text, chain)
    xorByte(kernel, chain, 7, 0xf0)
    kernel.xor(text, kept)
    kernel.xor(chain, keptToo)
    scheduleKeys(kernel, KEYS.session)
    kernel.tdes(text, ...twoKey(KEYS.session))
    kernel.tdes(chain, ...twoKey(KEYS.session))
    if (level === height) {
      // SK = IK(height) XOR IK(height - 2): the grandparent is still there.
      kernel.xor(text, kept)
      kernel.xor(chain, keptToo)
    }
    copy(kernel, left, kept)
    copy(kernel, right, keptToo)
    copy(kernel, text, left)
    copy(kernel, chain, right)
  }
}

/** In each lane's block the ATC, bytes 6 and 7, becomes the number of its branch: ATC / leaves below, modulo branch. */
function childNumbers({ bytes, lanes }: Kernel, address: number, leaves: number, branch: number): void {
  for (let at = address; at < address + 8 * lanes; at += 8) {
    const atc = 256 * (bytes[at + 6] as number) + (bytes[at + 7] as number)
    const j = Math.floor(atc / leaves) % branch
    bytes[at + 6] = j >> 8
    bytes[at + 7] = j
  }
}
