import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { TdesKey } from '../src/key.js'
import type { BatchSession } from '../src/tdes-batch.js'
import {
  decipherRecords,
  deriveIccMasterKeys,
  deriveSessionKeys,
  encipherRecords,
  macsAlgorithm3,
} from '../src/tdes-batch.js'
import { at, expectBatches, expected, MOST, randomRecords, record } from './support/batch-records.js'
import { type BatchReference, odd } from './support/batch-reference.js'

const random = (length: number) => new Uint8Array(randomBytes(length))
const data = randomRecords()
const key = (n: number) => at(data, n, 0, 16)
const keys = record(data, 0)

describe('deriveIccMasterKeys', () => {
  const bytes = random(16)
  const imk = TdesKey.create('issuer', 'AC', bytes)
  const y = record(data, 16)
  const raw = expected((reference, n) => reference.icc(bytes, at(data, n, 16, 8)))
  it('agrees with OpenSSL and node-forge', () => {
    expectBatches(raw.map(odd), (count, out, options) => deriveIccMasterKeys(imk, { count, y, out }, options))
    expectBatches(
      raw,
      (count, out, options) => deriveIccMasterKeys(imk, { count, y, out, parity: 'none' }, options),
      [13, 129],
    )
  })
})

describe('deriveSessionKeys', () => {
  const [r, atc, number, iv] = [16, 24, 26, 30]
  const fields = { atc: record(data, atc), unpredictableNumber: record(data, number), iv: record(data, iv) }
  const atcOf = (n: number) => at(data, n, atc, 2)
  const zeros = (length: number) => new Uint8Array(length)
  const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
  const methods: readonly (readonly [BatchSession, boolean, (reference: BatchReference, n: number) => Uint8Array])[] = [
    [
      { method: 'emv-common', diversificationValue: record(data, r) },
      true,
      (by, n) => by.common(key(n), at(data, n, r, 8)),
    ],
    [{ method: 'emv-common', atc: fields.atc }, true, (by, n) => by.common(key(n), join(atcOf(n), zeros(6)))],
    [
      { method: 'mastercard-skd', atc: fields.atc, unpredictableNumber: fields.unpredictableNumber },
      true,
      (by, n) => by.common(key(n), join(atcOf(n), zeros(2), at(data, n, number, 4))),
    ],
    [{ method: 'visa-xor', atc: fields.atc }, false, (by, n) => by.visa(key(n), atcOf(n))],
    [{ method: 'pboc', atc: fields.atc }, false, (by, n) => by.pboc(key(n), atcOf(n))],
  ]
  it.each(methods.map(([session, isOdd, of]) => ({ method: session.method, session, isOdd, of })))(
    '$method agrees with OpenSSL and node-forge',
    ({ session, isOdd, of }) => {
      const raw = expected(of)
      const usual = isOdd ? raw.map(odd) : raw
      expectBatches(usual, (count, out, options) => deriveSessionKeys({ count, keys, session, out }, options))
      const other = isOdd ? raw : raw.map(odd)
      const parity = isOdd ? 'none' : 'odd'
      expectBatches(
        other,
        (count, out, options) => deriveSessionKeys({ count, keys, session, out, parity }, options),
        [13, 129],
      )
    },
  )
  it.each([
    [4, 8, true],
    [2, 16, false],
    [65_536, 1, true],
    [300, 3, true],
  ] as const)('emv2000-tree of %i branches and %i levels agrees, too', (branch, height, hasIv) => {
    const raw = expected((by, n) => {
      return by.tree(key(n), atcOf(n), branch, height, hasIv ? at(data, n, iv, 16) : zeros(16))
    }, 150)
    const session = {
      method: 'emv2000-tree',
      atc: fields.atc,
      branch,
      height,
      ...(hasIv ? { iv: fields.iv } : {}),
    } as const
    expectBatches(
      raw.map(odd),
      (count, out, options) => deriveSessionKeys({ count, keys, session, out }, options),
      [1, 13, 129, 150],
    )
  })
  it('takes 4 branches and 8 levels unless told', () => {
    const raw = expected((by, n) => by.tree(key(n), atcOf(n), 4, 8, zeros(16)), 20)
    const session = { method: 'emv2000-tree', atc: fields.atc } as const
    expectBatches(
      raw.map(odd),
      (count, out, options) => deriveSessionKeys({ count, keys, session, out }, options),
      [20],
    )
  })
})

