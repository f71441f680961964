/** What the card remembers of a channel, and the reset that forgets it: step 102 of the patent, which it also calls S2. */
import type { RsaPrivateKey } from '@issuerkit/keys'
import type { CertificateChecks, CertifiedKey } from './channel-certificate.js'
import { type ChannelKeys, destroyKeys } from './channel-keys.js'
import type { ChannelProfile } from './channel-profile.js'
import type { ChannelState } from './channel-table.js'
import type { SessionRequest } from './channel-template.js'

/** Key transport: the host sends the keys. Key agreement: both sides give a secret. [SCP10] S4 to S7, S4' to S7' */
export type ChannelVariant = 'transport' | 'agreement'
/** Whether the host alone proves itself, or the card too. [SCP10] 106, 107 */
export type ChannelMethod = 'external' | 'mutual'

/** A public key that the card trusts from the start, under the reference that MSE calls it by. */
export interface TrustPoint extends CertifiedKey {
  /** Version and index: 4 hexadecimal digits. */
  readonly reference: string
}

/** A private key of the card. */
export interface ChannelCardKey {
  /** Version and index: 4 hexadecimal digits. */
  readonly reference: string
  /** 8 bytes: the holder reference of the certificate. */
  readonly id: Uint8Array
  readonly key: RsaPrivateKey
  /** The data object 7F21. */
  readonly certificate?: Uint8Array
}

/** A card as it is personalised, every option filled in. */
export interface ChannelConfiguration extends CertificateChecks {
  readonly profile: ChannelProfile
  readonly trustPoints: readonly [TrustPoint, ...TrustPoint[]]
  readonly cardKeys: readonly [ChannelCardKey, ...ChannelCardKey[]]
  readonly variant: ChannelVariant
  readonly method: ChannelMethod
  readonly hardened: boolean
  readonly random: (length: number) => Uint8Array
  readonly mayCertify: (issuer: CertifiedKey, holder: CertifiedKey) => boolean
}

/** The volatile memory of the channel. */
export interface ChannelMemory {
  state: ChannelState
  variant: ChannelVariant
  method: ChannelMethod
  cardKey: ChannelCardKey
  /** The key that the next certificate or the host's signature is checked with. [SCP10] 113 */
  hostKey: CertifiedKey
  /** Whether {@link hostKey} comes from a verified certificate. [SCP10] 115 */
  certified: boolean
  level: number
  /** The state that a challenge was asked for in. */
  base: ChannelState
  challenge: Uint8Array | undefined
  request: SessionRequest | undefined
  cardSecret: Uint8Array | undefined
  keys: ChannelKeys
  /** What a chain of commands has brought so far, and the INS, P1 and P2 that it must keep. */
  chain: { readonly header: string; bytes: Uint8Array } | undefined
}

/** The memory after power-up. [SCP10] 101, 102 */
export function newMemory({ variant, method, cardKeys, trustPoints }: ChannelConfiguration): ChannelMemory {
  return {
    state: 'idle',
    variant,
    method,
    cardKey: cardKeys[0],
    hostKey: trustPoints[0],
    certified: false,
    level: 0,
    base: 'idle',
    challenge: undefined,
    request: undefined,
    cardSecret: undefined,
    keys: {},
    chain: undefined,
  }
}

/** [SCP10] 102: everything back to its first value; keys, secrets and challenges zeroed. */
export function reset(memory: ChannelMemory, configuration: ChannelConfiguration): void {
  forgetHandshake(memory)
  destroyKeys(memory.keys)
  memory.chain?.bytes.fill(0)
  Object.assign(memory, newMemory(configuration))
}

/** [SCP10] 145: both random numbers cleared; with them what only the handshake needs. */
export function forgetHandshake(memory: ChannelMemory): void {
  forgetChallenge(memory)
  memory.request?.bytes.fill(0)
  memory.cardSecret?.fill(0)
  memory.request = undefined
  memory.cardSecret = undefined
}

/** The card's challenge serves one EXTERNAL AUTHENTICATE. */
export function forgetChallenge(memory: ChannelMemory): void {
  memory.challenge?.fill(0)
  memory.challenge = undefined
}
