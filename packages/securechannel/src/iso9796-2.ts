/**
 * Signatures with message recovery, ISO/IEC 9796-2 scheme 1 with SHA-1.
 *
 * | field | bytes | |
 * |---|---|---|
 * | header | 1 | 6A: a part of the message stands outside |
 * | M1 | modulus - 22 | the part that is recovered |
 * | H | 20 | SHA-1(M1 ‖ M2) |
 * | trailer | 1 | BC: SHA-1 is agreed on |
 *
 * Of s and n - s the smaller is the signature, so that it fits into a block of another modulus of the same length.
 * @see [GP] F.1.4 (tables F-6, F-10), [SCP10] steps 131', 143'
 */
import { concat, expectLength } from '@issuerkit/apdu'
import { constantTimeEqual, type RsaPrivateKey, type RsaPublicKey, rsaPublic, sha1 } from '@issuerkit/keys'
import { attempt } from './failure.js'

const HEADER = 0x6a
const TRAILER = 0xbc
const HASH_LENGTH = 20

/** Bytes of a block that are not message: header, hash, trailer. */
export const OVERHEAD = HASH_LENGTH + 2

/**
 * The signature of M1 ‖ M2, as long as the modulus.
 * @param m1 exactly as many bytes as the modulus has room for, {@link OVERHEAD} fewer than it has
 * @throws ERR_LENGTH when M1 has others; ERR_RSA when the modulus begins with less than 6A; ERR_KEY_DESTROYED
 */
export function signWithRecovery(key: RsaPrivateKey, m1: Uint8Array, m2: Uint8Array): Uint8Array {
  const { modulus } = key.publicKey
  expectLength(m1, modulus.length - OVERHEAD, 'M1')
  const signature = key.operate(concat(Uint8Array.of(HEADER), m1, sha1(concat(m1, m2)), Uint8Array.of(TRAILER)))
  const other = difference(modulus, signature)
  return isSmaller(other, signature) ? other : signature
}

/**
 * M1 of a signature over M1 ‖ M2, or `undefined` when it is none. The hash is compared in constant time.
 * @param m2 the part that stands outside
 */
export function recoverMessage(key: RsaPublicKey, signature: Uint8Array, m2: Uint8Array): Uint8Array | undefined {
  const opened = attempt(() => rsaPublic(key, signature))
  if (opened === undefined) return undefined
  // A block ends in BC, an even number, and n is odd: of x and n - x the even one is the only one that can be a block.
  const block = ((opened.at(-1) as number) & 1) === 0 ? opened : difference(key.modulus, opened)
  const end = block.length - HASH_LENGTH - 1
  const m1 = block.slice(1, end)
  const isBlock = block[0] === HEADER && block.at(-1) === TRAILER
  const isSigned = constantTimeEqual(block.subarray(end, -1), sha1(concat(m1, m2)))
  return isBlock && isSigned ? m1 : undefined
}

/** a - b for numbers of the same length, b not above a. */
export function difference(a: Uint8Array, b: Uint8Array): Uint8Array {
  const result = new Uint8Array(a.length)
  let borrow = 0
  for (let i = a.length - 1; i >= 0; i--) {
    const digit = (a[i] as number) - (b[i] as number) - borrow
    result[i] = digit
    borrow = digit < 0 ? 1 : 0
  }
  return result
}

/** a < b for numbers of the same length. */
function isSmaller(a: Uint8Array, b: Uint8Array): boolean {
  const at = a.findIndex((byte, i) => byte !== b[i])
  return (a[at] as number) < (b[at] as number)
}
