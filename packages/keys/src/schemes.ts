/**
 * Schemes as data: one row says which derivation, which session keys, which data, which padding. A new scheme is a new
 * row and its vectors, never a new path in the code.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import type { PaddingMethod } from './padding.js'

/**
 * One value of the data a cryptogram covers: a tag, or a part of tag 9F10.
 * CVR: the card verification results in it. COUNTERS: the M/Chip counters. IAD: all of 9F10. IAD5: its fifth byte.
 */
export type CryptogramDataElement = string | 'CVR' | 'COUNTERS' | 'IAD' | 'IAD5'

/** Who defines the layout of tag 9F10 and the meaning of the CVR in it. */
export type SchemeFamily = 'visa' | 'mastercard' | 'interac' | 'ccd' | 'unionpay'

/** What distinguishes one scheme from another. */
export interface Scheme {
  readonly family: SchemeFamily
  /** The cryptogram version number in tag 9F10 that stands for this scheme within its family and algorithm. */
  readonly cryptogramVersion: number
  /** `sm4`: the ciphers are SM4, the keys one 16-byte key; `tdes` otherwise. */
  readonly algorithm: 'tdes' | 'sm4'
  /** ICC master key: option A, or B for a PAN above 16 digits; parity made odd or left. */
  readonly iccKey: { readonly option: 'A' | 'B'; readonly parity: 'odd' | 'none' }
  /** Session key of the application cryptogram; `none`: the ICC master key itself. */
  readonly cryptogramSession: 'none' | 'emv-common' | 'mastercard-skd' | 'pboc' | 'pboc-sm4'
  /** What the cryptogram covers, in order. */
  readonly cryptogramData: readonly CryptogramDataElement[]
  readonly cryptogramPadding: PaddingMethod
  /** The key of the ARPC, and its method (1: over the ARC; 2: over the CSU). */
  readonly arpc: { readonly key: 'icc' | 'session'; readonly method: 1 | 2 }
  /** Session keys of issuer scripts; emv-common is diversified by the ARQC, the others by the ATC. */
  readonly scriptSession: 'visa-xor' | 'emv-common' | 'pboc' | 'pboc-sm4'
  /** What a script's MAC covers before the data field: the header alone, or header, ATC and ARQC. */
  readonly macPrefix: 'header' | 'header-atc-arqc'
  /** Bytes of a script's MAC unless the caller says otherwise. */
  readonly macLength: 4 | 8
  /** The PIN block of PIN CHANGE without and with the current PIN, and the ICC master key that stands in D1 of `vis`. */
  readonly pinBlock: {
    readonly withoutCurrent: 'vis' | 'iso-2'
    readonly withCurrent: 'vis' | 'iso-2'
    readonly key: 'ac' | 'enc'
  }
  /**
   * How data are enciphered. `length-prefix`: a length byte, the data, 80 00..; `when-needed`: 80 00.. only where the data
   * are no whole blocks; `always`: 80 00.. always.
   */
  readonly encipherment: {
    readonly mode: 'ecb' | 'cbc'
    readonly padding: 'length-prefix' | 'when-needed' | 'always'
  }
}

/** The minimum set of data elements. [EMV-B2] 8.1.1 table 26 */
export const COMMON = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37', '82', '9F36'] as const

/** What a card signs within the time of a tap. */
export const CONTACTLESS = ['9F02', '9F37', '9F36', 'IAD5'] as const

const VISA = {
  family: 'visa',
  algorithm: 'tdes',
  macPrefix: 'header-atc-arqc',
  macLength: 8,
  encipherment: { mode: 'ecb', padding: 'length-prefix' },
} as const

const MASTERCARD = {
  family: 'mastercard',
  algorithm: 'tdes',
  iccKey: { option: 'A', parity: 'odd' },
  cryptogramPadding: 2,
  scriptSession: 'emv-common',
  macPrefix: 'header-atc-arqc',
  macLength: 8,
  pinBlock: { withoutCurrent: 'iso-2', withCurrent: 'iso-2', key: 'ac' },
  encipherment: { mode: 'cbc', padding: 'when-needed' },
} as const

const PBOC = {
  family: 'unionpay',
  algorithm: 'tdes',
  iccKey: { option: 'A', parity: 'none' },
  cryptogramSession: 'pboc',
  cryptogramPadding: 2,
  arpc: { key: 'session', method: 1 },
  scriptSession: 'pboc',
  macPrefix: 'header-atc-arqc',
  macLength: 4,
  pinBlock: { withoutCurrent: 'vis', withCurrent: 'vis', key: 'enc' },
  encipherment: { mode: 'ecb', padding: 'length-prefix' },
} as const

const PBOC_SM4 = {
  ...PBOC,
  algorithm: 'sm4',
  cryptogramSession: 'pboc-sm4',
  scriptSession: 'pboc-sm4',
} as const

