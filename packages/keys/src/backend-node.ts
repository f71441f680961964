/**
 * The back end on node:crypto (OpenSSL 3). The only file of the packages that imports it.
 *
 * RSA: the exponent 3 with a fresh key by BigInt, which beats import and use of the key; otherwise OpenSSL with a bounded
 * cache of key objects; private operations only by OpenSSL.
 *
 * DES: short data by our own engine on tables (tdes.ts), which is done before OpenSSL has set up a cipher; long data by
 * OpenSSL. OpenSSL 3 has no single DES outside its legacy provider: K‖K as a two-key TDES key is the same permutation.
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
import { equalBytes } from '@issuerkit/apdu'
import type { Backend, BlockCipher, RsaKeyParts, RsaPrivateOperation } from './backend.js'
import { cubeModulo, isThree } from './rsa-bigint.js'
import { tableDesOr } from './tdes.js'

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

/** DES by OpenSSL alone: what our own engine is judged by and measured against, and what it hands long data to. */
export const opensslDes: BlockCipher = (direction, key, data, iv) =>
  multipleDes(direction, key.length === 8 ? Buffer.concat([key, key]) : key, data, iv)

/** A public key that OpenSSL has imported, which costs more than to use it. */
interface ImportedKey {
  readonly modulus: Uint8Array
  readonly exponent: Uint8Array
  readonly object: KeyObject
}

/** How many keys each of the two maps below remembers, by name, the one used last at the end. */
const MOST_KEYS = 64
const importedKeys = new Map<number, ImportedKey>()
/** How often a key with exponent 3 has been used, until its import pays. */
const usesByBigInt = new Map<number, number>()
const MOST_USES_BY_BIGINT = 3

/** The last four bytes of the modulus. Keys that share them drive each other out, and are not mistaken. */
function nameOf(modulus: Uint8Array): number {
  let name = 0
  for (let i = Math.max(0, modulus.length - 4); i < modulus.length; i++) name = (name << 8) | (modulus[i] as number)
  return name
}

function remember<V>(map: Map<number, V>, name: number, value: V): void {
  map.delete(name)
  map.set(name, value)
  if (map.size > MOST_KEYS) map.delete(map.keys().next().value as number)
}

function rsaPublic(modulus: Uint8Array, exponent: Uint8Array, block: Uint8Array): Uint8Array {
  const name = nameOf(modulus)
  let key = importedKeys.get(name)
  if (key === undefined || !equalBytes(key.modulus, modulus) || !equalBytes(key.exponent, exponent)) {
    const uses = usesByBigInt.get(name) ?? 0
    if (isThree(exponent) && uses < MOST_USES_BY_BIGINT) {
      remember(usesByBigInt, name, uses + 1)
      return cubeModulo(modulus, block)
    }
    key = {
      modulus: Uint8Array.from(modulus),
      exponent: Uint8Array.from(exponent),
      object: publicKey(modulus, exponent),
    }
  }
  remember(importedKeys, name, key)
  return new Uint8Array(publicEncrypt({ key: key.object, padding: constants.RSA_NO_PADDING }, block))
}

function publicKey(modulus: Uint8Array, exponent: Uint8Array): KeyObject {
  return createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: base64url(modulus), e: base64url(exponent) } })
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
  des: tableDesOr(opensslDes),
  aes: blockCipher((key) => `aes-${8 * key.length}`),
  sm4: blockCipher(() => 'sm4'),
  sha1: (data) => new Uint8Array(hash('sha1', data, 'buffer')),
  rsaPublic,
  rsaPrivate,
  generateRsa,
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
}
