/**
 * Checking certificates: one under its issuer's key, a chain from a trust point down. What is wrong is a verdict, not an
 * error; only a certificate that cannot be read at all throws.
 * @see [GP] F.4.7, [SCP10] steps 113 to 115
 */
import { concat, IssuerkitError } from '@issuerkit/apdu'
import { constantTimeEqual, type RsaPublicKey } from '@issuerkit/keys'
import { type Certificate, parseCertificate } from './certificate.js'
import { type CertificateContents, fieldsOf, identifierOf, isDate } from './certificate-fields.js'
import { attempt } from './failure.js'
import { recoverMessage } from './iso9796-2.js'
import { sha1DigestInfo, verifyPkcs1 } from './pkcs1.js'

/** A key and the 8 bytes that name its holder: a trust point, or what a certificate has proved. */
export interface NamedKey {
  readonly key: RsaPublicKey
  readonly id: Uint8Array
}

/** How certificates are checked. */
export interface CertificateOptions {
  /** What a self-descriptive certificate signs: the value of 7F4E (default), or the whole object. */
  readonly bodyScope?: 'value' | 'object'
  /** YYYYMMDD; without it validity is not looked at. */
  readonly date?: string
  /** Whether a holder may sign certificates. By default one whose certificate limits its usage (5F4C) may not. */
  readonly mayIssue?: (holder: CertificateContents) => boolean
}

/** Why a certificate does not count. */
export type CertificateReason =
  | 'issuer'
  | 'signature'
  | 'contents'
  | 'notYetValid'
  | 'expired'
  | 'mayNotIssue'
  | 'empty'

/** The outcome. `index` is the certificate of the chain that failed. */
export type CertificateVerdict =
  | { readonly ok: true; readonly holder: NamedKey; readonly contents: CertificateContents }
  | { readonly ok: false; readonly reason: CertificateReason; readonly index: number; readonly citation: string }

/**
 * Whether the issuer has signed the certificate, and it counts today.
 * @throws ERR_DATE when `date` is none
 */
export function verifyCertificate(
  certificate: Certificate,
  issuer: NamedKey,
  options: CertificateOptions = {},
): CertificateVerdict {
  return judge(certificate, issuer, options, 0)
}

/**
 * Whether a chain of certificates leads from the trust point to the holder of the last one: each is signed by the holder
 * of the one before.
 * @param certificates each a data object 7F21, the trust point's own certificate left out
 * @throws ERR_CERTIFICATE when one of them cannot be read; ERR_DATE when `date` is none
 */
export function verifyChain(
  certificates: readonly Uint8Array[],
  trustPoint: NamedKey,
  options: CertificateOptions = {},
): CertificateVerdict {
  const mayIssue = options.mayIssue ?? (({ usage }) => usage === undefined)
  let verdict: CertificateVerdict = refused('empty', 0)
  for (const [index, bytes] of certificates.entries()) {
    // An end-entity key must not sign certificates: every card's holder could issue for every other one.
    if (verdict.ok && !mayIssue(verdict.contents)) return refused('mayNotIssue', index - 1)
    verdict = judge(parseCertificate(bytes), verdict.ok ? verdict.holder : trustPoint, options, index)
    if (!verdict.ok) return verdict
  }
  return verdict
}

function judge(
  certificate: Certificate,
  issuer: NamedKey,
  { bodyScope = 'value', date }: CertificateOptions,
  index: number,
): CertificateVerdict {
  if (date !== undefined && !isDate(date)) {
    throw new IssuerkitError('ERR_DATE', { label: 'date', expected: 'YYYYMMDD of this century' })
  }
  if (!constantTimeEqual(certificate.authorityReference, issuer.id)) return refused('issuer', index)
  let { contents } = certificate
  if (contents === undefined) {
    const recovered = recoverMessage(issuer.key, certificate.signature, certificate.body)
    if (recovered === undefined) return refused('signature', index)
    contents = attempt(() => fieldsOf(concat(recovered, certificate.body)))
    // The reference outside of the signature is not signed: the one inside decides.
    if (contents === undefined || !constantTimeEqual(contents.authorityReference, issuer.id)) {
      return refused('contents', index)
    }
  } else {
    const signed = bodyScope === 'object' ? (certificate.bodyObject ?? certificate.body) : certificate.body
    if (!verifyPkcs1(issuer.key, sha1DigestInfo(signed), certificate.signature)) return refused('signature', index)
  }
  const { validFrom, validTo, key, holderReference } = contents
  if (date !== undefined && validFrom !== undefined && date < validFrom) return refused('notYetValid', index)
  if (date !== undefined && validTo !== undefined && date > validTo) return refused('expired', index)
  return { ok: true, holder: { key, id: identifierOf(holderReference) }, contents }
}

function refused(reason: CertificateReason, index: number): CertificateVerdict {
  return { ok: false, reason, index, citation: '[GP] F.4.7' }
}
