import { constants, createPublicKey, generateKeyPairSync, publicEncrypt } from 'node:crypto'
import { inspect } from 'node:util'
import { fromHex, toHex } from '@issuerkit/apdu'
import { RsaPrivateKey, type RsaPrivateParts, rsaPublic } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'

/** A 512-bit key that OpenSSL made for this test; it guards nothing. */
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 512, publicExponent: 3 })
const jwk = privateKey.export({ format: 'jwk' })
const part = (text: string | undefined) => new Uint8Array(Buffer.from(text ?? '', 'base64url'))
const PARTS: Required<RsaPrivateParts> = {
  modulus: part(jwk.n),
  exponent: part(jwk.e),
  privateExponent: part(jwk.d),
  primes: [part(jwk.p), part(jwk.q)],
}
const { primes: _, ...WITHOUT_PRIMES } = PARTS
const BLOCK = Uint8Array.from({ length: 64 }, (_, i) => i)
const code = (name: string) => expect.objectContaining({ code: name })

/** m^3 mod n by OpenSSL. */
function openssl(block: Uint8Array): string {
  const key = createPublicKey(privateKey)
  return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block).toString('hex').toUpperCase()
}

describe('the private operation', () => {
  it.each([
    ['with primes', PARTS],
    ['without primes', WITHOUT_PRIMES],
    ['with its primes the other way round', { ...PARTS, primes: [PARTS.primes[1], PARTS.primes[0]] as const }],
  ])('is undone by the public one of OpenSSL, %s', (_, parts) => {
    const key = RsaPrivateKey.create(parts)
    const signed = key.operate(BLOCK)
    expect(openssl(signed)).toBe(toHex(BLOCK))
    expect(openssl(key.operate(signed))).toBe(toHex(signed))
    expect(new Set(key.expose().primes.map(toHex))).toEqual(new Set(PARTS.primes.map(toHex)))
  })

  it.each([
    [512, 3],
    [1024, 65537],
    [1152, 3],
  ] as const)('of a new key of %d bits with the exponent %d is undone', (bits, exponent) => {
    const key = RsaPrivateKey.generate(bits, exponent)
    const block = new Uint8Array(bits / 8).fill(0x6a, 1)
    expect(key.publicKey.modulus.length).toBe(bits / 8)
    expect((key.publicKey.modulus[0] as number) & 0x80).toBe(0x80)
    expect(toHex(key.publicKey.exponent)).toBe(exponent === 3 ? '03' : '010001')
    expect(toHex(rsaPublic(key.publicKey, key.operate(block)))).toBe(toHex(block))
    const again = RsaPrivateKey.create(key.expose())
    expect(toHex(again.operate(block))).toBe(toHex(key.operate(block)))
  })

  it('takes a block of the length of the modulus and below it alone', () => {
    const key = RsaPrivateKey.create(PARTS)
    const below = Uint8Array.from(PARTS.modulus)
    below[63] = (below[63] as number) - 1
    expect(toHex(key.operate(below))).toBe(toHex(below))
    for (const block of [PARTS.modulus, BLOCK.subarray(1), new Uint8Array(65)]) {
      expect(() => key.operate(block)).toThrow(code('ERR_RSA'))
    }
  })
})

it('finds primes of one byte and of half a byte', () => {
  const key = RsaPrivateKey.create({ modulus: fromHex('BB'), exponent: fromHex('03'), privateExponent: fromHex('6B') })
  expect(new Set(key.expose().primes.map(toHex))).toEqual(new Set(['0B', '11']))
})

describe('what is no key', () => {
  it.each([
    ['another exponent', { ...PARTS, exponent: fromHex('010001') }],
    ['another exponent, without primes', { ...WITHOUT_PRIMES, exponent: fromHex('05') }],
    [
      'an even modulus',
      { ...WITHOUT_PRIMES, modulus: Uint8Array.from(PARTS.modulus, (byte, i) => (i === 63 ? byte ^ 1 : byte)) },
    ],
    ['no private exponent', { ...WITHOUT_PRIMES, privateExponent: new Uint8Array(0) }],
    ['one prime twice', { ...PARTS, primes: [PARTS.primes[0], PARTS.primes[0]] as const }],
    ['1 as a prime', { ...PARTS, primes: [Uint8Array.of(1), PARTS.modulus] as const }],
    ['1 as the other prime', { ...PARTS, primes: [PARTS.modulus, Uint8Array.of(1)] as const }],
    ['a prime as the modulus', { modulus: PARTS.primes[0], exponent: fromHex('03'), privateExponent: fromHex('0B') }],
  ])('%s', (_, parts) => expect(() => RsaPrivateKey.create(parts)).toThrow(code('ERR_RSA')))

  it('an exponent that holds for one prime only', () => {
    const [p, q] = PARTS.primes.map((prime) => BigInt(`0x${toHex(prime)}`)) as [bigint, bigint]
    for (const prime of [p, q]) {
      // 3d = 1 modulo the order of one prime, and not of the other.
      const order = prime - 1n
      const d = (order % 3n === 1n ? 2n * order + 1n : order + 1n) / 3n
      const privateExponent = fromHex(d.toString(16).padStart(64, '0'))
      expect(() => RsaPrivateKey.create({ ...PARTS, privateExponent })).toThrow(code('ERR_RSA'))
    }
  })

  it.each([504, 511, 513, 4104, 512.5, Number.NaN])('a new key of %d bits', (bits) =>
    expect(() => RsaPrivateKey.generate(bits, 3)).toThrow(code('ERR_OPTION')),
  )

  it.each([2, 5, 17])('a new key with the exponent %d', (exponent) =>
    expect(() => RsaPrivateKey.generate(512, exponent as 3)).toThrow(code('ERR_OPTION')),
  )
})

describe('secrecy', () => {
  it('prints as its size', () => {
    const key = RsaPrivateKey.create(PARTS)
    for (const shown of [String(key), JSON.stringify({ key }), inspect({ key }, { depth: 9, showHidden: true })]) {
      expect(shown).toContain('RsaPrivateKey(512 bits)')
      expect(shown.toUpperCase()).not.toContain(toHex(PARTS.privateExponent).slice(0, 16))
    }
  })

  it('is copied when made and zeroed when destroyed', () => {
    const given = { ...PARTS, privateExponent: Uint8Array.from(PARTS.privateExponent) }
    const key = RsaPrivateKey.create(given)
    const { privateExponent, primes } = key.expose()
    key.operate(BLOCK)
    key.destroy()
    key.destroy()
    expect(toHex(given.privateExponent)).toBe(toHex(PARTS.privateExponent))
    expect(new Set([...privateExponent, ...primes[0], ...primes[1]])).toEqual(new Set([0]))
    expect(String(key)).toBe('RsaPrivateKey(512 bits, destroyed)')
    expect(() => key.operate(BLOCK)).toThrow(code('ERR_KEY_DESTROYED'))
    expect(() => key.expose()).toThrow(code('ERR_KEY_DESTROYED'))
  })
})
