import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { TdesKey } from '../src/key.js'
import type { BatchSession } from '../src/tdes-batch.js'
import { pinChanges, scriptMacs } from '../src/tdes-batch-scripts.js'
import { at, ENGINES, expectBatches, expected, MOST, randomRecords, record, STRIDE } from './support/batch-records.js'
import type { BatchReference } from './support/batch-reference.js'
import { coded } from './support/errors.js'

const random = (length: number) => new Uint8Array(randomBytes(length))
const data = randomRecords()
const [macKey, encKey] = [random(16), random(16)]
const imkMac = TdesKey.create('issuer', 'MAC', macKey)
const imkEnc = TdesKey.create('issuer', 'ENC', encKey)

const [Y, R, ATC, NUMBER, IV, MESSAGE] = [0, 8, 16, 18, 22, 38]
const y = record(data, Y)
const atc = record(data, ATC)
const part = (n: number, offset: number, length: number) => at(data, n, offset, length)
const zeros = (length: number) => new Uint8Array(length)
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

type Method = readonly [BatchSession, (by: BatchReference, icc: Uint8Array, n: number) => Uint8Array]
const common: Method = [
  { method: 'emv-common', diversificationValue: record(data, R) },
  (by, icc, n) => by.common(icc, part(n, R, 8)),
]
const METHODS: readonly Method[] = [
  common,
  [{ method: 'emv-common', atc }, (by, icc, n) => by.common(icc, join(part(n, ATC, 2), zeros(6)))],
  [
    { method: 'mastercard-skd', atc, unpredictableNumber: record(data, NUMBER) },
    (by, icc, n) => by.common(icc, join(part(n, ATC, 2), zeros(2), part(n, NUMBER, 4))),
  ],
  [{ method: 'visa-xor', atc }, (by, icc, n) => by.visa(icc, part(n, ATC, 2))],
  [{ method: 'pboc', atc }, (by, icc, n) => by.pboc(icc, part(n, ATC, 2))],
  [
    { method: 'emv2000-tree', atc, branch: 16, height: 4, iv: record(data, IV) },
    (by, icc, n) => by.tree(icc, part(n, ATC, 2), 16, 4, part(n, IV, 16)),
  ],
]

describe('scriptMacs', () => {
  const messages = record(data, MESSAGE)
  it('agrees with OpenSSL and node-forge', () => {
    const [session, key] = common
    const macs = expected((by, n) => by.mac(key(by, by.icc(macKey, part(n, Y, 8)), n), part(n, MESSAGE, 40), 2))
    expectBatches(macs, (count, mac, options) =>
      scriptMacs(imkMac, { count, y, session, messages, length: 40, mac }, options),
    )
  })
  it.each(METHODS.map(([session, key]) => ({ method: session.method, session, key })))(
    'agrees by $method',
    ({ session, key }) => {
      const macs = expected(
        (by, n) => by.mac(key(by, by.icc(macKey, part(n, Y, 8)), n), part(n, MESSAGE, 21), 1).subarray(0, 4),
        40,
      )
      const run = { y, session, messages, length: 21, macLength: 4, padding: 1 } as const
      expectBatches(macs, (count, mac, options) => scriptMacs(imkMac, { ...run, count, mac }, options), [13, 40])
      const lengths = Array.from({ length: 40 }, (_, n) => 3 + (n % 17))
      const others = expected(
        (by, n) => by.mac(key(by, by.icc(macKey, part(n, Y, 8)), n), part(n, MESSAGE, 3 + (n % 17)), 2),
        40,
      )
      const mixed = { y, session, messages, length: lengths }
      expectBatches(others, (count, mac, options) => scriptMacs(imkMac, { ...mixed, count, mac }, options), [40])
    },
  )
  it('takes records in shared memory, and gives back the same', () => {
    const [session, key] = common
    const macs = expected((by, n) => by.mac(key(by, by.icc(macKey, part(n, Y, 8)), n), part(n, MESSAGE, 40), 2), 200)
    for (const options of ENGINES) {
      const shared = new Uint8Array(new SharedArrayBuffer(200 * STRIDE))
      shared.set(data.subarray(0, shared.length))
      const field = (offset: number) => record(shared, offset)
      const run = {
        count: 200,
        y: field(Y),
        session: { ...session, diversificationValue: field(R) },
        messages: field(MESSAGE),
      }
      scriptMacs(imkMac, { ...run, length: 40, mac: field(100) }, options)
      expect(macs.every((mac, n) => Buffer.compare(at(shared, n, 100, 8), mac) === 0)).toBe(true)
      expect(at(shared, 199, 108, 29)).toEqual(part(199, 108, 29))
    }
  })
})

