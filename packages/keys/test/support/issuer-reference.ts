/**
 * A second issuer, written from the rules alone on single blocks of OpenSSL or node-forge: it shares no code with the package, takes and
 * gives plain bytes, and knows a scheme as the few words below.
 */
import { createHash } from 'node:crypto'
import { cbcLast, type Encipher, opensslSm4, padded, xorBytes } from './oracles.js'

export interface ReferenceScheme {
  readonly option: 'A' | 'B'
  readonly session: 'none' | 'common' | 'skd' | 'pboc' | 'sm4'
  readonly tail: 'CVR' | 'CVR+COUNTERS' | 'IAD' | 'tap'
  readonly padding: 1 | 2
  readonly arpcKey: 'icc' | 'session'
  readonly arpcMethod: 1 | 2
}

const mastercard = { option: 'A', padding: 2, arpcMethod: 1 } as const
const unionpay = { option: 'A', padding: 2, arpcKey: 'session', arpcMethod: 1 } as const

/** The table of the issuer-crypto rules, typed in once more. */
export const REFERENCE: Readonly<Record<string, ReferenceScheme>> = {
  'visa-cvn10': { option: 'A', session: 'none', tail: 'CVR', padding: 1, arpcKey: 'icc', arpcMethod: 1 },
  'visa-cvn18': { option: 'B', session: 'common', tail: 'IAD', padding: 2, arpcKey: 'session', arpcMethod: 2 },
  'visa-cvn22': { option: 'B', session: 'common', tail: 'IAD', padding: 2, arpcKey: 'session', arpcMethod: 2 },
  'interac-cvn133': { ...mastercard, session: 'skd', tail: 'IAD', arpcKey: 'session' },
  'mastercard-cvn16': { ...mastercard, session: 'skd', tail: 'CVR', arpcKey: 'icc' },
  'mastercard-cvn17': { ...mastercard, session: 'skd', tail: 'CVR+COUNTERS', arpcKey: 'icc' },
  'mastercard-cvn20': { ...mastercard, session: 'common', tail: 'CVR', arpcKey: 'session' },
  'mastercard-cvn21': { ...mastercard, session: 'common', tail: 'CVR+COUNTERS', arpcKey: 'session' },
  'emv-ccd': { option: 'B', session: 'common', tail: 'IAD', padding: 2, arpcKey: 'session', arpcMethod: 2 },
  pboc: { ...unionpay, session: 'pboc', tail: 'CVR' },
  'pboc-cvn17': { ...unionpay, session: 'pboc', tail: 'tap' },
  'pboc-sm4': { ...unionpay, session: 'sm4', tail: 'CVR' },
  'pboc-sm4-cvn17': { ...unionpay, session: 'sm4', tail: 'tap' },
}

const buffer = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
const not = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => 255 - byte)
const zeros = (length: number): Uint8Array => new Uint8Array(length)

/** What the second issuer computes with one library's DES. */
export interface ReferenceIssuer {
  /** ICC master key, 16 bytes. */
  iccKey(rule: ReferenceScheme, imk: Uint8Array, pan: string, psn: string): Uint8Array
  /** The key of the cryptogram, 16 bytes. */
  sessionKey(rule: ReferenceScheme, icc: Uint8Array, atc: Uint8Array, un: Uint8Array): Uint8Array
  /** The cryptogram, 8 bytes. */
  mac(rule: ReferenceScheme, key: Uint8Array, data: Uint8Array): Uint8Array
  /** ARPC of method 1, 8 bytes. */
  arpc1(rule: ReferenceScheme, key: Uint8Array, arqc: Uint8Array, arc: Uint8Array): Uint8Array
  /** ARPC of method 2 under TDES, 4 bytes. */
  arpc2(key: Uint8Array, arqc: Uint8Array, csu: Uint8Array, more: Uint8Array): Uint8Array
}

export function referenceIssuer(des: Encipher): ReferenceIssuer {
  const retail = (key: Uint8Array, data: Uint8Array, padding: 1 | 2): Uint8Array => {
    const blocks = padded(data, padding, 8)
    const chain = cbcLast(des, key.subarray(0, 8), blocks.subarray(0, -8), 8)
    return des(key, xorBytes(blocks.subarray(-8), chain))
  }
  return {
    iccKey(rule, imk, pan, psn) {
      const y = new Uint8Array(Buffer.from(digitsOf(rule, pan, psn), 'hex'))
      if (rule.session === 'sm4') return opensslSm4(imk, buffer(y, not(y)))
      return buffer(des(imk, y), des(imk, not(y)))
    },
    sessionKey(rule, icc, atc, un) {
      const left = buffer(zeros(6), atc)
      const right = buffer(zeros(6), not(atc))
      if (rule.session === 'none') return icc
      if (rule.session === 'sm4') return opensslSm4(icc, buffer(left, right))
      if (rule.session === 'pboc') return buffer(des(icc, left), des(icc, right))
      const r = rule.session === 'skd' ? buffer(atc, zeros(2), un) : buffer(atc, zeros(6))
      return buffer(des(icc, r.with(2, 0xf0)), des(icc, r.with(2, 0x0f)))
    },
    mac(rule, key, data) {
      if (rule.session !== 'sm4') return retail(key, data, rule.padding)
      return cbcLast(opensslSm4, key, padded(data, rule.padding, 16), 16).subarray(0, 8)
    },
    arpc1(rule, key, arqc, arc) {
      const y = xorBytes(arqc, buffer(arc, zeros(6)))
      return rule.session === 'sm4' ? opensslSm4(key, buffer(y, zeros(8))).subarray(0, 8) : des(key, y)
    },
    arpc2: (key, arqc, csu, more) => retail(key, buffer(arqc, csu, more), 2).subarray(0, 4),
  }
}

function digitsOf(rule: ReferenceScheme, pan: string, psn: string): string {
  const number = pan + psn
  if (rule.option === 'A' || pan.length <= 16) return number.padStart(16, '0').slice(-16)
  const hash = createHash('sha1')
    .update(Buffer.from(number.length % 2 === 1 ? `0${number}` : number, 'hex'))
    .digest('hex')
  const decimal = [...hash].filter((digit) => digit <= '9')
  const letters = [...hash].filter((digit) => digit >= 'a').map((digit) => String(digit.charCodeAt(0) - 97))
  return [...decimal, ...letters].slice(0, 16).join('')
}
