/** An issuer's flat operations against the rules, written once more on single blocks of OpenSSL and node-forge. */
import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deriveIccMasterKey, deriveSessionKey, macAlgorithm3, TdesKey } from '../src/index.js'
import { desSchedule, encryptBlocks } from '../src/tdes.js'
import {
  deriveIccMasterKeyInto,
  deriveSessionKeyInto,
  type FlatCard,
  pinChangeInto,
  scriptMacInto,
} from '../src/tdes-issuer.js'
import { TdesSchedule } from '../src/tdes-schedule.js'
import { coded } from './support/errors.js'
import {
  ANY_KEY,
  bytesOf,
  bytesUpTo,
  cbcLast,
  type Encipher,
  forgeDes,
  opensslDes,
  padded,
  xorBytes,
} from './support/oracles.js'

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
const not = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => 255 - byte)
const oddParity = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte) => {
    const ones = (byte >> 1).toString(2).replaceAll('0', '').length
    return (byte & 0xfe) + (ones % 2 === 0 ? 1 : 0)
  })

type Method = FlatCard['method']

/** The rules in plain bytes. */
function reference(des: Encipher) {
  const icc = (imk: Uint8Array, y: Uint8Array) => oddParity(join(des(imk, y), des(imk, not(y))))
  const session = (key: Uint8Array, method: Method, r: Uint8Array) =>
    method === 'emv-common'
      ? oddParity(join(des(key, r.with(2, 0xf0)), des(key, r.with(2, 0x0f))))
      : join(des(key, r), des(key, join(r.subarray(0, 6), not(r.subarray(6)))))
  const mac = (key: Uint8Array, data: Uint8Array) => {
    const blocks = padded(data, 2, 8)
    const chain = cbcLast(des, key.subarray(0, 8), blocks.subarray(0, -8), 8)
    return des(key, xorBytes(blocks.subarray(-8), chain))
  }
  return {
    icc,
    session,
    mac,
    ecb: (key: Uint8Array, d: Uint8Array) => join(des(key, d.subarray(0, 8)), des(key, d.subarray(8))),
  }
}

const methods = fc.constantFrom<Method>('emv-common', 'pboc')
const RUNS = { numRuns: 250 }

describe.each([
  ['OpenSSL', reference(opensslDes)],
  ['node-forge', reference(forgeDes)],
] as const)('agrees with the rules on %s', (_, rules) => {
  it('ICC master key and session key', () => {
    fc.assert(
      fc.property(bytesOf(16), bytesOf(8), bytesOf(8), methods, fc.nat(5), (imk, y, r, method, at) => {
        const record = join(new Uint8Array(at), y, r)
        const card = { y: record, yAt: at, method, r: record, rAt: at + 8 }
        const output = new Uint8Array(48).fill(0xee)
        deriveIccMasterKeyInto(desSchedule(imk), card, output, at)
        const icc = rules.icc(imk, y)
        expect(toHex(output)).toBe(toHex(join(output.slice(0, at).fill(0xee), icc, output.slice(at + 16).fill(0xee))))
        deriveSessionKeyInto(new TdesSchedule().load(output, at, 16), card, output, at + 16)
        expect(toHex(output.subarray(at + 16, at + 32))).toBe(toHex(rules.session(icc, method, r)))
      }),
      RUNS,
    )
  })

  it('script MAC', () => {
    fc.assert(
      fc.property(bytesOf(16), bytesOf(8), bytesOf(8), methods, bytesUpTo(60), (imk, y, r, method, message) => {
        const output = new Uint8Array(8)
        scriptMacInto(desSchedule(imk), { y, yAt: 0, method, r, rAt: 0 }, message, 0, message.length, output, 0)
        expect(toHex(output)).toBe(toHex(rules.mac(rules.session(rules.icc(imk, y), method, r), message)))
      }),
      RUNS,
    )
  })

  it('PIN change', () => {
    const values = [
      bytesOf(16),
      bytesOf(16),
      bytesOf(8),
      bytesOf(8),
      methods,
      bytesUpTo(30),
      bytesOf(16),
      bytesUpTo(9),
    ] as const
    fc.assert(
      fc.property(...values, (imkEnc, imkMac, y, r, method, header, pin, rest) => {
        const message = join(header, pin, rest)
        const output = new Uint8Array(8)
        const card = { y, yAt: 0, method, r, rAt: 0 }
        const schedules = [desSchedule(imkEnc), desSchedule(imkMac)] as const
        pinChangeInto(...schedules, card, message, 0, message.length, header.length, output, 0)
        const enciphered = rules.ecb(rules.session(rules.icc(imkEnc, y), method, r), pin)
        expect(toHex(message)).toBe(toHex(join(header, enciphered, rest)))
        expect(toHex(output)).toBe(toHex(rules.mac(rules.session(rules.icc(imkMac, y), method, r), message)))
      }),
      RUNS,
    )
  })
})

