/** The issuer of the script tests: commands secured by OpenSSL alone, and a card in a transaction to send them to. */
import { createCipheriv } from 'node:crypto'
import { concat, fromHex, parseCommand, toHex } from '@issuerkit/apdu'
import {
  type ApplicationConfig,
  type ApplicationContext,
  ApplicationMemory,
  type CardSwitches,
  newTransaction,
  type StateName,
  type Transaction,
} from '../../src/debit-credit-model.js'
import type { CardMemory } from '../../src/memory.js'
import { scriptCommand } from '../../src/script-engine.js'
import { TEST_APPLICATION, TEST_KEYS, TEST_SWITCHES, type TestCardOverrides, testCardMemory } from './test-card.js'

export const ATC = '0240'
export const ARQC = '5D016C91005E7CC2'

function openssl(cipher: string, key: Uint8Array, data: Uint8Array, iv: Uint8Array | null = null): Uint8Array {
  const c = createCipheriv(cipher, key, iv)
  c.setAutoPadding(false)
  return new Uint8Array(concat(c.update(data), c.final()))
}

const k1k2k1 = (key: Uint8Array): Uint8Array => concat(key, key.subarray(0, 8))
const k1k1k1 = (key: Uint8Array): Uint8Array => concat(key.subarray(0, 8), key.subarray(0, 8), key.subarray(0, 8))
const padded = (data: Uint8Array, block: number): Uint8Array =>
  concat(data, Uint8Array.of(0x80), new Uint8Array(block - 1 - (data.length % block)))

type Method = 'visa-xor' | 'emv-common' | 'pboc' | 'pboc-sm4'

/** Session keys of the four methods: by the ATC, or with emv-common by the cryptogram. */
function sessionKey(method: Method, master: string, diversifier: string): Uint8Array {
  const key = fromHex(master)
  const r = fromHex(diversifier)
  const zeros = new Uint8Array(6)
  const both = (): Uint8Array =>
    concat(
      zeros,
      r,
      zeros,
      r.map((byte) => byte ^ 0xff),
    )
  if (method === 'pboc') return openssl('des-ede3-ecb', k1k2k1(key), both())
  if (method === 'pboc-sm4') return openssl('sm4-ecb', key, both())
  if (method === 'visa-xor') return key.map((byte, i) => byte ^ (both()[i] as number))
  return openssl('des-ede3-ecb', k1k2k1(key), concat(r.with(2, 0xf0), r.with(2, 0x0f)))
}

/** ISO 9797-1 algorithm 3: single DES in CBC mode, TDES on the last block. */
function retailMac(key: Uint8Array, data: Uint8Array): Uint8Array {
  const message = padded(data, 8)
  const zeros = new Uint8Array(8)
  const end = message.length - 8
  const chained = end === 0 ? zeros : openssl('des-ede3-cbc', k1k1k1(key), message.subarray(0, end), zeros).slice(-8)
  return openssl('des-ede3-cbc', k1k2k1(key), message.subarray(end), chained)
}

function sm4Mac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return openssl('sm4-cbc', key, padded(data, 16), new Uint8Array(16)).slice(-16)
}

/** How the issuer secures a command. What differs from PBOC stands here, in a test's own words. */
interface IssuerOptions {
  readonly method?: Method
  readonly macKey?: string
  readonly encKey?: string
  readonly macLength?: number
  readonly atc?: string
  readonly arqc?: string
  /** What the session key of emv-common is diversified by; the ARQC unless given. */
  readonly r?: string
  readonly prefix?: string
}

/** Header, body and MAC as one command. */
export function secured(header: string, body: string | Uint8Array = '', options: IssuerOptions = {}): Uint8Array {
  const { method = 'pboc', macKey = TEST_KEYS.mac, macLength = 4, atc = ATC, arqc = ARQC } = options
  const data = typeof body === 'string' ? fromHex(body) : body
  const { prefix = atc + arqc, r = arqc } = options
  const key = sessionKey(method, macKey, method === 'emv-common' ? r : atc)
  const head = concat(fromHex(header), Uint8Array.of(data.length + macLength))
  const input = concat(head, fromHex(prefix), data)
  const mac = method === 'pboc-sm4' ? sm4Mac(key, input) : retailMac(key, input)
  return concat(head, data, mac.subarray(0, macLength))
}

/** Whole blocks in ECB mode. */
export function ecb(plain: string, options: IssuerOptions = {}): Uint8Array {
  const { method = 'pboc', encKey = TEST_KEYS.enc, atc = ATC, arqc = ARQC } = options
  const key = sessionKey(method, encKey, method === 'emv-common' ? arqc : atc)
  return openssl(
    method === 'pboc-sm4' ? 'sm4-ecb' : 'des-ede3-ecb',
    method === 'pboc-sm4' ? key : k1k2k1(key),
    fromHex(plain),
  )
}

