import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AesKey,
  expectMacLength,
  mac,
  macAesCmac,
  macAlgorithm1,
  macAlgorithm3,
  macSm4Cbc,
  type PaddingMethod,
  type SecretKey,
  Sm4Key,
  TdesKey,
} from '../src/index.js'
import { coded } from './support/errors.js'
import {
  ANY_KEY,
  bytesOf,
  bytesUpTo,
  cbcLast,
  forgeDes,
  opensslDes,
  opensslDesInverse,
  opensslSm4,
  padded,
  THOUSANDS,
} from './support/oracles.js'

const BYTES = fromHex('0123456789ABCDEFFEDCBA9876543210')
const TDES = TdesKey.create('session', 'MAC', BYTES)
const AES = AesKey.create('session', 'MAC', BYTES)
const SM4 = Sm4Key.create('session', 'MAC', BYTES)
const NOTHING = new Uint8Array(0)
const DATA = fromHex('8424000008')
const padding = fc.constantFrom<PaddingMethod>(1, 2)

/** Algorithm 3 as the standard words it: single DES over all blocks, the result deciphered with K2, enciphered with K1. */
function retailMac(key: Uint8Array, blocks: Uint8Array, des = opensslDes): Uint8Array {
  const [left, right] = [key.subarray(0, 8), key.subarray(8)]
  return opensslDes(left, opensslDesInverse(right, cbcLast(des, left, blocks, 8)))
}

describe('macAlgorithm3', () => {
  it('agrees with OpenSSL and forge', () => {
    fc.assert(
      fc.property(bytesOf(16), bytesUpTo(40), padding, fc.integer({ min: 4, max: 8 }), fc.boolean(), (...random) => {
        const [key, data, method, length, useForge] = random
        const expected = retailMac(key, padded(data, method, 8), useForge ? forgeDes : opensslDes)
        const found = macAlgorithm3(TdesKey.create('session', 'MAC', key, ANY_KEY), data, { padding: method, length })
        expect(toHex(found)).toBe(toHex(expected.subarray(0, length)))
      }),
      THOUSANDS,
    )
  })

  // Two blocks more or less make no difference in kind: 0 (one block of padding), 7, 8 and 9 bytes are the edges.
  it.each([0, 7, 8, 9, 15, 16, 17, 4096])('takes %i bytes under both paddings', (length) => {
    const data = new Uint8Array(length).fill(0xa5)
    for (const method of [1, 2] as const) {
      const expected = retailMac(BYTES, padded(data, method, 8))
      expect(toHex(macAlgorithm3(TDES, data, { padding: method }))).toBe(toHex(expected))
    }
  })

  it('pads by method 2 and keeps 8 bytes unless told otherwise', () => {
    expect(toHex(macAlgorithm3(TDES, DATA))).toBe('0BFFF5DF3FAA24E1')
    expect(toHex(macAlgorithm3(TDES, DATA, { length: 4 }))).toBe('0BFFF5DF')
  })

  it.each([8, 24])('refuses a key of %i bytes', (length) => {
    const bytes = BYTES.slice(0, 8).map((byte) => byte ^ 0xff)
    const key = TdesKey.create('zone', 'MAC', Uint8Array.from([...BYTES, ...bytes]).subarray(0, length), {
      allowSingleLength: true,
      allowEqualHalves: true,
    })
    expect(() => macAlgorithm3(key, DATA)).toThrow(coded('ERR_KEY', { label: 'MAC key', got: `${length} bytes` }))
  })

  it('leaves the data and the key as they were', () => {
    const data = DATA.slice()
    macAlgorithm3(TDES, data)
    expect([toHex(data), toHex(TDES.expose())]).toEqual([toHex(DATA), toHex(BYTES)])
  })
})

describe('macAlgorithm1', () => {
  it('agrees with OpenSSL and forge for one, two and three keys', () => {
    fc.assert(
      fc.property(fc.constantFrom(8, 16, 24).chain(bytesOf), bytesUpTo(40), padding, fc.boolean(), (...random) => {
        const [key, data, method, useForge] = random
        const expected = cbcLast(useForge ? forgeDes : opensslDes, key, padded(data, method, 8), 8)
        const found = macAlgorithm1(TdesKey.create('zone', 'MAC', key, ANY_KEY), data, { padding: method })
        expect(toHex(found)).toBe(toHex(expected))
      }),
      THOUSANDS,
    )
  })

  // knovichikhin/psec tests/test_mac.py, generate_cbc_mac.
  it.each([
    [1, 8, '68D9038F23360DF3'],
    [2, 8, '32DC341271ACCD00'],
    [1, 4, '68D9038F'],
    [2, 4, '32DC3412'],
  ] as const)('gives the published value with padding %i and %i bytes', (method, length, expected) => {
    const key = TdesKey.create('session', 'MAC', fromHex('AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB'))
    const data = new TextEncoder().encode('hello world')
    expect(toHex(macAlgorithm1(key, data, { padding: method, length }))).toBe(expected)
  })

  it('pads by method 2 and keeps 8 bytes unless told otherwise', () =>
    expect(toHex(macAlgorithm1(TDES, NOTHING))).toBe(toHex(opensslDes(BYTES, fromHex('8000000000000000')))))
})

