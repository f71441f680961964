/**
 * The bitsliced engine in JavaScript, 32 lanes: a slice is one element of an Int32Array, bit i belonging to lane i. It
 * serves where there is no WebAssembly with vectors, and is a second opinion on the other kernel in the tests.
 *
 * The round function is generated (tdes-batch-round.data.ts); what is around it stands here. It is the WebAssembly
 * kernel once more, in the same layout, so that what packages/keys/generate/wiring.ts says holds here, too: blocks are
 * kept as IP leaves them, a key is C, C again, D, D again, and rotating the key is to look further on.
 *
 * load and store turn 32 rows of 32 bits over, so that bit i of row j becomes bit j of row i, by exchanging groups of
 * 16, 8, 4, 2 and 1 bits between rows.
 */
import type { Kernel } from './tdes-batch-kernel.js'
import { MEMORY, round } from './tdes-batch-round.data.js'
import { SLICES } from './tdes-batch-wasm.data.js'
import { IP, PC1, SHIFTS } from './tdes-tables.js'

const LANES = 32
const RECORDS = 4 * SLICES

const bytes = new Uint8Array(MEMORY)
const slices = new Int32Array(MEMORY, 0, SLICES)
const rows = new Int32Array(LANES)

/** Bit n of a block, from 0 from the left -> its slice. */
const SLICE_OF = Uint8Array.from({ length: 64 }, (_, bit) => IP.indexOf(bit + 1))
/**
 * Where the 32 bits of four bytes, read from the right, have their slices: of the first half of a block and the
 * other.
 */
const [FIRST_ROWS, LAST_ROWS] = [rowSlices(0), rowSlices(4)]

function rowSlices(first: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, n) => SLICE_OF[8 * (first + (n >> 3)) + 7 - (n & 7)] as number)
}
const KEY_SLICES = Uint8Array.from(PC1, (bit) => SLICE_OF[bit - 1] as number)
/** How far C and D are rotated in each round. */
const ROTATIONS = SHIFTS.map((_, n) => SHIFTS.slice(0, n + 1).reduce((sum, places) => sum + places))

/** Bit i of row j exchanged with bit j of row i. */
function transpose(): void {
  for (let distance = 16, mask = 0xffff; distance > 0; distance >>= 1, mask ^= mask << distance) {
    for (let n = 0; n < 32; n = ((n | distance) + 1) & ~distance) {
      const low = rows[n] as number
      const high = rows[n + distance] as number
      const differing = ((low >>> distance) ^ high) & mask
      rows[n + distance] = high ^ differing
      rows[n] = low ^ (differing << distance)
    }
  }
}

function loadHalf(from: number, stride: number, to: number, places: Uint8Array): void {
  for (let lane = 0, at = from; lane < LANES; lane++, at += stride) {
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
    rows[lane] = low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
  }
  transpose()
  for (let n = 0; n < 32; n++) slices[to + (places[n] as number)] = rows[n] as number
}

function storeHalf(from: number, to: number, stride: number, places: Uint8Array): void {
  for (let n = 0; n < 32; n++) rows[n] = slices[from + (places[n] as number)] as number
  transpose()
  for (let lane = 0, at = to; lane < LANES; lane++, at += stride) {
    const row = rows[lane] as number
    bytes[at] = row
    bytes[at + 1] = row >> 8
    bytes[at + 2] = row >> 16
    bytes[at + 3] = row >> 24
  }
}

function sixteenRounds(left: number, right: number, key: number, backwards: boolean): void {
  for (let n = 0; n < 16; n += 2) {
    round(left, right, key + (ROTATIONS[backwards ? 15 - n : n] as number))
    round(right, left, key + (ROTATIONS[backwards ? 14 - n : n + 1] as number))
  }
}

/** Sixteen rounds leave the halves exchanged; so do three times sixteen. */
function exchangeHalves(block: number): void {
  for (let n = block; n < block + 32; n++) {
    const slice = slices[n] as number
    slices[n] = slices[n + 32] as number
    slices[n + 32] = slice
  }
}

/** The kernel of 32 lanes; there is one, as there is one memory. */
export const javascriptKernel: Kernel = {
  name: 'javascript',
  lanes: LANES,
  bytes,
  words: new Int32Array(MEMORY),
  records: RECORDS,
  load(from, stride, to) {
    loadHalf(from, stride, to, FIRST_ROWS)
    loadHalf(from + 4, stride, to, LAST_ROWS)
    rows.fill(0)
  },
  store(from, to, stride) {
    storeHalf(from, to, stride, FIRST_ROWS)
    storeHalf(from, to + 4, stride, LAST_ROWS)
    rows.fill(0)
  },
  schedule(block, key) {
    for (let n = 0; n < 56; n++) {
      const slice = slices[block + (KEY_SLICES[n] as number)] as number
      const at = key + (n < 28 ? n : n + 28)
      slices[at] = slice
      slices[at + 28] = slice
    }
  },
  des(block, key) {
    sixteenRounds(block, block + 32, key, false)
    exchangeHalves(block)
  },
  tdes(block, key1, key2, key3) {
    sixteenRounds(block, block + 32, key1, false)
    sixteenRounds(block + 32, block, key2, true)
    sixteenRounds(block, block + 32, key3, false)
    exchangeHalves(block)
  },
  untdes(block, key1, key2, key3) {
    sixteenRounds(block, block + 32, key3, true)
    sixteenRounds(block + 32, block, key2, false)
    sixteenRounds(block, block + 32, key1, true)
    exchangeHalves(block)
  },
  xor(block, other) {
    for (let n = 0; n < 64; n++) slices[block + n] = (slices[block + n] as number) ^ (slices[other + n] as number)
  },
  parity(block) {
    for (let byte = 0; byte < 8; byte++) {
      let sum = -1
      for (let bit = 0; bit < 7; bit++) sum ^= slices[block + (SLICE_OF[8 * byte + bit] as number)] as number
      slices[block + (SLICE_OF[8 * byte + 7] as number)] = sum
    }
  },
}
