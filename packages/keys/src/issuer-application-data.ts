/**
 * Issuer application data, tag 9F10: which payment system's layout it has, which scheme and which key it names.
 *
 * Lengths overlap: UnionPay values of 18, 20, 26 and 28 bytes exist and look like M/Chip. So the layout is taken from
 * what the issuer knows (scheme or family), else from the AID, else from constant bytes, and from the length alone last.
 */
import { IssuerkitError, toHex } from '@issuerkit/apdu'
import { type DecodedFlags, decodeFlags } from './flags.js'
import { parseDiscretionaryData, type UnionPayDiscretionaryData } from './issuer-application-data-idd.js'
import {
  IAD_LAYOUTS,
  type IadFieldName,
  type IadLayout,
  type IadLayoutName,
  RID_FAMILIES,
} from './issuer-application-data-layouts.js'
import { SCHEMES, type Scheme, type SchemeFamily, type SchemeName, scheme } from './schemes.js'

/** What is known of the card without looking into tag 9F10; the first that is given decides. */
export interface IadHint {
  /** An explicit choice. It overrides the CVN, and the layout is that of its family. */
  readonly scheme?: string
  /** The issuer's profile says whose card it is. */
  readonly family?: SchemeFamily
  /** The AID of the application (tag 84, 9F06 or 4F), 5 to 16 bytes. One of no known family decides nothing. */
  readonly aid?: Uint8Array
}

/** What the layout was taken from. */
export type IadRecognition = 'scheme' | 'family' | 'aid' | 'pattern' | 'length'

/** One part of the value. */
export interface IadField {
  readonly name: IadFieldName
  readonly offset: number
  readonly value: Uint8Array
}

/** Issuer application data, taken apart. All bytes are views into the value. */
export interface IssuerApplicationData {
  readonly layout: IadLayoutName
  readonly family: SchemeFamily
  readonly recognisedBy: IadRecognition
  /** The scheme that family, CVN and algorithm name, or the explicit choice; none when the toolkit has no such row. */
  readonly scheme: SchemeName | undefined
  readonly algorithm: 'tdes' | 'aes' | 'sm4'
  /** Derivation key index: which key set of the issuer. */
  readonly dki: number
  /** Cryptogram version number as it stands: 10 (0A), 18 (12), 34 (22) ... For CCD the low nibble of the CCI. */
  readonly cvn: number
  /** Card verification results as the cryptogram covers them, with their length byte where the layout has one. */
  readonly cvr: Uint8Array | undefined
  /** The CVR as named bits; absent for Interac, whose CVR is not public. */
  readonly cvrFlags: DecodedFlags | undefined
  /** The counters of M/Chip (8 or 16 bytes) and CCD (8). */
  readonly counters: Uint8Array | undefined
  /** Issuer discretionary data, empty when there are none. */
  readonly discretionary: Uint8Array
  /** UnionPay's discretionary data, when they have the usual form. */
  readonly idd: UnionPayDiscretionaryData | undefined
  /** All parts in order. */
  readonly fields: readonly IadField[]
}

/**
 * Takes tag 9F10 apart.
 * @param bytes 7 to 32 bytes
 * @throws ERR_SCHEME when nothing tells the layout, the layout of the family does not fit, or a byte that names the
 *   cipher has an unknown value; also for an unknown name in `hint.scheme`
 * @see [VIS] F, [MCHIP] IAD, [EMV-B3] C7.2, [UPI-F55]
 */
export function parseIssuerApplicationData(bytes: Uint8Array, hint: IadHint = {}): IssuerApplicationData {
  const chosen = hint.scheme === undefined ? undefined : scheme(hint.scheme)
  const { layout, recognisedBy } = findLayout(bytes, hint, chosen)
  const fields = takeApart(bytes, layout)
  const field = (name: IadFieldName): Uint8Array | undefined => fields.find((part) => part.name === name)?.value
  const algorithm = algorithmOf(bytes, layout, chosen)
  const cvn = (bytes[layout.cvnAt] as number) & layout.cvnMask
  const { family } = layout
  const cvr = field('cvr')
  const discretionary = field('discretionary') ?? bytes.subarray(bytes.length)
  return {
    layout: layout.name,
    family,
    recognisedBy,
    scheme: (hint.scheme as SchemeName | undefined) ?? schemeOf(family, cvn, algorithm),
    algorithm,
    dki: (field('dki') as Uint8Array)[0] as number,
    cvn,
    cvr,
    cvrFlags: layout.cvr === undefined ? undefined : decodeFlags(layout.cvr, cvr as Uint8Array),
    counters: field('counters'),
    discretionary,
    idd: family === 'unionpay' ? parseDiscretionaryData(discretionary) : undefined,
    fields,
  }
}

