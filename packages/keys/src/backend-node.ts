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
import type { Backend, BlockCipher } from './backend.js'

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
  des: (direction, key, data, iv) =>
    multipleDes(direction, key.length === 8 ? Buffer.concat([key, key]) : key, data, iv),
  aes: blockCipher((key) => `aes-${8 * key.length}`),
  sm4: blockCipher(() => 'sm4'),
  sha1: (data) => new Uint8Array(createHash('sha1').update(data).digest()),
  rsaPublic,
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
}
