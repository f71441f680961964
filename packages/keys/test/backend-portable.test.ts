/** What the portable back end does about RSA private keys, and its key generation. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { nodeBackend } from '../src/backend-node.js'
import { type PortableOptions, portableBackend } from '../src/backend-portable.js'
import { RsaPrivateKey, rsaPublic, useBackend } from '../src/index.js'
import { coded } from './support/errors.js'

const CHOSEN = { privateKeys: 'not-constant-time' } as const

describe('private keys', () => {
  const parts = nodeBackend.generateRsa(512, 3)
  const refused = coded('ERR_BACKEND', { label: 'RSA private key' })

  it.each([undefined, {}, { privateKeys: 'refused' }] as const)('are refused with the options %j', (options) => {
    const one = portableBackend(options)
    expect(() => one.rsaPrivate(parts)).toThrow(refused)
    expect(() => one.generateRsa(512, 3)).toThrow(refused)
  })

  it('are refused where a key is used, and not where it is made of its parts', () => {
    const own = useBackend(portableBackend())
    try {
      const key = RsaPrivateKey.create(parts)
      expect(() => key.operate(new Uint8Array(64))).toThrow(refused)
      expect(() => RsaPrivateKey.generate(512, 3)).toThrow(refused)
      expect(rsaPublic(parts, new Uint8Array(64))).toEqual(new Uint8Array(64))
    } finally {
      useBackend(own)
    }
  })

  it.each(['', 'yes', 'constant-time', null, true])('cannot be chosen as %j', (privateKeys) => {
    expect(() => portableBackend({ privateKeys } as unknown as PortableOptions)).toThrow(
      coded('ERR_OPTION', { label: 'privateKeys', expected: 'refused or not-constant-time' }),
    )
  })
})

describe('generated keys', () => {
  const own = portableBackend(CHOSEN)
  it.each([
    [512, 3],
    [512, 65_537],
    [520, 3],
    [768, 65_537],
  ] as const)('of %i bits with exponent %i are keys to OpenSSL, too', (bits, exponent) => {
    const { modulus, exponent: e, privateExponent: d, primes } = own.generateRsa(bits, exponent)
    const [p, q] = primes
    const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
    expect(number(p) * number(q)).toBe(number(modulus))
    expect([modulus.length, number(modulus) >> BigInt(bits - 1), number(e)]).toEqual([bits / 8, 1n, BigInt(exponent)])
    expect([p[0], q[0], d[0], e[0]]).not.toContain(0)
    const text = (bytes: Uint8Array | bigint): string => {
      const hex = typeof bytes === 'bigint' ? bytes.toString(16) : Buffer.from(bytes).toString('hex')
      return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
    }
    const [pn, qn, dn] = [p, q, d].map(number) as [bigint, bigint, bigint]
    const object = createPrivateKey({
      format: 'jwk',
      key: {
        kty: 'RSA',
        n: text(modulus),
        e: text(e),
        d: text(d),
        p: text(p),
        q: text(q),
        dp: text(dn % (pn - 1n)),
        dq: text(dn % (qn - 1n)),
        qi: text(power(qn, pn - 2n, pn)),
      },
    })
    expect(createPublicKey(object).asymmetricKeyDetails).toEqual({
      modulusLength: bits,
      publicExponent: BigInt(exponent),
    })
    const block = Uint8Array.from({ length: modulus.length }, (_, i) => i)
    expect(own.rsaPrivate({ modulus, exponent: e, privateExponent: d, primes })(block)).toEqual(
      nodeBackend.rsaPrivate({ modulus, exponent: e, privateExponent: d, primes })(block),
    )
  })

  it('are others each time', () => {
    expect(own.generateRsa(512, 3).modulus).not.toEqual(own.generateRsa(512, 3).modulus)
  })
})

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (let left = exponent, square = base % modulus; left > 0n; left >>= 1n, square = (square * square) % modulus) {
    if (left & 1n) result = (result * square) % modulus
  }
  return result
}
