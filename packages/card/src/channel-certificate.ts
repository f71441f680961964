/**
 * Card-verifiable certificates as the card checks them, under a key that it has already.
 *
 * | form | P2 | 7F21 holds | signed |
 * |---|---|---|---|
 * | self-descriptive | BE | 7F4E { 42, 7F49 { 81, 82 }, 5F20, 5F25, 5F24 .. }, 5F37 | the value of 7F4E |
 * | self-descriptive, flat | BE | 42, 5F20, 7F49 or 5F49 .., 5F37 or 9E | the objects before the signature |
 * | not self-descriptive | AE | 5F4E contents, 5F37 or 9E | the contents |
 * | with recovery | AE | 5F37, 5F38 remainder, 42 | ISO 9796-2 over recovered part and remainder |
 *
 * Contents of the last two: CPI (1) CAR (8) CHR (12) CHA (7) OID (7 for CPI 03, 6 for 04) modulus, exponent (4).
 * The last 8 bytes of CHR are the holder's id. [SCP10] 113; F.4.7
 */
import { concat, equalBytes, IssuerkitError, parseOneTlv, parseTlv, type Tlv } from '@issuerkit/apdu'
import type { RsaPublicKey } from '@issuerkit/keys'
import { recover, verifySignature } from './channel-rsa.js'

/** A public key that the card trusts, with the id of its holder. */
export interface CertifiedKey {
  /** 8 bytes: the reference by which certificates name their issuer. */
  readonly id: Uint8Array
  readonly key: RsaPublicKey
}

/** What the card asks of a certificate besides its signature. */
export interface CertificateChecks {
  /** The day YYMMDD; without it the card has no clock and checks no date. */
  readonly today?: string
  /** Whether the signature covers the value of 7F4E, the default, or tag and length too. */
  readonly bodyScope?: 'value' | 'tlv'
}

interface Contents extends CertifiedKey {
  readonly issuerId: Uint8Array
  readonly dates?: readonly [from: string, to: string]
}

/**
 * The key that a certificate certifies.
 * @param certificate the whole data object 7F21
 * @returns `malformed` when it cannot be read, `refused` when it can and a check fails
 */
export function verifyChannelCertificate(
  certificate: Uint8Array,
  selfDescriptive: boolean,
  issuer: CertifiedKey,
  checks: CertificateChecks = {},
): CertifiedKey | 'malformed' | 'refused' {
  try {
    const objects = parseOneTlv(certificate, '7F21').children as readonly Tlv[]
    const found = selfDescriptive ? described(objects, issuer, checks) : bare(objects, issuer)
    if (found === undefined) return 'refused'
    const known = equalBytes(found.issuerId, issuer.id) && isUsable(found.key)
    return known && isValid(found, checks) ? { id: found.id.slice(), key: found.key } : 'refused'
  } catch {
    return 'malformed'
  }
}

function described(objects: readonly Tlv[], issuer: CertifiedKey, checks: CertificateChecks): Contents | undefined {
  const body = objects.slice(0, -1)
  const signature = one(objects.slice(-1), '5F37', '9E')
  const wrapped = body.length === 1 && body[0]?.tag === '7F4E' ? body[0] : undefined
  const signed =
    wrapped === undefined || checks.bodyScope === 'tlv' ? concat(...body.map((o) => o.bytes)) : wrapped.value
  const fields = wrapped?.children ?? body
  if (!verifySignature(issuer.key, signed, signature)) return undefined
  const key = parseTlv(one(fields, '7F49', '5F49'))
  const dates = fields.filter(({ tag }) => tag === '5F25' || tag === '5F24')
  return {
    issuerId: one(fields, '42'),
    id: one(fields, '5F20').slice(-8),
    key: { modulus: one(key, '81').slice(), exponent: one(key, '82').slice() },
    ...(dates.length > 0 && { dates: [digits(one(dates, '5F25')), digits(one(dates, '5F24'))] }),
  }
}

function bare(objects: readonly Tlv[], issuer: CertifiedKey): Contents | undefined {
  const recovered = objects[0]?.tag === '5F37'
  const signature = one(objects, '5F37', '9E')
  if (!recovered) {
    const contents = one(objects, '5F4E')
    return verifySignature(issuer.key, contents, signature) ? fixed(contents) : undefined
  }
  const remainder = one(objects, '5F38')
  const outer = one(objects, '42')
  const part = recover(issuer.key, signature, remainder)
  // The issuer stands outside in the open and inside under the signature: they must be one.
  return part === undefined || !equalBytes(outer, issuer.id) ? undefined : fixed(concat(part, remainder))
}

function fixed(contents: Uint8Array): Contents {
  const keyAt = 28 + (contents[0] === 3 ? 7 : 6)
  const exponent = contents.slice(-4)
  return {
    issuerId: contents.subarray(1, 9),
    id: contents.subarray(13, 21),
    key: {
      modulus: contents.slice(keyAt, -4),
      exponent: exponent.slice(
        Math.max(
          0,
          exponent.findIndex((byte) => byte !== 0),
        ),
      ),
    },
  }
}

/** The value of the one object that has one of the tags. */
function one(objects: readonly Tlv[], ...tags: string[]): Uint8Array {
  const [found, second] = objects.filter(({ tag }) => tags.includes(tag))
  if (found === undefined || second !== undefined) {
    throw new IssuerkitError('ERR_TAG', { label: `tag ${tags.join(' or ')}`, expected: 'exactly one' })
  }
  return found.value
}

/** A date of six digits, one in each byte. */
function digits(value: Uint8Array): string {
  if (value.length !== 6 || value.some((digit) => digit > 9)) {
    throw new IssuerkitError('ERR_DATE', { label: 'date', expected: '6 digits, one in each byte' })
  }
  return value.join('')
}

function isValid({ dates }: Contents, { today }: CertificateChecks): boolean {
  return today === undefined || dates === undefined || (dates[0] <= today && today <= dates[1])
}

/** 1024 to 4096 bits, the first and the last of them set; the exponent odd and above 1. */
export function isUsable({ modulus, exponent }: RsaPublicKey): boolean {
  const size = modulus.length >= 128 && modulus.length <= 512
  const odd = ((modulus.at(-1) ?? 0) & (exponent.at(-1) ?? 0) & 1) === 1
  const isOne = exponent.length === 1 && exponent[0] === 1
  return size && odd && (modulus[0] as number) >= 0x80 && exponent[0] !== 0 && !isOne
}
