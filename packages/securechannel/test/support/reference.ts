/** The published transcripts of both variants, 1024 bits, as the tests need them. */
import { readFileSync } from 'node:fs'
import { fromHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import type { Credentials, NamedKey, OpenOptions, RandomSource } from '../../src/index.js'

export function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../vectors/${name}.json`, import.meta.url), 'utf8')) as T
}

interface KeyText {
  readonly n: string
  readonly e: string
  readonly d: string
  readonly p: string
  readonly q: string
}

interface Exchange {
  readonly apdus: readonly string[]
  readonly response: string
  readonly [name: string]: unknown
}

interface Protected {
  readonly name: string
  readonly headerCla: 'protected' | 'unprotected'
  readonly plain: { cla: string; ins: string; p1: string; p2: string; data: string; le: number | null }
  readonly commandLevel: string
  readonly responseLevel: string
  readonly command: { counter: string; apdu: string; macWithoutExtraPaddingBlock?: string }
  readonly responsePlain: string
  readonly response: { counter?: string; response: string }
}

interface ReferenceSet {
  readonly keys: Readonly<Record<'root' | 'intermediate' | 'host' | 'card', KeyText>>
  readonly ids: Readonly<Record<'root' | 'intermediate' | 'host' | 'card', string>>
  readonly certificates: Readonly<
    Record<'root' | 'intermediateByRoot' | 'hostByIntermediate' | 'hostByRoot' | 'cardByIntermediate', string>
  >
  readonly keyTransport: {
    readonly crts: readonly { key: string; counter: string | null }[]
    readonly payload: string
    readonly randomPaddingString: string
    readonly mse: { defaultKeys: readonly string[]; keyRefs: readonly string[] }
    readonly psoVerifyCertificate: Readonly<Record<string, readonly string[]>>
    readonly getData: { gpClass: { command: string; response: string } }
    readonly psoDecipher: { ciphertextRandomPs: string; ciphertextFFps: string; apdusRandomPs: readonly string[] }
    readonly getChallenge: { command: string; response: string }
    readonly externalAuthenticate: Exchange & { signature: string; signedMessage: string; emsa: string }
    readonly internalAuthenticate: Exchange & { hostChallenge: string; signedMessage: string }
  }
  readonly keyAgreement: {
    readonly payload: string
    readonly payloadFeitianStyleWithEmptyD1_91: string
    readonly mse: { defaultKeys: readonly string[]; keyRefs: readonly string[] }
    readonly psoVerifyCertificate: Readonly<Record<string, readonly string[]>>
    readonly getChallenge: { command: string; response: string }
    readonly externalAuthenticate: Exchange & {
      prnd: string
      hostSecret: string
      sigMin: string
      m1: string
      m2: string
    }
    readonly internalAuthenticate: Exchange & { hostChallenge: string; cardSecret: string; sigMin: string }
    readonly kdf: Readonly<Record<'counter4bytes' | 'counter32bytes', Readonly<Record<string, string>>>>
    readonly gp: { keys: Readonly<Record<string, string>>; startCounter: string }
    readonly feitian: { keys: Readonly<Record<string, string>>; startCounter: string }
  }
  readonly secureMessaging: Readonly<Record<string, unknown>>
}

export const REFERENCE: ReferenceSet = load<{ sets: [ReferenceSet] }>('scp10-reference-1024').sets[0]

const number = (text: string): Uint8Array => fromHex(text.length % 2 === 0 ? text : `0${text}`)

export function privateKey(name: keyof ReferenceSet['keys']): RsaPrivateKey {
  const { n, e, d, p, q } = REFERENCE.keys[name]
  return RsaPrivateKey.create({
    modulus: number(n),
    exponent: number(e),
    privateExponent: number(d),
    primes: [number(p), number(q)],
  })
}

export function named(name: keyof ReferenceSet['keys']): NamedKey {
  return { key: privateKey(name).publicKey, id: fromHex(REFERENCE.ids[name]) }
}

const certificate = (name: keyof ReferenceSet['certificates']): Uint8Array => fromHex(REFERENCE.certificates[name])

export const CREDENTIALS: Credentials = {
  hostKey: privateKey('host'),
  hostId: fromHex(REFERENCE.ids.host),
  hostCertificates: [certificate('intermediateByRoot'), certificate('hostByIntermediate')],
  trustPoint: named('root'),
  cardIssuers: [certificate('intermediateByRoot')],
}

const { keyTransport, keyAgreement } = REFERENCE

/** The random bytes of the transcript of key transport; a use that it does not have is an error. */
export const transportRandom: RandomSource = (use, length) =>
  drawn(use, length, {
    'key 1': keyTransport.crts[0]?.key,
    'key 2': keyTransport.crts[1]?.key,
    'key 3': keyTransport.crts[2]?.key,
    'padding string': keyTransport.randomPaddingString,
    'host challenge': keyTransport.internalAuthenticate.hostChallenge,
  })

export const agreementRandom: RandomSource = (use, length) =>
  drawn(use, length, {
    'host secret': keyAgreement.externalAuthenticate.hostSecret,
    'padding string': keyAgreement.externalAuthenticate.prnd,
    'host challenge': keyAgreement.internalAuthenticate.hostChallenge,
  })

function drawn(use: string, length: number, values: Readonly<Record<string, string | undefined>>): Uint8Array {
  const bytes = fromHex(values[use] ?? '')
  if (bytes.length !== length) throw new Error(`no ${length} bytes for ${use}`)
  return bytes
}

export const TRANSPORT_OPTIONS: OpenOptions = {
  random: transportRandom,
  templates: [
    { kind: 'MAC', usage: 0x30, counter: fromHex('00000000000000FE') },
    { kind: 'ENC', usage: 0x30 },
    { kind: 'DEK', usage: 0xc0 },
  ],
}

const OK = '9000'
const CHAIN = 'chain_gp_oneCommandPerCertificate'
const CARD = `${REFERENCE.certificates.cardByIntermediate}${OK}`

/** A transcript: command, answer. */
export type Exchanges = readonly (readonly [command: string, answer: string])[]

export const TRANSPORT: Exchanges = [
  ...[...keyTransport.mse.defaultKeys, ...(keyTransport.psoVerifyCertificate[CHAIN] ?? [])].map(
    (c) => [c, OK] as const,
  ),
  [keyTransport.getData.gpClass.command, CARD],
  ...keyTransport.psoDecipher.apdusRandomPs.map((command) => [command, OK] as const),
  [keyTransport.getChallenge.command, keyTransport.getChallenge.response],
  ...keyTransport.externalAuthenticate.apdus.map((command) => [command, OK] as const),
  [keyTransport.internalAuthenticate.apdus[0] ?? '', keyTransport.internalAuthenticate.response],
]

export const AGREEMENT: Exchanges = [
  ...[...keyAgreement.mse.defaultKeys, ...(keyAgreement.psoVerifyCertificate[CHAIN] ?? [])].map(
    (c) => [c, OK] as const,
  ),
  [keyTransport.getData.gpClass.command, CARD],
  [keyAgreement.getChallenge.command, keyAgreement.getChallenge.response],
  ...keyAgreement.externalAuthenticate.apdus.map((command) => [command, OK] as const),
  [keyAgreement.internalAuthenticate.apdus[0] ?? '', keyAgreement.internalAuthenticate.response],
]

/** The protected exchanges, of both readings of the header's class. */
export const PROTECTED: readonly Protected[] = Object.values(REFERENCE.secureMessaging)
  .filter((value): value is Protected[] => Array.isArray(value))
  .flat()