describe('macSm4Cbc', () => {
  it('agrees with OpenSSL', () => {
    fc.assert(
      fc.property(bytesOf(16), bytesUpTo(70), padding, fc.integer({ min: 4, max: 16 }), (key, data, method, length) => {
        const expected = cbcLast(opensslSm4, key, padded(data, method, 16), 16).subarray(0, length)
        const found = macSm4Cbc(Sm4Key.create('session', 'AC', key), data, { padding: method, length })
        expect(toHex(found)).toBe(toHex(expected))
      }),
      THOUSANDS,
    )
  })

  it('pads by method 2 and keeps 16 bytes unless told otherwise', () =>
    expect(toHex(macSm4Cbc(SM4, NOTHING))).toBe(toHex(opensslSm4(BYTES, fromHex(`80${'00'.repeat(15)}`)))))
})

describe('mac', () => {
  it('is the leftmost 8 bytes of the MAC of the algorithm, padding 2', () => {
    expect(toHex(mac(TDES, DATA))).toBe(toHex(macAlgorithm3(TDES, DATA)))
    expect(toHex(mac(AES, DATA))).toBe(toHex(macAesCmac(AES, DATA)).slice(0, 16))
    expect(toHex(mac(SM4, DATA))).toBe(toHex(macSm4Cbc(SM4, DATA)).slice(0, 16))
  })

  it('takes padding and length', () => {
    const options = { padding: 1, length: 5 } as const
    expect(toHex(mac(TDES, DATA, options))).toBe(toHex(macAlgorithm3(TDES, DATA, options)))
    expect(toHex(mac(AES, DATA, options))).toBe(toHex(macAesCmac(AES, DATA, { length: 5 })))
    expect(toHex(mac(SM4, DATA, options))).toBe(toHex(macSm4Cbc(SM4, DATA, options)))
    expect(toHex(mac(SM4, DATA, options))).not.toBe(toHex(macSm4Cbc(SM4, DATA, { length: 5 })))
  })

  it.each([TDES, AES, SM4] as const)(
    'takes 4 to 8 bytes, no other length, whatever the key',
    (key: SecretKey<'session', 'MAC'>) => {
      for (const length of [4, 5, 6, 7, 8]) expect(mac(key, DATA, { length })).toHaveLength(length)
      for (const length of [0, 3, 9, 16]) expect(() => mac(key, DATA, { length })).toThrow(coded('ERR_MAC_LENGTH'))
    },
  )
})

describe('refused by each function', () => {
  const functions = [
    ['macAlgorithm3', 8, (options: object, key?: object) => macAlgorithm3((key ?? TDES) as typeof TDES, DATA, options)],
    ['macAlgorithm1', 8, (options: object, key?: object) => macAlgorithm1((key ?? TDES) as typeof TDES, DATA, options)],
    ['macSm4Cbc', 16, (options: object, key?: object) => macSm4Cbc((key ?? SM4) as typeof SM4, DATA, options)],
    ['macAesCmac', 16, (options: object, key?: object) => macAesCmac((key ?? AES) as typeof AES, DATA, options)],
  ] as const

  it.each(functions)('%s: lengths outside 4 to %i', (_, most, run) => {
    for (const length of [4, most]) expect(run({ length })).toHaveLength(length)
    for (const length of [0, 1, 3, most + 1, 99, -4, 4.5, Number.NaN, '8']) {
      expect(() => run({ length })).toThrow(
        coded('ERR_MAC_LENGTH', { label: 'MAC', expected: `4 to ${most} bytes`, got: String(length) }),
      )
    }
  })

  it.each(functions.slice(0, 3))('%s: padding methods other than 1 and 2', (_, __, run) => {
    for (const method of [0, 3, '2', null]) expect(() => run({ padding: method })).toThrow(coded('ERR_PADDING'))
  })

  it.each(functions)('%s: a destroyed key', (_, __, run) => {
    for (const key of [TdesKey, AesKey, Sm4Key].map(({ create }) => create('session', 'MAC', BYTES))) {
      key.destroy()
      expect(() => run({}, key)).toThrow(coded('ERR_KEY_DESTROYED', { label: 'session MAC key' }))
    }
  })
})

describe('expectMacLength', () => {
  it.each([4, 5, 6, 7, 8])('gives %i back', (length) => expect(expectMacLength(length)).toBe(length))
  it.each([0, 3, 9, 99, 4.5, Number.NaN])('refuses %d', (length) =>
    expect(() => expectMacLength(length)).toThrow(coded('ERR_MAC_LENGTH', { label: 'MAC', got: String(length) })),
  )
})
