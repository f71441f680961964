/**
 * Card-verifiable certificates: the four forms that cards of this channel use.
 *
 * | form | P2 | layout |
 * |---|---|---|
 * | selfDescriptive | BE | 7F21{ 7F4E{ 5F29, 42, 7F49{ 81 n, 82 e }, 5F20, 5F25, 5F24, 5F4C }, 5F37 signature } |
 * | flat | BE | 7F21{ 42, 5F20, 7F49 or 5F49, 5F25, 5F24, 5F4C, 9E or 5F37 signature } |
 * | contents | AE | 7F21{ 5F4E fields, 9E or 5F37 signature } |
 * | recovery | AE | 7F21{ 5F37 signature that holds the fields, 5F38 their rest, 42 } |
 *
 * The fields of the last two follow each other without tags:
 * `CPI 1 ‖ CAR 8 ‖ CHR 12 ‖ CHA 7 ‖ OID 7 (CPI 03) or 6 (CPI 04) ‖ modulus ‖ exponent 4`.
 * @see [GP] F.4 (its examples; the encoding is left open), [SCP10] steps 113 to 117
 */
import { parseOneTlv, parseTlv, type Tlv } from '@issuerkit/apdu'
import type { RsaPublicKey } from '@issuerkit/keys'
import {
  type CertificateContents,
  dateOf,
  expectKey,
  expectReference,
  fieldsOf,
  malformed,
} from './certificate-fields.js'
import { attempt } from './failure.js'

/** The four forms. */
export type CertificateForm = 'selfDescriptive' | 'flat' | 'contents' | 'recovery'

/** A certificate taken apart, nothing of it checked. */
export interface Certificate {
  readonly form: CertificateForm
  /** The whole data object 7F21. */
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
  /** Tag 42 where it stands outside of the signature. */
  readonly authorityReference: Uint8Array
  /** The signed part: the value of 7F4E, the objects in front of the signature, the value of 5F4E, or 5F38. */
  readonly body: Uint8Array
  /** The whole data object 7F4E, which some issuers sign instead of its value. */
  readonly bodyObject?: Uint8Array
  /** What it says; absent in the form with recovery, where the signature holds it. */
  readonly contents?: CertificateContents
}

/** P2 of PSO VERIFY CERTIFICATE: whether the certificate describes itself. [GP] F.4.7 */
export function certificateP2({ form }: Pick<Certificate, 'form'>): 0xae | 0xbe {
  return form === 'selfDescriptive' || form === 'flat' ? 0xbe : 0xae
}

/**
 * A certificate from its bytes.
 * @throws ERR_CERTIFICATE when it is none of the four forms, or a part of it has another length than its tag gives it
 */
export function parseCertificate(bytes: Uint8Array): Certificate {
  const outer = attempt(() => parseOneTlv(bytes, '7F21')) ?? malformed('data object 7F21')
  const objects = outer.children as readonly Tlv[]
  const tags = objects.map(({ tag }) => tag).join(' ')
  if (tags === '7F4E 5F37') return selfDescriptive(bytes, objects as [Tlv, Tlv])
  if (tags === '5F37 5F38 42') return recovery(bytes, objects as [Tlv, Tlv, Tlv])
  if (/^5F4E (?:9E|5F37)$/.test(tags)) return contents(bytes, objects as [Tlv, Tlv])
  if (/^42 5F20 (?:7F49|5F49)( 5F25 5F24)?( 5F4C)? (?:9E|5F37)$/.test(tags)) return flat(bytes, outer.value, objects)
  return malformed('one of the four forms')
}

function selfDescriptive(bytes: Uint8Array, [body, signature]: [Tlv, Tlv]): Certificate {
  const children = body.children as readonly Tlv[]
  const tags = children.map(({ tag }) => tag).join(' ')
  if (!/^5F29 42 7F49 5F20( 5F25 5F24)?( 5F4C)?$/.test(tags)) malformed('the objects of 7F4E in their order')
  const said = tagged(children)
  return {
    form: 'selfDescriptive',
    bytes,
    signature: signature.value,
    authorityReference: said.authorityReference,
    body: body.value,
    bodyObject: body.bytes,
    contents: said,
  }
}

function flat(bytes: Uint8Array, value: Uint8Array, objects: readonly Tlv[]): Certificate {
  const signature = objects.at(-1) as Tlv
  const said = tagged(objects)
  return {
    form: 'flat',
    bytes,
    signature: signature.value,
    authorityReference: said.authorityReference,
    body: value.subarray(0, value.length - signature.bytes.length),
    contents: said,
  }
}

function contents(bytes: Uint8Array, [body, signature]: [Tlv, Tlv]): Certificate {
  const said = fieldsOf(body.value)
  const { authorityReference } = said
  return { form: 'contents', bytes, signature: signature.value, authorityReference, body: body.value, contents: said }
}

function recovery(bytes: Uint8Array, [signature, rest, authority]: [Tlv, Tlv, Tlv]): Certificate {
  const authorityReference = expectReference(authority.value, [8])
  return { form: 'recovery', bytes, signature: signature.value, authorityReference, body: rest.value }
}

/** The contents of the forms with a tag for each field; the caller has seen that the tags are there. */
function tagged(objects: readonly Tlv[]): CertificateContents {
  const values = new Map(objects.map(({ tag, value }) => [tag, value]))
  const [from, to, usage] = [values.get('5F25'), values.get('5F24'), values.get('5F4C')]
  if (usage !== undefined && usage.length !== 1) malformed('5F4C of 1 byte')
  return {
    authorityReference: expectReference(values.get('42'), [8]),
    holderReference: expectReference(values.get('5F20'), [8, 12]),
    key: publicKey((values.get('7F49') ?? values.get('5F49')) as Uint8Array),
    ...(from === undefined || to === undefined ? {} : { validFrom: dateOf(from), validTo: dateOf(to) }),
    ...(usage === undefined ? {} : { usage: usage[0] as number }),
  }
}

function publicKey(value: Uint8Array): RsaPublicKey {
  const [modulus, exponent, more] = attempt(() => parseTlv(value)) ?? []
  if (modulus?.tag !== '81' || exponent?.tag !== '82' || more !== undefined)
    return malformed('a public key of 81 and 82')
  return expectKey(modulus.value, exponent.value)
}