/** The schemes by name. @see [VIS], [MCHIP], [EMV-B2] 8, [PBOC] */
export const SCHEMES = {
  'visa-cvn10': {
    ...VISA,
    cryptogramVersion: 0x0a,
    iccKey: { option: 'A', parity: 'odd' },
    cryptogramSession: 'none',
    cryptogramData: [...COMMON, 'CVR'],
    cryptogramPadding: 1,
    arpc: { key: 'icc', method: 1 },
    scriptSession: 'visa-xor',
    pinBlock: { withoutCurrent: 'vis', withCurrent: 'vis', key: 'ac' },
  },
  'visa-cvn18': {
    ...VISA,
    cryptogramVersion: 0x12,
    iccKey: { option: 'B', parity: 'odd' },
    cryptogramSession: 'emv-common',
    cryptogramData: [...COMMON, 'IAD'],
    cryptogramPadding: 2,
    arpc: { key: 'session', method: 2 },
    scriptSession: 'visa-xor',
    pinBlock: { withoutCurrent: 'vis', withCurrent: 'vis', key: 'ac' },
  },
  'visa-cvn22': {
    ...VISA,
    cryptogramVersion: 0x22,
    iccKey: { option: 'B', parity: 'odd' },
    cryptogramSession: 'emv-common',
    cryptogramData: [...COMMON, 'IAD'],
    cryptogramPadding: 2,
    arpc: { key: 'session', method: 2 },
    scriptSession: 'emv-common',
    pinBlock: { withoutCurrent: 'iso-2', withCurrent: 'vis', key: 'ac' },
  },
  'interac-cvn133': {
    ...MASTERCARD,
    family: 'interac',
    cryptogramVersion: 0x85,
    cryptogramSession: 'mastercard-skd',
    cryptogramData: [...COMMON, 'IAD'],
    arpc: { key: 'session', method: 1 },
    macPrefix: 'header',
  },
  'mastercard-cvn16': {
    ...MASTERCARD,
    cryptogramVersion: 0x10,
    cryptogramSession: 'mastercard-skd',
    cryptogramData: [...COMMON, 'CVR'],
    arpc: { key: 'icc', method: 1 },
  },
  'mastercard-cvn17': {
    ...MASTERCARD,
    cryptogramVersion: 0x11,
    cryptogramSession: 'mastercard-skd',
    cryptogramData: [...COMMON, 'CVR', 'COUNTERS'],
    arpc: { key: 'icc', method: 1 },
  },
  'mastercard-cvn20': {
    ...MASTERCARD,
    cryptogramVersion: 0x14,
    cryptogramSession: 'emv-common',
    cryptogramData: [...COMMON, 'CVR'],
    arpc: { key: 'session', method: 1 },
  },
  'mastercard-cvn21': {
    ...MASTERCARD,
    cryptogramVersion: 0x15,
    cryptogramSession: 'emv-common',
    cryptogramData: [...COMMON, 'CVR', 'COUNTERS'],
    arpc: { key: 'session', method: 1 },
  },
  'emv-ccd': {
    ...MASTERCARD,
    family: 'ccd',
    cryptogramVersion: 0x05,
    iccKey: { option: 'B', parity: 'odd' },
    cryptogramSession: 'emv-common',
    cryptogramData: [...COMMON, 'IAD'],
    arpc: { key: 'session', method: 2 },
    encipherment: { mode: 'cbc', padding: 'always' },
  },
  pboc: { ...PBOC, cryptogramVersion: 0x01, cryptogramData: [...COMMON, 'CVR'] },
  // UnionPay's "CVN 17" is the byte 17 in hexadecimal; 11 is Visa's CVN 17. [UPI-F55]
  'pboc-cvn17': { ...PBOC, cryptogramVersion: 0x17, cryptogramData: CONTACTLESS },
  'pboc-sm4': { ...PBOC_SM4, cryptogramVersion: 0x01, cryptogramData: [...COMMON, 'CVR'] },
  'pboc-sm4-cvn17': { ...PBOC_SM4, cryptogramVersion: 0x17, cryptogramData: CONTACTLESS },
} as const satisfies Readonly<Record<string, Scheme>>

/** The name of a scheme. */
export type SchemeName = keyof typeof SCHEMES

/**
 * The name, checked.
 * @throws ERR_SCHEME when there is no scheme of that name
 */
export function schemeName(name: string): SchemeName {
  if (!Object.hasOwn(SCHEMES, name)) {
    throw new IssuerkitError('ERR_SCHEME', { label: 'scheme', expected: Object.keys(SCHEMES).join(', ') })
  }
  return name as SchemeName
}

/**
 * The row of a scheme.
 * @throws ERR_SCHEME when there is none of that name
 */
export function scheme(name: string): Scheme {
  return SCHEMES[schemeName(name)]
}
