/**
 * DES on 32-bit words, where it is fast: in the permuted domain.
 *
 * DES is IP, sixteen rounds, and the inverse of IP. Between two ciphers in a row, inverse and IP cancel, and IP of an
 * XOR is the XOR of the IPs; so Triple DES, CBC mode and a derivation that feeds a key into the next one permute once at
 * the way in and once at the way out. What lies between is a state of two words, left and right half.
 *
 * A round is f(R) = P(S(E(R) XOR K)). Rotated to the left by one, a half holds the six bits that E chooses for S8, S6,
 * S4 and S2 at the bottom of its bytes, and four bits further up those for S7, S5, S3 and S1: E is two masks. S-box and
 * P together are one look-up in a table of 64 words, generated below. Halves and tables are kept rotated throughout.
 *
 * IP moves the bits of a block like the transposition of a matrix of 8 by 8: five exchanges of bit groups do it.
 * @see FIPS 46-3
 */
import { P, S } from './tdes-tables.js'

/**
 * The states that work is done on: left and right half of a first block at 0 and 1, of a second one at 2 and 3. One
 * array for all, because a function that returns two words would allocate. It is longer than needed: an array of up to
 * 64 bytes lies among the objects that the garbage collector moves, and is slower to reach. Who is done calls
 * {@link wipe}.
 */
export const STATE = new Int32Array(32)

/**
 * The S-boxes, each followed by P and the rotation: 64 words for S1, 64 for S2 and so on. One array, and a constant of
 * this module that is not exported: so the compiler knows where it lies, and needs no register for each of eight.
 */
const SP = spTable()

function spTable(): Int32Array {
  const table = new Int32Array(512)
  S.forEach((rows, box) => {
    // Where the four output bits of this box go: P takes bit 4 * box + 1 + i to the place where it names it.
    const masks = [0, 1, 2, 3].map((i) => rotateLeft1(1 << (31 - P.indexOf(4 * box + 1 + i))))
    for (let input = 0; input < 64; input++) {
      const row = ((input >> 4) & 2) | (input & 1)
      const value = rows[16 * row + ((input >> 1) & 15)] as number
      table[64 * box + input] = masks.reduce((word, mask, i) => word | ((value << i) & 8 ? mask : 0), 0)
    }
  })
  return table
}

function rotateLeft1(word: number): number {
  return (word << 1) | (word >>> 31)
}

/**
 * The first state through `passes` times sixteen rounds, its halves exchanged after each sixteen.
 * The rounds are written out here and below, not a function of their own: whether a compiler puts f in place of its call
 * depends on what it has put in place around it, and with a call in each round the cipher takes half as long again.
 * @param words the round keys, two words each: for S1, S3, S5, S7 and for S2, S4, S6, S8
 * @param first the index of the round key to begin with
 */
export function runRounds(words: Int32Array, first: number, passes: number): void {
  let left = STATE[0] as number
  let right = STATE[1] as number
  let at = first
  for (let pass = 0; pass < passes; pass++) {
    for (let pair = 0; pair < 8; pair++) {
      const u1 = ((right >>> 4) | (right << 28)) ^ (words[at] as number)
      const v1 = right ^ (words[at + 1] as number)
      left ^=
        (SP[(u1 >>> 24) & 63] as number) ^
        (SP[64 | ((v1 >>> 24) & 63)] as number) ^
        ((SP[128 | ((u1 >>> 16) & 63)] as number) ^ (SP[192 | ((v1 >>> 16) & 63)] as number)) ^
        ((SP[256 | ((u1 >>> 8) & 63)] as number) ^ (SP[320 | ((v1 >>> 8) & 63)] as number)) ^
        ((SP[384 | (u1 & 63)] as number) ^ (SP[448 | (v1 & 63)] as number))
      const u2 = ((left >>> 4) | (left << 28)) ^ (words[at + 2] as number)
      const v2 = left ^ (words[at + 3] as number)
      right ^=
        (SP[(u2 >>> 24) & 63] as number) ^
        (SP[64 | ((v2 >>> 24) & 63)] as number) ^
        ((SP[128 | ((u2 >>> 16) & 63)] as number) ^ (SP[192 | ((v2 >>> 16) & 63)] as number)) ^
        ((SP[256 | ((u2 >>> 8) & 63)] as number) ^ (SP[320 | ((v2 >>> 8) & 63)] as number)) ^
        ((SP[384 | (u2 & 63)] as number) ^ (SP[448 | (v2 & 63)] as number))
      at += 4
    }
    const exchanged = left
    left = right
    right = exchanged
  }
  STATE[0] = left
  STATE[1] = right
}

/**
 * The first and the second state (the halves `a` and `b`, `c` and `d`), as {@link runRounds} takes the first: while a
 * processor waits for the look-ups of one it goes on with the other, and does both in one and a half times the time.
 */
