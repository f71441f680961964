import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { slicedDes } from '../src/tdes-batch-block-cipher.js'
import { wasmKernel } from '../src/tdes-batch-kernel.js'
import { opensslDes, xorBytes } from './support/oracles.js'

const random = (length: number) => new Uint8Array(randomBytes(length))
const block = (data: Uint8Array, n: number) => data.subarray(8 * n, 8 * n + 8)
const join = (blocks: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(blocks))

describe.each([8, 16, 24])('slicedDes with a key of %i bytes', (keyLength) => {
  it.each([1, 2, 5, 128, 130])('enciphers and deciphers %i blocks as OpenSSL does', (count) => {
    const [key, data, iv] = [random(keyLength), random(8 * count), random(8)]
    const ecb = join(Array.from({ length: count }, (_, n) => opensslDes(key, block(data, n))))
    expect(slicedDes('encrypt', key, data)).toEqual(ecb)
    expect(slicedDes('decrypt', key, ecb)).toEqual(data)
    const chain: Uint8Array[] = [iv]
    for (let n = 0; n < count; n++) chain.push(opensslDes(key, xorBytes(block(data, n), chain[n] as Uint8Array)))
    const cbc = join(chain.slice(1))
    expect(slicedDes('encrypt', key, data, iv)).toEqual(cbc)
    expect(slicedDes('decrypt', key, cbc, iv)).toEqual(data)
  })
})

describe('slicedDes', () => {
  it('gives single DES of the standard: 133457799BBCDFF1 on 0123456789ABCDEF is 85E813540F0AB405', () => {
    const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
    expect(slicedDes('encrypt', bytes('133457799BBCDFF1'), bytes('0123456789ABCDEF'))).toEqual(
      bytes('85E813540F0AB405'),
    )
  })
  it('leaves nothing behind, and what it was given as it was', () => {
    const [key, data] = [random(24), random(24)]
    const copies = [key.slice(), data.slice()]
    slicedDes('encrypt', key, data)
    expect([key, data]).toEqual(copies)
    expect(wasmKernel()?.bytes.every((byte) => byte === 0)).toBe(true)
  })
})
