/**
 * The one seam between the toolkit and the cryptographic primitives of a platform.
 * Everything above this file speaks of keys, levels and purposes; everything below it of bytes.
 * `backend-node` (OpenSSL through node:crypto) is the default, `backend-portable` in a browser: the condition `browser` under
 * "imports" in package.json decides, so that a bundle for browsers has nothing of Node in it.
 */
import { defaultBackend } from '#default-backend'

/** Whether a block cipher runs forwards or backwards. */
export type Direction = 'encrypt' | 'decrypt'

/** A block cipher in ECB (no `iv`) or CBC mode over whole blocks; the output is as long as the data. */
export type BlockCipher = (direction: Direction, key: Uint8Array, data: Uint8Array, iv?: Uint8Array) => Uint8Array

/** An RSA key with its private parts, big-endian bytes without leading zeros. */
export interface RsaKeyParts {
  readonly modulus: Uint8Array
  readonly exponent: Uint8Array
  readonly privateExponent: Uint8Array
  readonly primes: readonly [Uint8Array, Uint8Array]
}

/** block^d mod n, from bytes to bytes of the modulus's length. */
export type RsaPrivateOperation = (block: Uint8Array) => Uint8Array

/** The primitives a back end offers. Callers have checked every length; `data` is whole blocks. */
export interface Backend {
  readonly name: string
  /** DES: a key of 8 (single), 16 (two-key) or 24 (three-key) bytes; blocks of 8 bytes. */
  readonly des: BlockCipher
  /** AES: a key of 16, 24 or 32 bytes; blocks of 16 bytes. */
  readonly aes: BlockCipher
  /** SM4: a key of 16 bytes; blocks of 16 bytes. */
  readonly sm4: BlockCipher
  /** SHA-1, 20 bytes. */
  sha1(data: Uint8Array): Uint8Array
  /** The raw public operation m^e mod n; input and output have the length of `modulus`, the input is below it. */
  rsaPublic(modulus: Uint8Array, exponent: Uint8Array, block: Uint8Array): Uint8Array
  /**
   * The raw private operation of a key whose parts belong together; the block is as long as the modulus and below it.
   * @throws ERR_BACKEND when the back end refuses private keys
   */
  rsaPrivate(parts: RsaKeyParts): RsaPrivateOperation
  /** A new RSA key. @throws ERR_BACKEND when the back end refuses private keys */
  generateRsa(bits: number, exponent: number): RsaKeyParts
  /** Bytes from a cryptographically secure generator. */
  randomBytes(length: number): Uint8Array
}

let current: Backend = defaultBackend

/** The back end in use. */
export function backend(): Backend {
  return current
}

/** Use another back end from now on, for the whole process. @returns the one that was in use */
export function useBackend(next: Backend): Backend {
  const previous = current
  current = next
  return previous
}
