/** What a channel card is made from, and the check of it. */
import { type Exchange, expectLength, IssuerkitError, parseOneTlv } from '@issuerkit/apdu'
import { randomBytes } from '@issuerkit/keys'
import { type CertificateChecks, type CertifiedKey, isUsable } from './channel-certificate.js'
import type {
  ChannelCardKey,
  ChannelConfiguration,
  ChannelMethod,
  ChannelVariant,
  TrustPoint,
} from './channel-memory.js'
import { CHANNEL_PROFILES, type ChannelProfile } from './channel-profile.js'

/** A channel card's personalisation and its surroundings. */
export interface ChannelCardOptions extends CertificateChecks {
  /** `gp` by default, or a profile of one's own with other switches. */
  readonly profile?: keyof typeof CHANNEL_PROFILES | ChannelProfile
  /** The public keys that certificates, or the host itself, are checked with; the first is the default one. */
  readonly trustPoints: readonly TrustPoint[]
  /** The card's private keys; the first is the default one. */
  readonly cardKeys: readonly ChannelCardKey[]
  /** What holds when a session begins without MANAGE SECURITY ENVIRONMENT: `transport` and `mutual` by default. */
  readonly variant?: ChannelVariant
  readonly method?: ChannelMethod
  /**
   * Off by default. A DECIPHER that fails goes on with random keys, answers 9000 and fails at EXTERNAL AUTHENTICATE; every
   * refusal of the channel has the one status 6982.
   */
  readonly hardened?: boolean
  /**
   * The source of challenges, secrets and fillings, of exactly that length, in a new array each time: the card zeroes it.
   * The platform's generator by default.
   */
  readonly random?: (length: number) => Uint8Array
  /** Whether a certified key may certify another one. Any may by default: the certificates do not say. */
  readonly mayCertify?: (issuer: CertifiedKey, holder: CertifiedKey) => boolean
  /**
   * The card's other applications. A command that travelled in the channel arrives plain, and its answer travels back in
   * it; the answer is whole, not 61XX. Without it every such command is answered 6D00.
   */
  readonly application?: Exchange
}

/**
 * The options with everything filled in.
 * @throws ERR_OPTION when a key is missing, or a profile, variant, method or reference is none; ERR_LENGTH when an id is not
 *   of 8 bytes; ERR_RSA for a key of less than 1024 bits or without its first bit; ERR_TLV, ERR_TAG for a certificate
 */
export function channelConfiguration(options: ChannelCardOptions): ChannelConfiguration {
  const { profile: named = 'gp', variant = 'transport', method = 'mutual', hardened = false } = options
  const { random = randomBytes, mayCertify = () => true, trustPoints, cardKeys } = options
  const profile = typeof named === 'string' ? CHANNEL_PROFILES[expectOne(named, ['gp', 'feitian'], 'profile')] : named
  expectOne(variant, ['transport', 'agreement'], 'variant')
  // Key agreement has the card's part in it: [SCP10] S7' follows S6' always.
  expectOne(method, variant === 'agreement' ? ['mutual'] : ['external', 'mutual'], 'method')
  for (const { reference, id, key } of trustPoints) expectKey('trust point', reference, id, key)
  for (const { reference, id, key, certificate } of cardKeys) {
    expectKey('card key', reference, id, key.publicKey)
    if (certificate !== undefined) parseOneTlv(certificate, '7F21')
  }
  const [trustPoint, ...otherPoints] = trustPoints
  const [cardKey, ...otherKeys] = cardKeys
  if (trustPoint === undefined || cardKey === undefined) {
    throw new IssuerkitError('ERR_OPTION', { label: 'trustPoints and cardKeys', expected: 'one of each or more' })
  }
  const { today, bodyScope } = options
  return {
    profile,
    variant,
    method,
    hardened,
    random,
    mayCertify,
    trustPoints: [trustPoint, ...otherPoints],
    cardKeys: [cardKey, ...otherKeys],
    ...(today !== undefined && { today }),
    ...(bodyScope !== undefined && { bodyScope }),
  }
}

function expectOne<T extends string>(value: T, allowed: readonly T[], label: string): T {
  if (allowed.includes(value)) return value
  throw new IssuerkitError('ERR_OPTION', { label, expected: allowed.join(' or '), got: value })
}

function expectKey(label: string, reference: string, id: Uint8Array, key: CertifiedKey['key']): void {
  expectLength(id, 8, `${label} id`)
  if (!/^[0-9A-F]{4}$/.test(reference)) {
    throw new IssuerkitError('ERR_OPTION', {
      label: `${label} reference`,
      expected: '4 digits 0-9 A-F',
      got: reference,
    })
  }
  if (!isUsable(key)) {
    throw new IssuerkitError('ERR_RSA', { label, expected: '1024 to 4096 bits, the first one set, an odd exponent' })
  }
}
