/**
 * DES and Triple DES on bytes, one operation at a time: ECB, CBC and the MACs of ISO/IEC 9797-1.
 *
 * A caller makes a schedule ({@link desSchedule}), then hands in arrays and places in them: nothing is allocated on the
 * way, and input and output may be the same place. The cipher itself is in `tdes-rounds`, the round keys in
 * `tdes-schedule`. Here a block is loaded into a state, which permutes it, and stays permuted until it is stored: the
 * chaining values of CBC mode and of a MAC never leave the permuted domain.
 *
 * Not constant-time: the places that are read in the tables depend on key and data (see SECURITY.md).
 */
import { IssuerkitError } from '@issuerkit/apdu'
import type { BlockCipher } from './backend.js'
import type { PaddingMethod } from './padding.js'
import { loadBlock, permute, runRounds, runRoundsOnTwo, STATE, storeBlock, wipe } from './tdes-rounds.js'
import { expectLoaded, expectTriple, TdesSchedule } from './tdes-schedule.js'

/**
 * The schedule of a DES (8 bytes), two-key (16) or three-key TDES key (24). Parity bits make no difference.
 * @throws ERR_KEY when it has another length
 */
export function desSchedule(key: Uint8Array): TdesSchedule {
  return new TdesSchedule().load(key)
}

/**
 * `length` bytes of `data` from `at` enciphered in ECB mode into `output` from `outputAt`.
 * @throws ERR_LENGTH when they are no whole blocks, or reach beyond an array; ERR_KEY_DESTROYED
 */
export function encryptBlocks(
  schedule: TdesSchedule,
  data: Uint8Array,
  at: number,
  output: Uint8Array,
  outputAt: number,
  length: number,
): void {
  const { words, passes } = expectLoaded(schedule)
  expectBlocks(data, at, output, outputAt, length)
  runEcb(words, passes, data, at, output, outputAt, length)
}

/** The inverse of {@link encryptBlocks}, with the same errors. */
export function decryptBlocks(
  schedule: TdesSchedule,
  data: Uint8Array,
  at: number,
  output: Uint8Array,
  outputAt: number,
  length: number,
): void {
  const { passes } = expectLoaded(schedule)
  expectBlocks(data, at, output, outputAt, length)
  runEcb(schedule.inverse(), passes, data, at, output, outputAt, length)
}

/** Two blocks at a time, and the last one alone when it is left over. */
function runEcb(
  words: Int32Array,
  passes: number,
  data: Uint8Array,
  at: number,
  output: Uint8Array,
  outputAt: number,
  length: number,
): void {
  let i = 0
  for (; i + 16 <= length; i += 16) {
    loadBlock(data, at + i, 0)
    loadBlock(data, at + i + 8, 2)
    runRoundsOnTwo(words, 0, passes)
    storeBlock(0, output, outputAt + i)
    storeBlock(2, output, outputAt + i + 8)
  }
  if (i < length) {
    loadBlock(data, at + i, 0)
    runRounds(words, 0, passes)
    storeBlock(0, output, outputAt + i)
  }
  wipe()
}

/**
 * As {@link encryptBlocks}, in CBC mode.
 * @param iv 8 bytes, not changed
 * @throws ERR_LENGTH, ERR_KEY_DESTROYED
 */
export function encryptCbc(
  schedule: TdesSchedule,
  iv: Uint8Array,
  data: Uint8Array,
  at: number,
  output: Uint8Array,
  outputAt: number,
  length: number,
): void {
  const { words, passes } = expectLoaded(schedule)
  expectBlocks(data, at, output, outputAt, length)
  expectWithin(iv, 0, 8)
  loadBlock(iv, 0, 0)
  for (let i = 0; i < length; i += 8) {
    absorb(data, at + i)
    runRounds(words, 0, passes)
    storeBlock(0, output, outputAt + i)
  }
  wipe()
}

/** The inverse of {@link encryptCbc}, with the same errors. */
export function decryptCbc(
  schedule: TdesSchedule,
  iv: Uint8Array,
  data: Uint8Array,
  at: number,
  output: Uint8Array,
  outputAt: number,
  length: number,
): void {
  const { passes } = expectLoaded(schedule)
  const words = schedule.inverse()
  expectBlocks(data, at, output, outputAt, length)
  expectWithin(iv, 0, 8)
  loadBlock(iv, 0, 2)
  for (let i = 0; i < length; i += 8) {
    loadBlock(data, at + i, 0)
    const left = STATE[0] as number
    const right = STATE[1] as number
    runRounds(words, 0, passes)
    xorState(2)
    storeBlock(0, output, outputAt + i)
    STATE[2] = left
    STATE[3] = right
  }
  wipe()
}

/**
 * The MAC of algorithm 1, CBC-MAC, of `length` bytes of `data` from `at`: 8 bytes into `output` from `outputAt`.
 * @throws ERR_LENGTH when the bytes reach beyond an array; ERR_KEY_DESTROYED
 * @see [ISO9797-1] 7.1
 */
export function macAlgorithm1Into(
  schedule: TdesSchedule,
  data: Uint8Array,
  at: number,
  length: number,
  output: Uint8Array,
  outputAt: number,
  padding: PaddingMethod = 2,
): void {
  const { words, passes } = expectLoaded(schedule)
  expectWithin(data, at, length)
  expectWithin(output, outputAt, 8)
  macState(words, passes, data, at, length, padding)
  storeBlock(0, output, outputAt)
  wipe()
}

