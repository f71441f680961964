/**
 * Vector operations of the secure channel. What the host computes comes from packages/securechannel, what the card
 * computes from packages/card, and neither sees the other's.
 */
import { type Command, fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import {
  answerInternalAuthenticate,
  CHANNEL_PROFILES,
  type ChannelMacKey,
  decipherKeyTransport,
  wrapResponse,
} from '@issuerkit/card'
import { type KeyPurpose, RsaPrivateKey, type RsaPublicKey, TdesKey } from '@issuerkit/keys'
import {
  agreedKeys,
  agreementExternalAuthenticateData,
  decipherData,
  encodePayload,
  type KeyRole,
  LEVEL,
  PROFILES,
  type ProfileName,
  parsePayload,
  transportExternalAuthenticateData,
  wrapCommand,
} from '@issuerkit/securechannel'
import { type CaseInputs, type FieldRule, fields, hex, oneOf, text } from './fields.js'
import { fail } from './format.js'
import type { Operation } from './operations.js'

/** Big numbers, with or without a leading zero digit. */
const bigNumber: FieldRule = (value, label) => {
  if (typeof value !== 'string' || !/^[0-9A-Fa-f]+$/.test(value)) fail(label, 'hexadecimal text', value)
}

const RSA_KEY = fields({ n: bigNumber, e: bigNumber, d: bigNumber, p: bigNumber, q: bigNumber })
const VARIANT = oneOf('transport', 'agreement')

const listOfHex: FieldRule = (value, label) => {
  if (!Array.isArray(value)) return fail(label, 'a list', value)
  for (const item of value) hex(item, label)
}

/** Le as in the command: 00 is 256. `null` is none. */
const expectedLength: FieldRule = (value, label) => {
  if (value !== null && typeof value !== 'number') fail(label, 'a number or null', value)
}

function unsigned(inputs: CaseInputs, name: string): Uint8Array {
  const digits = inputs.text(name).replace(/^0+/, '')
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`)
}

function publicKey(inputs: CaseInputs): RsaPublicKey {
  return { modulus: unsigned(inputs, 'n'), exponent: unsigned(inputs, 'e') }
}

function privateKey(inputs: CaseInputs): RsaPrivateKey {
  const primes = inputs.has('p') ? { primes: [unsigned(inputs, 'p'), unsigned(inputs, 'q')] as const } : {}
  return RsaPrivateKey.create({ ...publicKey(inputs), privateExponent: unsigned(inputs, 'd'), ...primes })
}

const decipher: Operation = {
  inputs: { cardKey: RSA_KEY, ciphertext: hex, payload: hex, paddingString: hex },
  outputs: { payload: hex, level: hex, ciphertext: hex },
  run(inputs) {
    const cardKey = inputs.object('cardKey')
    if (!inputs.has('ciphertext')) {
      const data = decipherData(publicKey(cardKey), inputs.bytes('payload'), inputs.bytes('paddingString'))
      return { ciphertext: toHex(data) }
    }
    const deciphered = decipherKeyTransport(privateKey(cardKey), inputs.bytes('ciphertext'))
    if (deciphered === undefined) throw new IssuerkitError('ERR_CHANNEL', { label: 'ciphertext' })
    return { payload: toHex(deciphered.payload), level: toHex(Uint8Array.of(deciphered.level)) }
  },
}

const externalAuthenticate: Operation = {
  inputs: {
    variant: VARIANT,
    hostKey: RSA_KEY,
    cardKey: RSA_KEY,
    payload: hex,
    paddingString: hex,
    hostSecret: hex,
    challenge: hex,
    cardId: hex,
  },
  outputs: { data: hex },
  run(inputs) {
    const hostKey = privateKey(inputs.object('hostKey'))
    const [payload, challenge] = [inputs.bytes('payload'), inputs.bytes('challenge')]
    if (inputs.text('variant') === 'transport') {
      return { data: toHex(transportExternalAuthenticateData(hostKey, payload, challenge)) }
    }
    const message = {
      payload,
      challenge,
      paddingString: inputs.bytes('paddingString'),
      hostSecret: inputs.bytes('hostSecret'),
      cardId: inputs.bytes('cardId'),
    }
    return { data: toHex(agreementExternalAuthenticateData(hostKey, publicKey(inputs.object('cardKey')), message)) }
  },
}

const internalAuthenticate: Operation = {
  inputs: {
    variant: VARIANT,
    hostKey: RSA_KEY,
    cardKey: RSA_KEY,
    sessionKeys: listOfHex,
    paddingString: hex,
    cardSecret: hex,
    challenge: hex,
    hostId: hex,
  },
  outputs: { data: hex },
  run(inputs) {
    const cardKey = privateKey(inputs.object('cardKey'))
    const challenge = inputs.bytes('challenge')
    if (inputs.text('variant') === 'transport') {
      const sessionKeys = inputs.list('sessionKeys')
      return { data: toHex(answerInternalAuthenticate({ variant: 'transport', cardKey, sessionKeys, challenge })) }
    }
    const answer = answerInternalAuthenticate({
      variant: 'agreement',
      cardKey,
      hostKey: publicKey(inputs.object('hostKey')),
      paddingString: inputs.bytes('paddingString'),
      cardSecret: inputs.bytes('cardSecret'),
      challenge,
      hostId: inputs.bytes('hostId'),
    })
    return { data: toHex(answer) }
  },
}

/** One key for both directions, and a DEK: every role has a template. */
const ALL_ROLES = encodePayload({
  level: 0x33,
  templates: [
    { kind: 'MAC', usage: 0x30 },
    { kind: 'ENC', usage: 0x30 },
    { kind: 'DEK', usage: 0xc0 },
  ],
})

const sessionKeys: Operation = {
  inputs: { hostSecret: hex, cardSecret: hex, profile: oneOf(...Object.keys(PROFILES)), payload: hex },
  outputs: { mac: hex, enc: hex, dek: hex, cmac: hex, rmac: hex, cenc: hex, renc: hex, counter: hex },
  run(inputs) {
    const profile = PROFILES[inputs.text('profile') as ProfileName]
    const payload = parsePayload(inputs.has('payload') ? inputs.bytes('payload') : ALL_ROLES, 'agreement')
    const { keys, counters } = agreedKeys(profile, payload, inputs.bytes('hostSecret'), inputs.bytes('cardSecret'))
    const key = (...roles: readonly KeyRole[]): Record<string, string> => {
      const found = roles.flatMap((role) => keys.get(role) ?? [])
      return Object.fromEntries(found.slice(0, 1).map((bytes) => ['key', toHex(bytes)]))
    }
    const first = counters.get('CMAC') ?? counters.get('RMAC')
    return {
      mac: key('CMAC', 'RMAC')['key'],
      enc: key('CENC', 'RENC')['key'],
      cmac: key('CMAC')['key'],
      rmac: key('RMAC')['key'],
      cenc: key('CENC')['key'],
      renc: key('RENC')['key'],
      dek: key('DEK')['key'],
      counter: first && toHex(first.value),
    }
  },
}

const PROTECTION = oneOf('mac', 'enc', 'mac+enc')
const HEADER_CLA = oneOf('protected', 'unprotected')

const secureMessaging: Operation = {
  inputs: {
    macKey: hex,
    encKey: hex,
    counter: hex,
    headerCla: HEADER_CLA,
    commandLevel: PROTECTION,
    responseLevel: PROTECTION,
    command: fields({ cla: hex, ins: hex, p1: hex, p2: hex, data: hex, le: expectedLength }),
    responseData: hex,
    responseStatus: text,
  },
  outputs: { command: hex, response: hex },
  run(inputs) {
    const create = <P extends KeyPurpose>(name: string, purpose: P): TdesKey<'session', P> =>
      TdesKey.create('session', purpose, inputs.bytes(name), { allowEqualHalves: true })
    const [mac, enc] = [create('macKey', 'MAC'), create('encKey', 'ENC')]
    const counter = inputs.has('counter') ? inputs.bytes('counter') : new Uint8Array(8)
    const headerCla = inputs.text('headerCla') as 'protected' | 'unprotected'
    const has = (name: string, what: string): boolean => inputs.text(name).split('+').includes(what)
    const commandKeys = {
      mac: has('commandLevel', 'mac') ? { key: mac, counter } : undefined,
      enc: has('commandLevel', 'enc') ? enc : undefined,
    }
    const command = wrapCommand(commandOf(inputs.object('command')), commandKeys, { ...PROFILES.gp, headerCla })
    const first = BigInt(`0x${toHex(counter)}`)
    const rmac: ChannelMacKey = { key: mac, counter: { value: commandKeys.mac === undefined ? first : first + 1n } }
    const response = wrapResponse(
      { data: inputs.bytes('responseData'), status: inputs.text('responseStatus') },
      {
        level: (has('responseLevel', 'mac') ? LEVEL.RMAC : 0) | (has('responseLevel', 'enc') ? LEVEL.RENC : 0),
        keys: { rmac, renc: enc },
        profile: { ...CHANNEL_PROFILES.gp, headerCla },
      },
    )
    return { command: toHex(command), response: response && toHex(response) }
  },
}

function commandOf(inputs: CaseInputs): Command {
  const [cla, ins, p1, p2] = ['cla', 'ins', 'p1', 'p2'].map((name) => inputs.bytes(name)[0] ?? 0)
  const header = { cla: cla as number, ins: ins as number, p1: p1 as number, p2: p2 as number }
  const le = inputs.has('le') && !inputs.isNull('le') ? { le: inputs.number('le') || 256 } : {}
  return { ...header, data: inputs.bytes('data'), ...le }
}

/** The operations of the secure channel, by the name they have in vector files. */
export const CHANNEL_OPERATIONS: Readonly<Record<string, Operation>> = {
  'channel-decipher': decipher,
  'channel-external-authenticate': externalAuthenticate,
  'channel-internal-authenticate': internalAuthenticate,
  'channel-session-keys': sessionKeys,
  'secure-messaging': secureMessaging,
}
