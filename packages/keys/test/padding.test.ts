import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PaddingMethod, pad } from '../src/index.js'
import { coded } from './support/errors.js'
import { bytesUpTo, padded } from './support/oracles.js'

describe('pad', () => {
  it.each([
    [1, '', '0000000000000000'],
    [1, '12', '1200000000000000'],
    [1, '12345678901234', '1234567890123400'],
    [1, '1234567890123456', '1234567890123456'],
    [1, '123456789012345678', '12345678901234567800000000000000'],
    [2, '', '8000000000000000'],
    [2, '12', '1280000000000000'],
    [2, '12345678901234', '1234567890123480'],
    [2, '1234567890123456', '12345678901234568000000000000000'],
    [2, '123456789012345678', '12345678901234567880000000000000'],
  ] as const)('by method %i makes %j %s', (method, data, expected) =>
    expect(toHex(pad(fromHex(data), method, 8))).toBe(expected),
  )

  it('agrees with a plain list for blocks of 8 and 16', () => {
    const block = fc.constantFrom(8, 16)
    fc.assert(
      fc.property(bytesUpTo(50), fc.constantFrom<PaddingMethod>(1, 2), block, (data, method, size) => {
        expect(toHex(pad(data, method, size))).toBe(toHex(padded(data, method, size)))
      }),
    )
  })

  it('gives a new array even where nothing is added', () => {
    const data = new Uint8Array(8)
    expect(pad(data, 1, 8)).not.toBe(data)
  })

  it.each([0, 3, -1, 1.5, '1', undefined])('refuses method %j', (method) =>
    expect(() => pad(new Uint8Array(3), method as PaddingMethod, 8)).toThrow(
      coded('ERR_PADDING', { label: 'padding method', got: String(method) }),
    ),
  )

  it('refuses a text, which would be taken for its digits', () =>
    expect(() => pad('1234' as unknown as Uint8Array, 2, 8)).toThrow(coded('ERR_LENGTH', { label: 'data' })))
})
