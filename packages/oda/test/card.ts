/** A good card of the forge as inputs of the checker, to be spoilt by the tests. */
import { fromHex } from '@issuerkit/apdu'
import { type CaKey, createCaKey, type OdaInput, type OdaMethod } from '../src/index.js'
import { CA, iccCertificate, issuerCertificate, PAN, pinCertificate, STATIC_DATA, signStatic } from './forge.js'

export const RID = 'A000000333'
export const DATE = '20261121'

/** The forge's CA key, under index 03. */
export const caKey: CaKey = createCaKey({
  rid: fromHex(RID),
  index: 3,
  modulus: fromHex(CA.n),
  exponent: fromHex(CA.e),
})

const issuer = issuerCertificate()
const icc = iccCertificate()
const pin = pinCertificate()

/** All tags that any method needs, as hexadecimal text. */
export const TAGS: Readonly<Record<string, string>> = {
  '5A': PAN,
  '8F': '03',
  '90': issuer.certificate,
  '92': issuer.remainder,
  '9F32': issuer.exponent,
  '93': signStatic(),
  '9F46': icc.certificate,
  '9F48': icc.remainder,
  '9F47': icc.exponent,
  '9F49': '9F3704',
  '9F4A': '82',
  '9F2D': pin.certificate,
  '9F2E': pin.exponent,
}

/** The good card with some tags replaced, or taken away. */
export function tagsWith(changes: Readonly<Record<string, string | undefined>> = {}): Map<string, Uint8Array> {
  const tags = Object.entries({ ...TAGS, ...changes })
  return new Map(tags.flatMap(([tag, hex]) => (hex === undefined ? [] : [[tag, fromHex(hex)]])))
}

/** Inputs by a method that hold. */
export function inputWith(
  method: OdaMethod,
  changes: Readonly<Record<string, string | undefined>> = {},
  more: Partial<OdaInput> = {},
): OdaInput {
  return { method, caKey, tags: tagsWith(changes), staticData: fromHex(STATIC_DATA), transactionDate: DATE, ...more }
}

/** A certificate of the forge as tags. */
export function certificateTags(
  [certificate, remainder, exponent]: readonly [string, string, string],
  made: { readonly certificate: string; readonly remainder: string; readonly exponent: string },
): Record<string, string | undefined> {
  const rest = made.remainder === '' ? undefined : made.remainder
  return { [certificate]: made.certificate, [remainder]: rest, [exponent]: made.exponent }
}
