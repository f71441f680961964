/**
 * Key agreement: each side sends the other a secret, signed and enciphered; the keys come from both.
 *
 * | step | command | data |
 * |---|---|---|
 * | 128' | GET CHALLENGE | 8 bytes of the card |
 * | 131' | EXTERNAL AUTHENTICATE | the host's secret and the payload, signed with recovery, enciphered with the card's key |
 * | 140' | INTERNAL AUTHENTICATE | 8 bytes and the host's name; the card's secret, signed, enciphered with the host's key |
 *
 * The patent does not speak of the outer enciphering; without it both secrets lie open to everybody who has the
 * certificates, so that it has no switch. Read it beside transport.ts.
 * @see [GP] F.1.4, F.2.2, F.4, [SCP10] steps 118' to 145'
 */
import { concat, expectLength } from '@issuerkit/apdu'
import { type RsaPrivateKey, type RsaPublicKey, rsaPublic } from '@issuerkit/keys'
import type { NamedKey } from './certificate-verify.js'
import type { Context } from './credentials.js'
import { attempt, channelError } from './failure.js'
import { OVERHEAD, recoverMessage, signWithRecovery } from './iso9796-2.js'
import { randomWithout } from './random.js'
import { agreedKeys, type KeyMaterial } from './session-keys.js'
import { type Steps, send } from './steps.js'
import { encodePayload } from './templates.js'

const CHALLENGE_LENGTH = 8
const SECRET_LENGTH = 32

/** The first byte of the payload. */
const PAYLOAD_TAG = 0xd3

/** Steps 128' to 145'. @returns the keys of the session, raw, for the caller to zero */
export function* agreement(context: Context, card: NamedKey): Steps<KeyMaterial> {
  const { profile, credentials, random } = context
  // The templates carry neither keys nor counters here: both come from the secrets.
  const templates = context.payload.templates.map(({ kind, usage }) => ({ kind, usage }))
  const payload = { level: context.payload.level, templates }
  const encoded = encodePayload(payload, profile.agreementTemplates === 'withEmptyObjects')
  const hostSecret = Uint8Array.from(random('host secret', SECRET_LENGTH))
  let cardSecret: Uint8Array | undefined
  try {
    const length = card.key.modulus.length - OVERHEAD - SECRET_LENGTH - encoded.length
    if (length < 1) throw channelError('card key', 'room for the templates and a padding string')
    // The card looks for the payload behind random bytes of a length it does not know: its tag must not stand among them.
    const paddingString = randomWithout(random, PAYLOAD_TAG, 'padding string', length)
    const challenge = yield* send('GET CHALLENGE', { answer: true, primed: true })
    expectChallenge(challenge)
    const sent = { payload: encoded, paddingString, hostSecret, challenge, cardId: card.id }
    const data = externalAuthenticateData(credentials.hostKey, card.key, sent)
    yield* send('EXTERNAL AUTHENTICATE', { data, primed: true })
    cardSecret = yield* authenticateCard(context, card)
    return agreedKeys(profile, payload, hostSecret, cardSecret)
  } finally {
    hostSecret.fill(0)
    cardSecret?.fill(0)
  }
}

function* authenticateCard({ credentials, random }: Context, card: NamedKey): Steps<Uint8Array> {
  const { hostKey, hostId } = credentials
  const challenge = random('host challenge', CHALLENGE_LENGTH)
  const data = concat(challenge, hostId)
  const answer = yield* send('INTERNAL AUTHENTICATE', { data, answer: true, primed: true })
  const secret = openInternalAuthenticate(hostKey, card.key, { challenge, hostId, answer })
  if (secret === undefined) throw channelError('INTERNAL AUTHENTICATE', 'the signature of the card')
  return secret
}

function expectChallenge(challenge: Uint8Array): void {
  if (challenge.length !== CHALLENGE_LENGTH) {
    throw channelError('GET CHALLENGE', `${CHALLENGE_LENGTH} bytes`, `${challenge.length} bytes`)
  }
}

/** What the host signs and sends in EXTERNAL AUTHENTICATE. */
export interface HostSecretMessage {
  /** D3 01 level and the templates. */
  readonly payload: Uint8Array
  /** RP: what the payload and the secret leave of the block. */
  readonly paddingString: Uint8Array
  /** OES, 32 bytes. */
  readonly hostSecret: Uint8Array
  /** The card's, 8 bytes. */
  readonly challenge: Uint8Array
  /** The holder reference of the card's certificate, 8 bytes. */
  readonly cardId: Uint8Array
}

/**
 * What EXTERNAL AUTHENTICATE carries: `6A ‖ RP ‖ payload ‖ OES ‖ H ‖ BC`, signed by the host, enciphered for the card.
 * @throws ERR_LENGTH when a part has another length, or all of them do not fill the block; ERR_RSA when the moduli do not
 *   fit each other; ERR_KEY_DESTROYED
 * @see [GP] F.1.4 (tables F-5, F-6), [SCP10] steps 131' to 134'
 */
export function externalAuthenticateData(
  host: RsaPrivateKey,
  card: RsaPublicKey,
  { payload, paddingString, hostSecret, challenge, cardId }: HostSecretMessage,
): Uint8Array {
  const m1 = concat(paddingString, payload, expectLength(hostSecret, SECRET_LENGTH, 'host secret'))
  const m2 = concat(expectLength(challenge, CHALLENGE_LENGTH, 'challenge'), expectLength(cardId, 8, 'card id'))
  const signature = signWithRecovery(host, m1, m2)
  m1.fill(0)
  return rsaPublic(card, signature)
}

/**
 * The card's secret, CS, from the answer to INTERNAL AUTHENTICATE: `6A ‖ RP ‖ CS ‖ H ‖ BC`; `undefined` when it is not
 * the card's answer to this challenge and this host.
 * @see [GP] F.1.4 (tables F-9, F-10), [SCP10] steps 141' to 145'
 */
export function openInternalAuthenticate(
  host: RsaPrivateKey,
  card: RsaPublicKey,
  { challenge, hostId, answer }: { challenge: Uint8Array; hostId: Uint8Array; answer: Uint8Array },
): Uint8Array | undefined {
  const signature = attempt(() => host.operate(answer))
  const m1 = signature && recoverMessage(card, signature, concat(challenge, hostId))
  const secret = m1?.slice(-SECRET_LENGTH)
  m1?.fill(0)
  return secret
}
