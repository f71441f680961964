/** One application of a card without the card around it: what GENERATE AC and EXTERNAL AUTHENTICATE work on. */
import { concat, encodeDol, fillDol, fromHex, parseDol, toHex } from '@issuerkit/apdu'
import {
  createKey,
  cryptogramSessionKey,
  generateArpcMethod1,
  generateArpcMethod2,
  type SchemeName,
} from '@issuerkit/keys'
import {
  type ApplicationConfig,
  type ApplicationContext,
  ApplicationMemory,
  type CardSwitches,
  newTransaction,
  STATE,
  type StateName,
  type Transaction,
} from '../../src/debit-credit-model.js'
import { externalAuthenticate } from '../../src/external-authenticate.js'
import { generateAc } from '../../src/generate-ac.js'
import { CardMemory } from '../../src/memory.js'

/** What a test says of the application; hexadecimal. */
export interface TestApplication {
  readonly scheme?: SchemeName
  readonly key?: string
  readonly config?: Partial<ApplicationConfig>
  readonly switches?: Partial<CardSwitches>
  /** Objects of the memory by name, beside ATC, last online ATC and states; `undefined` for none. */
  readonly objects?: Readonly<Record<string, string | undefined>>
  readonly state?: Partial<Record<StateName, number>>
  readonly transaction?: Partial<Transaction>
}

const SWITCHES: CardSwitches = {
  selectBlocked: '6283',
  nothingPending: '6D00',
  signAac: false,
  scriptsNeedIssuerAuth: 'never',
  unblockNeedsIssuerAuth: false,
  scriptCounterOverflow: 'saturate',
  unknownPutDataTag: '6A80',
  missingMac: '6E00',
  macFailureLimit: 0,
  chainedScripts: false,
  offlineLimitTags: 'emv',
}

/** The ICC master key of the published CVN vectors. */
export const ICC_KEY = '154F349D8585CB7F6B0798E9839B10C1'
export const CDOL1 = '9F02069F03069F1A0295055F2A029A039C019F3704'
/** Amount 100.00 in the application's own currency and country. */
export const TERMINAL: Readonly<Record<string, string>> = {
  '9F02': '000000010000',
  '9F03': '000000000000',
  '9F1A': '0156',
  '95': '0000000000',
  '5F2A': '0156',
  '9A': '261121',
  '9C': '00',
  '9F37': '1E78EEBC',
  '8A': '3030',
}

/** What the commands work on, and the memory of the whole card. */
export interface TestContext extends ApplicationContext {
  readonly card: CardMemory
}

export function application(given: TestApplication = {}): TestContext {
  const objects = { 'key/ac': given.key ?? ICC_KEY, 'data/9F36': '0010', 'data/9F13': '000F', ...given.objects }
  const memory = CardMemory.create([
    ['blocked', { value: Uint8Array.of(0) }],
    ...Object.entries(objects).flatMap(([name, value]) =>
      value === undefined ? [] : [[`app/0/${name}`, { value: fromHex(value) }] as const],
    ),
    ...Object.entries(STATE).map(
      ([name, length]) => [`app/0/state/${name}`, { value: new Uint8Array(length) }] as const,
    ),
  ])
  const application = new ApplicationMemory(memory, 0)
  for (const [name, value] of Object.entries(given.state ?? {})) application.setState(name as StateName, value)
  return {
    card: memory,
    memory: application,
    config: {
      aid: 'A000000333010101',
      scheme: given.scheme ?? 'pboc',
      dki: 1,
      pan: '1234567890123456',
      panSequence: '00',
      pdol: '',
      cdol1: CDOL1,
      cdol2: `8A02${CDOL1}`,
      ddol: '9F3704',
      aip: '7C00',
      afl: '08010100',
      getData: [],
      putData: [],
      issuerDiscretionaryData: '',
      ...given.config,
    },
    switches: { ...SWITCHES, ...given.switches },
    transaction: { ...newTransaction(), started: true, ...given.transaction },
    random: (length) => Uint8Array.from({ length }, (_, i) => i + 1),
  }
}

/** The data of a list from values in hexadecimal; {@link TERMINAL} has the others. */
export function listData(list: string, values: Readonly<Record<string, string>> = {}): Uint8Array {
  const all = Object.entries({ ...TERMINAL, ...values }).map(([tag, value]) => [tag, fromHex(value)] as const)
  return fillDol(parseDol(fromHex(list)), new Map(all))
}