describe('macsAlgorithm3', () => {
  const messages = record(data, 16)
  const agree = (length: number, padding: 1 | 2, sizes: readonly number[], macLength = 8) => {
    const macs = expected(
      (by, n) => by.mac(key(n), at(data, n, 16, length), padding).subarray(0, macLength),
      sizes.at(-1),
    )
    const run = { keys, messages, length, padding, macLength }
    expectBatches(macs, (count, out, options) => macsAlgorithm3({ ...run, count, out }, options), sizes)
  }
  it('agrees with OpenSSL and node-forge', () => agree(40, 2, [1, 13, 127, 128, 129, 1000]))
  it.each([0, 1, 7, 8, 9, 15, 16, 121])('agrees for messages of %i bytes, with either padding', (length) => {
    agree(length, 1, [3, 40])
    agree(length, 2, [3, 40])
  })
  it.each([4, 5])('gives MACs of %i bytes', (length) => agree(20, 2, [130], length))
  it('pads with method 2 and gives 8 bytes unless told', () => {
    const macs = expected((by, n) => by.mac(key(n), at(data, n, 16, 30), 2), 20)
    expectBatches(
      macs,
      (count, out, options) => macsAlgorithm3({ count, keys, messages, length: 30, out }, options),
      [20],
    )
  })
  it.each([752, 760, 761, 1530])('agrees for messages of %i bytes', (length) => {
    const long = random(20 * length)
    const field = { bytes: long }
    const macs = expected((by, n) => by.mac(key(n), long.subarray(n * length, (n + 1) * length), 2), 20)
    expectBatches(
      macs,
      (count, out, options) => macsAlgorithm3({ count, keys, messages: field, length, out }, options),
      [20],
    )
  })
  it.each([
    [0, 0, 8, 8],
    [0, 0, 12, 8],
    [0, 4, 12, 8],
    [1, 0, 12, 8],
    [0, 2, 12, 8],
    [2, 2, 12, 8],
    [0, 0, 13, 8],
    [0, 0, 12, 4],
    [0, 0, 12, 6],
  ])('writes from byte %i of a buffer, offset %i, stride %i, %i bytes each', (begin, offset, stride, macLength) => {
    const count = 70
    const macs = expected((by, n) => by.mac(key(n), at(data, n, 16, 24), 2), count)
    const wanted = new Uint8Array(count * stride + 8).fill(0x5a)
    for (const [n, mac] of macs.entries()) wanted.set(mac.subarray(0, macLength), begin + offset + n * stride)
    for (const engine of ['wasm', 'javascript', 'single'] as const) {
      const whole = new Uint8Array(wanted.length).fill(0x5a)
      const out = { bytes: whole.subarray(begin), offset, stride }
      macsAlgorithm3({ count, keys, messages, length: 24, macLength, out }, { engine })
      expect(whole, engine).toEqual(wanted)
    }
  })
  it('takes one message for all records', () => {
    const message = random(900)
    const macs = expected((by, n) => by.mac(key(n), message, 2), 33)
    const shared = { bytes: message, stride: 0 }
    expectBatches(
      macs,
      (count, out, options) => macsAlgorithm3({ count, keys, messages: shared, length: 900, out }, options),
      [33],
    )
  })
  it.each([1, 2] as const)('takes messages of different lengths, padding %i', (padding) => {
    const lengths = Array.from({ length: MOST }, (_, n) => (7 * n) % 31)
    const macs = expected((by, n) => by.mac(key(n), at(data, n, 16, lengths[n] as number), padding))
    const run = { keys, messages, padding }
    expectBatches(macs, (count, out, options) =>
      macsAlgorithm3({ ...run, count, length: Uint8Array.from(lengths.slice(0, count)), out }, options),
    )
  })
  it('sorts many records in pieces, and copies long messages in pieces', () => {
    const [count, length] = [8200, 120]
    const bytes = random(count * 16)
    const [message, out] = [random(length), new Uint8Array(8 * count)]
    const lengths = Array.from({ length: count }, (_, n) => length - (n % 2))
    macsAlgorithm3({
      count,
      keys: { bytes },
      messages: { bytes: message, stride: 0 },
      length: lengths,
      out: { bytes: out },
    })
    for (const n of [0, 1, 4095, 8191, 8192, 8199]) {
      const [mac] = expected((by) => by.mac(bytes.subarray(16 * n, 16 * n + 16), message.subarray(0, lengths[n]), 2), 1)
      expect(out.subarray(8 * n, 8 * n + 8)).toEqual(mac)
    }
  })
})

