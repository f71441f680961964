/**
 * Key schedules: the round keys of a DES, two-key or three-key TDES key, made once and used for as many blocks as wanted.
 *
 * PC-1 takes the key's bits to C and D; each round rotates both, and PC-2 chooses 48 of their 56 bits. PC-1 is IP with
 * the column of the parity bits left out: the bytes of a permuted block are the columns of the key. So a schedule is
 * made from a state as well as from bytes, and a derived key enters the next derivation without leaving the permuted
 * domain. PC-2 is done by look-up: C and D are cut into windows, and the words of the windows joined; the tables are
 * generated from PC-2 below.
 *
 * A round key is two words, one byte for each S-box in the order in which {@link runRounds} takes them.
 * TDES enciphers as E(K1), D(K2), E(K3): the round keys lie in that order, those of K2 backwards. Deciphering walks the
 * same list from its end.
 * @see FIPS 46-3
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { loadBlock, STATE, wipe } from './tdes-rounds.js'
import { PC2, SHIFTS } from './tdes-tables.js'

/** A window of C or D: how many bits lie below it in the half of 28, and how many it has. */
const WINDOWS = [
  { below: 19, bits: 9 },
  { below: 10, bits: 9 },
  { below: 0, bits: 10 },
] as const

/** Of the four S-boxes that a half feeds, where the six bits of each lie in the word. */
const FIELDS = [24, 8, 16, 0] as const

/** PC-2 of one window of a half (0 is C, 1 is D): the word for each of the window's values. */
function pc2Table(half: 0 | 1, { below, bits }: { readonly below: number; readonly bits: number }): Int32Array {
  const table = new Int32Array(1 << bits)
  PC2.slice(24 * half, 24 * half + 24).forEach((source, i) => {
    // Bit 1 of C and bit 29, the first of D, are the top bits of their halves of 28.
    const bit = 28 - (source - 28 * half) - below
    if (bit >= 0 && bit < bits) table[1 << bit] = 1 << ((FIELDS[Math.floor(i / 6)] as number) + 5 - (i % 6))
  })
  // The rest follows from the single bits: a value is its lowest bit and what remains without it.
  for (let value = 1; value < table.length; value++) {
    table[value] = (table[value & -value] as number) | (table[value & (value - 1)] as number)
  }
  return table
}

const C1 = pc2Table(0, WINDOWS[0])
const C2 = pc2Table(0, WINDOWS[1])
const C3 = pc2Table(0, WINDOWS[2])
const D1 = pc2Table(1, WINDOWS[0])
const D2 = pc2Table(1, WINDOWS[1])
const D3 = pc2Table(1, WINDOWS[2])

/** Bit i is set where round i, from 0, rotates by two. */
const BY_TWO = SHIFTS.reduce((mask, places, round) => mask | ((places - 1) << round), 0)

/**
 * The sixteen round keys of the DES key in the state at `at`.
 * @param words where they go, the first to index `first`, the next ones `step` further on: 2, or -2 for backwards
 */
function expandState(at: number, words: Int32Array, first: number, step: number): void {
  // The halves are kept rotated by one: back, so that the bytes are columns 2, 4, 6, 8 of the key and 1, 3, 5, 7.
  const even = ((STATE[at] as number) >>> 1) | ((STATE[at] as number) << 31)
  const odd = ((STATE[at + 1] as number) >>> 1) | ((STATE[at + 1] as number) << 31)
  let c = ((odd >>> 24) << 20) | ((even >>> 24) << 12) | (((odd >>> 16) & 0xff) << 4) | ((even >>> 20) & 0x0f)
  let d = ((odd & 0xff) << 20) | (((even >>> 8) & 0xff) << 12) | (((odd >>> 8) & 0xff) << 4) | ((even >>> 16) & 0x0f)
  let index = first
  for (let round = 0; round < 16; round++) {
    const places = 1 + ((BY_TWO >>> round) & 1)
    c = ((c << places) | (c >>> (28 - places))) & 0x0fffffff
    d = ((d << places) | (d >>> (28 - places))) & 0x0fffffff
    const x = (C1[c >>> 19] as number) | (C2[(c >>> 10) & 511] as number) | (C3[c & 1023] as number)
    const y = (D1[d >>> 19] as number) | (D2[(d >>> 10) & 511] as number) | (D3[d & 1023] as number)
    words[index] = (x & 0xffff0000) | (y >>> 16)
    words[index + 1] = (x << 16) | (y & 0xffff)
    index += step
  }
}

