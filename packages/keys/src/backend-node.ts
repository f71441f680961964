/**
 * The back end on node:crypto (OpenSSL 3). The only file of the packages that imports it.
 *
 * OpenSSL 3 has no single DES outside its legacy provider: K‖K as a two-key TDES key is the same permutation.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import type { Backend, Direction } from './backend.js'

function des(direction: Direction, key: Uint8Array, data: Uint8Array, iv?: Uint8Array): Uint8Array {
  const wholeKey = key.length === 8 ? Buffer.concat([key, key]) : key
  const name = `${wholeKey.length === 16 ? 'des-ede' : 'des-ede3'}-${iv === undefined ? 'ecb' : 'cbc'}`
  const create = direction === 'encrypt' ? createCipheriv : createDecipheriv
  // With padding off and whole blocks, update() returns everything and final() would return nothing.
  return new Uint8Array(
    create(name, wholeKey, iv ?? null)
      .setAutoPadding(false)
      .update(data),
  )
}

function rsaPublic(modulus: Uint8Array, exponent: Uint8Array, block: Uint8Array): Uint8Array {
  const key = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'RSA',
      n: Buffer.from(modulus).toString('base64url'),
      e: Buffer.from(exponent).toString('base64url'),
    },
  })
  return new Uint8Array(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block))
}

/** node:crypto behind the {@link Backend} interface. */
export const nodeBackend: Backend = {
  name: 'node',
  des,
  sha1: (data) => new Uint8Array(createHash('sha1').update(data).digest()),
  rsaPublic,
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
}
