/**
 * The back end without OpenSSL: browsers, and builds of OpenSSL that refuse Triple DES or SHA-1.
 *
 * | primitive       | by                                                         |
 * |-----------------|------------------------------------------------------------|
 * | DES             | tdes.ts                                                    |
 * | AES             | @noble/ciphers                                             |
 * | SM4             | sm4.ts                                                     |
 * | SHA-1           | @noble/hashes                                              |
 * | RSA             | rsa-portable.ts (node-forge), rsa-bigint.ts for exponent 3 |
 * | random numbers  | the platform's Web Crypto                                  |
 *
 * Its results and errors are those of backend-node. It is slower, and its ciphers look up tables at places that depend on
 * the key: SECURITY.md says what that tells whom.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { cbc, ecb } from '@noble/ciphers/aes.js'
import { sha1 } from '@noble/hashes/legacy.js'
import type { Backend, BlockCipher } from './backend.js'
import { generateRsaPortable, rsaPrivatePortable, rsaPublicPortable } from './rsa-portable.js'
import { sm4 } from './sm4.js'
import { tableDes } from './tdes.js'

/** What the portable back end may do. */
export interface PortableOptions {
  /**
   * RSA private keys: `refused`, which is the default, or used although the time of the operation depends on the key
   * (`not-constant-time`). Choose the latter for test keys and virtual cards, and where nobody else can measure.
   */
  readonly privateKeys?: 'refused' | 'not-constant-time'
}

const UNPADDED = { disablePadding: true }
/** As many bytes as Web Crypto gives at once. */
const MOST_RANDOM = 65_536

const aes: BlockCipher = (direction, key, data, iv) =>
  (iv === undefined ? ecb(key, UNPADDED) : cbc(key, iv, UNPADDED))[direction](data)

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += MOST_RANDOM) crypto.getRandomValues(bytes.subarray(at, at + MOST_RANDOM))
  return bytes
}

/**
 * A back end without OpenSSL, for `useBackend`. Without options it does everything but use RSA private keys: to do so, or to
 * generate one, then throws ERR_BACKEND.
 * @throws ERR_OPTION when `privateKeys` is neither of its values
 */
export function portableBackend({ privateKeys = 'refused' }: PortableOptions = {}): Backend {
  if (privateKeys !== 'refused' && privateKeys !== 'not-constant-time') {
    throw new IssuerkitError('ERR_OPTION', {
      label: 'privateKeys',
      expected: 'refused or not-constant-time',
      got: `${privateKeys}`,
    })
  }
  const unlessRefused = <T>(operation: () => T): T => {
    if (privateKeys === 'not-constant-time') return operation()
    const expected = "the portable back end with privateKeys: 'not-constant-time', or the one on OpenSSL"
    throw new IssuerkitError('ERR_BACKEND', { label: 'RSA private key', expected })
  }
  return {
    name: 'portable',
    des: tableDes,
    aes,
    sm4,
    sha1: (data) => sha1(data),
    rsaPublic: rsaPublicPortable,
    rsaPrivate: (parts) => unlessRefused(() => rsaPrivatePortable(parts)),
    generateRsa: (bits, exponent) => unlessRefused(() => generateRsaPortable(bits, exponent, randomBytes)),
    randomBytes,
  }
}
