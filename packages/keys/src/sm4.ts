/**
 * SM4, the block cipher of GB/T 32907, for platforms without OpenSSL.
 *
 * A block is four words of 32 bits. Each of the 32 rounds takes the four newest words and appends a fifth: the oldest one
 * XOR T(the other three XOR the round key). T is the S-box on each byte, then a linear mixing L by rotations. The last four
 * words, in reverse order, are the result; because of that reversal, deciphering is the same with the round keys in
 * reverse order. The round keys come from the key by the same recurrence with another mixing L'.
 *
 * The S-box is a table: its lookups depend on key and data, so this code is not constant-time.
 * @see [GB32907] 6 (algorithm), 7.2 (round function), 7.3 (key expansion)
 */
import { fromHex } from '@issuerkit/apdu'
import type { BlockCipher } from './backend.js'

const BLOCK = 16
const ROUNDS = 32

/** [GB32907] 6.2 */
const S_BOX = fromHex(
  'D690E9FECCE13DB716B614C228FB2C052B679A762ABE04C3AA441326498606999C4250F491EF987A33540B43EDCFAC62' +
    'E4B31CA9C908E89580DF94FA758F3FA64707A7FCF37317BA83593C19E6854FA8686B81B27164DA8BF8EB0F4B70569D35' +
    '1E240E5E6358D1A225227C3B01217887D40046579FD327524C3602E7A0C4C89EEABF8AD240C738B5A3F7F2CEF96115A1' +
    'E0AE5DA49B341A55AD933230F58CB1E31DF6E22E8266CA60C02923AB0D534E6FD5DB3745DEFD8E2F03FF6A726D6C5B51' +
    '8D1BAF92BBDDBC7F11D95C411F105AD80AC13188A5CD7BBD2D74D012B8E5B4B08969974A0C96777E65B9F109C56EC684' +
    '18F07DEC3ADC4D2079EE5F3ED7CB3948',
)
/** FK: the key is XORed with it before the recurrence. [GB32907] 7.3 */
const SYSTEM_PARAMETER = [0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc] as const

/** CK: byte j of word i is (4i + j) · 7 modulo 256. [GB32907] 7.3 */
const FIXED_PARAMETER = Int32Array.from({ length: ROUNDS }, (_, i) =>
  [0, 1, 2, 3].reduce((word, j) => (word << 8) | (((4 * i + j) * 7) & 0xff), 0),
)

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** The S-box on the four bytes of a word. */
function substitute(word: number): number {
  return (box(word >>> 24) << 24) | (box(word >>> 16) << 16) | (box(word >>> 8) << 8) | box(word)
}

function box(word: number): number {
  return S_BOX[word & 0xff] as number
}

/** L: every bit of a byte reaches the whole word. */
function mix(word: number): number {
  return word ^ rotate(word, 2) ^ rotate(word, 10) ^ rotate(word, 18) ^ rotate(word, 24)
}

/** L'. */
function mixKey(word: number): number {
  return word ^ rotate(word, 13) ^ rotate(word, 23)
}

function roundKeys(key: Uint8Array): Int32Array {
  const view = new DataView(key.buffer, key.byteOffset, BLOCK)
  const keys = new Int32Array(ROUNDS)
  let [a, b, c, d] = SYSTEM_PARAMETER.map((word, i) => word ^ view.getInt32(4 * i)) as [number, number, number, number]
  for (let round = 0; round < ROUNDS; round++) {
    const word = a ^ mixKey(substitute(b ^ c ^ d ^ (FIXED_PARAMETER[round] as number)))
    keys[round] = word
    a = b
    b = c
    c = d
    d = word
  }
  return keys
}

/** One block of `bytes` in place. */
function transform(keys: Int32Array, bytes: DataView, at: number): void {
  let a = bytes.getInt32(at)
  let b = bytes.getInt32(at + 4)
  let c = bytes.getInt32(at + 8)
  let d = bytes.getInt32(at + 12)
  for (const key of keys) {
    const word = a ^ mix(substitute(b ^ c ^ d ^ key))
    a = b
    b = c
    c = d
    d = word
  }
  bytes.setInt32(at, d)
  bytes.setInt32(at + 4, c)
  bytes.setInt32(at + 8, b)
  bytes.setInt32(at + 12, a)
}

/** `to[at…]` XOR= `from[offset…]`, one block. */
function xorBlock(to: Uint8Array, at: number, from: Uint8Array, offset: number): void {
  for (let i = 0; i < BLOCK; i++) to[at + i] = (to[at + i] as number) ^ (from[offset + i] as number)
}

/** SM4 in ECB or CBC mode: a key of 16 bytes, whole blocks of 16 bytes, an IV of 16 bytes. */
export const sm4: BlockCipher = (direction, key, data, iv) => {
  const encrypt = direction === 'encrypt'
  const keys = encrypt ? roundKeys(key) : roundKeys(key).reverse()
  const result = Uint8Array.from(data)
  const view = new DataView(result.buffer)
  for (let at = 0; at < data.length; at += BLOCK) {
    // CBC: what a block is chained to is the enciphered block before it, or the IV.
    const [chain, from] = at === 0 ? [iv, 0] : [encrypt ? result : data, at - BLOCK]
    if (iv !== undefined && encrypt) xorBlock(result, at, chain as Uint8Array, from)
    transform(keys, view, at)
    if (iv !== undefined && !encrypt) xorBlock(result, at, chain as Uint8Array, from)
  }
  keys.fill(0)
  return result
}
