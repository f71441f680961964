/** The issuer public key certificate (tag 90), signed by a CA. @see [EMV-B2] 5.3, 6.3 */
import type { RsaPublicKey } from '@issuerkit/keys'
import type { CaKey } from './ca-key.js'
import { CERTIFICATES, type CertificateInput, expiryFault, openCertificate } from './certificate.js'
import { identifiesIssuer } from './pan.js'
import { NO_STATIC_DATA } from './records.js'
import { isRevoked, type RevocationList } from './revocation.js'
import { fail, pass, type StageResult } from './stage.js'

/** The certificate (90), its remainder (92) and exponent (9F32), and what they are judged by. */
export interface IssuerCertificateInput extends Omit<CertificateInput, 'signer'> {
  readonly caKey: CaKey
  /** The digits of the PAN. */
  readonly pan: string
  readonly revoked?: RevocationList | undefined
}

/**
 * The issuer's public key, once its certificate holds in every point.
 *
 * Recovers issuerIdentifier, issuerCertificateExpiry, issuerCertificateSerial, issuerModulus, issuerExponent.
 * @see [EMV-B2] 5.3 steps 1 to 12
 */
export function verifyIssuerCertificate(input: IssuerCertificateInput): StageResult<RsaPublicKey> {
  const opened = openCertificate(CERTIFICATES.issuer, { ...input, signer: input.caKey }, NO_STATIC_DATA)
  if (!opened.ok) return opened
  const { identifier, expiry, serial, key } = opened.value
  const recovered = { issuerIdentifier: identifier, ...opened.recovered }

  if (!identifiesIssuer(identifier, input.pan)) return fail('ISSUER_CERT_IDENTIFIER', recovered)
  const fault = expiryFault('ISSUER_CERT', expiry, input.transactionDate)
  if (fault !== undefined) return fail(fault, recovered)
  if (input.revoked !== undefined && isRevoked(input.revoked, input.caKey, serial)) {
    return fail('ISSUER_CERT_REVOKED', recovered)
  }
  return pass(key, recovered)
}
