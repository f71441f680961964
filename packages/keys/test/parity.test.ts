import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { isWeakDesKey, type Parity, withOddParity } from '../src/index.js'
import { expectParity, withoutParity } from '../src/parity.js'
import { coded } from './support/errors.js'
import { opensslDes } from './support/oracles.js'

const ALL = Uint8Array.from({ length: 256 }, (_, i) => i)
const ones = (byte: number): number => byte.toString(2).replaceAll('0', '').length

describe('withOddParity', () => {
  it('makes the ones of each byte odd and changes no other bit', () => {
    const odd = withOddParity(ALL)
    for (const [i, byte] of odd.entries()) {
      expect(ones(byte) % 2).toBe(1)
      expect(byte >> 1).toBe(i >> 1)
    }
  })

  // knovichikhin/pyemv pyemv/tools.py docstring.
  it('gives the published example', () =>
    expect(toHex(withOddParity(fromHex('1A2B3C4D5F0A1B2C4D5F6A7B8C9D0F1A')))).toBe('1A2A3D4C5E0B1A2C4C5E6B7A8C9D0E1A'))
})

describe('withoutParity', () => {
  it('clears the lowest bit of each byte', () =>
    expect([...withoutParity(ALL)]).toEqual([...ALL].map((i) => i - (i % 2))))
})

describe('expectParity', () => {
  it.each(['odd', 'none'] as const)('gives %s back', (parity) => expect(expectParity(parity)).toBe(parity))
  it.each(['even', '', 'ODD', undefined])('refuses %j', (parity) =>
    expect(() => expectParity(parity as Parity)).toThrow(coded('ERR_OPTION', { label: 'parity', got: String(parity) })),
  )
})

describe('isWeakDesKey', () => {
  const parts = ['01', 'FE', '1F', 'E0'] as const
  const block = fromHex('0123456789ABCDEF')
  // Left and right half of the key schedule are all zeros, all ones or alternating: 4 x 4 combinations.
  const weak = parts.flatMap((a) =>
    parts.map((b) => {
      const right = (part: string): string => ({ '1F': '0E', E0: 'F1' })[part] ?? part
      return (a + b).repeat(2) + (right(a) + right(b)).repeat(2)
    }),
  )

  it('finds the 4 weak and 12 semi-weak keys in every part, whatever their parity', () => {
    expect(new Set(weak).size).toBe(16)
    const strong = '0123456789ABCDEF'
    for (const key of weak) {
      expect(isWeakDesKey(fromHex(key))).toBe(true)
      expect(isWeakDesKey(fromHex(key).map((byte) => byte ^ 1))).toBe(true)
      for (const whole of [key + strong, strong + key, strong + strong + key])
        expect(isWeakDesKey(fromHex(whole))).toBe(true)
    }
  })

  it('finds those that undo one another', () => {
    for (const key of weak) {
      const undone = weak.filter((other) => {
        const twice = opensslDes(fromHex(other), opensslDes(fromHex(key), block))
        return toHex(twice) === toHex(block)
      })
      expect(undone).toHaveLength(1)
    }
  })

  it.each([
    '0123456789ABCDEF',
    'FEDCBA98765432100123456789ABCDEF',
    '0101010101010103',
    '1F1F1F1F1F1F1F1F',
    '0E0E0E0E1F1F1F1F',
  ])('finds nothing weak in %s', (key) => expect(isWeakDesKey(fromHex(key))).toBe(false))
})