describe('encipherRecords, decipherRecords', () => {
  const field = record(data, 16)
  const iv = record(data, 112)
  const ivOf = (n: number) => at(data, n, 112, 8)
  it('agree with OpenSSL and node-forge in ECB mode', () => {
    const values = expected((by, n) => by.ecb(key(n), at(data, n, 16, 16)))
    const run = { keys, length: 16, mode: 'ecb' } as const
    expectBatches(values, (count, out, options) => encipherRecords({ ...run, count, data: field, out }, options))
    const enciphered = { bytes: new Uint8Array(Buffer.concat(values)) }
    const plain = Array.from({ length: MOST }, (_, n) => at(data, n, 16, 16))
    expectBatches(plain, (count, out, options) => decipherRecords({ ...run, count, data: enciphered, out }, options))
  })
  it.each([8, 24, 96])('agree with them in CBC mode on %i bytes', (length) => {
    const run = { keys, length, mode: 'cbc' } as const
    const values = expected((by, n) => by.cbc(key(n), at(data, n, 16, length), ivOf(n)), 140)
    expectBatches(
      values,
      (count, out, options) => encipherRecords({ ...run, count, data: field, iv, out }, options),
      [13, 140],
    )
    const enciphered = { bytes: new Uint8Array(Buffer.concat(values)) }
    const plain = Array.from({ length: 140 }, (_, n) => at(data, n, 16, length))
    expectBatches(
      plain,
      (count, out, options) => decipherRecords({ ...run, count, data: enciphered, iv, out }, options),
      [13, 140],
    )
  })
  it.each(['ecb', 'cbc'] as const)('take long data and zeros as the IV: %s', (mode) => {
    const [length, count] = [1520, 15]
    const bytes = random(length * count)
    const zeros = new Uint8Array(8)
    const part = (n: number) => bytes.subarray(n * length, (n + 1) * length)
    const values = expected(
      (by, n) => (mode === 'ecb' ? by.ecb(key(n), part(n)) : by.cbc(key(n), part(n), zeros)),
      count,
    )
    const run = { keys, length, mode }
    expectBatches(values, (n, out, options) => encipherRecords({ ...run, count: n, data: { bytes }, out }, options), [
      count,
    ])
    const enciphered = { bytes: new Uint8Array(Buffer.concat(values)) }
    const plain = Array.from({ length: count }, (_, n) => part(n))
    expectBatches(plain, (n, out, options) => decipherRecords({ ...run, count: n, data: enciphered, out }, options), [
      count,
    ])
  })
  it('take one value for all records', () => {
    const block = random(16)
    const values = expected((by, n) => by.ecb(key(n), block), 40)
    const shared = { bytes: block, stride: 0 }
    expectBatches(
      values,
      (count, out, options) => encipherRecords({ count, keys, data: shared, length: 16, mode: 'ecb', out }, options),
      [40],
    )
  })
  it('work in place', () => {
    const values = expected((by, n) => by.cbc(key(n), at(data, n, 16, 40), ivOf(n)), 150)
    const bytes = data.slice()
    const inPlace = record(bytes, 16)
    encipherRecords({ count: 150, keys, data: inPlace, length: 40, mode: 'cbc', iv, out: inPlace })
    for (const [n, value] of values.entries()) expect(at(bytes, n, 16, 40)).toEqual(value)
    expect(at(bytes, 150, 0, 137)).toEqual(at(data, 150, 0, 137))
  })
})
