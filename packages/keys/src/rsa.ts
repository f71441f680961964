/**
 * The raw RSA public operation, for signature recovery and PIN encipherment.
 *
 * EMV keys have the exponent 3 or 65537. With 3 the operation is two multiplications; BigInt does them faster than
 * OpenSSL can import a key that is used once. Everything else goes to the back end. Nothing here touches a private key.
 */
import { fromHex, IssuerkitError } from '@issuerkit/apdu'
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
  if (!isBelow(block, modulus)) {
    throw new IssuerkitError('ERR_RSA', { label: 'block', expected: 'a number below the modulus' })
  }
  if (exponent.length === 1 && exponent[0] === 3) return cube(modulus, block)
  try {
    return backend().rsaPublic(modulus, exponent, block)
  } catch {
    throw new IssuerkitError('ERR_RSA', { label: 'key', expected: 'an RSA public key that the back end accepts' })
  }
}

/** Whether a number is below another of the same length. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return (a[i] ?? 0) < (b[i] ?? 0)
}

function cube(modulus: Uint8Array, block: Uint8Array): Uint8Array {
  const n = toBigInt(modulus)
  const m = toBigInt(block)
  const result = (((m * m) % n) * m) % n
  return fromHex(result.toString(16).padStart(2 * modulus.length, '0'))
}

/** By words of 8 bytes: three times as fast as by hexadecimal text. What does not fill a word stands in front. */
function toBigInt(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const odd = bytes.length % 8
  let value = 0n
  for (let i = 0; i < odd; i++) value = (value << 8n) | BigInt(view.getUint8(i))
  for (let i = odd; i < bytes.length; i += 8) value = (value << 64n) | view.getBigUint64(i)
  return value
}
