import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { javascriptKernel } from '../src/tdes-batch-javascript.js'
import { type Kernel, openWasmKernel, wasmKernel } from '../src/tdes-batch-kernel.js'
import { opensslDes, opensslDesInverse } from './support/oracles.js'

const [BLOCK, OTHER, KEY1, KEY2] = [0, 64, 128, 240] as const
const kernels: readonly Kernel[] = [wasmKernel() as Kernel, javascriptKernel]
const random = (length: number) => new Uint8Array(randomBytes(length))

afterEach(() => {
  vi.unstubAllGlobals()
  for (const { bytes } of kernels) bytes.fill(0)
})

describe.each(kernels.map((kernel) => ({ name: kernel.name, kernel })))('$name kernel', ({ kernel }) => {
  const { lanes, bytes, records } = kernel
  const load = (data: Uint8Array, block: number, stride = 8, from = 0) => {
    bytes.set(data, records)
    kernel.load(records + from, stride, block)
  }
  const store = (block: number) => {
    kernel.store(block, records, 8)
    return bytes.slice(records, records + 8 * lanes)
  }
  const each = (of: (lane: number) => Uint8Array) =>
    new Uint8Array(Buffer.concat(Array.from({ length: lanes }, (_, lane) => of(lane))))
  const block = (data: Uint8Array, n: number) => data.subarray(8 * n, 8 * n + 8)
  const key = (data: Uint8Array, n: number) => data.subarray(16 * n, 16 * n + 16)
  const schedule = (keys: Uint8Array) => {
    load(keys, OTHER, 16)
    kernel.schedule(OTHER, KEY1)
    load(keys, OTHER, 16, 8)
    kernel.schedule(OTHER, KEY2)
  }

  it('has 128 or 32 lanes and a memory for records of any command', () => {
    expect([kernel.name, lanes]).toEqual(kernel.name === 'wasm' ? ['wasm', 128] : ['javascript', 32])
    expect((bytes.length - records) / lanes).toBe(768)
    expect(kernel.words.length).toBeGreaterThanOrEqual(records / 4)
  })
  it.each([8, 9, 17, 64])('stores what it loads, values %i bytes apart, and nothing between them', (stride) => {
    const data = random(stride * lanes)
    load(data, BLOCK, stride)
    bytes.fill(0xee, records, records + stride * lanes)
    kernel.store(BLOCK, records, stride)
    const wanted = data.map((byte, n) => (n % stride < 8 ? byte : 0xee))
    expect(bytes.slice(records, records + stride * lanes)).toEqual(wanted)
  })
  it('loads one value for all lanes', () => {
    const value = random(8)
    load(value, BLOCK, 0)
    expect(store(BLOCK)).toEqual(each(() => value))
  })
  it('writes no slice but those of the block', () => {
    kernel.words.fill(-1)
    load(new Uint8Array(8 * lanes), OTHER)
    const width = lanes / 32
    expect(kernel.words.subarray(0, width * 64).every((word) => word === -1)).toBe(true)
    expect(kernel.words.subarray(width * 64, width * 128).every((word) => word === 0)).toBe(true)
    expect(kernel.words.subarray(width * 128, width * 1984).every((word) => word === -1)).toBe(true)
  })
  it('enciphers with DES as OpenSSL does, a key in each lane', () => {
    const [keys, data] = [random(16 * lanes), random(8 * lanes)]
    schedule(keys)
    load(data, BLOCK)
    kernel.des(BLOCK, KEY1)
    expect(store(BLOCK)).toEqual(each((lane) => opensslDes(key(keys, lane).subarray(0, 8), block(data, lane))))
  })
  it('enciphers and deciphers with TDES as OpenSSL does', () => {
    const [keys, data] = [random(16 * lanes), random(8 * lanes)]
    schedule(keys)
    load(data, BLOCK)
    kernel.tdes(BLOCK, KEY1, KEY2, KEY1)
    expect(store(BLOCK)).toEqual(each((lane) => opensslDes(key(keys, lane), block(data, lane))))
    load(data, BLOCK)
    kernel.untdes(BLOCK, KEY1, KEY2, KEY1)
    expect(store(BLOCK)).toEqual(each((lane) => opensslDesInverse(key(keys, lane), block(data, lane))))
  })
  it('does not look at parity bits of a key, and makes them odd', () => {
    const [keys, data] = [random(8 * lanes), random(8 * lanes)]
    const results = [keys, keys.map((byte) => byte ^ 1)].map((value) => {
      load(value, OTHER)
      kernel.schedule(OTHER, KEY1)
      load(data, BLOCK)
      kernel.des(BLOCK, KEY1)
      return store(BLOCK)
    })
    expect(results[1]).toEqual(results[0])
    load(keys, BLOCK)
    kernel.parity(BLOCK)
    const counted = (byte: number) => byte.toString(2).replaceAll('0', '').length
    const found = store(BLOCK)
    expect(found.every((byte) => counted(byte) % 2 === 1)).toBe(true)
    expect(found.map((byte) => byte & 0xfe)).toEqual(keys.map((byte) => byte & 0xfe))
  })
  it('adds blocks', () => {
    const [data, more] = [random(8 * lanes), random(8 * lanes)]
    load(data, BLOCK)
    load(more, OTHER)
    kernel.xor(BLOCK, OTHER)
    expect(store(BLOCK)).toEqual(data.map((byte, n) => byte ^ (more[n] as number)))
    expect(store(OTHER)).toEqual(more)
  })
})

describe('a platform without WebAssembly', () => {
  it('has no kernel of 128 lanes', () => {
    vi.stubGlobal('WebAssembly', undefined)
    expect(openWasmKernel()).toBeUndefined()
  })
  it('nor has one that knows no vectors, or whose policy forbids to compile', () => {
    vi.stubGlobal('WebAssembly', {
      Module: class {
        constructor() {
          throw new TypeError('refused')
        }
      },
    })
    expect(openWasmKernel()).toBeUndefined()
  })
})