const KIND = { AAC: 0x00, TC: 0x40, ARQC: 0x80 } as const

/** What GENERATE AC says, taken apart; format 80 and 77 alike. */
export interface Answer {
  readonly status: string
  readonly data: string
  readonly cid: number
  readonly kind: 'AAC' | 'TC' | 'ARQC' | undefined
  readonly cryptogram: string
  readonly iad: string
  /** CVR of a VIS or PBOC application: 3 bytes behind the length. */
  readonly cvr: string
}

/** GENERATE AC with the values of the terminal, the first or the second by the state of the transaction. */
export function generate(
  context: ApplicationContext,
  asked: 'AAC' | 'TC' | 'ARQC',
  values: Readonly<Record<string, string>> = {},
  p1 = 0,
): Answer {
  const list = context.transaction.generateAcs === 0 ? context.config.cdol1 : context.config.cdol2
  return send(context, KIND[asked] | p1, listData(list, values))
}

export function send(context: ApplicationContext, p1: number, data: Uint8Array, p2 = 0): Answer {
  const said = generateAc(context, { cla: 0x80, ins: 0xae, p1, p2, data, le: 256 })
  return takeApart(said.status, said.data ?? new Uint8Array(0))
}

function takeApart(status: string, bytes: Uint8Array): Answer {
  const data = toHex(bytes)
  // 80 LL, or 77 LL 9F2701 CID 9F3602 ATC 9F2608 AC 9F10 LL ...
  const isFormat1 = bytes[0] === 0x80
  const cid = (isFormat1 ? bytes[2] : bytes[5]) ?? 0
  const cryptogram = isFormat1 ? data.slice(10, 26) : data.slice(28, 44)
  const iad = isFormat1 ? data.slice(26) : data.slice(50)
  const kind = ({ 0: 'AAC', 1: 'TC', 2: 'ARQC' } as const)[cid >> 6]
  return { status, data, cid, kind, cryptogram, iad, cvr: iad.slice(8, 14) }
}

export function authenticate(context: ApplicationContext, data: string): string {
  return externalAuthenticate(context, { cla: 0, ins: 0x82, p1: 0, p2: 0, data: fromHex(data) }).status
}

/** A list with entries in front. */
export function withEntries(list: string, ...entries: readonly (readonly [tag: string, length: number])[]): string {
  return toHex(concat(encodeDol(entries.map(([tag, length]) => ({ tag, length }))), fromHex(list)))
}

/** The issuer's end: tag 91 for the cryptogram of the first GENERATE AC. */
export function issuerData(context: ApplicationContext, decision: string, proprietary = ''): string {
  const method = context.config.scheme === 'pboc' ? 'pboc' : 'emv-common'
  const key = cryptogramSessionKey(createKey('tdes', 'icc', 'AC', fromHex(ICC_KEY)), method, { atc: fromHex('0010') })
  const { cryptogram } = context.transaction
  return decision.length === 4
    ? `${toHex(generateArpcMethod1(key, cryptogram, fromHex(decision)))}${decision}`
    : `${toHex(generateArpcMethod2(key, cryptogram, fromHex(decision), fromHex(proprietary)))}${decision}${proprietary}`
}
/** The same with its last digit changed. */
export const wrong = (data: string): string => `${data.slice(0, -1)}${data.endsWith('0') ? '1' : '0'}`

/** All indicators and counters. */
export const states = ({ memory }: ApplicationContext): Record<string, number> =>
  Object.fromEntries((Object.keys(STATE) as StateName[]).map((name) => [name, memory.state(name)]))

/** A card with an application default action. */
export const withAda = (ada: string): TestApplication => ({ objects: { 'data/9F52': ada } })

/** Everything that a past may have left. */
export const PAST = {
  scriptCounter: 3,
  scriptFailed: 1,
  sdaFailed: 1,
  ddaFailed: 1,
  consecutiveOffline: 5,
  consecutiveInternationalCountry: 2,
  consecutiveInternationalCurrency: 2,
  cumulativeAmount: 500,
  cumulativeAmountDual: 500,
  goOnlineNext: 1,
} as const
/** Nothing left of it. */
export const ZEROS = Object.fromEntries(Object.keys(STATE).map((name) => [name, 0]))
/** All of it, and an online transaction that is not completed. */
export const KEPT = { ...ZEROS, ...PAST, onlineAuthorisation: 1 }
