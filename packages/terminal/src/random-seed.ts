/**
 * Numbers that look random and come again with the same seed: for the terminal's random selection, and for terminals
 * that misbehave on purpose. Nothing secret may come from here.
 */
import { IssuerkitError } from '@issuerkit/apdu'

/** A sequence of numbers that its seed decides. */
export interface SeededRandom {
  /** The next number, 0 to 4294967295. */
  readonly next: () => number
  /** A whole number from 0 to `limit` - 1. @throws ERR_OPTION when the limit is not a whole number from 1 to 4294967296 */
  readonly below: (limit: number) => number
  readonly bytes: (length: number) => Uint8Array
  /** One of the items. @throws ERR_OPTION when there is none */
  readonly pick: <T>(items: readonly T[]) => T
}

/**
 * The sequence of a seed.
 * @param seed a whole number from 0 to 4294967295
 * @throws ERR_OPTION for another
 */
export function createSeededRandom(seed: number): SeededRandom {
  expectWhole('seed', seed, 0, 0xffffffff)
  let state = seed
  // A counter with a constant step through a mixing function: every seed has the full period of 2^32.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (limit: number): number => {
    expectWhole('limit', limit, 1, 2 ** 32)
    return Math.floor((next() / 2 ** 32) * limit)
  }
  return {
    next,
    below,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
    pick: (items) => items[below(items.length)] as (typeof items)[number],
  }
}

function expectWhole(label: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new IssuerkitError('ERR_OPTION', { label, expected: `${low} to ${high}`, got: `${value}` })
  }
}
