/** Transactions for tests: one of each scheme, and arbitrary ones. */
import { encodeTlv, fromHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { createKey, type SchemeName, type SecretKey, scheme } from '../../src/index.js'

export const IMK = '0123456789ABCDEFFEDCBA9876543210'
export const MAC_IMK = '404142434445464748494A4B4C4D4E4F'
export const ENC_IMK = '505152535455565758595A5B5C5D5E5F'
export const CARD = { pan: '6200000000000005', panSequence: '01' } as const

/** A published shape of tag 9F10 for each scheme. */
export const IADS: Readonly<Record<SchemeName, string>> = {
  'visa-cvn10': '06010A03A06010',
  'visa-cvn18': '06011203A0B800',
  'visa-cvn22': `1F220100A0000000${'00'.repeat(24)}`,
  'interac-cvn133': '1501850440B100000000B00000000000000000000000',
  'mastercard-cvn16': '0110A00003220000000000000000000000FF',
  'mastercard-cvn17': '0111A00003220000000000000000000322FF',
  'mastercard-cvn20': '0114A00003220000000000000000000000FF',
  'mastercard-cvn21': '0115A00003220000000000000000000322FF',
  'emv-ccd': `0FA501A000000000${'11'.repeat(8)}0F${'22'.repeat(15)}`,
  pboc: '07010103A00000010A010000005000F2DE37D9',
  'pboc-cvn17': '07011703A00000010A0100000050005F107FEF',
  'pboc-sm4': '07010103A00000040A010000005000F2DE37D9',
  'pboc-sm4-cvn17': '07011703A00000040A0100000050005F107FEF',
}

export const SCHEME_NAMES = Object.keys(IADS) as SchemeName[]

/** The values of a UnionPay request, without the cryptogram. */
export const TAGS_TEXT: Readonly<Record<string, string>> = {
  '9F27': '80',
  '9F37': 'A1B2C3D4',
  '9F36': '0064',
  '95': '0000048000',
  '9A': '261121',
  '9C': '00',
  '9F02': '000000010000',
  '5F2A': '0156',
  '82': '7C00',
  '9F1A': '0156',
  '9F03': '000000000000',
}

/** The tags of a transaction of a scheme, with changes. */
export function transaction(name: SchemeName, changes: Readonly<Record<string, string>> = {}): Map<string, Uint8Array> {
  const record = { ...TAGS_TEXT, '9F10': IADS[name], ...changes }
  return new Map(Object.entries(record).map(([tag, hex]) => [tag, fromHex(hex)]))
}

/** DE55 of tags in their order. */
export function field55(tags: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...tags].map(([tag, value]) => encodeTlv(tag, value))))
}

/** The issuer master key of a scheme's algorithm. */
export function issuerKey(name: SchemeName, hex = IMK): SecretKey<'issuer', 'AC'> {
  return createKey(scheme(name).algorithm, 'issuer', 'AC', fromHex(hex))
}

export const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

const LENGTHS = { '9F37': 4, '9F36': 2, '95': 5, '9A': 3, '9C': 1, '9F02': 6, '5F2A': 2, '82': 2, '9F1A': 2, '9F03': 6 }

/** How many bytes at the head of tag 9F10 the layout of a scheme fixes, and where the CVR says the kind of cryptogram. */
const SHAPES: Readonly<Record<string, { readonly head: number; readonly kindAt?: number }>> = {
  'visa-cvn22': { head: 2, kindAt: 4 },
  visa: { head: 4, kindAt: 4 },
  unionpay: { head: 4, kindAt: 4 },
  mastercard: { head: 2, kindAt: 2 },
  ccd: { head: 2, kindAt: 3 },
  interac: { head: 3 },
}

/**
 * Arbitrary values of a transaction. Tag 9F10 keeps what its layout needs and says that it is an ARQC; everything else in
 * it is arbitrary.
 */
export function transactions(name: SchemeName): fc.Arbitrary<Map<string, Uint8Array>> {
  const parts = Object.entries(LENGTHS).map(([tag, length]) => bytesOf(length).map((value) => [tag, value] as const))
  const shape = fromHex(IADS[name])
  const { family } = scheme(name)
  const { head, kindAt } = SHAPES[name] ?? SHAPES[family] ?? { head: 0 }
  const iad = bytesOf(shape.length).map((value) => {
    const free = Uint8Array.from(value)
    free.set(shape.subarray(0, head))
    if (family === 'ccd') free[16] = 0x0f
    if (family === 'unionpay') free[7] = shape[7] ?? 0
    if (kindAt !== undefined) free[kindAt] = 0xa0 | ((free[kindAt] ?? 0) & 0x0f)
    return ['9F10', free] as const
  })
  return fc.tuple(...parts, iad).map((entries) => new Map(entries))
}
