/** The statistical tests of FIPS 140-2, by samples whose counts are known without them. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fips140 } from '../src/conformance/fips140.js'

const BYTES = 2500

/** SHA-256 in counter mode: as random as a sample can be, and always the same. */
function sample(seed: string): Uint8Array {
  const blocks = Array.from({ length: 79 }, (_, i) => createHash('sha256').update(`${seed}/${i}`).digest())
  return Uint8Array.from(Buffer.concat(blocks).subarray(0, BYTES))
}

/** Bits as text become bytes. */
function bytesOfBits(bits: string): Uint8Array {
  return Uint8Array.from({ length: BYTES }, (_, i) => Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2))
}

/** The runs of a text of bits, by another way: a regular expression. */
function runs(bits: string, bit: '0' | '1'): number[] {
  const lengths = (bits.match(new RegExp(`${bit}+`, 'g')) ?? []).map((run) => run.length)
  return [1, 2, 3, 4, 5, 6].map((n) => lengths.filter((length) => (n === 6 ? length >= 6 : length === n)).length)
}

describe('good samples', () => {
  test.each(['a', 'b', 'c', 'd', 'e'])('%s passes, counted as by hand', (seed) => {
    const bytes = sample(seed)
    const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
    const nibbles = [...Buffer.from(bytes).toString('hex')]
    const squares = [...'0123456789abcdef'].map((digit) => nibbles.filter((one) => one === digit).length ** 2)
    const result = fips140(bytes)
    expect(result).toMatchObject({ ok: true, failures: [] })
    expect(result.ones).toBe(bits.replaceAll('0', '').length)
    expect(result.poker).toBeCloseTo((16 / 5000) * squares.reduce((a, b) => a + b) - 5000, 6)
    expect(result.runs).toEqual({ zeros: runs(bits, '0'), ones: runs(bits, '1') })
    expect(result.longestRun).toBe(Math.max(...(bits.match(/0+|1+/g) ?? []).map((run) => run.length)))
  })
})

describe('bad samples', () => {
  test('all zeros fail every test', () => {
    const result = fips140(new Uint8Array(BYTES))
    expect(result).toMatchObject({ ok: false, ones: 0, longestRun: 20_000 })
    // One run of zeros, of six and more; of ones none at all: 6 + 6 rows.
    expect(result.failures).toHaveLength(1 + 1 + 12 + 1)
    expect(result.failures).toContain('monobit: 0 ones, not between 9725 and 10275')
    expect(result.failures).toContain('poker: 75000.00, not between 2.16 and 46.17')
    expect(result.failures).toContain('long run: 20000 equal bits in a row')
  })

  test('AA fails but for its number of ones', () => {
    const { ones, failures, runs: counted } = fips140(new Uint8Array(BYTES).fill(0xaa))
    expect(ones).toBe(10_000)
    expect(counted.ones).toEqual([10_000, 0, 0, 0, 0, 0])
    expect(failures.some((failure) => failure.startsWith('monobit'))).toBe(false)
    expect(failures).toContain('runs of 1 ones: 10000, not 2315 to 2685')
    expect(failures).toContain('runs of 6 and more zeros: 0, not 103 to 209')
  })

  test('every nibble as often as the next is too even', () => {
    const bytes = Uint8Array.from({ length: BYTES }, (_, i) => ((i % 16) << 4) | (15 - (i % 16)))
    expect(fips140(bytes).failures).toContainEqual(expect.stringMatching(/^poker: 0\.0/))
  })

  test('a long run alone is found: 26 is too many, 25 is not', () => {
    const bits = [...sample('a')].map((byte) => byte.toString(2).padStart(8, '0')).join('')
    const withRun = (length: number): Uint8Array =>
      bytesOfBits(`${bits.slice(0, 9999)}0${'1'.repeat(length)}0${bits.slice(10_001 + length)}`)
    expect(fips140(withRun(25))).toMatchObject({ ok: true, longestRun: 25 })
    expect(fips140(withRun(26)).failures).toEqual(['long run: 26 equal bits in a row'])
  })

  test.each([
    [9725, false],
    [9726, true],
    [10_274, true],
    [10_275, false],
  ])('%i ones: within bounds %s', (ones, good) => {
    const bits = [...'0'.repeat(20_000)]
    for (let i = 0; i < ones; i++) bits[(i * 7919) % 20_000] = '1'
    const result = fips140(bytesOfBits(bits.join('')))
    expect(result.ones).toBe(ones)
    expect(result.failures.some((failure) => failure.startsWith('monobit'))).toBe(!good)
  })
})

describe('the bounds of runs, of FIPS 140-2 table', () => {
  const BASE = [2450, 1250, 600, 300, 150, 150]

  /** A sample with as many runs of each length, of zeros and of ones alike; those of six and more take up the rest. */
  function withRuns(counts: readonly number[]): Uint8Array {
    const short = counts.slice(0, 5).flatMap((count, i) => Array<number>(count).fill(i + 1))
    const long = counts[5] as number
    const rest = 10_000 - short.reduce((sum, length) => sum + length, 0)
    const lengths = [...short, ...Array.from({ length: long }, (_, i) => Math.floor((rest + i) / long))]
    return bytesOfBits(lengths.map((length) => '0'.repeat(length) + '1'.repeat(length)).join(''))
  }

  test.each([
    [1, 2315, 2685],
    [2, 1114, 1386],
    [3, 527, 723],
    [4, 240, 384],
    [5, 103, 209],
    [6, 103, 209],
  ])('of length %i: %i to %i', (length, least, most) => {
    const found = (count: number): string[] =>
      fips140(withRuns(BASE.with(length - 1, count))).failures.filter((failure) => failure.startsWith('runs'))
    const name = length === 6 ? '6 and more' : `${length}`
    expect([found(least), found(most)]).toEqual([[], []])
    for (const count of [least - 1, most + 1]) {
      expect(found(count)).toEqual(
        ['zeros', 'ones'].map((bits) => `runs of ${name} ${bits}: ${count}, not ${least} to ${most}`),
      )
    }
  })
})

test.each([0, 2499, 2501])('a sample of %i bytes is none', (length) => {
  expect(() => fips140(new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'ERR_LENGTH' }))
})
