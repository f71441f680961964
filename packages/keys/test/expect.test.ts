import { describe, expect, it } from 'vitest'
import { expectByteArray } from '../src/expect.js'
import { expectArc, expectArqc, expectAtc } from '../src/index.js'
import { coded } from './support/errors.js'

describe.each([
  ['expectAtc', expectAtc, 2, 'ERR_ATC', 'atc'],
  ['expectArqc', expectArqc, 8, 'ERR_ARQC', 'arqc'],
  ['expectArc', expectArc, 2, 'ERR_ARC', 'arc'],
] as const)('%s', (_, check, length, code, label) => {
  it(`gives ${length} bytes back`, () => {
    const bytes = new Uint8Array(length)
    expect(check(bytes)).toBe(bytes)
  })

  it.each([0, length - 1, length + 1])('refuses %i bytes', (other) =>
    expect(() => check(new Uint8Array(other))).toThrow(
      coded(code, { label, expected: `${length} bytes`, got: `${other} bytes` }),
    ),
  )

  it.each([['00'.repeat(length)], [undefined], [Array(length).fill(0)], [{ length }]])('refuses %j', (value) =>
    expect(() => check(value as unknown as Uint8Array)).toThrow(coded(code, { label, got: typeof value })),
  )
})

describe('expectByteArray', () => {
  it.each([0, 1, 300])('gives %i bytes back', (length) => {
    const bytes = new Uint8Array(length)
    expect(expectByteArray(bytes, 'data')).toBe(bytes)
  })

  it.each([['1234'], [undefined], [[1, 2]], [new Uint16Array(2)]])('refuses %j', (value) =>
    expect(() => expectByteArray(value as unknown as Uint8Array, 'data')).toThrow(
      coded('ERR_LENGTH', { label: 'data', expected: 'bytes', got: typeof value }),
    ),
  )
})
