/**
 * Two opinions on block ciphers that share no code with the package: OpenSSL block by block, and node-forge.
 * CBC is chained by hand here, so that a fault in the use of a mode shows.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import fc from 'fast-check'
import forge from 'node-forge'

export type Encipher = (key: Uint8Array, block: Uint8Array) => Uint8Array

/** One block through OpenSSL in ECB mode: `des`, `aes` or `sm4` by the length of block and key. */
function openssl(name: string, key: Uint8Array, block: Uint8Array): Uint8Array {
  const cipher = createCipheriv(name, key, null).setAutoPadding(false)
  return new Uint8Array(Buffer.concat([cipher.update(block), cipher.final()]))
}

/** K1 ‖ K2 ‖ K3 of a key of one, two or three parts: K‖K‖K, K1‖K2‖K1. */
const threeKeys = (key: Uint8Array): Buffer => Buffer.concat([key, key, key]).subarray(0, 24)

export const opensslDes: Encipher = (key, block) => openssl('des-ede3-ecb', threeKeys(key), block)
/** The inverse of one DES or TDES block. */
export const opensslDesInverse: Encipher = (key, block) => {
  const cipher = createDecipheriv('des-ede3-ecb', threeKeys(key), null).setAutoPadding(false)
  return new Uint8Array(Buffer.concat([cipher.update(block), cipher.final()]))
}
export const opensslAes: Encipher = (key, block) => openssl(`aes-${8 * key.length}-ecb`, key, block)
export const opensslSm4: Encipher = (key, block) => openssl('sm4-ecb', key, block)

function forgeBlock(algorithm: '3DES-ECB' | 'AES-ECB', key: Uint8Array, block: Uint8Array): Uint8Array {
  const cipher = forge.cipher.createCipher(algorithm, forge.util.createBuffer(Buffer.from(key)))
  cipher.start({})
  cipher.update(forge.util.createBuffer(Buffer.from(block)))
  // forge lets this function add the padding; it adds none. Its types do not know of it.
  const unpadded = cipher as unknown as { finish(pad: () => boolean): boolean }
  unpadded.finish(() => true)
  return new Uint8Array(Buffer.from(cipher.output.getBytes(), 'binary'))
}

export const forgeDes: Encipher = (key, block) => forgeBlock('3DES-ECB', threeKeys(key), block)
export const forgeAes: Encipher = (key, block) => forgeBlock('AES-ECB', key, block)

export const xorBytes = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ (b[i] ?? 0))

/** The last block of CBC mode from a zero IV, chained by hand. */
export function cbcLast(encipher: Encipher, key: Uint8Array, blocks: Uint8Array, size: number): Uint8Array {
  let chain = new Uint8Array(size)
  for (let at = 0; at < blocks.length; at += size) {
    chain = new Uint8Array(encipher(key, xorBytes(blocks.subarray(at, at + size), chain)))
  }
  return chain
}

/** ISO 9797-1 padding, made of a plain list. */
export function padded(data: Uint8Array, method: 1 | 2, size: number): Uint8Array {
  const list = [...data, ...(method === 2 ? [0x80] : [])]
  while (list.length === 0 || list.length % size !== 0) list.push(0)
  return Uint8Array.from(list)
}

/** Random bytes of a fixed length. */
export const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
/** Random bytes of any length up to a bound. */
export const bytesUpTo = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most })
/** Decimal digits. */
export const digits = (least: number, most = least): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: least, maxLength: most })
/** A card identity of any PAN length, half of them above 16 digits. */
export const cards = fc.record({ pan: fc.oneof(digits(8, 16), digits(17, 19)), panSequence: digits(2) })

/** Random DES keys may have equal halves; to the cipher that makes no difference. */
export const ANY_KEY = { allowEqualHalves: true, allowSingleLength: true } as const

/** Cases of a differential test: the seed is random, and fast-check prints it with the failure. */
export const THOUSANDS = { numRuns: 2000 } as const
