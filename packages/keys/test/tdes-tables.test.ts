/** The tables as printed, and what the engine does in place of them, bit by bit. */
import { toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadBlock, STATE, storeBlock, wipe } from '../src/tdes-rounds.js'
import { TdesSchedule } from '../src/tdes-schedule.js'
import { E, IP, P, PC1, PC2, S, SHIFTS } from '../src/tdes-tables.js'
import { bitsOf, choose, desByTheBook, numberOf, roundKeys } from './support/des-by-the-book.js'
import { bytesOf, opensslDes } from './support/oracles.js'

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const sorted = (table: readonly number[]): number[] => table.toSorted((a, b) => a - b)

/** A block with bit `place` (1 is the first) set alone. IP and the key schedule are linear: these 64 decide all. */
const unit = (place: number): Uint8Array => new Uint8Array(8).with((place - 1) >> 3, 0x80 >> ((place - 1) & 7))

describe('the printed tables', () => {
  it('make DES: the algorithm as drawn agrees with OpenSSL', () => {
    fc.assert(
      fc.property(bytesOf(8), bytesOf(8), (key, block) => {
        expect(toHex(desByTheBook(key, block))).toBe(toHex(opensslDes(key, block)))
      }),
      { numRuns: 50 },
    )
  })

  it('are the permutations and choices that they should be', () => {
    expect(sorted(IP)).toEqual(numbers(1, 64))
    expect(sorted(P)).toEqual(numbers(1, 32))
    expect(sorted(PC1)).toEqual(numbers(1, 64).filter((place) => place % 8 !== 0))
    // FIPS 46-3: these bits of C and D enter no round key.
    const omitted = [9, 18, 22, 25, 35, 38, 43, 54]
    expect(sorted(PC2)).toEqual(numbers(1, 56).filter((place) => !omitted.includes(place)))
    expect(E).toHaveLength(48)
    expect(S).toHaveLength(8)
    for (const box of S) {
      for (const row of [0, 1, 2, 3]) expect(sorted(box.slice(16 * row, 16 * row + 16))).toEqual(numbers(0, 15))
    }
    // After sixteen rounds C and D are where they were.
    expect(SHIFTS.reduce((sum, places) => sum + places, 0)).toBe(28)
  })
})

/** A half of the state as the standard counts its bits: it is kept rotated to the left by one. */
const half = (at: number): number => {
  const word = STATE[at] ?? Number.NaN
  return ((word >>> 1) | (word << 31)) >>> 0
}

describe('the permuted domain', () => {
  it.each(numbers(1, 64))('bit %i goes where IP says, and back', (place) => {
    const permuted = choose(IP, bitsOf(unit(place)))
    const back = new Uint8Array(8)
    for (const at of [0, 2]) {
      loadBlock(unit(place), 0, at)
      expect([half(at), half(at + 1)]).toEqual([numberOf(permuted.slice(0, 32)), numberOf(permuted.slice(32))])
      storeBlock(at, back, 0)
      expect(back).toEqual(unit(place))
    }
    wipe()
    expect([...STATE].every((word) => word === 0)).toBe(true)
  })

  // The byte of each S-box in the two words of a round key.
  const places = [0, 1, 2, 3, 4, 5, 6, 7].map((box) => ({ word: box & 1, shift: 24 - 8 * (box >> 1) }))

  it.each(numbers(1, 64))('bit %i of a key is in the round keys that PC-1, PC-2 and the shifts say', (place) => {
    const { words } = new TdesSchedule().load(unit(place))
    const expected = roundKeys(unit(place)).flatMap((key) => {
      const pair = [0, 0]
      places.forEach(({ word, shift }, box) => {
        pair[word] = (pair[word] ?? 0) | (numberOf(key.slice(6 * box, 6 * box + 6)) << shift)
      })
      return pair
    })
    expect([...words.subarray(0, 32)]).toEqual(expected)
    expect(expected.some((word) => word !== 0)).toBe(place % 8 !== 0)
  })
})