/**
 * The MAC of algorithm 3, the retail MAC, by the schedule of a two-key TDES key; otherwise as {@link macAlgorithm1Into}.
 * Single DES is the first third of that schedule: each block takes sixteen rounds, the last one the other two thirds too.
 * @throws ERR_KEY when the schedule is one of single DES; ERR_LENGTH; ERR_KEY_DESTROYED
 * @see [ISO9797-1] 7.3, [EMV-B2] A1.2.1
 */
export function macAlgorithm3Into(
  schedule: TdesSchedule,
  data: Uint8Array,
  at: number,
  length: number,
  output: Uint8Array,
  outputAt: number,
  padding: PaddingMethod = 2,
): void {
  const { words } = expectTriple(schedule, 'MAC key')
  expectWithin(data, at, length)
  expectWithin(output, outputAt, 8)
  macState(words, 1, data, at, length, padding)
  runRounds(words, 32, 2)
  storeBlock(0, output, outputAt)
  wipe()
}

/** State 0 after the padded message went through it block by block. */
function macState(
  words: Int32Array,
  passes: number,
  data: Uint8Array,
  at: number,
  length: number,
  padding: PaddingMethod,
): void {
  STATE[0] = 0
  STATE[1] = 0
  const left = length & 7
  const end = at + length - left
  for (let i = at; i < end; i += 8) {
    absorb(data, i)
    runRounds(words, 0, passes)
  }
  // Method 1 adds nothing to whole blocks, but makes one of an empty message. [ISO9797-1] 6.3.2
  if (padding === 1 && left === 0 && length > 0) return
  let high = 0
  let low = 0
  for (let i = 0; i < left; i++) {
    const byte = data[end + i] as number
    if (i < 4) high |= byte << (24 - 8 * i)
    else low |= byte << (56 - 8 * i)
  }
  if (padding === 2) {
    if (left < 4) high |= 0x80 << (24 - 8 * left)
    else low |= 0x80 << (56 - 8 * left)
  }
  permute(high, low, 2)
  xorState(2)
  runRounds(words, 0, passes)
}

/** State 0 XOR the 8 bytes from `at`. */
function absorb(data: Uint8Array, at: number): void {
  loadBlock(data, at, 2)
  xorState(2)
}

/** State 0 XOR the state at `at`. */
function xorState(at: number): void {
  STATE[0] = (STATE[0] as number) ^ (STATE[at] as number)
  STATE[1] = (STATE[1] as number) ^ (STATE[at + 1] as number)
}

function expectBlocks(data: Uint8Array, at: number, output: Uint8Array, outputAt: number, length: number): void {
  if (length % 8 !== 0) {
    throw new IssuerkitError('ERR_LENGTH', {
      label: 'data',
      expected: 'whole blocks of 8 bytes',
      got: `${length} bytes`,
    })
  }
  expectWithin(data, at, length)
  expectWithin(output, outputAt, length)
}

/** That an array has `length` bytes from `at`: beyond its end a typed array reads nothing and writes nowhere. */
export function expectWithin(bytes: Uint8Array, at: number, length: number): void {
  if (!(at >= 0 && length >= 0 && at + length <= bytes.length)) {
    const expected = `${length} bytes from ${at}`
    throw new IssuerkitError('ERR_LENGTH', { label: 'bytes', expected, got: `${bytes.length} bytes` })
  }
}

/** Up to so many bytes this engine is faster than the set-up of a cipher in OpenSSL. */
export const SHORT = 256

/** The schedule of a key that is used once. */
const once = new TdesSchedule()

/** This engine as the `des` of a back end. */
export const tableDes: BlockCipher = (direction, key, data, iv) => {
  const output = new Uint8Array(data.length)
  try {
    once.load(key)
    if (iv !== undefined) {
      const run = direction === 'encrypt' ? encryptCbc : decryptCbc
      run(once, iv, data, 0, output, 0, data.length)
    } else {
      const run = direction === 'encrypt' ? encryptBlocks : decryptBlocks
      run(once, data, 0, output, 0, data.length)
    }
  } finally {
    once.destroy()
  }
  return output
}

/** The MAC of algorithm 3 over whole blocks by a two-key TDES key that is used once, in a new array of 8 bytes. */
export function tableMacAlgorithm3(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const output = new Uint8Array(8)
  try {
    macAlgorithm3Into(once.load(key), blocks, 0, blocks.length, output, 0, 1)
  } finally {
    once.destroy()
  }
  return output
}

const ownCiphers = new WeakSet([tableDes])

/** A `des` for a back end: this engine for short data, another one for the rest. */
export function tableDesOr(longer: BlockCipher): BlockCipher {
  const cipher: BlockCipher = (direction, key, data, iv) =>
    (data.length <= SHORT ? tableDes : longer)(direction, key, data, iv)
  ownCiphers.add(cipher)
  return cipher
}

/**
 * Whether the `des` of a back end is this engine, for short data at least. Then a schedule may be kept, and a MAC made in
 * one go; any other cipher, a constant-time one say, must see all the work itself.
 */
export function isTableDes(cipher: BlockCipher): boolean {
  return ownCiphers.has(cipher)
}
