/**
 * The ICC public key certificate (tag 9F46) and the ICC PIN encipherment public key certificate (tag 9F2D), both signed
 * by the issuer. They have one format; only the former also covers the static data.
 * @see [EMV-B2] 6.4, 7.1
 */
import type { RsaPublicKey } from '@issuerkit/keys'
import { CERTIFICATES, type CertificateInput, expiryFault, openCertificate } from './certificate.js'
import { panDigits } from './pan.js'
import { NO_STATIC_DATA, type StaticData } from './records.js'
import { fail, pass, type StageResult } from './stage.js'

/** The certificate (9F46), its remainder (9F48) and exponent (9F47), and what they are judged by. */
export interface IccCertificateInput extends CertificateInput {
  /** The digits of the PAN. */
  readonly pan: string
  readonly staticData: StaticData
}

/** The certificate (9F2D), its remainder (9F2F) and exponent (9F2E), and what they are judged by. */
export type PinCertificateInput = Omit<IccCertificateInput, 'staticData'>

/**
 * The ICC public key, once its certificate holds in every point.
 *
 * Recovers iccCertificateExpiry, iccCertificateSerial, iccModulus, iccExponent.
 * @see [EMV-B2] 6.4 steps 1 to 11
 */
export function verifyIccCertificate(input: IccCertificateInput): StageResult<RsaPublicKey> {
  return verify('icc', input, input.staticData)
}

/**
 * The ICC PIN encipherment public key, once its certificate holds in every point.
 *
 * Recovers pinCertificateExpiry, pinCertificateSerial, pinModulus, pinExponent.
 * @see [EMV-B2] 7.1
 */
export function verifyPinCertificate(input: PinCertificateInput): StageResult<RsaPublicKey> {
  return verify('pin', input, NO_STATIC_DATA)
}

function verify(which: 'icc' | 'pin', input: PinCertificateInput, staticData: StaticData): StageResult<RsaPublicKey> {
  const { name } = CERTIFICATES[which]
  const opened = openCertificate(CERTIFICATES[which], input, staticData)
  if (!opened.ok) return opened
  const { identifier, expiry, key } = opened.value
  // Digit for digit: a certified PAN that is only the beginning of the card's is another PAN.
  if (panDigits(identifier) !== input.pan) return fail(`${name}_PAN`, opened.recovered)
  const fault = expiryFault(name, expiry, input.transactionDate)
  if (fault !== undefined) return fail(fault, opened.recovered)
  return pass(key, opened.recovered)
}
