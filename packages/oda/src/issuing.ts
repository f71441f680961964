/**
 * The other half: what a CA, an issuer and a card sign. Blocks are written field by field from the layouts; none of the
 * checks is used here, so that checking and issuing judge each other.
 *
 * ```
 * CA      signs  issuer certificate (90), with the rest of the issuer's modulus (92)
 * issuer  signs  ICC certificate (9F46, 9F48), PIN encipherment certificate (9F2D, 9F2F), static data (93)
 * ICC     signs  dynamic data (9F4B): issuing-dynamic
 * ```
 * @see [EMV-B2] 5, 6, 7
 */
import { concat, expectLength, fromHex, IssuerkitError } from '@issuerkit/apdu'
import { type RsaPrivateKey, type RsaPublicKey, sha1 } from '@issuerkit/keys'
import { isEmvExponent } from './certificate.js'
import {
  fixedLength,
  HEADER,
  ICC_CERTIFICATE,
  ISSUER_CERTIFICATE,
  type Layout,
  PADDING,
  RSA_INDICATOR,
  SHA1_INDICATOR,
  SIGNED_STATIC_DATA,
  TRAILER,
} from './layout.js'

/** A certificate as it goes into records. */
export interface IssuedCertificate {
  /** Tag 90, 9F46 or 9F2D: as long as the signer's modulus. */
  readonly certificate: Uint8Array
  /** Tag 92, 9F48 or 9F2F: the end of a modulus that the certificate has no room for; empty, and then left out, when it has. */
  readonly remainder: Uint8Array
  /** Tag 9F32, 9F47 or 9F2E. */
  readonly exponent: Uint8Array
}

/** What every certificate says of itself. */
export interface CertificateDetails {
  /** The key to be certified: 64 to 248 bytes, the exponent 3 or 65537. */
  readonly key: RsaPublicKey
  /** MMYY as four digits, the last month in which the certificate is valid. */
  readonly expiry: string
  /** 3 bytes. */
  readonly serial: Uint8Array
}

/**
 * An issuer certificate, signed by a CA.
 * @param details.identifier the leftmost 3 to 8 digits of the PANs
 * @throws ERR_RSA when a key has no room for the block or the exponent is another; ERR_DATE; ERR_LENGTH for the serial;
 *   ERR_PAN for the identifier; ERR_KEY_DESTROYED
 * @see [EMV-B2] 5.3 table 6
 */
export function issueIssuerCertificate(
  ca: RsaPrivateKey,
  details: CertificateDetails & { readonly identifier: string },
): IssuedCertificate {
  const identifier = paddedDigits(details.identifier, 3, 8, 'issuer identifier', 4)
  return certificate(ca, ISSUER_CERTIFICATE, 0x02, identifier, details, NONE)
}

/**
 * An ICC certificate, signed by the issuer.
 * @param details.pan 8 to 19 digits
 * @param details.staticData the static data to be authenticated, the AIP included where tag 9F4A names it
 * @throws as {@link issueIssuerCertificate}
 * @see [EMV-B2] 6.4 table 14
 */
export function issueIccCertificate(
  issuer: RsaPrivateKey,
  details: CertificateDetails & { readonly pan: string; readonly staticData: Uint8Array },
): IssuedCertificate {
  const identifier = paddedDigits(details.pan, 8, 19, 'pan', 10)
  return certificate(issuer, ICC_CERTIFICATE, 0x04, identifier, details, details.staticData)
}

/**
 * A PIN encipherment certificate, signed by the issuer. It covers no static data.
 * @throws as {@link issueIssuerCertificate}
 * @see [EMV-B2] 7.1
 */
export function issuePinCertificate(
  issuer: RsaPrivateKey,
  details: CertificateDetails & { readonly pan: string },
): IssuedCertificate {
  const identifier = paddedDigits(details.pan, 8, 19, 'pan', 10)
  return certificate(issuer, ICC_CERTIFICATE, 0x04, identifier, details, NONE)
}