/** The round keys of one key. It holds none until one is loaded; a schedule may be loaded again and again. */
export class TdesSchedule {
  /** Two words a round key: 16 round keys of single DES, or 48 of TDES in the order in which it enciphers. */
  readonly words = new Int32Array(96)
  /** How often sixteen rounds are run: once for single DES, three times for TDES; 0 while no key is held. */
  passes: 0 | 1 | 3 = 0
  /** The same round keys from the last to the first, made when first asked for; not valid after a load. */
  #inverse: Int32Array | undefined
  #inverseIsValid = false

  /**
   * The round keys of a key of `length` 8, 16 or 24 bytes, which start at `at`. Parity bits make no difference.
   * @throws ERR_KEY when the length is another, or reaches beyond the array
   */
  load(key: Uint8Array, at = 0, length: number = key.length): this {
    if ((length !== 16 && length !== 8 && length !== 24) || !(at >= 0 && at + length <= key.length)) {
      throw new IssuerkitError('ERR_KEY', { label: 'DES key', expected: '8, 16 or 24 bytes', got: `${length} bytes` })
    }
    loadBlock(key, at, 0)
    if (length === 8) {
      expandState(0, this.words, 0, 2)
      this.passes = 1
      this.#inverseIsValid = false
    } else {
      loadBlock(key, at + 8, 2)
      this.loadStates()
      if (length === 24) {
        loadBlock(key, at + 16, 0)
        expandState(0, this.words, 64, 2)
      }
    }
    wipe()
    return this
  }

  /** The round keys of the two-key TDES key whose halves, permuted, are the two states. */
  loadStates(): this {
    expandState(0, this.words, 0, 2)
    expandState(2, this.words, 62, -2)
    this.words.copyWithin(64, 0, 32)
    this.passes = 3
    this.#inverseIsValid = false
    return this
  }

  /** The round keys in the order in which the key deciphers. */
  inverse(): Int32Array {
    this.#inverse ??= new Int32Array(96)
    if (!this.#inverseIsValid) {
      const end = 32 * this.passes
      for (let i = 0; i < end; i += 2) {
        this.#inverse[i] = this.words[end - 2 - i] as number
        this.#inverse[i + 1] = this.words[end - 1 - i] as number
      }
      this.#inverseIsValid = true
    }
    return this.#inverse
  }

  /** Zero the round keys. Whoever uses the schedule afterwards gets ERR_KEY_DESTROYED. */
  destroy(): void {
    this.words.fill(0)
    this.#inverse?.fill(0)
    this.#inverseIsValid = false
    this.passes = 0
  }
}

/**
 * A schedule that holds a key.
 * @throws ERR_KEY_DESTROYED when it holds none
 */
export function expectLoaded(schedule: TdesSchedule): TdesSchedule {
  if (schedule.passes === 0) throw new IssuerkitError('ERR_KEY_DESTROYED', { label: 'key schedule' })
  return schedule
}

/**
 * A schedule that holds a TDES key.
 * @throws ERR_KEY when it holds a key of single DES; ERR_KEY_DESTROYED when it holds none
 */
export function expectTriple(schedule: TdesSchedule, label: string): TdesSchedule {
  if (expectLoaded(schedule).passes === 1) {
    throw new IssuerkitError('ERR_KEY', { label, expected: 'a TDES key', got: 'single DES' })
  }
  return schedule
}
