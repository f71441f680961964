/**
 * Key transport, the card's side: the host sends the session keys enciphered. Beside `channel-agreement.ts`, in the same
 * order. [SCP10] 118 to 145
 */
import { concat } from '@issuerkit/apdu'
import type { RsaPrivateKey, RsaPublicKey } from '@issuerkit/keys'
import { encipheredPayload, openPrivate, signatureBlock, verifySignature } from './channel-rsa.js'
import { parseSessionRequest, type SessionRequest } from './channel-template.js'

/** Bytes of the challenges of key transport. [SCP10] 129, 140 */
export const TRANSPORT_CHALLENGE = 16

/** What PSO: DECIPHER brings. */
export interface DecipheredTransport {
  /** D3 01 level and the control reference templates, as the host sent them. They hold the session keys. */
  readonly payload: Uint8Array
  /** The security level that the host wants, one byte. */
  readonly level: number
}

/**
 * Deciphers the data of PSO: DECIPHER.
 *
 * The padding 00 02 (eight bytes or more, none 00) 00 is checked without a branch on what is deciphered, and the payload
 * is read whether or not the padding was sound.
 * @param ciphertext as many bytes as the card's modulus
 * @returns `undefined` for a ciphertext of another length, not below the modulus, or without a session request in it:
 *   one verdict for all, since telling them apart is what an attacker needs
 * @throws ERR_KEY_DESTROYED
 * @see [SCP10] 120 to 124
 */
export function decipherKeyTransport(cardKey: RsaPrivateKey, ciphertext: Uint8Array): DecipheredTransport | undefined {
  const request = openTransport(cardKey, ciphertext)
  return request && { payload: request.bytes, level: request.level }
}

/** As {@link decipherKeyTransport}, read. */
export function openTransport(cardKey: RsaPrivateKey, ciphertext: Uint8Array): SessionRequest | undefined {
  const block = openPrivate(cardKey, ciphertext)
  if (block === undefined) return undefined
  const { sound, payload } = encipheredPayload(block)
  const request = parseSessionRequest(payload, 'transport')
  return sound ? request : undefined
}

/**
 * A session request with random keys: level 33, one template for MACs, one for enciphering, one for DEK. The card goes on
 * with it where it must not show that a DECIPHER failed. [SCP10] 122; F.1.5
 */
export function randomRequest(random: (length: number) => Uint8Array): SessionRequest {
  const crt = (tag: number, use: number, ...counter: number[]): Uint8Array =>
    concat(Uint8Array.of(tag, 0x15 + counter.length, 0x95, 1, use, 0xd1, 16), random(16), Uint8Array.from(counter))
  const bytes = concat(
    Uint8Array.of(0xd3, 1, 0x33),
    crt(0xb4, 0x30, 0x91, 8, 0, 0, 0, 0, 0, 0, 0, 0),
    crt(0xb8, 0x30),
    crt(0xb8, 0xc0),
  )
  return parseSessionRequest(bytes, 'transport') as SessionRequest
}

/**
 * Whether the host signed the request and the card's challenge. [SCP10] 132 to 136: the templates go in whole, with the
 * keys in them.
 */
export function acceptTransport(
  hostKey: RsaPublicKey,
  request: SessionRequest,
  challenge: Uint8Array,
  signature: Uint8Array,
): boolean {
  const message = concat(request.bytes, challenge)
  const accepted = verifySignature(hostKey, message, signature)
  message.fill(0)
  return accepted
}

/**
 * The card's signature over the session keys and the host's challenge. [SCP10] 141 to 144: the keys alone, in the order
 * of the templates.
 */
export function answerTransport(
  cardKey: RsaPrivateKey,
  sessionKeys: readonly Uint8Array[],
  challenge: Uint8Array,
): Uint8Array {
  const message = concat(...sessionKeys, challenge)
  const block = signatureBlock(message, cardKey.publicKey.modulus.length)
  message.fill(0)
  return cardKey.operate(block)
}
