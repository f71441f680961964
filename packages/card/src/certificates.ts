/**
 * The certificates of an application: issuer and card get new keys, the test CA signs the first, the issuer the rest.
 * The issuer's private key is not kept.
 * @see [EMV-B2] 5.2, 5.3, 5.4, 6.3, 7.1
 */
import { fromHex, toHex } from '@issuerkit/apdu'
import { type RsaPrivateKey, randomBytes } from '@issuerkit/keys'
import {
  emvKey,
  type IssuedCertificate,
  issueIccCertificate,
  issueIssuerCertificate,
  issuePinCertificate,
  signStaticData,
  type TestCa,
} from '@issuerkit/oda'
import type { ApplicationProfile } from './profile-application.js'
import { misfit } from './profile-fields.js'
import type { DataObject } from './records.js'

/** Certificates as data objects, and the card's private keys; the caller destroys these. */
export interface CertifiedKeys {
  readonly objects: readonly DataObject[]
  readonly icc: RsaPrivateKey
  readonly pin: RsaPrivateKey | undefined
}

/**
 * New keys and their certificates.
 * @param staticData what the issuer signs, the AIP with it
 * @throws ERR_CARD when there is no CA of the application's RID; ERR_RSA when a key has no room for what it signs
 */
export function certify(
  application: ApplicationProfile & { readonly certificates: NonNullable<ApplicationProfile['certificates']> },
  staticData: Uint8Array,
  authorities: readonly TestCa[],
  path: string,
): CertifiedKeys {
  const { aid, pan, expiry, certificates, ddol } = application
  const { issuerBits, iccBits, exponent, pinKey, dataAuthenticationCode } = certificates
  const ca = authorities.find(({ key }) => aid.startsWith(toHex(key.rid)))
  if (ca === undefined) throw misfit(`${path}.certificates`, `a test CA of ${aid.slice(0, 10)}`)
  const issuer = emvKey(issuerBits, exponent)
  try {
    const icc = emvKey(iccBits, exponent)
    const pin = pinKey ? emvKey(iccBits, exponent) : undefined
    const details = (key: RsaPrivateKey) => ({
      key: key.publicKey,
      expiry: `${expiry.slice(4, 6)}${expiry.slice(2, 4)}`,
      serial: randomBytes(3),
    })
    const signed = issueIssuerCertificate(ca.privateKey, { ...details(issuer), identifier: pan.slice(0, 6) })
    const own = issueIccCertificate(issuer, { ...details(icc), pan, staticData })
    return {
      icc,
      pin,
      objects: [
        ['8F', Uint8Array.of(ca.key.index)],
        ...objectsOf(signed, '90', '92', '9F32'),
        ['93', signStaticData(issuer, { dataAuthenticationCode: fromHex(dataAuthenticationCode), staticData })],
        ...objectsOf(own, '9F46', '9F48', '9F47'),
        ...(pin === undefined
          ? []
          : objectsOf(issuePinCertificate(issuer, { ...details(pin), pan }), '9F2D', '9F2F', '9F2E')),
        ['9F49', fromHex(ddol)],
        // [EMV-B3] 10.3: the AIP is signed, too.
        ['9F4A', Uint8Array.of(0x82)],
      ],
    }
  } finally {
    issuer.destroy()
  }
}

function objectsOf(
  { certificate, remainder, exponent }: IssuedCertificate,
  certificateTag: string,
  remainderTag: string,
  exponentTag: string,
): DataObject[] {
  return [
    [certificateTag, certificate],
    [remainderTag, remainder],
    [exponentTag, exponent],
  ]
}
