import { fromHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { constantTimeEqual } from '../src/index.js'
import { bytesUpTo } from './support/oracles.js'

describe('constantTimeEqual', () => {
  it('agrees with Buffer.equals', () => {
    fc.assert(
      fc.property(bytesUpTo(20), bytesUpTo(20), (a, b) => {
        expect(constantTimeEqual(a, b)).toBe(Buffer.from(a).equals(b))
        expect(constantTimeEqual(a, a.slice())).toBe(true)
      }),
    )
  })

  it('finds each single bit that differs', () => {
    const a = fromHex('0123456789ABCDEF')
    for (let bit = 0; bit < 64; bit++) {
      const b = a.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      expect(constantTimeEqual(a, b)).toBe(false)
      expect(constantTimeEqual(b, a)).toBe(false)
    }
  })

  it.each([
    ['', '00'],
    ['00', ''],
    ['0000', '00'],
    ['00', '0000'],
  ])('tells %j from %j', (a, b) => expect(constantTimeEqual(fromHex(a), fromHex(b))).toBe(false))

  it('finds nothing equal to nothing', () => expect(constantTimeEqual(new Uint8Array(0), new Uint8Array(0))).toBe(true))

  it('reads all bytes of both, wherever they differ', () => {
    const reads = (at: number): number => {
      let count = 0
      const watched = new Proxy(new Uint8Array(16).fill(1, at, at + 1), {
        get: (target, name) => {
          if (typeof name === 'string' && /^\d+$/.test(name)) count++
          return Reflect.get(target, name, target) as unknown
        },
      })
      expect(constantTimeEqual(watched, new Uint8Array(16))).toBe(false)
      return count
    }
    expect([reads(0), reads(7), reads(15)]).toEqual([16, 16, 16])
  })
})