export function runRoundsOnTwo(words: Int32Array, first: number, passes: number): void {
  let a = STATE[0] as number
  let b = STATE[1] as number
  let c = STATE[2] as number
  let d = STATE[3] as number
  let at = first
  for (let pass = 0; pass < passes; pass++) {
    for (let pair = 0; pair < 8; pair++) {
      const odd1 = words[at] as number
      const even1 = words[at + 1] as number
      const odd2 = words[at + 2] as number
      const even2 = words[at + 3] as number
      const u1 = ((b >>> 4) | (b << 28)) ^ odd1
      const v1 = b ^ even1
      a ^=
        (SP[(u1 >>> 24) & 63] as number) ^
        (SP[64 | ((v1 >>> 24) & 63)] as number) ^
        ((SP[128 | ((u1 >>> 16) & 63)] as number) ^ (SP[192 | ((v1 >>> 16) & 63)] as number)) ^
        ((SP[256 | ((u1 >>> 8) & 63)] as number) ^ (SP[320 | ((v1 >>> 8) & 63)] as number)) ^
        ((SP[384 | (u1 & 63)] as number) ^ (SP[448 | (v1 & 63)] as number))
      const u2 = ((d >>> 4) | (d << 28)) ^ odd1
      const v2 = d ^ even1
      c ^=
        (SP[(u2 >>> 24) & 63] as number) ^
        (SP[64 | ((v2 >>> 24) & 63)] as number) ^
        ((SP[128 | ((u2 >>> 16) & 63)] as number) ^ (SP[192 | ((v2 >>> 16) & 63)] as number)) ^
        ((SP[256 | ((u2 >>> 8) & 63)] as number) ^ (SP[320 | ((v2 >>> 8) & 63)] as number)) ^
        ((SP[384 | (u2 & 63)] as number) ^ (SP[448 | (v2 & 63)] as number))
      const u3 = ((a >>> 4) | (a << 28)) ^ odd2
      const v3 = a ^ even2
      b ^=
        (SP[(u3 >>> 24) & 63] as number) ^
        (SP[64 | ((v3 >>> 24) & 63)] as number) ^
        ((SP[128 | ((u3 >>> 16) & 63)] as number) ^ (SP[192 | ((v3 >>> 16) & 63)] as number)) ^
        ((SP[256 | ((u3 >>> 8) & 63)] as number) ^ (SP[320 | ((v3 >>> 8) & 63)] as number)) ^
        ((SP[384 | (u3 & 63)] as number) ^ (SP[448 | (v3 & 63)] as number))
      const u4 = ((c >>> 4) | (c << 28)) ^ odd2
      const v4 = c ^ even2
      d ^=
        (SP[(u4 >>> 24) & 63] as number) ^
        (SP[64 | ((v4 >>> 24) & 63)] as number) ^
        ((SP[128 | ((u4 >>> 16) & 63)] as number) ^ (SP[192 | ((v4 >>> 16) & 63)] as number)) ^
        ((SP[256 | ((u4 >>> 8) & 63)] as number) ^ (SP[320 | ((v4 >>> 8) & 63)] as number)) ^
        ((SP[384 | (u4 & 63)] as number) ^ (SP[448 | (v4 & 63)] as number))
      at += 4
    }
    const exchanged = a
    a = b
    b = exchanged
    const exchanged2 = c
    c = d
    d = exchanged2
  }
  STATE[0] = a
  STATE[1] = b
  STATE[2] = c
  STATE[3] = d
}

/** The block of the words `high` and `low` into the state at `at`: IP, and each half rotated to the left by one. */
export function permute(high: number, low: number, at: number): void {
  let left = high
  let right = low
  let moved = ((left >>> 4) ^ right) & 0x0f0f0f0f
  right ^= moved
  left ^= moved << 4
  moved = ((left >>> 16) ^ right) & 0x0000ffff
  right ^= moved
  left ^= moved << 16
  moved = ((right >>> 2) ^ left) & 0x33333333
  left ^= moved
  right ^= moved << 2
  moved = ((right >>> 8) ^ left) & 0x00ff00ff
  left ^= moved
  right ^= moved << 8
  // The last exchange is of single bits, and takes the rotation with it.
  right = rotateLeft1(right)
  moved = (left ^ right) & 0xaaaaaaaa
  STATE[at] = rotateLeft1(left ^ moved)
  STATE[at + 1] = right ^ moved
}

/** The inverse of {@link permute}: the state at `at` into the 8 bytes of `output` from `outputAt`. */
export function storeBlock(at: number, output: Uint8Array, outputAt: number): void {
  let left = STATE[at] as number
  let right = STATE[at + 1] as number
  left = (left << 31) | (left >>> 1)
  let moved = (left ^ right) & 0xaaaaaaaa
  left ^= moved
  right ^= moved
  right = (right << 31) | (right >>> 1)
  moved = ((right >>> 8) ^ left) & 0x00ff00ff
  left ^= moved
  right ^= moved << 8
  moved = ((right >>> 2) ^ left) & 0x33333333
  left ^= moved
  right ^= moved << 2
  moved = ((left >>> 16) ^ right) & 0x0000ffff
  right ^= moved
  left ^= moved << 16
  moved = ((left >>> 4) ^ right) & 0x0f0f0f0f
  writeWord(output, outputAt, left ^ (moved << 4))
  writeWord(output, outputAt + 4, right ^ moved)
}

/** The 8 bytes from `at` into the state at `stateAt`. */
export function loadBlock(bytes: Uint8Array, at: number, stateAt: number): void {
  permute(readWord(bytes, at), readWord(bytes, at + 4), stateAt)
}

/** Four bytes as a word, the first one at the top. */
export function readWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}

/** Zero the states. */
export function wipe(): void {
  STATE[0] = 0
  STATE[1] = 0
  STATE[2] = 0
  STATE[3] = 0
}
