/** The engine against OpenSSL and node-forge on random keys, data and lengths. */
import { toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import forge from 'node-forge'
import { describe, expect, it } from 'vitest'
import type { BlockCipher } from '../src/backend.js'
import { opensslDes } from '../src/backend-node.js'
import type { PaddingMethod } from '../src/padding.js'
import { desSchedule, macAlgorithm1Into, macAlgorithm3Into, tableDes, tableMacAlgorithm3 } from '../src/tdes.js'
import {
  bytesOf,
  bytesUpTo,
  cbcLast,
  forgeDes,
  opensslDes as opensslBlock,
  opensslDesInverse,
  padded,
  THOUSANDS,
} from './support/oracles.js'

/** node-forge knows three-key TDES alone: K‖K‖K and K1‖K2‖K1. */
const forgeCipher: BlockCipher = (direction, key, data, iv) => {
  const three = Buffer.concat([key, key, key]).subarray(0, 24).toString('binary')
  const mode = iv === undefined ? '3DES-ECB' : '3DES-CBC'
  const encrypts = direction === 'encrypt'
  const cipher = encrypts ? forge.cipher.createCipher(mode, three) : forge.cipher.createDecipher(mode, three)
  cipher.start(iv === undefined ? {} : { iv: Buffer.from(iv).toString('binary') })
  cipher.update(forge.util.createBuffer(Buffer.from(data)))
  const unpadded = cipher as unknown as { finish(pad: () => boolean): boolean }
  unpadded.finish(() => true)
  return new Uint8Array(Buffer.from(cipher.output.getBytes(), 'binary'))
}

const keys = fc.constantFrom(8, 16, 24).chain(bytesOf)
const blocks = (most: number) => fc.integer({ min: 1, max: most / 8 }).chain((count) => bytesOf(8 * count))
const ivs = fc.option(bytesOf(8), { nil: undefined })
const directions = fc.constantFrom('encrypt' as const, 'decrypt' as const)
const paddings = fc.constantFrom<PaddingMethod>(1, 2)

describe('single DES, two-key and three-key TDES, ECB and CBC, both directions', () => {
  it.each([
    ['OpenSSL, up to 512 bytes', opensslDes, 512],
    ['node-forge, up to 64 bytes', forgeCipher, 64],
  ] as const)('agree with %s', (_, other, most) => {
    fc.assert(
      fc.property(directions, keys, blocks(most), ivs, (direction, key, data, iv) => {
        expect(toHex(tableDes(direction, key, data, iv))).toBe(toHex(other(direction, key, data, iv)))
      }),
      THOUSANDS,
    )
  })

  it.each([8, 16, 24])('at every length from 8 to 512 bytes, with a key of %i', (length) => {
    const key = Uint8Array.from({ length }, (_, i) => 31 * i + length)
    const iv = Uint8Array.from({ length: 8 }, (_, i) => 200 - i)
    for (let size = 8; size <= 512; size += 8) {
      const data = Uint8Array.from({ length: size }, (_, i) => 17 * i + size)
      for (const direction of ['encrypt', 'decrypt'] as const) {
        for (const start of [undefined, iv]) {
          expect(toHex(tableDes(direction, key, data, start))).toBe(toHex(opensslDes(direction, key, data, start)))
        }
      }
    }
  })
})

describe('MACs', () => {
  it.each([
    ['OpenSSL', opensslBlock],
    ['node-forge', forgeDes],
  ] as const)('of algorithm 1 agree with %s', (_, des) => {
    fc.assert(
      fc.property(keys, bytesUpTo(48), paddings, (key, data, padding) => {
        const found = new Uint8Array(8)
        macAlgorithm1Into(desSchedule(key), data, 0, data.length, found, 0, padding)
        expect(toHex(found)).toBe(toHex(cbcLast(des, key, padded(data, padding, 8), 8)))
      }),
      { numRuns: 1000 },
    )
  })

  // As the standard words it: single DES over all blocks, the result deciphered with K2, enciphered with the other key.
  it.each([
    ['OpenSSL', opensslBlock],
    ['node-forge', forgeDes],
  ] as const)('of algorithm 3 agree with %s', (_, des) => {
    fc.assert(
      fc.property(bytesOf(16), bytesUpTo(48), paddings, (key, data, padding) => {
        const [left, right] = [key.subarray(0, 8), key.subarray(8)]
        const whole = padded(data, padding, 8)
        const expected = toHex(des(left, opensslDesInverse(right, cbcLast(des, left, whole, 8))))
        const found = new Uint8Array(8)
        macAlgorithm3Into(desSchedule(key), data, 0, data.length, found, 0, padding)
        expect(toHex(found)).toBe(expected)
        expect(toHex(tableMacAlgorithm3(key, whole))).toBe(expected)
      }),
      { numRuns: 1000 },
    )
  })
})
