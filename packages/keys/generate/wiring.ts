/**
 * Where a bitsliced engine finds things. What the standard calls a permutation costs such an engine nothing: slices do
 * not move, the code just names another one. So IP, E, P, PC-1 and PC-2 all turn into the numbers below.
 *
 * A block is 64 slices, those of the left half first, always as IP leaves them: between two ciphers in a row IP and its
 * inverse cancel, and IP of an XOR is the XOR of the IPs.
 *
 * A DES key is 112 slices: C, C again, D, D again, 28 each. Rotating C and D by n is to look n slices further on, and
 * the copy behind saves going round the end. So no round key is ever stored: a round is given the key's address, moved
 * on by the places turned so far.
 * @see tdes-tables.ts for the tables themselves
 */
import { E, IP, P, PC1, PC2, SHIFTS } from '../src/tdes-tables.js'

/** Bit `bit` of a block, from 0 from the left -> its slice. */
export function sliceOf(bit: number): number {
  return IP.indexOf(bit + 1)
}

/** For the 56 slices of C and D: the slice of the key's block that it is a copy of. */
export const KEY_SLICES: readonly number[] = PC1.map((bit) => sliceOf(bit - 1))

/** How many slices further on C and D begin in each round. */
export const ROTATIONS: readonly number[] = SHIFTS.map((_, round) =>
  SHIFTS.slice(0, round + 1).reduce((sum, places) => sum + places),
)

/**
 * For each S-box: the slices of the right half and of the key that are its input, and those of the left that it
 * changes.
 */
export const BOXES = Array.from({ length: 8 }, (_, box) => ({
  right: E.slice(6 * box, 6 * box + 6).map((bit) => bit - 1),
  key: PC2.slice(6 * box, 6 * box + 6).map((bit) => (bit <= 28 ? bit - 1 : bit - 1 + 28)),
  left: [1, 2, 3, 4].map((bit) => P.indexOf(4 * box + bit)),
}))
