/**
 * Keys at rest, keyed fingerprints, and the host's random numbers. This is the one file of the host that uses node:crypto.
 *
 * A stored key is wrapped under the master key with AES-256-GCM:
 *
 *   version 01 | nonce, 12 bytes | enciphered key, as long as the key | tag, 16 bytes
 *
 * The row that the key belongs to (its id, usage, algorithm and issuer, and what else it is bound to) is authenticated
 * with it, so that a wrapped key moved to another row, or a row whose usage was changed, does not unwrap.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { HostError } from './errors.js'

/** What a wrapped key is bound to. */
export interface KeyRow {
  readonly id: string
  readonly issuer: string
  readonly usage: string
  readonly algorithm: string
  /** What else is authenticated, in an order that its owner fixes. */
  readonly bound?: readonly string[]
}

/** The key that wraps all others. It prints as nothing and is only used inside this file. */
export class MasterKey {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    if (bytes.length !== 32) throw new HostError('ERR_MASTER_KEY')
    this.#bytes = Uint8Array.from(bytes)
  }

  /** Wraps `key` for `row`. */
  wrap(row: KeyRow, key: Uint8Array): Uint8Array {
    const nonce = freshNonce()
    const cipher = createCipheriv('aes-256-gcm', this.#bytes, nonce).setAAD(bind(row))
    return Buffer.concat([Uint8Array.of(VERSION), nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()])
  }

  /** Unwraps what {@link wrap} made for the same row. ERR_KEY_UNWRAP, with the id, when anything differs. */
  unwrap(row: KeyRow, wrapped: Uint8Array): Uint8Array {
    try {
      if (wrapped[0] !== VERSION) throw new Error('unknown version')
      const nonce = wrapped.subarray(1, 1 + NONCE)
      const decipher = createDecipheriv('aes-256-gcm', this.#bytes, nonce, { authTagLength: TAG })
      decipher.setAAD(bind(row)).setAuthTag(wrapped.subarray(-TAG))
      return Uint8Array.from(Buffer.concat([decipher.update(wrapped.subarray(1 + NONCE, -TAG)), decipher.final()]))
    } catch (cause) {
      throw new HostError('ERR_KEY_UNWRAP', `the stored key ${row.id} does not unwrap`, { cause })
    }
  }
}

const VERSION = 1
const NONCE = 12
const TAG = 16

/** Random numbers are fetched for many nonces at once: a call for each costs more than the cipher. Each is used once. */
let nonces = new Uint8Array(0)

function freshNonce(): Uint8Array {
  if (nonces.length < NONCE) nonces = randomBytes(256 * NONCE)
  const nonce = nonces.subarray(0, NONCE)
  nonces = nonces.subarray(NONCE)
  return nonce
}

/** A JSON array is unambiguous: no choice of one field can imitate another field's edge. */
function bind({ id, usage, algorithm, issuer, bound = [] }: KeyRow): Uint8Array {
  return Buffer.from(JSON.stringify(['issuerkit-key-1', id, usage, algorithm, issuer, ...bound]))
}

/** HMAC-SHA-256, 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return Uint8Array.from(createHmac('sha256', key).update(data).digest())
}

/** SHA-256, 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(data).digest())
}

/** `length` random bytes. */
export function random(length: number): Uint8Array {
  return Uint8Array.from(randomBytes(length))
}

/** `length` random bytes in upper-case hexadecimal. */
export function randomHex(length: number): string {
  return randomBytes(length).toString('hex').toUpperCase()
}