/**
 * Signed static application data (tag 93), as long as the issuer's modulus.
 * @param data.dataAuthenticationCode 2 bytes, tag 9F45
 * @throws ERR_LENGTH; ERR_RSA when the key has no room for the block; ERR_KEY_DESTROYED
 * @see [EMV-B2] 5.4 table 7
 */
export function signStaticData(
  issuer: RsaPrivateKey,
  data: { readonly dataAuthenticationCode: Uint8Array; readonly staticData: Uint8Array },
): Uint8Array {
  const dataAuthenticationCode = expectLength(data.dataAuthenticationCode, 2, 'data authentication code')
  const padding = new Uint8Array(restLength(issuer, SIGNED_STATIC_DATA)).fill(PADDING)
  return sign(issuer, [Uint8Array.of(0x03, SHA1_INDICATOR), dataAuthenticationCode, padding], [data.staticData])
}

const NONE = new Uint8Array(0)

function certificate(
  signer: RsaPrivateKey,
  layout: Layout,
  format: number,
  identifier: Uint8Array,
  { key: { modulus, exponent }, expiry, serial }: CertificateDetails,
  staticData: Uint8Array,
): IssuedCertificate {
  const room = restLength(signer, layout)
  if (modulus.length < 64 || modulus.length > 248 || modulus[0] === 0) {
    const got = `${modulus.length} bytes`
    throw new IssuerkitError('ERR_RSA', { label: 'certified modulus', expected: '64 to 248 bytes, no zero first', got })
  }
  if (!isEmvExponent(exponent)) {
    throw new IssuerkitError('ERR_RSA', { label: 'certified exponent', expected: '03 or 010001' })
  }
  const keyField = new Uint8Array(room).fill(PADDING)
  keyField.set(modulus.subarray(0, room))
  const remainder = modulus.slice(room)
  const fields = [
    Uint8Array.of(format),
    identifier,
    monthAndYear(expiry),
    expectLength(serial, 3, 'certificate serial'),
    Uint8Array.of(SHA1_INDICATOR, RSA_INDICATOR, modulus.length, exponent.length),
    keyField,
  ]
  const signature = sign(signer, fields, [remainder, exponent, staticData])
  return { certificate: signature, remainder, exponent: exponent.slice() }
}

/** How many bytes a block of the signer's length leaves for the field of no fixed length. @throws ERR_RSA for none */
export function restLength({ publicKey }: RsaPrivateKey, layout: Layout): number {
  const rest = publicKey.modulus.length - fixedLength(layout)
  if (rest < 0) {
    const got = `${publicKey.modulus.length} bytes`
    throw new IssuerkitError('ERR_RSA', {
      label: 'signing key',
      expected: `at least ${fixedLength(layout)} bytes`,
      got,
    })
  }
  return rest
}

/** 6A ‖ fields ‖ SHA-1(fields ‖ what is signed with them) ‖ BC under the private key. [EMV-B2] A2.1.2 */
export function sign(
  signer: RsaPrivateKey,
  fields: readonly Uint8Array[],
  signedToo: readonly Uint8Array[],
): Uint8Array {
  const hash = sha1(concat(...fields, ...signedToo))
  return signer.operate(concat(Uint8Array.of(HEADER), ...fields, hash, Uint8Array.of(TRAILER)))
}

function monthAndYear(expiry: string): Uint8Array {
  if (!/^(?:0[1-9]|1[0-2])[0-9]{2}$/.test(expiry)) {
    throw new IssuerkitError('ERR_DATE', { label: 'certificate expiry', expected: 'MMYY', got: expiry.slice(0, 8) })
  }
  return fromHex(expiry)
}

/** Digits from the left, F behind them. */
function paddedDigits(digits: string, least: number, most: number, label: string, length: number): Uint8Array {
  if (!/^[0-9]+$/.test(digits) || digits.length < least || digits.length > most) {
    throw new IssuerkitError('ERR_PAN', { label, expected: `${least} to ${most} decimal digits` })
  }
  return fromHex(digits.padEnd(2 * length, 'F'))
}
