/** Objects of a card's memory that are JSON: configs and private keys. */
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import type { ApplicationMemory } from './debit-credit-model.js'

/** Node and browsers have them; the language's own library does not name them. */
declare class TextDecoder {
  constructor(encoding: 'utf-8', options: { readonly fatal: true })
  decode(bytes: Uint8Array): string
}
declare class TextEncoder {
  encode(text: string): Uint8Array
}

/** A JSON object as named fields. */
export type JsonFields = Readonly<Record<string, unknown>>

/** A value as JSON in UTF-8, as it stands in memory. */
export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/**
 * The JSON object that the bytes are. The error says nothing of what they are instead: it may be a key.
 * @throws ERR_CARD when they are none
 */
export function decodeJson(bytes: Uint8Array, label: string): JsonFields {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonFields
  } catch {
    // The parser's message quotes the text.
  }
  throw new IssuerkitError('ERR_CARD', { label, expected: 'a JSON object' })
}

/** A private key as it stands in memory under `rsa/icc` or `rsa/pin`: its parts in hexadecimal, the primes with them. */
export function encodeRsaKey(key: RsaPrivateKey): Uint8Array {
  const { modulus, exponent, privateExponent, primes } = key.expose()
  return encodeJson({
    modulus: toHex(modulus),
    exponent: toHex(exponent),
    privateExponent: toHex(privateExponent),
    primes: primes.map((prime) => toHex(prime)),
  })
}

/**
 * A private key of the application, or nothing where it has none of that name. The caller destroys it.
 * @throws ERR_CARD when the object is none
 */
export function rsaKey(memory: ApplicationMemory, name: 'rsa/icc' | 'rsa/pin'): RsaPrivateKey | undefined {
  if (!memory.has(name)) return undefined
  const stored = memory.read(name)
  try {
    const { modulus, exponent, privateExponent, primes } = decodeJson(stored, name)
    const part = (value: unknown): Uint8Array => fromHex(value as string, name)
    const [p, q] = (primes ?? []) as readonly unknown[]
    return RsaPrivateKey.create({
      modulus: part(modulus),
      exponent: part(exponent),
      privateExponent: part(privateExponent),
      ...(primes === undefined ? {} : { primes: [part(p), part(q)] }),
    })
  } catch {
    throw new IssuerkitError('ERR_CARD', { label: name, expected: 'the parts of an RSA private key in hexadecimal' })
  } finally {
    stored.fill(0)
  }
}
