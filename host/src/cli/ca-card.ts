/** A test card's data, signed by a test CA: what goes into its records, and its private keys. */
import { concat, encodeTlv, fromHex, toHex } from '@issuerkit/apdu'
import { randomBytes } from '@issuerkit/keys'
import {
  caKeyToText,
  emvKey,
  expectDate,
  type IssuedCertificate,
  issueIccCertificate,
  issueIssuerCertificate,
  issuePinCertificate,
  signStaticData,
  type TestCa,
} from '@issuerkit/oda'
import { privateKeyText, WARNING } from './ca-files.js'

/** What a card is made of. */
export interface CardOptions {
  /** 8 to 19 digits. */
  readonly pan: string
  /** YYYYMMDD, the last day of the application; certificates end with its month. */
  readonly expiry: string
  readonly issuerBits: number
  readonly iccBits: number
  readonly exponent: 3 | 65537
}

/** SDA, DDA and CDA. [EMV-B3] Annex C1 */
const AIP = '6100'

/**
 * A new card with keys of its own. `rid`, `tags` and `staticData` are what a line of a batch takes.
 * @throws ERR_PAN, ERR_DATE, ERR_OPTION, and ERR_RSA when a key has no room for what it has to sign
 */
export function issueCard({ key, privateKey }: TestCa, options: CardOptions): Record<string, unknown> {
  const { pan, exponent } = options
  const expiry = expectDate(options.expiry, 'expiry')
  const issuer = emvKey(options.issuerBits, exponent)
  const icc = emvKey(options.iccBits, exponent)
  const pin = emvKey(options.iccBits, exponent)
  const details = () => ({ expiry: `${expiry.slice(4, 6)}${expiry.slice(2, 4)}`, serial: randomBytes(3) })
  const paddedPan = pan.padEnd(pan.length + (pan.length % 2), 'F')
  const records = concat(
    encodeTlv('5A', fromHex(paddedPan, 'pan')),
    encodeTlv('5F24', fromHex(expiry.slice(2), 'expiry')),
    encodeTlv('5F34', Uint8Array.of(0)),
    encodeTlv('9F4A', fromHex('82')),
  )
  const staticData = concat(records, fromHex(AIP))
  const identifier = pan.slice(0, 6)
  const certificates = {
    issuer: issueIssuerCertificate(privateKey, { ...details(), key: issuer.publicKey, identifier }),
    icc: issueIccCertificate(issuer, { ...details(), key: icc.publicKey, pan, staticData }),
    pin: issuePinCertificate(issuer, { ...details(), key: pin.publicKey, pan }),
  }
  return {
    warning: WARNING,
    rid: toHex(key.rid),
    caKey: caKeyToText(key),
    aip: AIP,
    tags: {
      '5A': paddedPan,
      '5F24': expiry.slice(2),
      '5F34': '00',
      '8F': toHex(Uint8Array.of(key.index)),
      '93': toHex(signStaticData(issuer, { dataAuthenticationCode: randomBytes(2), staticData })),
      '9F49': '9F3704',
      '9F4A': '82',
      ...tagsOf(certificates.issuer, '90', '92', '9F32'),
      ...tagsOf(certificates.icc, '9F46', '9F48', '9F47'),
      ...tagsOf(certificates.pin, '9F2D', '9F2F', '9F2E'),
    },
    staticData: toHex(staticData),
    privateKeys: { issuer: privateKeyText(issuer), icc: privateKeyText(icc), pin: privateKeyText(pin) },
  }
}

function tagsOf(
  { certificate, remainder, exponent }: IssuedCertificate,
  certificateTag: string,
  remainderTag: string,
  exponentTag: string,
): Record<string, string> {
  return {
    [certificateTag]: toHex(certificate),
    ...(remainder.length === 0 ? {} : { [remainderTag]: toHex(remainder) }),
    [exponentTag]: toHex(exponent),
  }
}
