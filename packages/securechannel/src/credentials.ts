/** What the host brings to a handshake, and what both variants do first: environment, certificates, the card's key. */
import { concat, encodeTlv, equalBytes, expectLength, IssuerkitError } from '@issuerkit/apdu'
import type { RsaPrivateKey, RsaPublicKey } from '@issuerkit/keys'
import { certificateP2, parseCertificate } from './certificate.js'
import { type CertificateOptions, type NamedKey, verifyChain } from './certificate-verify.js'
import { certificateError, channelError } from './failure.js'
import type { Profile } from './profile.js'
import type { RandomSource } from './random.js'
import { type Steps, send } from './steps.js'
import type { Payload, Variant } from './templates.js'

/** What the host has. Keys stay the caller's: a channel never destroys them. */
export interface Credentials {
  readonly hostKey: RsaPrivateKey
  /** The 8 bytes that name the host: the holder reference of its certificate. */
  readonly hostId: Uint8Array
  /** From the one that the card's trust point signed down to the host's own; none when the card has the host's key already. */
  readonly hostCertificates?: readonly Uint8Array[]
  /** Whose signature at the top of the card's certificates counts. */
  readonly trustPoint?: NamedKey
  /** The certificates between the trust point and the card's own, from the top. */
  readonly cardIssuers?: readonly Uint8Array[]
  /** The card's key when it is known beforehand: then its certificate is not read. */
  readonly card?: NamedKey
  /** Version and index of keys on the card, 2 bytes each; the card's defaults without them. */
  readonly keyReferences?: { readonly publicKey?: Uint8Array; readonly privateKey?: Uint8Array }
}

/** Everything that the parts of a handshake share. */
export interface Context {
  readonly profile: Profile
  readonly variant: Variant
  readonly credentials: Credentials
  readonly certificates: CertificateOptions
  readonly mutual: boolean
  readonly payload: Payload
  readonly random: RandomSource
}

/**
 * The handshake up to the point where both sides know each other's keys.
 * @returns the card's key
 * @throws ERR_CHANNEL when the card refuses or its key does not fit; ERR_CERTIFICATE when its certificate does not count
 */
export function* exchangeCertificates(context: Context): Steps<NamedKey> {
  const { profile, variant, credentials } = context
  yield* manageSecurityEnvironment(context)
  yield* verifyCertificates(context)
  const card = credentials.card ?? (yield* readCertificate(context))
  expectCardKey(card.key, credentials.hostKey.publicKey, profile, variant)
  return card
}

/** [GP] F.4.5, [SCP10] steps 105 to 112. Empty references stand for the card's defaults, which both readings accept. */
function* manageSecurityEnvironment({ variant, mutual, credentials }: Context): Steps<void> {
  const { hostCertificates = [], keyReferences = {} } = credentials
  const { publicKey = new Uint8Array(0), privateKey = new Uint8Array(0) } = keyReferences
  const primed = variant === 'agreement'
  const scp = Uint8Array.of(0x10, primed ? 0x01 : 0x02)
  yield* send('MANAGE SECURITY ENVIRONMENT', {
    p1: mutual ? 0xc1 : 0x81,
    p2: hostCertificates.length > 0 ? 0xb6 : 0xa4,
    data: concat(encodeTlv('80', scp), encodeTlv('83', publicKey), encodeTlv('84', privateKey)),
    primed,
  })
}

/** [GP] F.4.7, [SCP10] steps 113 to 115. */
function* verifyCertificates({ profile, variant, credentials: { hostCertificates = [] } }: Context): Steps<void> {
  for (const [i, bytes] of hostCertificates.entries()) {
    yield* send('PSO VERIFY CERTIFICATE', {
      p2: certificateP2(parseCertificate(bytes)),
      data: bytes,
      moreFollows: profile.certificateBit5 === 'moreCertificates' && i + 1 < hostCertificates.length,
      primed: variant === 'agreement',
    })
  }
}

/** [GP] F.4.3, [SCP10] steps 116, 117. Class 80 asks for the whole data object, class 00 for its value. */
function* readCertificate({ variant, credentials, certificates }: Context): Steps<NamedKey> {
  const { trustPoint, cardIssuers = [] } = credentials
  const primed = variant === 'agreement'
  const bytes = yield* send('GET DATA', { cla: 0x80, p1: 0x7f, p2: 0x21, answer: true, primed })
  const verdict = verifyChain([...cardIssuers, bytes], trustPoint as NamedKey, certificates)
  if (!verdict.ok) throw certificateError('card certificate', 'a chain from the trust point', verdict.reason)
  return verdict.holder
}

/** [GP] F.1.2: in key agreement both moduli have the same length, or neither signature would fit the other block. */
function expectCardKey(key: RsaPublicKey, host: RsaPublicKey, profile: Profile, variant: Variant): void {
  expectModulus(key, profile, 'card key')
  if (exponentOf(key) < profile.leastExponent) {
    throw channelError('card key', `an exponent of ${profile.leastExponent} or more`)
  }
  if (variant === 'agreement' && bits(key) !== bits(host)) throw channelError('card key', `${bits(host)} bits`)
}

function expectModulus(key: RsaPublicKey, { leastModulusBits }: Profile, label: string): void {
  if (bits(key) < leastModulusBits) throw channelError(label, `at least ${leastModulusBits} bits`, `${bits(key)} bits`)
}

function exponentOf({ exponent }: RsaPublicKey): number {
  return exponent.reduce((value, byte) => 256 * value + byte, 0)
}

/** The bits of a modulus without leading zero bytes. */
function bits({ modulus }: RsaPublicKey): number {
  return 8 * modulus.length - Math.clz32(modulus[0] as number) + 24
}

/**
 * Holds what the host brings together, before anything is sent.
 * @throws ERR_CHANNEL when its key is too short, or it could not know the card's; ERR_OPTION; ERR_LENGTH for references;
 *   ERR_CERTIFICATE when its own certificates cannot be read, or the last one is not of its key
 */
export function expectCredentials({ profile, variant, credentials, mutual }: Context): void {
  const { hostKey, hostId, hostCertificates = [], trustPoint, card, keyReferences = {} } = credentials
  if (variant === 'agreement' && !mutual) {
    throw new IssuerkitError('ERR_OPTION', { label: 'mutual', expected: 'true: key agreement needs both sides' })
  }
  expectModulus(hostKey.publicKey, profile, 'host key')
  expectLength(hostId, 8, 'host id')
  for (const id of [trustPoint?.id, card?.id]) if (id !== undefined) expectLength(id, 8, 'id')
  for (const reference of Object.values(keyReferences)) expectLength(reference, 2, 'key reference')
  const own = hostCertificates.map(parseCertificate).at(-1)?.contents
  if (own !== undefined && !equalBytes(own.key.modulus, hostKey.publicKey.modulus)) {
    throw certificateError('host certificate', 'a certificate of the host key')
  }
  if (card !== undefined) return
  if (trustPoint === undefined) throw channelError('card key', 'a trust point, or the key itself')
  if (profile.getDataCertificate === 'afterVerification' && hostCertificates.length === 0) {
    throw channelError('card key', 'known beforehand: this card gives no certificate to a host without one')
  }
}
