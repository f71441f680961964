import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '../src/random-seed.js'

const seeds = fc.integer({ min: 0, max: 0xffffffff })

describe('seeded numbers', () => {
  it('come again with the same seed, and not with another', () => {
    const sequence = (seed: number): number[] => {
      const random = createSeededRandom(seed)
      return Array.from({ length: 50 }, () => random.next())
    }
    expect(sequence(7)).toEqual(sequence(7))
    expect(sequence(7)).not.toEqual(sequence(8))
    expect(new Set(sequence(0)).size).toBe(50)
  })
  it('stay below their limit', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 1000 }), (seed, limit) => {
        const random = createSeededRandom(seed)
        for (let i = 0; i < 20; i++) {
          const value = random.below(limit)
          expect(Number.isInteger(value) && value >= 0 && value < limit).toBe(true)
        }
      }),
    )
  })
  it('reach every value of a small range about equally often', () => {
    const random = createSeededRandom(1)
    const counts = [0, 0, 0, 0, 0]
    for (let i = 0; i < 5000; i++) {
      const at = random.below(5)
      counts[at] = (counts[at] as number) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })
  it('give bytes, and one of several items', () => {
    const random = createSeededRandom(3)
    expect(random.bytes(9)).toHaveLength(9)
    expect(['a', 'b']).toContain(random.pick(['a', 'b']))
  })
  it.each([-1, 1.5, 2 ** 32, Number.NaN])('refuse the seed %s', (seed) => {
    expect(() => createSeededRandom(seed)).toThrow('ERR_OPTION')
  })
  it('refuse a limit of nothing, and a choice of nothing', () => {
    const random = createSeededRandom(0)
    for (const limit of [0, -1, 1.5, 2 ** 32 + 1]) expect(() => random.below(limit)).toThrow('ERR_OPTION')
    expect(() => random.pick([])).toThrow('ERR_OPTION')
  })
})
