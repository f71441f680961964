/** A test CA: certificates of the four forms, which the other half of this package checks. */
import { concat, encodeTlv } from '@issuerkit/apdu'
import type { RsaPrivateKey, RsaPublicKey } from '@issuerkit/keys'
import { type CertificateForm, parseCertificate } from './certificate.js'
import { type CertificateContents, encodeFields, malformed } from './certificate-fields.js'
import { OVERHEAD, signWithRecovery } from './iso9796-2.js'
import { signPkcs1 } from './pkcs1.js'

/** How a certificate is written. */
export interface IssueOptions {
  readonly form?: CertificateForm
  /** What a self-descriptive certificate signs: the value of 7F4E (default), or the whole object. */
  readonly bodyScope?: 'value' | 'object'
  /** Names the algorithm in the forms without tags: 7 or 6 bytes. */
  readonly oid?: Uint8Array
}

/** 1.3.36.3.4.2.2.1: ISO/IEC 9796-2 with RSA and SHA-1. */
const DEFAULT_OID = Uint8Array.of(0x2b, 0x24, 0x03, 0x04, 0x02, 0x02, 0x01)

/**
 * A certificate over `contents`, signed by `issuer`.
 * @returns the data object 7F21
 * @throws ERR_CERTIFICATE when the contents do not fit the form: dates other than YYYYMMDD of this century, references of
 *   other lengths, a key of another size; ERR_RSA when the issuer's modulus has no room; ERR_KEY_DESTROYED
 * @see [GP] F.4
 */
export function issueCertificate(
  issuer: RsaPrivateKey,
  contents: CertificateContents,
  { form = 'selfDescriptive', bodyScope = 'value', oid = DEFAULT_OID }: IssueOptions = {},
): Uint8Array {
  const certificate = write(issuer, contents, form, bodyScope, oid)
  // What cannot be read again is not handed out. A certificate with recovery is read when it is opened.
  parseCertificate(certificate)
  return certificate
}

function write(
  issuer: RsaPrivateKey,
  contents: CertificateContents,
  form: CertificateForm,
  bodyScope: 'value' | 'object',
  oid: Uint8Array,
): Uint8Array {
  if (form === 'recovery') {
    const fields = encodeFields(contents, oid)
    const m1 = fields.subarray(0, issuer.publicKey.modulus.length - OVERHEAD)
    const rest = fields.subarray(m1.length)
    return encodeTlv('7F21', [
      encodeTlv('5F37', signWithRecovery(issuer, m1, rest)),
      encodeTlv('5F38', rest),
      encodeTlv('42', contents.authorityReference),
    ])
  }
  if (form === 'contents') {
    const fields = encodeFields(contents, oid)
    return encodeTlv('7F21', [encodeTlv('5F4E', fields), encodeTlv('5F37', signPkcs1(issuer, fields))])
  }
  if (form === 'flat') {
    const body = concat(...objectsOf(contents, '42', '5F20', '7F49', '5F25', '5F24', '5F4C'))
    return encodeTlv('7F21', [body, encodeTlv('9E', signPkcs1(issuer, body))])
  }
  const value = concat(...objectsOf(contents, '5F29', '42', '7F49', '5F20', '5F25', '5F24', '5F4C'))
  const body = encodeTlv('7F4E', value)
  return encodeTlv('7F21', [body, encodeTlv('5F37', signPkcs1(issuer, bodyScope === 'object' ? body : value))])
}

/** The data objects of these tags, in their order; those that the contents do not have are left out. */
function objectsOf(contents: CertificateContents, ...tags: readonly string[]): Uint8Array[] {
  const { validFrom, validTo, usage } = contents
  const values: Readonly<Record<string, Uint8Array | undefined>> = {
    '5F29': Uint8Array.of(0x00),
    '42': contents.authorityReference,
    '7F49': keyObject(contents.key),
    '5F20': contents.holderReference,
    '5F25': validFrom === undefined ? undefined : dateBytes(validFrom),
    '5F24': validTo === undefined ? undefined : dateBytes(validTo),
    '5F4C': usage === undefined ? undefined : Uint8Array.of(usage),
  }
  return tags.flatMap((tag) => {
    const value = values[tag]
    return value === undefined ? [] : [encodeTlv(tag, value)]
  })
}

function keyObject({ modulus, exponent }: RsaPublicKey): Uint8Array {
  return concat(encodeTlv('81', modulus), encodeTlv('82', exponent))
}

function dateBytes(date: string): Uint8Array {
  if (!/^20[0-9]{6}$/.test(date)) malformed('a date of this century')
  return Uint8Array.from(date.slice(2), Number)
}
