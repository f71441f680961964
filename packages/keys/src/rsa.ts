/**
 * The raw RSA public operation, for signature recovery and PIN encipherment.
 *
 * EMV keys have the exponent 3 or 65537. With 3 the operation is two multiplications; BigInt does them faster than
 * OpenSSL can import a key that is used once. Everything else goes to the back end. Nothing here touches a private key.
 */
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
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
 * @throws ERR_RSA when the key is not one (empty, even, a leading zero byte), or the block is too long, short or large
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
  const n = toBigInt(modulus)
  const m = toBigInt(block)
  if (m >= n) throw new IssuerkitError('ERR_RSA', { label: 'block', expected: 'a number below the modulus' })
  if (exponent.length === 1 && exponent[0] === 3) return toBytes((((m * m) % n) * m) % n, modulus.length)
  try {
    return backend().rsaPublic(modulus, exponent, block)
  } catch {
    throw new IssuerkitError('ERR_RSA', { label: 'key', expected: 'an RSA public key that the back end accepts' })
  }
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`)
}

function toBytes(value: bigint, length: number): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * length, '0'))
}
