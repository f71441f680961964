/**
 * The statistical tests of FIPS 140-2 (4.9.1, before its change notice 2 took them out) on one sample of 20,000 bits: what
 * a card's random numbers have to pass.
 *
 * | test | passes |
 * |---|---|
 * | monobit | 9,725 < ones < 10,275 |
 * | poker | 2.16 < 16/5000 · Σ f(i)² − 5000 < 46.17 over the 5,000 nibbles |
 * | runs, of zeros and of ones | 1: 2315–2685, 2: 1114–1386, 3: 527–723, 4: 240–384, 5: 103–209, 6 and more: 103–209 |
 * | long run | none of 26 and more |
 *
 * The row of six and more is FIPS 140-2's; the card test specification leaves it out.
 * @see [ETC] 4.1.7 step 1
 */
import { IssuerkitError } from '@issuerkit/apdu'

/** Bytes of a sample: 625 challenges of four. */
export const FIPS140_BYTES = 2500

/** How many runs of a length there may be, from 1 on; the last row is six and more. */
const RUNS: readonly (readonly [least: number, most: number])[] = [
  [2315, 2685],
  [1114, 1386],
  [527, 723],
  [240, 384],
  [103, 209],
  [103, 209],
]
const LONG_RUN = 26
const NIBBLES = 2 * FIPS140_BYTES

/** What was counted, and what was out of bounds; `ok` when nothing was. */
export interface Fips140Result {
  readonly ok: boolean
  readonly ones: number
  readonly poker: number
  /** Runs of zeros and of ones by length: 1, 2, 3, 4, 5, and six and more. */
  readonly runs: { readonly zeros: readonly number[]; readonly ones: readonly number[] }
  readonly longestRun: number
  /** One short sentence each. */
  readonly failures: readonly string[]
}

/**
 * Tests a sample.
 * @param sample 2,500 bytes, the first bit of each is its highest
 * @throws ERR_LENGTH
 */
export function fips140(sample: Uint8Array): Fips140Result {
  if (sample.length !== FIPS140_BYTES) {
    throw new IssuerkitError('ERR_LENGTH', {
      label: 'random sample',
      expected: `${FIPS140_BYTES} bytes`,
      got: `${sample.length}`,
    })
  }
  const bits = [...sample].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1))
  const ones = bits.reduce((sum, bit) => sum + bit, 0)
  const poker = pokerOf(sample)
  const { zeros, ones: oneRuns, longest } = runsOf(bits)
  const failures = [
    ...(ones > 9725 && ones < 10_275 ? [] : [`monobit: ${ones} ones, not between 9725 and 10275`]),
    ...(poker > 2.16 && poker < 46.17 ? [] : [`poker: ${poker.toFixed(2)}, not between 2.16 and 46.17`]),
    ...outOfBounds(zeros, 'zeros'),
    ...outOfBounds(oneRuns, 'ones'),
    ...(longest < LONG_RUN ? [] : [`long run: ${longest} equal bits in a row`]),
  ]
  return { ok: failures.length === 0, ones, poker, runs: { zeros, ones: oneRuns }, longestRun: longest, failures }
}

function pokerOf(sample: Uint8Array): number {
  const counts = new Array<number>(16).fill(0)
  const count = (nibble: number): void => {
    counts[nibble] = (counts[nibble] as number) + 1
  }
  for (const byte of sample) {
    count(byte >> 4)
    count(byte & 15)
  }
  return (16 / NIBBLES) * counts.reduce((sum, f) => sum + f * f, 0) - NIBBLES
}

function runsOf(bits: readonly number[]): { zeros: number[]; ones: number[]; longest: number } {
  const found = [new Array<number>(RUNS.length).fill(0), new Array<number>(RUNS.length).fill(0)] as const
  let longest = 0
  for (let start = 0; start < bits.length; ) {
    const bit = bits[start] as 0 | 1
    let end = start + 1
    while (bits[end] === bit) end += 1
    const length = end - start
    const row = Math.min(length, RUNS.length) - 1
    found[bit][row] = (found[bit][row] as number) + 1
    longest = Math.max(longest, length)
    start = end
  }
  return { zeros: found[0], ones: found[1], longest }
}

function outOfBounds(runs: readonly number[], of: string): string[] {
  return RUNS.flatMap(([least, most], i) => {
    const found = runs[i] as number
    const length = i + 1 < RUNS.length ? `${i + 1}` : `${i + 1} and more`
    return found >= least && found <= most ? [] : [`runs of ${length} ${of}: ${found}, not ${least} to ${most}`]
  })
}
