/** Both back ends, OpenSSL block by block, node-forge and noble: one answer for every primitive of the interface. */
import { constants, createHash, createPublicKey, publicEncrypt } from 'node:crypto'
import { toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import forge from 'node-forge'
import { describe, expect, it } from 'vitest'
import type { Backend, BlockCipher, RsaKeyParts } from '../src/backend.js'
import { nodeBackend } from '../src/backend-node.js'
import { portableBackend } from '../src/backend-portable.js'
import {
  bytesOf,
  bytesUpTo,
  type Encipher,
  forgeAes,
  forgeDes,
  opensslAes,
  opensslDes,
  opensslSm4,
  xorBytes,
} from './support/oracles.js'

const PORTABLE = portableBackend({ privateKeys: 'not-constant-time' })
const BACK_ENDS: readonly Backend[] = [nodeBackend, PORTABLE]

/** ECB, or CBC chained by hand, of a cipher that does one block. */
function blocks(encipher: Encipher, key: Uint8Array, data: Uint8Array, size: number, iv?: Uint8Array): string {
  let chain = iv ?? new Uint8Array(size)
  let result = ''
  for (let at = 0; at < data.length; at += size) {
    const block = encipher(key, xorBytes(data.subarray(at, at + size), chain))
    result += toHex(block)
    if (iv !== undefined) chain = block
  }
  return result
}

const CIPHERS = [
  { name: 'des', keyLength: 8, size: 8, oracles: [opensslDes, forgeDes] },
  { name: 'des', keyLength: 16, size: 8, oracles: [opensslDes, forgeDes] },
  { name: 'des', keyLength: 24, size: 8, oracles: [opensslDes, forgeDes] },
  { name: 'aes', keyLength: 16, size: 16, oracles: [opensslAes, forgeAes] },
  { name: 'aes', keyLength: 24, size: 16, oracles: [opensslAes, forgeAes] },
  { name: 'aes', keyLength: 32, size: 16, oracles: [opensslAes, forgeAes] },
  { name: 'sm4', keyLength: 16, size: 16, oracles: [opensslSm4] },
] as const

describe('block ciphers', () => {
  it.each(CIPHERS)(
    '$name with a key of $keyLength bytes, ECB and CBC mode, both ways',
    ({ name, keyLength, size, oracles }) => {
      // OpenSSL takes long data over from our own DES.
      const count = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 5 }) }, fc.integer({ min: 30, max: 70 }))
      const data = count.chain((blocks) => bytesOf(size * blocks))
      fc.assert(
        fc.property(bytesOf(keyLength), data, fc.option(bytesOf(size), { nil: undefined }), (key, plain, iv) => {
          const expected = oracles.map((oracle) => blocks(oracle, key, plain, size, iv))
          for (const backEnd of BACK_ENDS) {
            const cipher: BlockCipher = backEnd[name]
            const enciphered = cipher('encrypt', key, plain, iv)
            for (const one of expected) expect(toHex(enciphered)).toBe(one)
            expect(toHex(cipher('decrypt', key, enciphered, iv))).toBe(toHex(plain))
          }
        }),
        { numRuns: 100 },
      )
    },
  )

  it.each(CIPHERS)('$name with a key of $keyLength bytes deciphers anything alike', ({ name, keyLength, size }) => {
    const data = fc.integer({ min: 1, max: 4 }).chain((count) => bytesOf(size * count))
    fc.assert(
      fc.property(bytesOf(keyLength), data, fc.option(bytesOf(size), { nil: undefined }), (key, any, iv) => {
        const [one, other] = BACK_ENDS.map((backEnd) => toHex(backEnd[name]('decrypt', key, any, iv)))
        expect(one).toBe(other)
      }),
      { numRuns: 100 },
    )
  })
})

describe('SHA-1', () => {
  it('of any bytes', () => {
    fc.assert(
      fc.property(bytesUpTo(300), (data) => {
        const md = forge.md.sha1.create()
        md.update(Buffer.from(data).toString('binary'))
        const expected = createHash('sha1').update(data).digest('hex').toUpperCase()
        expect(md.digest().toHex().toUpperCase()).toBe(expected)
        for (const backEnd of BACK_ENDS) expect(toHex(backEnd.sha1(data))).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })
})

const KEYS = (
  [
    [512, 3],
    [768, 65_537],
    [1024, 3],
    [1016, 65_537],
  ] as const
).map(([bits, exponent]) => ({ bits, exponent, parts: nodeBackend.generateRsa(bits, exponent) }))

/** Numbers below a modulus, as many bytes; small ones, and those next to it, among them. */
function operands({ modulus }: RsaKeyParts): fc.Arbitrary<Uint8Array> {
  const { length } = modulus
  const n = BigInt(`0x${toHex(modulus)}`)
  const bytes = (value: bigint): Uint8Array =>
    new Uint8Array(Buffer.from((((value % n) + n) % n).toString(16).padStart(2 * length, '0'), 'hex'))
  const any = bytesOf(length + 8).map((seed) => bytes(BigInt(`0x${toHex(seed)}`)))
  return fc.oneof({ weight: 4, arbitrary: any }, fc.bigInt({ min: -3n, max: 3n }).map(bytes))
}

describe.each(KEYS)('RSA, $bits bits, exponent $exponent', ({ parts }) => {
  const { modulus, exponent } = parts
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  const object = createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: text(modulus), e: text(exponent) } })

  it('public operation', () => {
    fc.assert(
      fc.property(operands(parts), (block) => {
        const expected = publicEncrypt({ key: object, padding: constants.RSA_NO_PADDING }, block)
        for (const backEnd of BACK_ENDS)
          expect(toHex(backEnd.rsaPublic(modulus, exponent, block))).toBe(toHex(expected))
      }),
      { numRuns: 50 },
    )
  })

  it('private operation, and the public one undoes it', () => {
    const operations = BACK_ENDS.map((backEnd) => backEnd.rsaPrivate(parts))
    fc.assert(
      fc.property(operands(parts), (block) => {
        const [one, other] = operations.map((operate) => operate(block)) as [Uint8Array, Uint8Array]
        expect(toHex(other)).toBe(toHex(one))
        expect(toHex(PORTABLE.rsaPublic(modulus, exponent, other))).toBe(toHex(block))
      }),
      { numRuns: 8 },
    )
  })
})

it('any odd exponent, any odd modulus', () => {
  const odd = (least: number, most: number): fc.Arbitrary<Uint8Array> =>
    fc
      .integer({ min: least, max: most })
      .chain(bytesOf)
      .map((bytes) => bytes.map((byte, i) => byte | (i === 0 ? 0x80 : 0) | (i === bytes.length - 1 ? 1 : 0)))
  fc.assert(
    fc.property(odd(9, 72), odd(1, 8), bytesOf(80), (modulus, exponent, seed) => {
      const block = seed.slice(0, modulus.length)
      block[0] = 0x7f
      const [one, other] = BACK_ENDS.map((backEnd) => toHex(backEnd.rsaPublic(modulus, exponent, block)))
      expect(other).toBe(one)
    }),
    { numRuns: 50 },
  )
})