/** A block enciphered as PBOC and Visa do: 08, the block, 80 and zeros. */
export function prefixedEcb(block: string, options: IssuerOptions = {}): Uint8Array {
  return ecb(`08${block}80000000000000`, options)
}

/** Whole blocks in CBC mode under emv-common. */
export function cbc(plain: string, r = ARQC, encKey: string = TEST_KEYS.enc): Uint8Array {
  return openssl('des-ede3-cbc', k1k2k1(sessionKey('emv-common', encKey, r)), fromHex(plain), new Uint8Array(8))
}

/** A VIS block: D2 XOR D1, XOR D4 where there is a current PIN. `tail` has the bytes 5 to 8 of the ICC master key. */
export function visBlock(pin: string, tail: string = TEST_KEYS.enc.slice(8, 16), current?: string): string {
  const d2 = `0${pin.length.toString(16)}${pin}`.padEnd(16, 'F')
  const d1 = `00000000${tail}`
  const d4 = (current ?? '').padEnd(16, '0')
  const bits = [d2, d1, d4].map((hex) => BigInt(`0x${hex}`)) as [bigint, bigint, bigint]
  return (bits[0] ^ bits[1] ^ bits[2]).toString(16).padStart(16, '0').toUpperCase()
}

/** A card in a transaction, after both GENERATE ACs unless said. */
export interface ScriptCard {
  readonly memory: CardMemory
  readonly context: ApplicationContext
  /** Status of a command, its effects committed as the frame does. */
  readonly send: (command: Uint8Array | string) => string | undefined
  readonly state: (name: StateName) => number
  readonly read: (name: string) => string
}

interface ScriptCardOptions extends TestCardOverrides {
  readonly switches?: Partial<CardSwitches>
  readonly config?: Partial<ApplicationConfig>
  readonly transaction?: Partial<Transaction>
}

/** A transaction that went online, after its second GENERATE AC. */
export function online(otherwise: Partial<Transaction> = {}): Transaction {
  return {
    ...newTransaction(),
    started: true,
    generateAcs: 2,
    firstKind: 'ARQC',
    cryptogram: fromHex(ARQC),
    ...otherwise,
  }
}

export function scriptCard({ transaction, ...overrides }: ScriptCardOptions = {}): ScriptCard {
  const objects = { 'app/0/data/9F36': ATC, ...overrides.objects }
  const memory = testCardMemory({ ...overrides, objects })
  const context: ApplicationContext = {
    memory: new ApplicationMemory(memory, 0),
    config: { ...TEST_APPLICATION, ...overrides.config },
    switches: { ...TEST_SWITCHES, ...overrides.switches },
    transaction: online(transaction),
    random: (length) => new Uint8Array(length),
  }
  return cardOf(memory, context)
}

export function cardOf(memory: CardMemory, context: ApplicationContext): ScriptCard {
  return {
    memory,
    context,
    send: (command) => {
      const bytes = typeof command === 'string' ? fromHex(command) : command
      const answer = scriptCommand(context, parseCommand(bytes))
      memory.commit()
      return answer?.status
    },
    state: (name) => context.memory.state(name),
    read: (name) => toHex(context.memory.read(name)),
  }
}

/** Everything in the cells but the counters that a refused command may move. */
export function effects(memory: CardMemory): string {
  const moving = /state\/(?:scriptCounter|scriptFailed|macFailures)$/
  return memory.names
    .filter((name) => !moving.test(name))
    .map((name) => `${name}=${toHex(memory.read(name))}`)
    .join()
}

export const BLOCK = '841E0000'
export const UNBLOCK = '84180000'
export const CARD_BLOCK = '84160000'
export const PIN_UNBLOCK = '84240000'
export const wrong = (command: Uint8Array): Uint8Array => command.with(-1, (command.at(-1) as number) ^ 1)
export const counters = ({ state }: ScriptCard): number[] => [
  state('scriptCounter'),
  state('scriptFailed'),
  state('macFailures'),
]
export const first = (kind: Transaction['firstKind']): Partial<Transaction> => ({ generateAcs: 1, firstKind: kind })
/** Each command once, right. */
export const COMMANDS = {
  'APPLICATION BLOCK': secured(BLOCK),
  'APPLICATION UNBLOCK': secured(UNBLOCK),
  'CARD BLOCK': secured(CARD_BLOCK),
  'PIN UNBLOCK': secured(PIN_UNBLOCK),
  'PIN CHANGE with current': secured('84240001', prefixedEcb(visBlock('4321', undefined, '1234'))),
  'PIN CHANGE without current': secured('84240002', prefixedEcb(visBlock('654321'))),
  'PUT DATA': secured('04DA9F59', '07'),
  'UPDATE RECORD': secured('04DC0124', '70089F1401039F230105'),
} as const
export const ALL = Object.entries(COMMANDS)
