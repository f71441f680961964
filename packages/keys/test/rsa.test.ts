import { constants, createPublicKey, generateKeyPairSync, type KeyObject, publicEncrypt } from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import forge from 'node-forge'
import { describe, expect, it } from 'vitest'
import { backend, type RsaPublicKey, rsaPublic, useBackend } from '../src/index.js'
import { coded } from './support/errors.js'
import { bytesOf } from './support/oracles.js'

const E3 = Uint8Array.of(3)
const F4 = Uint8Array.of(1, 0, 1)

interface Pair {
  readonly key: RsaPublicKey
  readonly object: KeyObject
}

function generate(modulusLength: number, publicExponent: number): Pair {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent })
  const { n, e } = publicKey.export({ format: 'jwk' })
  const bytes = (text: string | undefined): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'base64url'))
  return { key: { modulus: bytes(n), exponent: bytes(e) }, object: publicKey }
}

/** Random numbers below the modulus, as many bytes. */
const below = (modulus: Uint8Array): fc.Arbitrary<Uint8Array> =>
  bytesOf(modulus.length).map((bytes) => {
    if ((bytes[0] ?? 0) >= (modulus[0] ?? 0)) bytes[0] = (modulus[0] ?? 0) - 1
    return bytes
  })

const number = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`)
const bytesFrom = (value: bigint, length: number): Uint8Array => fromHex(value.toString(16).padStart(2 * length, '0'))
const power = (base: bigint, exponent: number, modulus: bigint): bigint => {
  let result = 1n
  for (let i = 0; i < exponent; i++) result = (result * base) % modulus
  return result % modulus
}

const PAIRS = [generate(512, 3), generate(1024, 3), generate(1152, 65_537), generate(1984, 65_537)]

describe('rsaPublic', () => {
  it.each(PAIRS)('agrees with OpenSSL', ({ key, object }) => {
    fc.assert(
      fc.property(below(key.modulus), (block) => {
        const expected = publicEncrypt({ key: object, padding: constants.RSA_NO_PADDING }, block)
        expect(toHex(rsaPublic(key, block))).toBe(toHex(expected))
      }),
      { numRuns: 500 },
    )
  })

  it.each(PAIRS)('agrees with forge', ({ key }) => {
    const big = (bytes: Uint8Array): forge.jsbn.BigInteger => new forge.jsbn.BigInteger(toHex(bytes), 16)
    fc.assert(
      fc.property(below(key.modulus), (block) => {
        const expected = big(block).modPow(big(key.exponent), big(key.modulus)).toString(16)
        expect(toHex(rsaPublic(key, block))).toBe(expected.toUpperCase().padStart(2 * key.modulus.length, '0'))
      }),
      { numRuns: 50 },
    )
  })

  it.each(PAIRS)('takes 0, 1 and the modulus less 1', ({ key }) => {
    const { modulus } = key
    const last = bytesFrom(number(modulus) - 1n, modulus.length)
    expect(toHex(rsaPublic(key, new Uint8Array(modulus.length)))).toBe('00'.repeat(modulus.length))
    expect(toHex(rsaPublic(key, bytesFrom(1n, modulus.length)))).toBe(toHex(bytesFrom(1n, modulus.length)))
    expect(toHex(rsaPublic(key, last))).toBe(toHex(last))
  })

  it.each(PAIRS)('refuses a block that is not below the modulus, or has another length', ({ key }) => {
    const { modulus } = key
    const label = 'block'
    const over = bytesFrom(number(modulus) + 1n, modulus.length)
    for (const block of [modulus, over, modulus.map(() => 0xff)]) {
      expect(() => rsaPublic(key, block)).toThrow(coded('ERR_RSA', { label, expected: 'a number below the modulus' }))
    }
    for (const length of [0, 1, modulus.length - 1, modulus.length + 1]) {
      const got = `${length} bytes`
      expect(() => rsaPublic(key, new Uint8Array(length))).toThrow(
        coded('ERR_RSA', { label, expected: `${modulus.length} bytes`, got }),
      )
    }
  })

  it.each([
    ['an empty one', ''],
    ['zero', '0000'],
    ['an even one', 'C6'],
    ['a leading zero byte', '00C5'],
    ['an even one whose first byte is odd', 'C5C6'],
  ])('refuses as modulus %s', (_, hex) => {
    const modulus = fromHex(hex)
    for (const exponent of [E3, F4]) {
      expect(() => rsaPublic({ modulus, exponent }, new Uint8Array(modulus.length))).toThrow(
        coded('ERR_RSA', { label: 'modulus' }),
      )
    }
  })

  it('takes any odd modulus above the exponent 3, prime factors or not', () => {
    const odd = fc
      .integer({ min: 1, max: 64 })
      .chain(bytesOf)
      .map((bytes) => {
        bytes[0] = (bytes[0] ?? 0) || 1
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 5
        return bytes
      })
    fc.assert(
      fc.property(odd, bytesOf(64), (modulus, seed) => {
        const m = number(seed) % number(modulus)
        const expected = bytesFrom(m ** 3n % number(modulus), modulus.length)
        expect(toHex(rsaPublic({ modulus, exponent: E3 }, bytesFrom(m, modulus.length)))).toBe(toHex(expected))
      }),
    )
  })

  it('gives the right number or an error for any odd modulus with exponent 65537', () => {
    const odd = fc
      .integer({ min: 1, max: 256 })
      .chain(bytesOf)
      .map((bytes) => {
        bytes[0] = (bytes[0] ?? 0) || 1
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 1
        return bytes
      })
    fc.assert(
      fc.property(odd, bytesOf(64), (modulus, seed) => {
        const m = number(seed) % number(modulus)
        const block = bytesFrom(m, modulus.length)
        let found: string
        try {
          found = toHex(rsaPublic({ modulus, exponent: F4 }, block))
        } catch (error) {
          expect(error).toEqual(coded('ERR_RSA', { label: 'key' }))
          return
        }
        let expected = m
        for (let i = 0; i < 16; i++) expected = (expected * expected) % number(modulus)
        expect(found).toBe(toHex(bytesFrom((expected * m) % number(modulus), modulus.length)))
      }),
    )
  })

  it.each(['', '00', '02', '01', '0003', '0103', '0301'])('gives the power by the exponent %j, or an error', (hex) => {
    const { key } = PAIRS[1] as Pair
    const exponent = fromHex(hex)
    const block = bytesFrom(12_345_678_901_234_567_890n, key.modulus.length)
    try {
      const expected = power(number(block), Number.parseInt(hex, 16), number(key.modulus))
      expect(toHex(rsaPublic({ modulus: key.modulus, exponent }, block))).toBe(
        toHex(bytesFrom(expected, key.modulus.length)),
      )
    } catch (error) {
      expect(error).toEqual(coded('ERR_RSA', { label: 'key' }))
    }
  })

  // What OpenSSL 3 refuses is refused for every back end: 16384 bits, and 64 bits of exponent beyond 3072 of modulus.
  it.each([
    ['the exponent 3 below it', 1, 5n, 3n, true],
    ['itself as exponent', 1, 3n, 3n, false],
    ['an exponent above it', 1, 3n, 65_537n, false],
    ['an exponent of its own length below it', 64, 1n, 2n ** 511n - 1n, true],
    ['itself as exponent', 64, 1n, 2n ** 511n + 1n, false],
    ['an exponent of its own length above it', 64, 1n, 2n ** 511n + 3n, false],
    ['an exponent of 3072 bits', 384, 1n, 2n ** 3071n - 1n, true],
    ['an exponent of 64 bits beyond 3072', 385, 1n, 2n ** 64n - 1n, true],
    ['an exponent of 65 bits beyond 3072', 385, 1n, 2n ** 64n + 1n, false],
    ['16384 bits', 2048, 1n, 3n, true],
    ['16392 bits', 2049, 1n, 3n, false],
  ] as const)('takes a modulus with %s, or not', (_, length, low, power, taken) => {
    const modulus = length === 1 ? Uint8Array.of(Number(low)) : bytesFrom(2n ** BigInt(8 * length - 1) + low, length)
    const exponent = bytesFrom(power, Math.max(1, Math.ceil(power.toString(16).length / 2)))
    const one = bytesFrom(1n, length)
    for (const leading of [0, 1, length]) {
      const key = { modulus, exponent: Uint8Array.from([...new Uint8Array(leading), ...exponent]) }
      if (taken) expect(toHex(rsaPublic(key, one))).toBe(toHex(one))
      else expect(() => rsaPublic(key, one)).toThrow(coded('ERR_RSA', { label: 'key' }))
    }
  })

  it('leaves the operation to the back end', () => {
    const { key } = PAIRS[2] as Pair
    const own = useBackend({ ...backend(), rsaPublic: (modulus) => modulus.map(() => 0xee) })
    try {
      expect(toHex(rsaPublic(key, new Uint8Array(144)))).toBe('EE'.repeat(144))
    } finally {
      useBackend(own)
    }
  })

  it('does not touch its operands', () => {
    const { key } = PAIRS[1] as Pair
    const [modulus, block] = [toHex(key.modulus), new Uint8Array(key.modulus.length).fill(1)]
    rsaPublic(key, block)
    expect([toHex(key.modulus), toHex(block)]).toEqual([modulus, '01'.repeat(block.length)])
  })
})

it('the test keys are keys', () => {
  for (const { object } of PAIRS)
    expect(createPublicKey(object.export({ format: 'pem', type: 'spki' })).type).toBe('public')
})
