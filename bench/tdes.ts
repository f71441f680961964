/**
 * What an issuer's host does with TDES for one card, by four engines: our tables one card at a time, our bitsliced batch,
 * node:crypto (OpenSSL, a cipher object for each call) and node-forge.
 *
 * | task | |
 * |---|---|
 * | udk | ICC master key by option A, the schedule of the issuer master key kept |
 * | session-key | a session key of emv-common, each card's key fresh |
 * | mac40 | algorithm 3 over 40 bytes, each key fresh |
 * | script-mac | the three after one another, from the issuer master key |
 * | pin-change | two of each key, 16 bytes enciphered, the MAC over all |
 *
 * All work on the same records and must come to the same bytes before they are measured.
 */
import { createCipheriv } from 'node:crypto'
import forge from 'node-forge'
import {
  deriveIccMasterKeyInto,
  deriveIccMasterKeys,
  deriveSessionKeyInto,
  deriveSessionKeys,
  desSchedule,
  macAlgorithm3Into,
  macsAlgorithm3,
  pinChangeInto,
  pinChanges,
  scriptMacInto,
  scriptMacs,
  TdesKey,
} from '../packages/keys/src/index.js'
import { type BenchResult, type Contestant, type MeasureOptions, measure } from './measure.js'

/** Records of one batch, and what lies in one: Y, R, a key, the message, PIN data in it, room for results. */
const COUNT = 4096
const AT = { y: 0, r: 8, key: 16, message: 32, out: 72 } as const
const STRIDE = 96
const LENGTH = 40
const PIN_AT = 24
const KEYS = { mac: '404142434445464748494A4B4C4D4E4F', enc: '505152535455565758595A5B5C5D5E5F' } as const
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

/** What a task does with record n: the bytes that it comes to. */
type One = (record: Uint8Array) => Uint8Array

/** The cipher of two libraries, ECB and CBC without padding. */
interface Library {
  readonly ecb: (key: Uint8Array, data: Uint8Array) => Uint8Array
  readonly cbc: (key: Uint8Array, iv: Uint8Array, data: Uint8Array) => Uint8Array
}

const openssl: Library = {
  ecb: (key, data) => createCipheriv('des-ede', key, null).setAutoPadding(false).update(data),
  cbc: (key, iv, data) => createCipheriv('des-ede-cbc', key, iv).setAutoPadding(false).update(data),
}

