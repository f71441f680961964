/**
 * The three RSA formats of the channel, from the card's side, and the raw operations under them.
 *
 * | format | block, as long as the modulus |
 * |---|---|
 * | signature | 00 01 FF..FF 00, DigestInfo of SHA-1, hash |
 * | encipherment | 00 02, 8 or more bytes that are not 00, 00, payload |
 * | signature with recovery (ISO 9796-2 scheme 1) | 6A, recoverable part, SHA-1 of that and the rest, BC |
 */
import { concat, fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { constantTimeEqual, type RsaPrivateKey, type RsaPublicKey, rsaPublic, sha1 } from '@issuerkit/keys'

const SHA1_DIGEST_INFO = fromHex('3021300906052B0E03021A05000414')

/** The block that a signature of the message opens to. [SCP10] 134, 143 */
export function signatureBlock(message: Uint8Array, length: number): Uint8Array {
  const tail = concat(Uint8Array.of(0), SHA1_DIGEST_INFO, sha1(message))
  const padding = new Uint8Array(length - 2 - tail.length).fill(0xff)
  return concat(Uint8Array.of(0, 1), padding, tail)
}

/** Whether the signature opens to exactly the block of the message: rebuilt and compared, nothing is parsed. [SCP10] 135 */
export function verifySignature(key: RsaPublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  const opened = openPublic(key, signature)
  return opened !== undefined && constantTimeEqual(opened, signatureBlock(message, key.modulus.length))
}

/** signature^e mod n, `undefined` for what is no number below n of its length. */
export function openPublic(key: RsaPublicKey, block: Uint8Array): Uint8Array | undefined {
  return unlessRsaError(() => rsaPublic(key, block))
}

/** block^d mod n, `undefined` for what is no number below n of its length. */
export function openPrivate(key: RsaPrivateKey, block: Uint8Array): Uint8Array | undefined {
  return unlessRsaError(() => key.operate(block))
}

function unlessRsaError(operation: () => Uint8Array): Uint8Array | undefined {
  try {
    return operation()
  } catch (error) {
    if (error instanceof IssuerkitError && error.code === 'ERR_RSA') return undefined
    throw error
  }
}

/**
 * Where the payload of an enciphered block begins, and whether the block is sound. Every byte is looked at, whatever
 * stands in it, and nothing branches on one. [SCP10] 122
 */
export function encipheredPayload(block: Uint8Array): { sound: boolean; payload: Uint8Array } {
  let start = 0
  let searching = 1
  let faults = (block[0] as number) | ((block[1] as number) ^ 2)
  for (let i = 2; i < block.length; i++) {
    const isZero = (((block[i] as number) - 1) >>> 31) & 1
    // A zero byte among the first eight of the padding string is a fault.
    faults |= isZero & ((i - 10) >>> 31)
    start |= -(searching & isZero) & (i + 1)
    searching &= 1 - isZero
  }
  return { sound: (faults | searching) === 0, payload: block.subarray(start) }
}

/** The block of a signature with recovery: the recoverable part must fill it. [SCP10] 143' */
export function recoveryBlock(recoverable: Uint8Array, rest: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0x6a), recoverable, sha1(concat(recoverable, rest)), Uint8Array.of(0xbc))
}

/**
 * The recoverable part of a signature with recovery, or `undefined`. Of S and n - S the signer sends the smaller one, so
 * that both the opened block and its complement are looked at. [SCP10] 131'
 */
export function recover(key: RsaPublicKey, signature: Uint8Array, rest: Uint8Array): Uint8Array | undefined {
  const opened = openPublic(key, signature)
  if (opened === undefined) return undefined
  // n is odd, so exactly one of the two is even, as the trailer BC is.
  const block = (opened.at(-1) as number) % 2 === 0 ? opened : complement(key, opened)
  const recoverable = block.subarray(1, -21)
  return constantTimeEqual(block, recoveryBlock(recoverable, rest)) ? recoverable.slice() : undefined
}

/** The smaller one of S and n - S. It is below any modulus of the same length. [SCP10] 143' */
export function smaller(key: RsaPublicKey, signature: Uint8Array): Uint8Array {
  const other = complement(key, signature)
  return toHex(signature) < toHex(other) ? signature : other
}

/** n - x, as long as n. */
function complement({ modulus }: RsaPublicKey, x: Uint8Array): Uint8Array {
  const difference = BigInt(`0x${toHex(modulus)}`) - BigInt(`0x${toHex(x)}`)
  return fromHex(difference.toString(16).padStart(2 * modulus.length, '0'))
}