describe('pinChanges', () => {
  const [header, plain] = [record(data, MESSAGE), record(data, MESSAGE + 24)]
  const pair = (
    by: BatchReference,
    key: Method[1],
    n: number,
    headerLength: number,
    dataLength: number,
    iv?: Uint8Array,
  ) => {
    const sessionKey = (imk: Uint8Array) => key(by, by.icc(imk, part(n, Y, 8)), n)
    const block = part(n, MESSAGE + 24, dataLength)
    const enc = iv === undefined ? by.ecb(sessionKey(encKey), block) : by.cbc(sessionKey(encKey), block, iv)
    return join(enc, by.mac(sessionKey(macKey), join(part(n, MESSAGE, headerLength), enc), 2))
  }
  const behind = (out: { bytes: Uint8Array; offset?: number; stride?: number }, length: number) => ({
    ...out,
    offset: (out.offset ?? 0) + length,
  })
  it('agrees with OpenSSL and node-forge', () => {
    const [session, key] = common
    const values = expected((by, n) => pair(by, key, n, 15, 16))
    const run = { y, session, header, headerLength: 15, data: plain, dataLength: 16 }
    expectBatches(values, (count, out, options) =>
      pinChanges(imkEnc, imkMac, { ...run, count, enciphered: out, mac: behind(out, 16) }, options),
    )
  })
  it.each(METHODS.map(([session, key]) => ({ method: session.method, session, key })))(
    'agrees by $method',
    ({ session, key }) => {
      const values = expected((by, n) => pair(by, key, n, 24, 24, zeros(8)), 40)
      const run = { y, session, header, headerLength: 24, data: plain, dataLength: 24, mode: 'cbc' } as const
      expectBatches(
        values,
        (count, out, options) =>
          pinChanges(imkEnc, imkMac, { ...run, count, enciphered: out, mac: behind(out, 24) }, options),
        [13, 40],
      )
    },
  )
  it.each([0, 1, 8])('agrees with a header of %i bytes, the same for all', (headerLength) => {
    const [session, key] = common
    const shared = { bytes: part(0, MESSAGE, headerLength), stride: 0 }
    const values = expected((by, n) => {
      const sessionKey = (imk: Uint8Array) => key(by, by.icc(imk, part(n, Y, 8)), n)
      const enc = by.ecb(sessionKey(encKey), part(n, MESSAGE + 24, 8))
      return join(enc, by.mac(sessionKey(macKey), join(shared.bytes, enc), 1))
    }, 20)
    const run = { y, session, header: shared, headerLength, data: plain, dataLength: 8, padding: 1 } as const
    expectBatches(
      values,
      (count, out, options) =>
        pinChanges(imkEnc, imkMac, { ...run, count, enciphered: out, mac: behind(out, 8) }, options),
      [20],
    )
  })
  it('refuses what is no whole blocks, or more than a command carries', () => {
    const bytes = new Uint8Array(600)
    const out = { bytes: new Uint8Array(600) }
    const run = { count: 1, y, session: common[0], header: { bytes }, data: { bytes }, enciphered: out, mac: out }
    const change = (headerLength: number, dataLength: number) => () =>
      pinChanges(imkEnc, imkMac, { ...run, headerLength, dataLength })
    expect(change(496, 16)).not.toThrow()
    for (const [headerLength, dataLength] of [
      [497, 16],
      [0, 520],
      [15, 0],
      [15, 7],
      [15, 17],
    ] as const) {
      expect(change(headerLength, dataLength)).toThrow(coded('ERR_LENGTH', { label: 'data' }))
    }
    expect(change(-1, 16)).toThrow(coded('ERR_OPTION', { label: 'headerLength' }))
    expect(change(15, 8.5)).toThrow(coded('ERR_OPTION', { label: 'dataLength' }))
    expect(out.bytes.length).toBe(600)
  })
  it('refuses a destroyed key', () => {
    const [dead, out] = [TdesKey.create('issuer', 'ENC', random(16)), { bytes: new Uint8Array(MOST * 16) }]
    dead.destroy()
    const run = {
      count: 20,
      y,
      session: common[0],
      header,
      headerLength: 5,
      data: plain,
      dataLength: 16,
      enciphered: out,
      mac: out,
    }
    expect(() => pinChanges(dead, imkMac, run)).toThrow(coded('ERR_KEY_DESTROYED'))
  })
})
