/**
 * RSA by node-forge, whose big numbers (jsbn) are plain JavaScript.
 *
 * The time of its private operation depends on the key. node-forge blinds the operand with a random number, which makes that
 * time hard to use, and is all that can be said for it. What node-forge decides about padding or ASN.1 is not used: its "RAW"
 * operations are powers of numbers and nothing else.
 */
import { fromHex, toHex } from '@issuerkit/apdu'
import forge from 'node-forge'
import type { RsaKeyParts, RsaPrivateOperation } from './backend.js'
import { cubeModulo, isThree } from './rsa-bigint.js'

type BigInteger = forge.jsbn.BigInteger

/** The raw public operation: by BigInt with the exponent 3, else by node-forge. */
export function rsaPublicPortable(modulus: Uint8Array, exponent: Uint8Array, block: Uint8Array): Uint8Array {
  if (isThree(exponent)) return cubeModulo(modulus, block)
  const power = toInteger(block).modPow(toInteger(exponent), toInteger(modulus))
  return toBytes(power, modulus.length)
}

/** The raw private operation by the Chinese remainder theorem, blinded, not constant-time. */
export function rsaPrivatePortable(parts: RsaKeyParts): RsaPrivateOperation {
  const [n, e, d, p, q] = [parts.modulus, parts.exponent, parts.privateExponent, ...parts.primes].map(toInteger) as [
    BigInteger,
    BigInteger,
    BigInteger,
    BigInteger,
    BigInteger,
  ]
  const one = forge.jsbn.BigInteger.ONE
  const exponents = [d.mod(p.subtract(one)), d.mod(q.subtract(one))] as const
  const key = forge.pki.rsa.setPrivateKey(n, e, d, p, q, ...exponents, q.modInverse(p))
  return (block) => fromBinary(key.decrypt(toBinary(block), 'RAW'))
}

/** node-forge's own key generation, step by step: its shorter way would ask OpenSSL where there is one. */
interface Steps {
  createKeyPairGenerationState(
    bits: number,
    exponent: number,
    options: { prng: Generator },
  ): { keys: forge.pki.rsa.KeyPair }
  /** Runs to the end when no time is given. */
  stepKeyPairGenerationState(state: object, milliseconds: 0): boolean
}

interface Generator {
  getBytesSync(length: number): string
}

/** A new key, with primes from `randomBytes`. */
export function generateRsaPortable(
  bits: number,
  exponent: number,
  randomBytes: (length: number) => Uint8Array,
): RsaKeyParts {
  const steps = forge.pki.rsa as unknown as Steps
  const prng = { getBytesSync: (length: number) => toBinary(randomBytes(length)) }
  const state = steps.createKeyPairGenerationState(bits, exponent, { prng })
  steps.stepKeyPairGenerationState(state, 0)
  const { n, e, d, p, q } = state.keys.privateKey
  const bytes = (value: BigInteger): Uint8Array => toBytes(value, Math.ceil(value.bitLength() / 8))
  return { modulus: bytes(n), exponent: bytes(e), privateExponent: bytes(d), primes: [bytes(p), bytes(q)] }
}

function toInteger(bytes: Uint8Array): BigInteger {
  return new forge.jsbn.BigInteger(`00${toHex(bytes)}`, 16)
}

function toBytes(value: BigInteger, length: number): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * length, '0'))
}

/** node-forge's bytes: a text with a character for each. */
function toBinary(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

function fromBinary(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
