/**
 * Key agreement, the card's side: both give a secret, each in a signature with recovery that is enciphered for the other.
 * Beside `channel-transport.ts`, in the same order. [SCP10] 128' to 143'
 */
import { concat } from '@issuerkit/apdu'
import { type RsaPrivateKey, type RsaPublicKey, rsaPublic } from '@issuerkit/keys'
import { openPrivate, recover, recoveryBlock, smaller } from './channel-rsa.js'
import { parseSessionRequest, type SessionRequest } from './channel-template.js'
import { answerTransport } from './channel-transport.js'

/** Bytes of the challenges of key agreement. [SCP10] 128' */
export const AGREEMENT_CHALLENGE = 8
/** Bytes of either secret. [SCP10] 132' */
export const SECRET_LENGTH = 32

/** What EXTERNAL AUTHENTICATE brings: what the host wants, and its secret. */
export interface AgreementRequest extends SessionRequest {
  readonly hostSecret: Uint8Array
}

/**
 * Opens the data of EXTERNAL AUTHENTICATE: the card's private operation, then the recovery of the host's signature over
 * its secret, the card's challenge and the card's id. `undefined` when any of it fails. [SCP10] 131'
 */
export function acceptAgreement(
  cardKey: RsaPrivateKey,
  hostKey: RsaPublicKey,
  challenge: Uint8Array,
  cardId: Uint8Array,
  data: Uint8Array,
): AgreementRequest | undefined {
  const signature = openPrivate(cardKey, data)
  const recovered = signature && recover(hostKey, signature, concat(challenge, cardId))
  if (recovered === undefined) return undefined
  const body = recovered.subarray(0, -SECRET_LENGTH)
  // The random filling in front has no length, but nothing inside of a request can be D3: the last one begins it.
  const at = body.lastIndexOf(0xd3)
  const request = at < 1 ? undefined : parseSessionRequest(body.subarray(at), 'agreement')
  return request && { ...request, hostSecret: recovered.slice(-SECRET_LENGTH) }
}

/** How many bytes of random filling the card's answer takes. [SCP10] 143' */
export function fillingLength(cardKey: RsaPrivateKey): number {
  return cardKey.publicKey.modulus.length - SECRET_LENGTH - 22
}

/** What the card answers in key agreement, enciphered for the host. [SCP10] 141', 143', 144 */
export function answerAgreement(
  cardKey: RsaPrivateKey,
  hostKey: RsaPublicKey,
  filling: Uint8Array,
  cardSecret: Uint8Array,
  challengeAndHostId: Uint8Array,
): Uint8Array {
  const block = recoveryBlock(concat(filling, cardSecret), challengeAndHostId)
  const signature = smaller(cardKey.publicKey, cardKey.operate(block))
  block.fill(0)
  return rsaPublic(hostKey, signature)
}

/** What INTERNAL AUTHENTICATE is answered from, by variant. */
export type InternalAuthenticateInput =
  | {
      readonly variant: 'transport'
      readonly cardKey: RsaPrivateKey
      /** 16 bytes each, in the order of the control reference templates. */
      readonly sessionKeys: readonly Uint8Array[]
      /** The host's, 16 bytes. */
      readonly challenge: Uint8Array
    }
  | {
      readonly variant: 'agreement'
      readonly cardKey: RsaPrivateKey
      /** As long as the card's key. */
      readonly hostKey: RsaPublicKey
      /** The random filling: as many bytes as the modulus without 54. */
      readonly paddingString: Uint8Array
      /** 32 bytes. */
      readonly cardSecret: Uint8Array
      /** The host's, 8 bytes. */
      readonly challenge: Uint8Array
      /** 8 bytes. */
      readonly hostId: Uint8Array
    }

/**
 * The data that the card answers INTERNAL AUTHENTICATE with, without status: in key transport a signature over the
 * session keys and the host's challenge; in key agreement the card's secret in a signature with recovery over the host's
 * challenge and id, the smaller one of S and n - S, enciphered for the host.
 * @returns as many bytes as the card's modulus
 * @throws ERR_RSA when the parts do not make a block of the card's modulus, or the host's key is shorter than the card's;
 *   ERR_KEY_DESTROYED
 * @see [SCP10] 141 to 144, 141', 143'
 */
export function answerInternalAuthenticate(input: InternalAuthenticateInput): Uint8Array {
  if (input.variant === 'transport') return answerTransport(input.cardKey, input.sessionKeys, input.challenge)
  const { cardKey, hostKey, paddingString, cardSecret, challenge, hostId } = input
  return answerAgreement(cardKey, hostKey, paddingString, cardSecret, concat(challenge, hostId))
}
