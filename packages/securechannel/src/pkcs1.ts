/**
 * The blocks of RSA PKCS #1 version 1.5, built and taken apart by hand.
 *
 * | block | bytes |
 * |---|---|
 * | signature | 00 01 ‖ FF ... FF (8 at least) ‖ 00 ‖ DigestInfo |
 * | encipherment | 00 02 ‖ padding string (8 at least, none of them 00) ‖ 00 ‖ message |
 *
 * A signature is checked by building the block that it must recover to and comparing all of it: a parser of the block
 * could be told to look away from garbage, which is how signatures are forged under the exponent 3.
 * @see [GP] F.1.4 (tables F-4, F-8), [SCP10] steps 121, 134, 143
 */
import { concat, fromHex, IssuerkitError } from '@issuerkit/apdu'
import { constantTimeEqual, type RsaPrivateKey, type RsaPublicKey, rsaPublic, sha1 } from '@issuerkit/keys'
import { attempt } from './failure.js'

/** DigestInfo of SHA-1 up to the hash: object identifier 1.3.14.3.2.26, NULL parameters. */
const SHA1_PREFIX = fromHex('3021300906052B0E03021A05000414')
const LEAST_PADDING = 8

/** The DigestInfo of a message under SHA-1, 35 bytes. */
export function sha1DigestInfo(message: Uint8Array): Uint8Array {
  return concat(SHA1_PREFIX, sha1(message))
}

/**
 * The block that is signed, as long as the modulus.
 * @throws ERR_RSA when the modulus has no room for it
 */
export function signatureBlock(digestInfo: Uint8Array, length: number): Uint8Array {
  const padding = new Uint8Array(room(length, digestInfo)).fill(0xff)
  return concat(Uint8Array.of(0x00, 0x01), padding, Uint8Array.of(0x00), digestInfo)
}

/**
 * The signature of a message with SHA-1 (RSASSA-PKCS1-v1_5), as long as the modulus.
 * @throws ERR_RSA when the modulus has no room for the block; ERR_KEY_DESTROYED
 */
export function signPkcs1(key: RsaPrivateKey, message: Uint8Array): Uint8Array {
  return key.operate(signatureBlock(sha1DigestInfo(message), key.publicKey.modulus.length))
}

/**
 * Whether the signature recovers to exactly the block of this DigestInfo. Nothing else counts: neither other encodings
 * of the same hash, nor a signature with leading zeros, nor one that is not below the modulus.
 */
export function verifyPkcs1(key: RsaPublicKey, digestInfo: Uint8Array, signature: Uint8Array): boolean {
  const recovered = attempt(() => rsaPublic(key, signature))
  const expected = attempt(() => signatureBlock(digestInfo, key.modulus.length))
  return recovered !== undefined && expected !== undefined && constantTimeEqual(recovered, expected)
}

/**
 * The message in an encipherment block, as long as the modulus.
 * @param paddingString exactly what is left of the length: `modulus - 3 - message`, at least 8 bytes, none of them 00
 * @throws ERR_PADDING when the padding string is not that; ERR_RSA when the modulus has no room for it
 */
export function enciphermentBlock(message: Uint8Array, paddingString: Uint8Array, length: number): Uint8Array {
  const padding = room(length, message)
  if (paddingString.length !== padding || paddingString.includes(0)) {
    const expected = `${padding} bytes, none of them 00`
    throw new IssuerkitError('ERR_PADDING', { label: 'padding string', expected, got: `${paddingString.length} bytes` })
  }
  return concat(Uint8Array.of(0x00, 0x02), paddingString, Uint8Array.of(0x00), message)
}

/** How long the padding of a block is. @throws ERR_RSA when that is less than 8 bytes */
export function room(length: number, content: Uint8Array): number {
  const padding = length - 3 - content.length
  if (padding < LEAST_PADDING) {
    const expected = `at least ${content.length + 3 + LEAST_PADDING} bytes`
    throw new IssuerkitError('ERR_RSA', { label: 'modulus', expected, got: `${length} bytes` })
  }
  return padding
}

/**
 * The message of a ciphertext, or `undefined`: the same for every way to be wrong. The block is looked at from end to end
 * whatever stands in it, without a branch on its bytes, so that the time tells nothing of where it is wrong.
 * @throws ERR_KEY_DESTROYED
 */
export function decipherPkcs1(key: RsaPrivateKey, ciphertext: Uint8Array): Uint8Array | undefined {
  key.expose()
  const block = attempt(() => key.operate(ciphertext))
  if (block === undefined) return undefined
  let wrong = (block[0] as number) | ((block[1] as number) ^ 0x02)
  let separator = 0
  for (let i = 2; i < block.length; i++) {
    const isFirstZero = isZero(block[i] as number) & isZero(separator)
    separator |= -isFirstZero & i
  }
  // Two bytes in front of the padding string: a separator before byte 10 leaves fewer than 8 of it.
  wrong |= isBelow(separator, 2 + LEAST_PADDING)
  const message = wrong === 0 ? block.slice(separator + 1) : undefined
  block.fill(0)
  return message
}

/** 1 for zero, 0 for any other number up to 2^31, without a branch. */
function isZero(value: number): number {
  return ((value - 1) & ~value) >>> 31
}

/** 1 when a < b, for numbers up to 2^31, without a branch. */
function isBelow(a: number, b: number): number {
  return (a - b) >>> 31
}
