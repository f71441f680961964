/** The raw RSA public operation, for signature recovery and PIN encipherment. Nothing here touches a private key. */
import { IssuerkitError } from '@issuerkit/apdu'
import { backend } from './backend.js'

/** An RSA public key: big-endian bytes, the modulus without leading zero bytes, the exponent 03 or 010001 in EMV. */
export interface RsaPublicKey {
  readonly modulus: Uint8Array
  readonly exponent: Uint8Array
}

/**
 * block^exponent mod modulus.
 *
 * @param block as many bytes as the modulus, a number below it
 * @returns as many bytes as the modulus
 * @throws ERR_RSA when the key is not one (a modulus that is empty, even, with a leading zero byte or above 16384 bits; an
 *   exponent that is not below it, or above 64 bits beyond 3072), or the block is too long, short or large
 * @see [EMV-B2] A2.1.2 (recovery function)
 */
export function rsaPublic({ modulus, exponent }: RsaPublicKey, block: Uint8Array): Uint8Array {
  const last = modulus[modulus.length - 1] ?? 0
  if (modulus[0] === 0 || last % 2 === 0) {
    throw new IssuerkitError('ERR_RSA', { label: 'modulus', expected: 'an odd number without leading zero bytes' })
  }
  if (block.length !== modulus.length) {
    throw new IssuerkitError('ERR_RSA', {
      label: 'block',
      expected: `${modulus.length} bytes`,
      got: `${block.length} bytes`,
    })
  }
  if (!isBelow(block, modulus)) {
    throw new IssuerkitError('ERR_RSA', { label: 'block', expected: 'a number below the modulus' })
  }
  if (!isPublicKey(modulus, exponent)) {
    throw new IssuerkitError('ERR_RSA', {
      label: 'key',
      expected: 'a modulus of at most 16384 bits, a smaller exponent',
    })
  }
  return backend().rsaPublic(modulus, exponent, block)
}

/** Bytes of the longest modulus, and of the longest one that goes with any exponent: OpenSSL's limits on its time. */
const MOST_MODULUS = 2048
const MOST_MODULUS_ANY_EXPONENT = 384
const MOST_EXPONENT_BEYOND = 8

/** Whether every back end takes a key: what OpenSSL refuses is refused here, so that all of them say the same. */
function isPublicKey(modulus: Uint8Array, exponent: Uint8Array): boolean {
  let leading = 0
  while (exponent[leading] === 0) leading++
  const significant = exponent.length - leading
  if (modulus.length > MOST_MODULUS) return false
  if (modulus.length > MOST_MODULUS_ANY_EXPONENT && significant > MOST_EXPONENT_BEYOND) return false
  if (significant !== modulus.length) return significant < modulus.length
  return isBelow(exponent.subarray(leading), modulus)
}

/** Whether a number is below another of the same length. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return (a[i] ?? 0) < (b[i] ?? 0)
}
