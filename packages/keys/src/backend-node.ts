/**
 * The back end on node:crypto (OpenSSL 3). The only file of the packages that imports it.
 *
 * OpenSSL 3 has no single DES outside its legacy provider: K‖K as a two-key TDES key is the same permutation.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  privateEncrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import type { Backend, BlockCipher, RsaKeyParts, RsaPrivateOperation } from './backend.js'

/** The cipher of OpenSSL that `name` gives for a key, without its mode. */
function blockCipher(name: (key: Uint8Array) => string): BlockCipher {
  return (direction, key, data, iv) => {
    const create = direction === 'encrypt' ? createCipheriv : createDecipheriv
    // With padding off and whole blocks, update() returns everything and final() would return nothing.
    return new Uint8Array(
      create(`${name(key)}-${iv === undefined ? 'ecb' : 'cbc'}`, key, iv ?? null)
        .setAutoPadding(false)
        .update(data),
    )
  }
}

const multipleDes = blockCipher((key) => (key.length === 16 ? 'des-ede' : 'des-ede3'))

/** Public keys as OpenSSL has them, the one used last at the end: to import a key costs more than to use it. */
const publicKeys = new Map<string, KeyObject>()
const MOST_PUBLIC_KEYS = 64

function publicKey(modulus: Uint8Array, exponent: Uint8Array): KeyObject {
  const [n, e] = [base64url(modulus), base64url(exponent)]
  const name = `${n}.${e}`
  const key = publicKeys.get(name) ?? createPublicKey({ format: 'jwk', key: { kty: 'RSA', n, e } })
  publicKeys.delete(name)
  publicKeys.set(name, key)
  if (publicKeys.size > MOST_PUBLIC_KEYS) publicKeys.delete(publicKeys.keys().next().value as string)
  return key
}

function rsaPublic(modulus: Uint8Array, exponent: Uint8Array, block: Uint8Array): Uint8Array {
  const key = publicKey(modulus, exponent)
  return new Uint8Array(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block))
}

function rsaPrivate({ modulus, exponent, privateExponent, primes: [p, q] }: RsaKeyParts): RsaPrivateOperation {
  const [d, pn, qn] = [privateExponent, p, q].map(toBigInt) as [bigint, bigint, bigint]
  const key = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'RSA',
      n: base64url(modulus),
      e: base64url(exponent),
      d: base64url(privateExponent),
      p: base64url(p),
      q: base64url(q),
      dp: base64url(toBytes(d % (pn - 1n), p.length)),
      dq: base64url(toBytes(d % (qn - 1n), q.length)),
      qi: base64url(toBytes(inverse(qn, pn), p.length)),
    },
  })
  return (block) => new Uint8Array(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block))
}

function generateRsa(bits: number, exponent: number): RsaKeyParts {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent })
  const { n, e, d, p, q } = privateKey.export({ format: 'jwk' })
  // A private key has all of them; the type of a JWK cannot say so.
  const bytes = (text: string | undefined) => new Uint8Array(Buffer.from(text as string, 'base64url'))
  return { modulus: bytes(n), exponent: bytes(e), privateExponent: bytes(d), primes: [bytes(p), bytes(q)] }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function toBytes(value: bigint, length: number): Uint8Array {
  return Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex')
}

/** The inverse of `value` modulo the prime `modulus`, by Euclid. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulus, value % modulus, 0n, 1n]
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y]
  return ((x % modulus) + modulus) % modulus
}

/** node:crypto behind the {@link Backend} interface. */
export const nodeBackend: Backend = {
  name: 'node',
  des: (direction, key, data, iv) =>
    multipleDes(direction, key.length === 8 ? Buffer.concat([key, key]) : key, data, iv),
  aes: blockCipher((key) => `aes-${8 * key.length}`),
  sm4: blockCipher(() => 'sm4'),
  sha1: (data) => new Uint8Array(hash('sha1', data, 'buffer')),
  rsaPublic,
  rsaPrivate,
  generateRsa,
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
}
