/**
 * The public keys that access tokens are checked with. jose checks signatures; what kind of key may stand in the set is
 * checked here, because jose also takes an RSA key with the exponent 1.
 */
import { createLocalJWKSet, type JWK, type JWTVerifyGetKey } from 'jose'
import { HostError } from '../errors.js'

export interface KeySet {
  readonly find: JWTVerifyGetKey
  /** The algorithms that the keys of the set name, and no other is accepted. */
  readonly algorithms: string[]
}

const ELLIPTIC: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', EdDSA: 'Ed25519' }
const RSA = ['RS256', 'PS256']

/** Every algorithm that a key may be bound to. */
export const KEY_ALGORITHMS: readonly string[] = [...RSA, ...Object.keys(ELLIPTIC)]
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** Reads a JWK set. ERR_KEY_SET when it is malformed, or holds a key that is private, weak, unnamed or named twice. */
export function readKeySet(value: unknown): KeySet {
  const keys = keysOf(value)
  const names = new Set<string>()
  for (const key of keys) {
    const fault = names.has(`${key.kid}`) ? 'two keys have its kid' : faultOf(key)
    if (fault !== undefined) throw new HostError('ERR_KEY_SET', `the key ${`${key.kid}`.slice(0, 64)}: ${fault}`)
    names.add(`${key.kid}`)
  }
  return { find: createLocalJWKSet({ keys }), algorithms: [...new Set(keys.map((key) => `${key.alg}`))] }
}

function keysOf(value: unknown): JWK[] {
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined
  if (Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === 'object' && key !== null))
    return keys
  throw new HostError('ERR_KEY_SET', 'a key set is an object with a list of keys, at least one')
}

function faultOf(key: JWK): string | undefined {
  if (typeof key.kid !== 'string' || key.kid === '') return 'it has no kid'
  if (PRIVATE.some((member) => member in key)) return 'it has a private member'
  if (key.use !== 'sig') return 'its use is not sig'
  const { alg = '' } = key
  if (RSA.includes(alg)) return key.kty === 'RSA' ? rsaFault(key) : 'its kty is not RSA'
  const curve = ELLIPTIC[alg]
  if (curve === undefined) return `its alg is none of ${KEY_ALGORITHMS.join(', ')}`
  return key.crv === curve ? undefined : `its crv is not ${curve}`
}

function rsaFault({ n = '', e = '' }: JWK): string | undefined {
  if (bitLength(n) < 2048) return 'its modulus is below 2048 bits'
  const exponent = numberOf(e)
  return exponent >= 65537n && exponent % 2n === 1n ? undefined : 'its exponent is below 65537 or even'
}

function bitLength(text: string): number {
  return numberOf(text).toString(2).length
}

function numberOf(text: string): bigint {
  return BigInt(`0x0${Buffer.from(text, 'base64url').toString('hex')}`)
}
