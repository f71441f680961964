/** What stands in a certificate: its fields, and the form in which they follow each other without tags. */
import { concat } from '@issuerkit/apdu'
import type { RsaPublicKey } from '@issuerkit/keys'
import { certificateError } from './failure.js'

/** What a certificate says. */
export interface CertificateContents {
  /** Tag 42: who signed, 8 bytes. */
  readonly authorityReference: Uint8Array
  /** Tag 5F20: whose key it is, 8 or 12 bytes. */
  readonly holderReference: Uint8Array
  readonly key: RsaPublicKey
  /** Tags 5F25 and 5F24 as YYYYMMDD. */
  readonly validFrom?: string
  readonly validTo?: string
  /** Tag 5F4C: 01 enciphering, 02 signing. */
  readonly usage?: number
  /** CHA, 7 bytes: an application's name and the role in it. */
  readonly authorisation?: Uint8Array
}

/** Fields without tags: everything but the modulus has a length of its own. */
const CPI_OID_LENGTH: Readonly<Record<number, number>> = { 3: 7, 4: 6 }
const REFERENCES = 1 + 8 + 12 + 7
const EXPONENT_LENGTH = 4

/**
 * The fields that follow each other without tags.
 * @throws ERR_CERTIFICATE when they are none
 */
export function fieldsOf(bytes: Uint8Array): CertificateContents {
  const oidLength = CPI_OID_LENGTH[bytes[0] ?? 0] ?? malformed('a CPI of 03 or 04')
  const modulusEnd = bytes.length - EXPONENT_LENGTH
  return {
    authorityReference: expectReference(bytes.slice(1, 9), [8]),
    holderReference: expectReference(bytes.slice(9, 21), [12]),
    authorisation: bytes.slice(21, REFERENCES),
    key: expectKey(bytes.slice(REFERENCES + oidLength, Math.max(modulusEnd, 0)), bytes.slice(modulusEnd)),
  }
}

/**
 * The fields of a certificate without tags, for {@link fieldsOf}.
 * @param oid names the algorithm: 7 bytes (CPI 03) or 6 (CPI 04)
 * @throws ERR_CERTIFICATE when a field has another length
 */
export function encodeFields(contents: CertificateContents, oid: Uint8Array): Uint8Array {
  const { authorityReference, holderReference, authorisation = new Uint8Array(0), key } = contents
  const cpi = oid.length === 7 ? 0x03 : oid.length === 6 ? 0x04 : malformed('an OID of 6 or 7 bytes')
  if (authorisation.length !== 7) malformed('a holder authorisation of 7 bytes')
  const exponent = new Uint8Array(EXPONENT_LENGTH)
  exponent.set(key.exponent, EXPONENT_LENGTH - key.exponent.length)
  return concat(
    Uint8Array.of(cpi),
    expectReference(authorityReference, [8]),
    expectReference(holderReference, [12]),
    authorisation,
    oid,
    key.modulus,
    exponent,
  )
}

/** A reference of 8 bytes, or 12 where the form has them. @throws ERR_CERTIFICATE */
export function expectReference(bytes: Uint8Array | undefined, lengths: readonly number[]): Uint8Array {
  if (bytes === undefined || !lengths.includes(bytes.length))
    return malformed(`a reference of ${lengths.join(' or ')} bytes`)
  return bytes
}

/**
 * An RSA key fit to be certified: 1024 to 4096 bits, an odd exponent of 3 or more.
 * @throws ERR_CERTIFICATE
 */
export function expectKey(modulus: Uint8Array, exponent: Uint8Array): RsaPublicKey {
  const significant = exponent.subarray(exponent.findIndex((byte) => byte !== 0))
  const isOdd = (bytes: Uint8Array): boolean => ((bytes.at(-1) ?? 0) & 1) === 1
  const isLength = modulus.length >= 128 && modulus.length <= 512 && ((modulus[0] as number) & 0x80) !== 0
  if (!isLength || !isOdd(modulus)) malformed('a modulus of 1024 to 4096 bits')
  if (
    !isOdd(significant) ||
    significant.length > EXPONENT_LENGTH ||
    (significant.length === 1 && significant[0] === 1)
  ) {
    malformed('an odd exponent of 3 or more')
  }
  return { modulus, exponent: significant }
}

/** YYYYMMDD from 6 bytes, a digit each but for the century: 02 06 00 01 00 01 is 1 January 2026. @throws ERR_CERTIFICATE */
export function dateOf(bytes: Uint8Array): string {
  const digits = [...bytes].join('')
  if (bytes.length !== 6 || !isDate(`20${digits}`)) return malformed('a date of six digits')
  return `20${digits}`
}

/** Whether the text is YYYYMMDD with a month and a day that may be. */
export function isDate(text: string): boolean {
  return /^20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])$/.test(text)
}

/** The eight bytes that name a holder in signatures: the last ones of a longer reference. */
export function identifierOf(holderReference: Uint8Array): Uint8Array {
  return holderReference.slice(-8)
}

/** Refuse a certificate. */
export function malformed(expected: string): never {
  throw certificateError('certificate', expected)
}
