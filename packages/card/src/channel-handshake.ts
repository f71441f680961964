/** The four commands of the handshake, both variants side by side. [SCP10] 118 to 145, 128' to 143' */
import type { Command } from '@issuerkit/apdu'
import { constantTimeEqual } from '@issuerkit/keys'
import {
  AGREEMENT_CHALLENGE,
  acceptAgreement,
  answerAgreement,
  fillingLength,
  SECRET_LENGTH,
} from './channel-agreement.js'
import type { StepOutcome } from './channel-environment.js'
import { agreedKeys, type ChannelKeys, destroyKeys, transportedKeys } from './channel-keys.js'
import { type ChannelConfiguration, type ChannelMemory, forgetChallenge, forgetHandshake } from './channel-memory.js'
import { LEVEL, type SessionRequest } from './channel-template.js'
import {
  acceptTransport,
  answerTransport,
  openTransport,
  randomRequest,
  TRANSPORT_CHALLENGE,
} from './channel-transport.js'

const EMPTY = new Uint8Array(0)
type Step = (memory: ChannelMemory, configuration: ChannelConfiguration, command: Command) => StepOutcome

/** PSO: DECIPHER, key transport only. [SCP10] 120 to 127 */
export const decipher: Step = (memory, { profile, hardened, random }, { data = EMPTY }) => {
  const stay = profile.decipherFailure === 'S3'
  const { key } = memory.cardKey
  if (data.length !== key.publicKey.modulus.length) return { refuse: '6700', stay }
  const received = openTransport(key, data)
  if (!hardened) {
    // [SCP10] 122 to 124: one answer for every fault; 126: a fault that resets under either profile.
    if (received === undefined) return { refuse: '6A80', stay }
    const keys = transportedKeys(received.templates, profile)
    return keys === undefined ? { refuse: '6A80' } : establish(memory, received, keys)
  }
  // Random keys are made ready whether they are needed or not: a fault shows at EXTERNAL AUTHENTICATE, not here.
  const spare = randomRequest(random)
  const spareKeys = transportedKeys(spare.templates, profile) as ChannelKeys
  const keys = transportedKeys((received ?? spare).templates, profile)
  if (received !== undefined && keys !== undefined) {
    destroyKeys(spareKeys)
    return establish(memory, received, keys)
  }
  destroyKeys(keys ?? {})
  return establish(memory, spare, spareKeys)
}

function establish(memory: ChannelMemory, request: SessionRequest, keys: ChannelKeys): StepOutcome {
  forgetHandshake(memory)
  destroyKeys(memory.keys)
  memory.request = request
  memory.keys = keys
  return { next: 'established' }
}

/** GET CHALLENGE. [SCP10] 128 to 130, 128' */
export const getChallenge: Step = (memory, { random }) => {
  memory.challenge = random(memory.variant === 'transport' ? TRANSPORT_CHALLENGE : AGREEMENT_CHALLENGE)
  memory.base = memory.state
  return { next: 'challenged', data: memory.challenge.slice() }
}

/** EXTERNAL AUTHENTICATE. [SCP10] 131 to 139, 131' to 134' */
export const externalAuthenticate: Step = (memory, configuration, { data = EMPTY }) => {
  const challenge = memory.challenge as Uint8Array
  const { cardKey, hostKey } = memory
  const { profile } = configuration
  if (memory.variant === 'transport') {
    const request = memory.request as SessionRequest
    if (data.length !== hostKey.key.modulus.length) return { refuse: '6700' }
    if (!acceptTransport(hostKey.key, request, challenge, data)) return { refuse: '6300' }
    forgetChallenge(memory)
    memory.level = request.level | LEVEL.authenticated
    if (memory.method === 'external') return settle(memory)
    return { next: profile.transportEstablishedAt === 'external' ? 'answerable' : 'external' }
  }
  const { modulus } = cardKey.key.publicKey
  if (data.length !== modulus.length) return { refuse: '6700' }
  // The answer must fit the host's modulus, and the host's signature that of the card.
  if (hostKey.key.modulus.length !== modulus.length) return { refuse: '6300' }
  const request = acceptAgreement(cardKey.key, hostKey.key, challenge, cardKey.id, data)
  if (request === undefined) return { refuse: '6300' }
  forgetChallenge(memory)
  memory.cardSecret = configuration.random(SECRET_LENGTH)
  memory.keys = agreedKeys(request.templates, request.hostSecret, memory.cardSecret, profile)
  request.hostSecret.fill(0)
  memory.level = request.level | LEVEL.authenticated
  return { next: 'external' }
}

/** INTERNAL AUTHENTICATE: the host's challenge and id. [SCP10] 140 to 145, 140' to 143' */
export const internalAuthenticate: Step = (memory, { profile, random }, { data = EMPTY }) => {
  const transport = memory.variant === 'transport'
  const length = transport ? TRANSPORT_CHALLENGE : AGREEMENT_CHALLENGE
  // [SCP10] 140 reads the first 16 bytes of key transport and no id behind them.
  const idMissing = transport && profile.hostId === 'optional' && data.length === length
  if (!idMissing && data.length !== length + 8) return { refuse: '6700' }
  if (!idMissing && !constantTimeEqual(data.subarray(length), memory.hostKey.id)) return { refuse: '6A80' }
  const { key } = memory.cardKey
  let answer: Uint8Array
  if (transport) {
    const keys = (memory.request as SessionRequest).templates.map((template) => template.key)
    answer = answerTransport(key, keys, data.subarray(0, length))
  } else {
    const secret = memory.cardSecret as Uint8Array
    answer = answerAgreement(key, memory.hostKey.key, random(fillingLength(key)), secret, data)
  }
  return { ...settle(memory), data: answer }
}

/** The session stands, what only the handshake needed is cleared. [SCP10] 139, 145 */
export function settle(memory: ChannelMemory): { readonly next: 'session' } {
  forgetHandshake(memory)
  return { next: 'session' }
}
