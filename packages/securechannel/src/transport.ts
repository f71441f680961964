/**
 * Key transport: the host makes the keys and sends them to the card, which proves that it could read them.
 *
 * | step | command | data |
 * |---|---|---|
 * | 118 | PSO DECIPHER | payload, enciphered with the card's key |
 * | 128 | GET CHALLENGE | 16 bytes of the card |
 * | 131 | EXTERNAL AUTHENTICATE | the host's signature of payload ‖ challenge |
 * | 140 | INTERNAL AUTHENTICATE | 16 bytes and the host's name; the card's signature of keys ‖ challenge |
 *
 * Read it beside agreement.ts, which does the same with two secrets.
 * @see [GP] F.1.4, F.1.5, F.4, [SCP10] steps 118 to 145
 */
import { concat, expectLength } from '@issuerkit/apdu'
import { type RsaPrivateKey, type RsaPublicKey, rsaPublic } from '@issuerkit/keys'
import type { NamedKey } from './certificate-verify.js'
import type { Context } from './credentials.js'
import { channelError } from './failure.js'
import { enciphermentBlock, room, sha1DigestInfo, signPkcs1, verifyPkcs1 } from './pkcs1.js'
import { randomWithout } from './random.js'
import { type KeyMaterial, transportedKeys } from './session-keys.js'
import { type Steps, send } from './steps.js'
import { encodePayload, type Payload } from './templates.js'

const CHALLENGE_LENGTH = 16
const KEY_LENGTH = 16

/** Steps 118 to 145. @returns the keys of the session, raw, for the caller to zero */
export function* transport(context: Context, card: NamedKey): Steps<KeyMaterial> {
  const { profile, credentials, mutual, random } = context
  const payload = withKeys(context)
  const encoded = encodePayload(payload)
  let established = false
  try {
    const length = room(card.key.modulus.length, encoded)
    const padding =
      profile.paddingString === 'ff'
        ? new Uint8Array(length).fill(0xff)
        : randomWithout(random, 0, 'padding string', length)
    yield* send('PSO DECIPHER', { p1: 0x80, p2: 0x84, data: decipherData(card.key, encoded, padding) })
    const challenge = yield* send('GET CHALLENGE', { answer: true })
    expectChallenge(challenge)
    yield* send('EXTERNAL AUTHENTICATE', { data: externalAuthenticateData(credentials.hostKey, encoded, challenge) })
    if (mutual) yield* authenticateCard(context, card, payload)
    established = true
    return transportedKeys(profile, payload)
  } finally {
    encoded.fill(0)
    if (!established) for (const { key } of payload.templates) (key as Uint8Array).fill(0)
  }
}

function* authenticateCard({ credentials, random }: Context, card: NamedKey, { templates }: Payload): Steps<void> {
  const challenge = random('host challenge', CHALLENGE_LENGTH)
  const data = concat(challenge, credentials.hostId)
  const answer = yield* send('INTERNAL AUTHENTICATE', { data, answer: true })
  const keys = templates.map(({ key }) => key as Uint8Array)
  if (!verifyInternalAuthenticate(card.key, keys, challenge, answer)) {
    throw channelError('INTERNAL AUTHENTICATE', 'the signature of the card')
  }
}

/** The payload with a key in every template, and a counter for every MAC key, zero unless the caller says another. */
function withKeys({ payload: { level, templates }, random }: Context): Payload {
  const filled = templates.map((template, i) => {
    const key = Uint8Array.from(random(`key ${i + 1}`, KEY_LENGTH))
    // [SCP10] step 127: preferably zeros. [GP] F.2.3: what tag 91 says.
    return { ...template, key, ...(template.kind === 'MAC' ? { counter: template.counter ?? new Uint8Array(8) } : {}) }
  })
  return { level, templates: filled }
}

function expectChallenge(challenge: Uint8Array): void {
  if (challenge.length !== CHALLENGE_LENGTH) {
    throw channelError('GET CHALLENGE', `${CHALLENGE_LENGTH} bytes`, `${challenge.length} bytes`)
  }
}

/**
 * What PSO DECIPHER carries: the payload under the card's key.
 * @param paddingString exactly as long as the payload leaves room for, no byte of it 00
 * @throws ERR_PADDING; ERR_RSA when the modulus has no room for the payload
 * @see [GP] F.1.4 (table F-32), [SCP10] step 121
 */
export function decipherData(card: RsaPublicKey, payload: Uint8Array, paddingString: Uint8Array): Uint8Array {
  return rsaPublic(card, enciphermentBlock(payload, paddingString, card.modulus.length))
}

/**
 * What EXTERNAL AUTHENTICATE carries: the host's signature of the payload as sent, keys included, and the card's challenge.
 * @throws ERR_LENGTH when the challenge is not of 16 bytes; ERR_RSA; ERR_KEY_DESTROYED
 * @see [GP] F.1.4 (tables F-3, F-4), [SCP10] steps 132 to 134
 */
export function externalAuthenticateData(host: RsaPrivateKey, payload: Uint8Array, challenge: Uint8Array): Uint8Array {
  return signPkcs1(host, concat(payload, expectLength(challenge, CHALLENGE_LENGTH, 'challenge')))
}

/**
 * Whether the answer to INTERNAL AUTHENTICATE is the card's signature of the raw keys and the host's challenge.
 * The host's name is sent but not signed.
 * @param keys the values of D1, in the order of their templates
 * @see [GP] F.1.4 (tables F-7, F-8), [SCP10] steps 141 to 145
 */
export function verifyInternalAuthenticate(
  card: RsaPublicKey,
  keys: readonly Uint8Array[],
  challenge: Uint8Array,
  answer: Uint8Array,
): boolean {
  const message = concat(...keys, challenge)
  const verdict = verifyPkcs1(card, sha1DigestInfo(message), answer)
  message.fill(0)
  return verdict
}
