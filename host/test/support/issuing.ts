/**
 * An issuer of UnionPay debit cards behind the service, driven over HTTP, and its cards: for the tests of authorizations.
 *
 * Keys and the card 6200000000000005 are those of the chain in vectors/unionpay-field55-chain.json.
 */
import { concat, encodeTlv, fromHex, toHex } from '@issuerkit/apdu'
import {
  deriveIccMasterKey,
  deriveSessionKey,
  discretionaryDataMac,
  generateApplicationCryptogram,
  TdesKey,
} from '@issuerkit/keys'
import type { EmvText } from '../../src/authorizations/message.js'
import type { Database } from '../../src/database.js'
import { type Answer, componentsOf, type KeyHost, keyHost } from './keys.js'

export const KEYS = {
  AC: '0123456789ABCDEFFEDCBA9876543210',
  MAC: '404142434445464748494A4B4C4D4E4F',
  ENC: '505152535455565758595A5B5C5D5E5F',
} as const
export const PIN_KEY = '6061626364656667A8A9AAABACADAEAF'
export const CHAIN_PAN = '6200000000000005'

export type Body = Record<string, unknown>

export interface Issuing {
  readonly host: KeyHost
  readonly issuer: string
  post(url: string, body: object, headers?: Record<string, string>): Promise<Answer>
  /** An authorization of `message`'s card; approved with 00 unless `more` says otherwise. */
  authorize(message: CardMessage, more?: object): Promise<Body>
  advise(message: CardMessage, more?: object): Promise<Body>
  /** The handle of a card. */
  card(pan: string): Promise<string>
  /** Queues a command. @returns the entry's id */
  queue(pan: string, command: object, more?: object): Promise<string>
  /** The states of entries. */
  states(pan: string, ...entries: readonly string[]): Promise<string[]>
}

/** A host, with a new issuer unless it is there. */
export async function issuing(
  database: Database,
  issuer: string,
  how: 'there' | { profile?: object; keys?: Readonly<Record<string, string>> } = {},
): Promise<Issuing> {
  const host = await keyHost(database, { keepMilliseconds: 60_000 })
  if (how !== 'there') {
    const { profile = {}, keys = KEYS } = how
    const id = { id: issuer, family: 'unionpay', scheme: 'pboc', ...profile }
    await expectOk(host.post('/v1/issuers', id))
    for (const [usage, key] of Object.entries(keys)) {
      const use = { issuer, usage, algorithm: 'tdes', dki: 1, components: componentsOf(key) }
      await expectOk(host.post('/v1/keys', use))
    }
  }
  const post: Issuing['post'] = (url, payload, headers = {}) => host.send({ method: 'POST', url, payload, headers })
  const card = async (pan: string) =>
    `${(await expectOk(post('/v1/cards', { issuer, pan, panSequence: '01' })))['card']}`
  return {
    ...{ host, issuer, post, card },
    authorize: (message, more = {}) =>
      expectOk(post('/v1/authorizations', { ...requestOf(issuer, message), decision: { approved: '3030' }, ...more })),
    advise: (message, more = {}) =>
      expectOk(post('/v1/advices', { ...requestOf(issuer, message), kind: 'cryptogram', ...more })),
    async queue(pan, command, more = {}) {
      const answer = await expectOk(post(`/v1/cards/${await card(pan)}/scripts`, { command, reason: 'test', ...more }))
      return (answer['entry'] as { entry: string }).entry
    },
    async states(pan, ...entries) {
      const { body } = await host.get(`/v1/cards/${await card(pan)}`)
      const all = body['entries'] as { entry: string; state: string }[]
      return entries.map((id) => all.find(({ entry }) => entry === id)?.state ?? 'none')
    },
  }
}

async function expectOk(asked: Promise<Answer>): Promise<Body> {
  const { status, body, text } = await asked
  if (status >= 300) throw new Error(`${status} ${text}`)
  return body
}

function requestOf(issuer: string, { pan, emv, reference }: CardMessage): object {
  return { issuer, reference, pan, panSequence: '001', entryMode: '051', emv }
}

/** What a card and its terminal send. */
export interface CardMessage {
  readonly pan: string
  readonly reference: string
  /** DE55, or values by tag. */
  readonly emv: EmvText
}

export interface Transaction {
  readonly atc: number
  /** Three bytes, without their length. */
  readonly cvr?: string
  readonly cvn?: string
  readonly dki?: string
  /** The electronic cash balance, ten digits; or what stands in its place. */
  readonly balance?: string
  readonly reference?: string
  /** Values that replace the transaction's before its cryptogram is computed; empty leaves one out. */
  readonly tags?: Readonly<Record<string, string>>
  /** The same, afterwards. */
  readonly changed?: Readonly<Record<string, string>>
}

/** The request of a card, its cryptogram by keys of the chain. */
export function messageOf(pan: string, transaction: Transaction): CardMessage & { readonly emv: string } {
  const {
    atc,
    cvr = 'A00000',
    cvn = '01',
    dki = '01',
    balance = '0000005000',
    reference = `${pan.slice(-8)}/${atc}`,
  } = transaction
  const counter = atc.toString(16).padStart(4, '0').toUpperCase()
  const tags: Record<string, string> = {
    '9F27': '80',
    '9F10': `07${dki}${cvn}03${cvr}010A01${balance}${balanceMac(pan, counter, balance)}`,
    '9F37': `A1B2${counter}`,
    '9F36': counter,
    '95': '0000048000',
    '9A': '261122',
    '9C': '01',
    '9F02': '000000010000',
    '5F2A': '0156',
    '82': '7C00',
    '9F1A': '0156',
    '9F03': '000000000000',
    '9F33': 'E0F1C8',
    '84': 'A000000333010101',
    ...transaction.tags,
  }
  const values = new Map(Object.entries(tags).map(([tag, value]) => [tag, fromHex(value)]))
  const imk = TdesKey.create('issuer', 'AC', fromHex(KEYS.AC))
  const { cryptogram } = generateApplicationCryptogram({ imk, card: { pan, panSequence: '01' }, tags: values })
  const sent = { '9F26': toHex(cryptogram), ...tags, ...transaction.changed }
  return { pan, reference, emv: field55(sent) }
}

/** DE55 of values by tag; an empty value leaves its tag out. */
export function field55(tags: Readonly<Record<string, string>>): string {
  const present = Object.entries(tags).filter(([, value]) => value !== '')
  return toHex(concat(...present.map(([tag, value]) => encodeTlv(tag, fromHex(value)))))
}

function balanceMac(pan: string, atc: string, balance: string): string {
  const imk = TdesKey.create('issuer', 'MAC', fromHex(KEYS.MAC))
  const icc = deriveIccMasterKey(imk, { pan, panSequence: '01' }, { option: 'A', parity: 'none' })
  const key = deriveSessionKey(icc, { method: 'pboc', atc: fromHex(atc) })
  return toHex(discretionaryDataMac(key, fromHex(atc), { id: 1, value: fromHex(balance) }))
}

/** The commands of an answer, without what is random in it. */
export function commandsOf(body: Body): string[] {
  const { scripts } = body['answer'] as { scripts: { commands: { apdu: string }[] }[] }
  return scripts.flatMap(({ commands }) => commands.map(({ apdu }) => apdu))
}
