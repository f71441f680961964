import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CipherMode,
  createKey,
  decipherBlocks,
  type EncipheringKey,
  encipherBlocks,
  TdesKey,
} from '../src/index.js'
import { coded } from './support/errors.js'
import {
  ANY_KEY,
  bytesOf,
  type Encipher,
  forgeAes,
  forgeDes,
  opensslAes,
  opensslDes,
  opensslSm4,
  xorBytes,
} from './support/oracles.js'

const BYTES = fromHex('0123456789ABCDEFFEDCBA9876543210')
const KEY = TdesKey.create('session', 'ENC', BYTES)

/** Cipher blocks one after another; each is added to the next plain block when there is an IV. */
function chained(encipher: Encipher, key: Uint8Array, data: Uint8Array, size: number, iv?: Uint8Array): string {
  const out: Uint8Array[] = []
  for (let at = 0; at < data.length; at += size) {
    const block = data.subarray(at, at + size)
    const before = out.at(-1) ?? iv
    out.push(encipher(key, iv === undefined || before === undefined ? block : xorBytes(block, before)))
  }
  return out.map(toHex).join('')
}

describe.each([
  ['tdes', [16, 24], 8, [opensslDes, forgeDes]],
  ['aes', [16, 24, 32], 16, [opensslAes, forgeAes]],
  ['sm4', [16], 16, [opensslSm4]],
] as const)('%s', (algorithm, sizes, block, ciphers) => {
  const zoneKey = (bytes: Uint8Array): EncipheringKey => createKey(algorithm, 'zone', 'DEK', bytes, ANY_KEY)
  const keys = fc.constantFrom(...sizes).chain(bytesOf)
  const data = fc.integer({ min: 1, max: 5 }).chain((count) => bytesOf(count * block))

  it('agrees with outside ciphers in ECB and CBC mode, and deciphers what it enciphered', () => {
    fc.assert(
      fc.property(
        keys,
        data,
        fc.option(bytesOf(block)),
        fc.constantFrom<Encipher>(...ciphers),
        (bytes, plain, iv, cipher) => {
          const key = zoneKey(bytes)
          const mode: CipherMode = iv === null ? { mode: 'ecb' } : { mode: 'cbc', iv }
          const enciphered = encipherBlocks(key, plain, mode)
          expect(toHex(enciphered)).toBe(chained(cipher, bytes, plain, block, iv ?? undefined))
          expect(toHex(decipherBlocks(key, enciphered, mode))).toBe(toHex(plain))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('begins CBC mode with zeros unless told', () => {
    const key = zoneKey(BYTES)
    const plain = new Uint8Array(3 * block).fill(0x5a)
    const enciphered = encipherBlocks(key, plain, { mode: 'cbc' })
    expect(toHex(enciphered)).toBe(toHex(encipherBlocks(key, plain, { mode: 'cbc', iv: new Uint8Array(block) })))
    expect(toHex(decipherBlocks(key, enciphered, { mode: 'cbc' }))).toBe(toHex(plain))
  })

  it.each([0, 1, block - 1, block + 1, 2 * block - 1])('refuses %i bytes of data', (length) => {
    for (const run of [encipherBlocks, decipherBlocks]) {
      expect(() => run(zoneKey(BYTES), new Uint8Array(length), { mode: 'ecb' })).toThrow(
        coded('ERR_LENGTH', { label: 'data', expected: `whole blocks of ${block} bytes`, got: `${length} bytes` }),
      )
    }
  })

  it.each([0, block - 1, block + 1])('refuses an IV of %i bytes', (length) => {
    const mode = { mode: 'cbc', iv: new Uint8Array(length) } as const
    for (const run of [encipherBlocks, decipherBlocks]) {
      expect(() => run(zoneKey(BYTES), new Uint8Array(block), mode)).toThrow(
        coded('ERR_LENGTH', { label: 'iv', expected: `${block} bytes` }),
      )
    }
  })
})

describe('refused', () => {
  const block = new Uint8Array(8)
  it.each([encipherBlocks, decipherBlocks])('an IV in ECB mode', (run) =>
    expect(() => run(KEY, block, { mode: 'ecb', iv: block })).toThrow(coded('ERR_OPTION', { label: 'iv' })),
  )
  it.each([encipherBlocks, decipherBlocks])('another mode', (run) =>
    expect(() => run(KEY, block, { mode: 'ctr' as 'ecb' })).toThrow(coded('ERR_OPTION', { label: 'mode' })),
  )
  it.each([encipherBlocks, decipherBlocks])('a destroyed key', (run) => {
    const key = TdesKey.create('session', 'ENC', BYTES)
    key.destroy()
    expect(() => run(key, block, { mode: 'ecb' })).toThrow(coded('ERR_KEY_DESTROYED'))
    expect(() => run(key, block, { mode: 'cbc' })).toThrow(coded('ERR_KEY_DESTROYED'))
  })

  it.each([encipherBlocks, decipherBlocks])('a text', (run) =>
    expect(() => run(KEY, '12345678' as unknown as Uint8Array, { mode: 'ecb' })).toThrow(
      coded('ERR_LENGTH', { label: 'data', got: 'string' }),
    ),
  )
})
