/**
 * The session key tree of EMV 2000: the ICC master key is the root, each ATC a leaf, and a leaf's key is made from its
 * parent's and grandparent's keys, so that a card stores one path only.
 */
import { concat, expectLength, IssuerkitError, xor } from '@issuerkit/apdu'
import { runBlocks } from './block-cipher.js'
import { expectAtc } from './expect.js'

/** The ATC and the shape of the tree. */
export interface TreeInput {
  readonly atc: Uint8Array
  /** Branch factor: children of a key, 2 to 65536; 4 by default. */
  readonly branch?: number
  /** Levels below the root, 1 to 255; 8 by default. `branch` to the power of `height` is at least 65536. */
  readonly height?: number
  /** The initial value above the root, 16 bytes; zeros by default. */
  readonly iv?: Uint8Array
}

/**
 * The session key of a leaf, 16 bytes, with its parity bits as they come.
 *
 * ```
 * IK(0) = MK, the grandparent of IK(1) is IV
 * IK(i) = PHI(IK(i-1), IK(i-2), j) with j = ATC / branch^(height-i), rounded down
 * SK    = IK(height) XOR IK(height-2)
 * ```
 * @throws ERR_ATC; ERR_LENGTH when the IV is not 16 bytes; ERR_OPTION when branch or height is out of range, or the tree
 *   has fewer leaves than there are ATCs
 * @see [EMV-B2] A1.3 of version 4.1 (session key derivation by a tree)
 */
export function treeKey(masterKey: Uint8Array, { atc, branch = 4, height = 8, iv }: TreeInput): Uint8Array {
  const leaf = expectAtc(atc).reduce((value, byte) => 256 * value + byte, 0)
  expectTreeShape(branch, height)
  let parent = masterKey
  let grandparent = iv === undefined ? new Uint8Array(16) : expectLength(iv, 16, 'iv')
  for (let i = 1; i < height; i++) {
    const child = phi(parent, grandparent, Math.floor(leaf / branch ** (height - i)) % branch)
    grandparent = parent
    parent = child
  }
  return xor(phi(parent, grandparent, leaf % branch), grandparent)
}

/** PHI(X, Y, j): TDES(X)[left half of Y XOR j] ‖ TDES(X)[right half of Y XOR j XOR F0], j being taken modulo branch. */
function phi(x: Uint8Array, y: Uint8Array, j: number): Uint8Array {
  const low = Uint8Array.of(0, 0, 0, 0, 0, 0, j >> 8, j & 0xff)
  return runBlocks('tdes', 'encrypt', x, xor(y, concat(low, low.with(7, (j & 0xff) ^ 0xf0))))
}

/**
 * The shape of a tree.
 * @throws ERR_OPTION when branch or height is out of range, or the tree has fewer leaves than there are ATCs
 */
export function expectTreeShape(branch: number, height: number): void {
  expectRange('branch', branch, 2, 65_536)
  expectRange('height', height, 1, 255)
  if (branch ** height < 65_536) {
    throw new IssuerkitError('ERR_OPTION', { label: 'height', expected: 'branch to the power of height from 65536' })
  }
}

function expectRange(label: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new IssuerkitError('ERR_OPTION', { label, expected: `${least} to ${most}`, got: String(value) })
  }
}