const forgeCipher = (mode: 'ECB' | 'CBC', key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array => {
  const whole = Buffer.concat([key, key.subarray(0, 8)]).toString('latin1')
  const cipher = forge.cipher.createCipher(`3DES-${mode}`, whole)
  cipher.start({ iv: Buffer.from(iv).toString('latin1') })
  cipher.update(forge.util.createBuffer(Buffer.from(data).toString('latin1')))
  return Buffer.from(cipher.output.getBytes(), 'latin1')
}
const nodeForge: Library = {
  ecb: (key, data) => forgeCipher('ECB', key, new Uint8Array(8), data),
  cbc: (key, iv, data) => forgeCipher('CBC', key, iv, data),
}

/** The tasks as a program writes them that has such a library. */
function tasksOf({ ecb, cbc }: Library): Readonly<Record<string, One>> {
  const zeros = new Uint8Array(8)
  const derive = (imk: Uint8Array, y: Uint8Array): Uint8Array => {
    const both = new Uint8Array(16)
    both.set(y)
    for (let i = 0; i < 8; i++) both[8 + i] = ~(y[i] as number)
    return ecb(imk, both)
  }
  const session = (key: Uint8Array, r: Uint8Array): Uint8Array => {
    const both = new Uint8Array(16)
    both.set(r)
    both.set(r, 8)
    both[2] = 0xf0
    both[10] = 0x0f
    return ecb(key, both)
  }
  const mac = (key: Uint8Array, message: Uint8Array): Uint8Array => {
    const padded = new Uint8Array((message.length & ~7) + 8)
    padded.set(message)
    padded[message.length] = 0x80
    const single = new Uint8Array(16)
    single.set(key.subarray(0, 8))
    single.set(key.subarray(0, 8), 8)
    const end = padded.length - 8
    const chained = cbc(single, zeros, padded.subarray(0, end)).subarray(-8)
    return cbc(key, chained, padded.subarray(end))
  }
  const [imkMac, imkEnc] = [bytesOf(KEYS.mac), bytesOf(KEYS.enc)]
  const y = (record: Uint8Array): Uint8Array => record.subarray(AT.y, AT.y + 8)
  const r = (record: Uint8Array): Uint8Array => record.subarray(AT.r, AT.r + 8)
  const key = (record: Uint8Array): Uint8Array => record.subarray(AT.key, AT.key + 16)
  const message = (record: Uint8Array): Uint8Array => record.subarray(AT.message, AT.message + LENGTH)
  return {
    udk: (record) => derive(imkMac, y(record)),
    'session-key': (record) => session(key(record), r(record)),
    mac40: (record) => mac(key(record), message(record)),
    'script-mac': (record) => mac(session(derive(imkMac, y(record)), r(record)), message(record)),
    'pin-change': (record) => {
      const whole = message(record).slice()
      const enc = session(derive(imkEnc, y(record)), r(record))
      whole.set(ecb(enc, whole.subarray(PIN_AT)), PIN_AT)
      return mac(session(derive(imkMac, y(record)), r(record)), whole)
    },
  }
}

/** Our tables: a record at a time, results into the record. */
function singleTasks(): Readonly<Record<string, One>> {
  const [imkMac, imkEnc] = [desSchedule(bytesOf(KEYS.mac)), desSchedule(bytesOf(KEYS.enc))]
  const out = new Uint8Array(16)
  const eight = out.subarray(0, 8)
  const whole = new Uint8Array(LENGTH)
  const card = { y: out, yAt: 0, method: 'emv-common' as const, r: out, rAt: 0 }
  const of = (record: Uint8Array): typeof card => Object.assign(card, { y: record, yAt: AT.y, r: record, rAt: AT.r })
  const fresh = desSchedule(bytesOf(KEYS.mac))
  return {
    udk: (record) => {
      deriveIccMasterKeyInto(imkMac, of(record), out, 0)
      return out
    },
    'session-key': (record) => {
      deriveSessionKeyInto(fresh.load(record, AT.key, 16), of(record), out, 0)
      return out
    },
    mac40: (record) => {
      macAlgorithm3Into(fresh.load(record, AT.key, 16), record, AT.message, LENGTH, eight, 0)
      return eight
    },
    'script-mac': (record) => {
      scriptMacInto(imkMac, of(record), record, AT.message, LENGTH, eight, 0)
      return eight
    },
    'pin-change': (record) => {
      whole.set(record.subarray(AT.message, AT.message + LENGTH))
      pinChangeInto(imkEnc, imkMac, of(record), whole, 0, LENGTH, PIN_AT, eight, 0)
      return eight
    },
  }
}

/** Our batch: all records in one call, results into each. */
function batchTasks(records: Uint8Array, enciphered: Uint8Array): Readonly<Record<string, () => void>> {
  const imkMac = TdesKey.create('issuer', 'MAC', bytesOf(KEYS.mac))
  const imkEnc = TdesKey.create('issuer', 'ENC', bytesOf(KEYS.enc))
  const field = (offset: number) => ({ bytes: records, offset, stride: STRIDE })
  const session = { method: 'emv-common', diversificationValue: field(AT.r) } as const
  const [count, y, keys, messages, out] = [COUNT, field(AT.y), field(AT.key), field(AT.message), field(AT.out)] as const
  const pin = {
    header: messages,
    headerLength: PIN_AT,
    data: field(AT.message + PIN_AT),
    dataLength: LENGTH - PIN_AT,
    enciphered: { bytes: enciphered, offset: 0, stride: 16 },
  }
  return {
    udk: () => deriveIccMasterKeys(imkMac, { count, y, out, parity: 'none' }),
    'session-key': () => deriveSessionKeys({ count, keys, session, out, parity: 'none' }),
    mac40: () => macsAlgorithm3({ count, keys, messages, length: LENGTH, out }),
    'script-mac': () => scriptMacs(imkMac, { count, y, session, messages, length: LENGTH, mac: out }),
    'pin-change': () => pinChanges(imkEnc, imkMac, { count, y, session, mac: out, ...pin }),
  }
}

/** Runs the benchmark. */
export function tdesBench(options: MeasureOptions): BenchResult[] {
  const records = crypto.getRandomValues(new Uint8Array(COUNT * STRIDE).subarray(0, 65_536)).buffer
  const all = new Uint8Array(records).slice(0, COUNT * STRIDE)
  for (let i = 65_536; i < all.length; i++) all[i] = (all[i % 65_536] as number) ^ (i >> 8)
  const list = Array.from({ length: COUNT }, (_, n) => all.subarray(n * STRIDE, (n + 1) * STRIDE))
  const [node, forged, single] = [tasksOf(openssl), tasksOf(nodeForge), singleTasks()]
  const batch = batchTasks(all, new Uint8Array(COUNT * 16))
  const contestants = Object.keys(batch).flatMap((task): Contestant[] => {
    expectAgreement(
      task,
      list,
      [node, forged, single].map((tasks) => tasks[task] as One),
      batch[task] as () => void,
    )
    const each = (tasks: Readonly<Record<string, One>>) => (i: number) =>
      void tasks[task]?.(list[i % COUNT] as Uint8Array)
    const [name, unit] = [(engine: string) => `${task}/${engine}`, 'ops/s']
    return [
      { name: name('single'), unit, work: each(single), against: name('node-crypto') },
      {
        name: name('batch'),
        unit,
        work: () => batch[task]?.(),
        pieces: COUNT,
        against: [name('single'), name('node-crypto')],
      },
      { name: name('node-crypto'), unit, work: each(node) },
      { name: name('node-forge'), unit, work: each(forged), against: name('node-crypto') },
    ]
  })
  return measure(contestants, options)
}

/** Without parity bits, which the engines treat as they like. */
const shown = (bytes: Uint8Array, isKey: boolean): string =>
  Buffer.from(bytes.map((byte) => (isKey ? byte & 0xfe : byte))).toString('hex')

function expectAgreement(task: string, list: readonly Uint8Array[], ones: readonly One[], batch: () => void): void {
  batch()
  const isKey = task === 'udk' || task === 'session-key'
  for (const record of list.slice(0, 200)) {
    const length = isKey ? 16 : 8
    const results = [record.subarray(AT.out, AT.out + length), ...ones.map((one) => one(record).subarray(0, length))]
    if (new Set(results.map((bytes) => shown(bytes, isKey))).size !== 1) throw new Error(`${task}: engines disagree`)
  }
}
