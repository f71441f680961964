/**
 * What issuer, ICC and PIN encipherment certificates share: recovery, the certified key, the hash.
 *
 * ```
 * certificate + remainder + exponent ( + static data, ICC certificate only)
 *   -> block of the signer's length: header .. exponent length | key field | hash | trailer
 *   -> key: the key field's first bytes, or all of them and the remainder
 * ```
 * The order is that of the standard, with one liberty: whatever the hash needs (algorithms, key and exponent lengths,
 * remainder, static data) is checked just before the hash, so that "the hash is wrong" never means "a part was missing".
 */
import { concat, equalBytes } from '@issuerkit/apdu'
import type { RsaPublicKey } from '@issuerkit/keys'
import { expiryMonth } from './dates.js'
import { ICC_CERTIFICATE, ISSUER_CERTIFICATE, RSA_INDICATOR } from './layout.js'
import type { ReasonCode } from './reasons.js'
import type { StaticData } from './records.js'
import { hashMatches, isPadding, recoverBlock } from './signed-block.js'
import { fail, pass, type Recovered, type RecoveredField, type StageResult } from './stage.js'

/** The reason codes that exist for each of the three certificates. */
type CertificateName = 'ISSUER_CERT' | 'ICC_CERT' | 'PIN_CERT'

/** A certificate and what is signed or needed with it. */
export interface CertificateInput {
  /** The key that signed it. */
  readonly signer: RsaPublicKey
  readonly certificate: Uint8Array
  /** Absent or empty when the certificate holds the whole key. */
  readonly remainder?: Uint8Array | undefined
  readonly exponent: Uint8Array
  /** YYYYMMDD. Without it the certificate cannot be judged valid. */
  readonly transactionDate?: string | undefined
}

/** A certificate whose hash is right. Identifier and dates are still to be judged. */
export interface Certificate {
  /** Issuer identifier (4 bytes) or PAN (10 bytes), padded with F. */
  readonly identifier: Uint8Array
  /** MMYY, 2 bytes. */
  readonly expiry: Uint8Array
  /** 3 bytes. */
  readonly serial: Uint8Array
  /** The certified key. */
  readonly key: RsaPublicKey
}

interface CertificateKind {
  readonly name: CertificateName
  readonly layout: typeof ISSUER_CERTIFICATE | typeof ICC_CERTIFICATE
  readonly format: number
  readonly fields: Readonly<Record<'expiry' | 'serial' | 'modulus' | 'exponent', RecoveredField>>
}

const kind = <P extends 'issuer' | 'icc' | 'pin'>(prefix: P) =>
  ({
    expiry: `${prefix}CertificateExpiry`,
    serial: `${prefix}CertificateSerial`,
    modulus: `${prefix}Modulus`,
    exponent: `${prefix}Exponent`,
  }) as const

/** The three certificates as data. */
export const CERTIFICATES = {
  issuer: { name: 'ISSUER_CERT', layout: ISSUER_CERTIFICATE, format: 0x02, fields: kind('issuer') },
  icc: { name: 'ICC_CERT', layout: ICC_CERTIFICATE, format: 0x04, fields: kind('icc') },
  pin: { name: 'PIN_CERT', layout: ICC_CERTIFICATE, format: 0x04, fields: kind('pin') },
} as const satisfies Record<string, CertificateKind>

/** [EMV-B2] 5.1, 6.1: EMV keys are at most 1984 bits. Below 512 bits neither a certificate nor a CDA signature has room. */
const MIN_KEY = 64
const MAX_KEY = 248

const EXPONENTS = [Uint8Array.of(3), Uint8Array.of(1, 0, 1)]

/** Whether an RSA public exponent is one of the two that EMV knows, without leading zero bytes. [EMV-B2] B2.1 */
export function isEmvExponent(exponent: Uint8Array): boolean {
  return EXPONENTS.some((known) => equalBytes(known, exponent))
}

/**
 * Recovers a certificate and checks it up to its hash.
 * @param staticData what the hash covers behind the exponent; empty for issuer and PIN encipherment certificate
 */
export function openCertificate(
  { name, layout, format, fields: names }: CertificateKind,
  { signer, certificate, remainder = new Uint8Array(0), exponent }: CertificateInput,
  staticData: StaticData,
): StageResult<Certificate> {
  const block = recoverBlock({ name, layout, format }, signer, certificate)
  if (!block.ok) return block
  const { fields, hashed } = block.value
  const recovered: Recovered = { [names.expiry]: fields.expiry, [names.serial]: fields.serial }
  const refuse = (reason: ReasonCode): StageResult<never> => fail(reason, recovered)

  if (fields.keyAlgorithm[0] !== RSA_INDICATOR) return refuse(`${name}_KEY_ALGORITHM`)
  const keyLength = fields.keyLength[0] as number
  if (keyLength < MIN_KEY || keyLength > MAX_KEY) return refuse(`${name}_KEY_LENGTH`)
  // The key is cut by its length byte: a key may end in BB itself.
  const lacking = Math.max(0, keyLength - fields.key.length)
  if (lacking > 0 && remainder.length === 0) return refuse(`${name}_REMAINDER_MISSING`)
  // A remainder that is not needed would be hashed without becoming part of the key: nobody signs such a thing.
  if (remainder.length !== lacking) return refuse(`${name}_REMAINDER_LENGTH`)
  if (!isPadding(fields.key.subarray(keyLength))) return refuse(`${name}_KEY_PADDING`)
  if (exponent.length !== fields.exponentLength[0]) return refuse(`${name}_EXPONENT_LENGTH`)
  if (!isEmvExponent(exponent)) return refuse(`${name}_EXPONENT`)
  if (!staticData.ok) return refuse(staticData.reason)

  if (!hashMatches(fields.hash, hashed, remainder, exponent, staticData.bytes)) return refuse(`${name}_HASH`)
  const key = { modulus: concat(fields.key.subarray(0, keyLength), remainder), exponent }
  const { identifier, expiry, serial } = fields
  return pass(
    { identifier, expiry, serial, key },
    { ...recovered, [names.modulus]: key.modulus, [names.exponent]: key.exponent },
  )
}

/**
 * Whether a certificate is valid on the day: through the last day of its month. The first rule that does not hold.
 * @see [EMV-B2] 5.3 step 9, 6.4 step 9
 */
export function expiryFault(
  name: CertificateName,
  mmyy: Uint8Array,
  transactionDate: string | undefined,
): ReasonCode | undefined {
  const month = expiryMonth(mmyy)
  if (month === undefined) return `${name}_MONTH`
  if (transactionDate === undefined) return 'TRANSACTION_DATE_MISSING'
  return transactionDate.slice(0, 6) > month ? `${name}_EXPIRED` : undefined
}