const IMK = fromHex('0123456789ABCDEFFEDCBA9876543210')
const CARD: FlatCard = {
  y: fromHex('3456789012345601'),
  yAt: 0,
  method: 'emv-common',
  r: fromHex('A1B2C3D4E5F60718'),
  rAt: 0,
}
const MESSAGE = fromHex('8424000008FFFF1234567890123456')

it('gives what the functions on keys give', () => {
  const imk = TdesKey.create('issuer', 'MAC', IMK, ANY_KEY)
  const icc = deriveIccMasterKey(imk, { pan: '1234567890123456', panSequence: '01' })
  const key = deriveSessionKey(icc, { method: 'emv-common', diversificationValue: CARD.r })
  const output = new Uint8Array(16)
  deriveIccMasterKeyInto(desSchedule(IMK), CARD, output, 0)
  expect(toHex(output)).toBe(toHex(icc.expose()))
  deriveSessionKeyInto(desSchedule(icc.expose()), CARD, output, 0)
  expect(toHex(output)).toBe(toHex(key.expose()))
  scriptMacInto(desSchedule(IMK), CARD, MESSAGE, 0, MESSAGE.length, output, 0)
  expect(toHex(output.subarray(0, 8))).toBe(toHex(macAlgorithm3(key, MESSAGE)))
})

describe('refuses', () => {
  const imk = desSchedule(IMK)
  const output = new Uint8Array(16)
  const message = new Uint8Array(32)

  it.each([
    ['Y beyond its array', { ...CARD, yAt: 1 }],
    ['R beyond its array', { ...CARD, rAt: 1 }],
    ['a place that is no number', { ...CARD, yAt: Number.NaN, rAt: Number.NaN }],
  ])('%s', (_, card) => {
    if (card.yAt !== 0) expect(() => deriveIccMasterKeyInto(imk, card, output, 0)).toThrow(coded('ERR_LENGTH'))
    if (card.rAt !== 0) expect(() => deriveSessionKeyInto(imk, card, output, 0)).toThrow(coded('ERR_LENGTH'))
    expect(() => scriptMacInto(imk, card, message, 0, 32, output, 0)).toThrow(coded('ERR_LENGTH'))
    expect(() => pinChangeInto(imk, imk, card, message, 0, 32, 8, output, 0)).toThrow(coded('ERR_LENGTH'))
    expect(toHex(output)).toBe('00'.repeat(16))
    expect(toHex(message)).toBe('00'.repeat(32))
  })

  it('results and messages beyond their arrays', () => {
    expect(() => deriveIccMasterKeyInto(imk, CARD, output, 1)).toThrow(coded('ERR_LENGTH'))
    expect(() => deriveSessionKeyInto(imk, CARD, output, 1)).toThrow(coded('ERR_LENGTH'))
    expect(() => scriptMacInto(imk, CARD, message, 1, 32, output, 0)).toThrow(coded('ERR_LENGTH'))
    expect(() => scriptMacInto(imk, CARD, message, 0, 32, output, 9)).toThrow(coded('ERR_LENGTH'))
  })

  it.each([
    ['PIN data beyond the array', 0, 32, 17, 0],
    ['PIN data before the message', 8, 24, 7, 0],
    ['PIN data behind the message', 0, 31, 16, 0],
    ['a message beyond the array', 1, 32, 8, 0],
    ['a MAC beyond the array', 0, 32, 8, 9],
    ['a place that is no number', 0, 32, Number.NaN, 0],
  ])('a PIN change with %s, and leaves the message as it is', (_, at, length, pinAt, outputAt) => {
    const run = () => pinChangeInto(imk, imk, CARD, message, at, length, pinAt, output, outputAt)
    expect(run).toThrow(coded('ERR_LENGTH'))
    expect(toHex(message)).toBe('00'.repeat(32))
  })

  it('single DES, and a schedule without a key', () => {
    const single = desSchedule(IMK.subarray(0, 8))
    const none = new TdesSchedule()
    const both = [
      [single, coded('ERR_KEY', { got: 'single DES' })],
      [none, coded('ERR_KEY_DESTROYED')],
    ] as const
    for (const [schedule, error] of both) {
      expect(() => deriveIccMasterKeyInto(schedule, CARD, output, 0)).toThrow(error)
      expect(() => deriveSessionKeyInto(schedule, CARD, output, 0)).toThrow(error)
      expect(() => scriptMacInto(schedule, CARD, message, 0, 32, output, 0)).toThrow(error)
      expect(() => pinChangeInto(schedule, imk, CARD, message, 0, 32, 8, output, 0)).toThrow(error)
      expect(() => pinChangeInto(imk, schedule, CARD, message, 0, 32, 8, output, 0)).toThrow(error)
      expect(toHex(message)).toBe('00'.repeat(32))
    }
  })

  it('and does its work as before afterwards', () => {
    const data = new Uint8Array(8)
    encryptBlocks(imk, data, 0, data, 0, 8)
    expect(toHex(data)).toBe(toHex(opensslDes(IMK, new Uint8Array(8))))
  })
})
