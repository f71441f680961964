import { createCipheriv, createDecipheriv } from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sm4 } from '../src/sm4.js'
import { bytesOf } from './support/oracles.js'

const EXAMPLE = fromHex('0123456789ABCDEFFEDCBA9876543210')

// GB/T 32907 appendix A: one encipherment, and a million of them one after another.
describe('the examples of the standard', () => {
  it('one block', () => {
    expect(toHex(sm4('encrypt', EXAMPLE, EXAMPLE))).toBe('681EDF34D206965E86B3E94F536E4246')
    expect(toHex(sm4('decrypt', EXAMPLE, fromHex('681EDF34D206965E86B3E94F536E4246')))).toBe(toHex(EXAMPLE))
  })
  it.runIf(process.env['TESTS'] === 'all')('a million times', { timeout: 60_000 }, () => {
    let block = EXAMPLE
    for (let i = 0; i < 1_000_000; i++) block = sm4('encrypt', EXAMPLE, block)
    expect(toHex(block)).toBe('595298C7C6FD271F0402F804C33D3F66')
  })
})

describe('against OpenSSL', () => {
  const inputs = [
    bytesOf(16),
    fc.integer({ min: 0, max: 6 }).chain((blocks) => bytesOf(16 * blocks)),
    bytesOf(16),
  ] as const
  it.each(['ecb', 'cbc'])('%s mode both ways', (mode) => {
    fc.assert(
      fc.property(...inputs, (key, data, iv) => {
        const given = mode === 'cbc' ? iv : undefined
        const encipher = createCipheriv(`sm4-${mode}`, key, given ?? null).setAutoPadding(false)
        const decipher = createDecipheriv(`sm4-${mode}`, key, given ?? null).setAutoPadding(false)
        expect(toHex(sm4('encrypt', key, data, given))).toBe(toHex(encipher.update(data)))
        expect(toHex(sm4('decrypt', key, data, given))).toBe(toHex(decipher.update(data)))
      }),
      { numRuns: 250 },
    )
  })
  it('every entry of the S-box: each byte in each place of a block', () => {
    const encipher = createCipheriv('sm4-ecb', EXAMPLE, null).setAutoPadding(false)
    const blocks = Array.from({ length: 4096 }, (_, i) => {
      const block = new Uint8Array(16)
      block[i >> 8] = i & 0xff
      return [...block]
    })
    const data = Uint8Array.from(blocks.flat())
    expect(toHex(sm4('encrypt', EXAMPLE, data))).toBe(toHex(encipher.update(data)))
  })
})

it('does not touch what it is given', () => {
  const [key, data, iv] = [EXAMPLE, EXAMPLE, EXAMPLE].map((bytes) => Uint8Array.from(bytes)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  for (const direction of ['encrypt', 'decrypt'] as const) {
    const result = sm4(direction, key, data, iv)
    expect([toHex(key), toHex(data), toHex(iv)]).toEqual([EXAMPLE, EXAMPLE, EXAMPLE].map(toHex))
    expect(result.buffer).not.toBe(data.buffer)
  }
})

it('takes bytes within a larger array', () => {
  const larger = Uint8Array.from([1, 2, 3, ...EXAMPLE, 4])
  const within = larger.subarray(3, 19)
  expect(toHex(sm4('encrypt', within, within))).toBe('681EDF34D206965E86B3E94F536E4246')
})