/**
 * The scheme with this cryptogram version number, if the toolkit has one.
 * @param cvn the byte as it stands in tag 9F10, for CCD the low nibble of the CCI
 */
export function schemeOf(family: SchemeFamily, cvn: number, algorithm: 'tdes' | 'aes' | 'sm4'): SchemeName | undefined {
  const rows = Object.entries(SCHEMES) as [SchemeName, Scheme][]
  return rows.find(
    ([, row]) => row.family === family && row.cryptogramVersion === cvn && row.algorithm === algorithm,
  )?.[0]
}

/** Whose application an AID is, or `undefined` for one of no known family. [ISO7816-4] 8.2.1.2: the first five bytes */
export function familyOfAid(aid: Uint8Array): SchemeFamily | undefined {
  return RID_FAMILIES[toHex(aid.subarray(0, 5))]
}

function findLayout(
  bytes: Uint8Array,
  { family, aid }: IadHint,
  chosen: Scheme | undefined,
): { layout: IadLayout; recognisedBy: IadRecognition } {
  const known = chosen?.family ?? family
  if (known !== undefined) {
    const layout = IAD_LAYOUTS.find((row) => row.family === known && fits(bytes, row))
    if (layout === undefined) throw unknownLayout(bytes, `a layout of ${known}`)
    return { layout, recognisedBy: chosen === undefined ? 'family' : 'scheme' }
  }
  const byAid = aid === undefined ? undefined : familyOfAid(aid)
  if (byAid !== undefined) {
    const own = IAD_LAYOUTS.find((row) => row.family === byAid && fits(bytes, row))
    if (own !== undefined) return { layout: own, recognisedBy: 'aid' }
    // [EMV-B3] C7.2: a common core application may run under the AID of any payment system, and no other layout looks
    // like it. Any other layout under a known AID is a mistake.
    const ccd = IAD_LAYOUTS.find((row) => row.name === 'ccd' && fits(bytes, row))
    if (ccd === undefined) throw unknownLayout(bytes, `a layout of ${byAid}`)
    return { layout: ccd, recognisedBy: 'pattern' }
  }
  const layout = IAD_LAYOUTS.find(
    (row) => fits(bytes, row) && row.cvnHighNibbles.includes((bytes[row.cvnAt] as number) >> 4),
  )
  if (layout === undefined) throw unknownLayout(bytes, 'a known layout')
  return { layout, recognisedBy: layout.constants.length === 0 ? 'length' : 'pattern' }
}

function fits(bytes: Uint8Array, { least, most, constants }: IadLayout): boolean {
  return bytes.length >= least && bytes.length <= most && constants.every(([offset, value]) => bytes[offset] === value)
}

function takeApart(bytes: Uint8Array, layout: IadLayout): IadField[] {
  let offset = 0
  return layout.fields.map(([name, length]) => {
    const end = length === 'rest' ? bytes.length : offset + length
    const part = { name, offset, value: bytes.subarray(offset, end) }
    offset = end
    return part
  })
}

function algorithmOf(bytes: Uint8Array, { cipher }: IadLayout, chosen: Scheme | undefined): 'tdes' | 'aes' | 'sm4' {
  const named = cipher === undefined ? 'tdes' : cipher.values[bytes[cipher.at] as number]
  const algorithm = chosen?.algorithm ?? named
  if (algorithm === undefined) throw unknownLayout(bytes, 'a byte that names a known cipher')
  return algorithm
}

function unknownLayout(bytes: Uint8Array, expected: string): IssuerkitError {
  return new IssuerkitError('ERR_SCHEME', { label: 'tag 9F10', expected, got: `${bytes.length} bytes` })
}
