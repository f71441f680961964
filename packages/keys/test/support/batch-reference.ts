/**
 * What a batch must give, record by record, from the rules alone on single blocks of OpenSSL or node-forge. It shares
 * no code with the package.
 */
import { cbcLast, type Encipher, padded, xorBytes } from './oracles.js'

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
const not = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => 255 - byte)
const zeros = (length: number): Uint8Array => new Uint8Array(length)

/** Odd parity by counting. */
export const odd = (key: Uint8Array): Uint8Array =>
  key.map(
    (byte) => (byte & 0xfe) | ([...(byte >> 1).toString(2)].filter((digit) => digit === '1').length % 2 === 0 ? 1 : 0),
  )

export interface BatchReference {
  icc(imk: Uint8Array, y: Uint8Array): Uint8Array
  common(icc: Uint8Array, r: Uint8Array): Uint8Array
  visa(icc: Uint8Array, atc: Uint8Array): Uint8Array
  pboc(icc: Uint8Array, atc: Uint8Array): Uint8Array
  tree(icc: Uint8Array, atc: Uint8Array, branch: number, height: number, iv: Uint8Array): Uint8Array
  mac(key: Uint8Array, data: Uint8Array, padding: 1 | 2): Uint8Array
  ecb(key: Uint8Array, data: Uint8Array): Uint8Array
  cbc(key: Uint8Array, data: Uint8Array, iv: Uint8Array): Uint8Array
}

/** Keys come with the parity bits that enciphering gives. */
export function batchReference(des: Encipher): BatchReference {
  const blocks = (data: Uint8Array) =>
    Array.from({ length: data.length / 8 }, (_, n) => data.subarray(8 * n, 8 * n + 8))
  const phi = (x: Uint8Array, y: Uint8Array, j: number): Uint8Array => {
    const low = Uint8Array.of(0, 0, 0, 0, 0, 0, j >> 8, j & 255)
    const high = Uint8Array.of(0, 0, 0, 0, 0, 0, j >> 8, (j & 255) ^ 0xf0)
    return join(des(x, xorBytes(y.subarray(0, 8), low)), des(x, xorBytes(y.subarray(8), high)))
  }
  return {
    icc: (imk, y) => join(des(imk, y), des(imk, not(y))),
    common: (icc, r) => join(des(icc, r.with(2, 0xf0)), des(icc, r.with(2, 0x0f))),
    visa: (icc, atc) => xorBytes(icc, join(zeros(6), atc, zeros(6), not(atc))),
    pboc: (icc, atc) => join(des(icc, join(zeros(6), atc)), des(icc, join(zeros(6), not(atc)))),
    tree(icc, atc, branch, height, iv) {
      const leaf = Buffer.from(atc).readUInt16BE()
      const path = Array.from({ length: height }, (_, n) => Math.trunc(leaf / branch ** (height - 1 - n)) % branch)
      const keys = [iv, icc]
      for (const j of path) keys.push(phi(keys.at(-1) as Uint8Array, keys.at(-2) as Uint8Array, j))
      return xorBytes(keys.at(-1) as Uint8Array, keys.at(-3) as Uint8Array)
    },
    mac(key, data, padding) {
      const message = padded(data, padding, 8)
      const chain = cbcLast(des, key.subarray(0, 8), message.subarray(0, -8), 8)
      return des(key, xorBytes(message.subarray(-8), chain))
    },
    ecb: (key, data) => join(...blocks(data).map((block) => des(key, block))),
    cbc(key, data, iv) {
      const done = [iv]
      for (const block of blocks(data)) done.push(des(key, xorBytes(block, done.at(-1) as Uint8Array)))
      return join(...done.slice(1))
    },
  }
}
