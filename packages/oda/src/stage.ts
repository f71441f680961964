/** The stages of offline data authentication and what each of them yields. */
import { IssuerkitError } from '@issuerkit/apdu'
import type { ReasonCode } from './reasons.js'

/** The stages, in the words of the standard. */
export type StageName =
  | 'method'
  | 'records'
  | 'ca-key'
  | 'issuer-certificate'
  | 'icc-certificate'
  | 'pin-certificate'
  | 'static-data'
  | 'dynamic-data'

/** What a stage can bring to light. */
export type RecoveredField =
  | 'rid'
  | 'caKeyIndex'
  | 'caKeyChecksum'
  | 'issuerIdentifier'
  | 'issuerCertificateExpiry'
  | 'issuerCertificateSerial'
  | 'issuerModulus'
  | 'issuerExponent'
  | 'iccCertificateExpiry'
  | 'iccCertificateSerial'
  | 'iccModulus'
  | 'iccExponent'
  | 'pinCertificateExpiry'
  | 'pinCertificateSerial'
  | 'pinModulus'
  | 'pinExponent'
  | 'dataAuthenticationCode'
  | 'iccDynamicNumber'
  | 'cid'
  | 'applicationCryptogram'
  | 'transactionDataHashCode'

/** Recovered fields by name, as bytes. Fields of a failed stage are what the block says, not what has been proved. */
export type Recovered = { readonly [F in RecoveredField]?: Uint8Array }

/** The outcome of a stage: its value, or the first rule that does not hold; either way the fields recovered so far. */
export type StageResult<T> =
  | { readonly ok: true; readonly value: T; readonly recovered: Recovered }
  | { readonly ok: false; readonly reason: ReasonCode; readonly recovered: Recovered }

/** A stage that holds. */
export function pass<T>(value: T, recovered: Recovered = {}): StageResult<T> & { readonly ok: true } {
  return { ok: true, value, recovered }
}

/** A stage that does not. */
export function fail(reason: ReasonCode, recovered: Recovered = {}): StageResult<never> & { readonly ok: false } {
  return { ok: false, reason, recovered }
}

/**
 * The value of `read`, or `undefined` where it refuses what the card sent with a coded error: malformed card data is a
 * verdict, not an exception. Any other error is a fault of the toolkit and passes through.
 */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof IssuerkitError) return undefined
    throw error
  }
}
