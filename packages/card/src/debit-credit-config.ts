/** What was fixed at personalisation, read out of memory and checked once, when the card is opened. */
import { fromHex, IssuerkitError, parseAfl, parseDol, tagBytes } from '@issuerkit/apdu'
import { SCHEMES } from '@issuerkit/keys'
import { decodeJson, type JsonFields, rsaKey } from './card-json.js'
import {
  type ApplicationConfig,
  type ApplicationMemory,
  type CardConfig,
  type CardSwitches,
  STATE,
} from './debit-credit-model.js'
import type { CardMemory } from './memory.js'

/** Whether a field is what it should be. It may throw instead. */
type Check = (value: unknown) => boolean
type Checks<T> = { readonly [K in keyof Required<T>]: Check }

const isText = (value: unknown): value is string => typeof value === 'string'
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value)
const wholeNumber =
  (least: number, most: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const digits =
  (least: number, most: number): Check =>
  (value) =>
    isText(value) && /^\d+$/.test(value) && value.length >= least && value.length <= most
/** Hexadecimal of so many bytes, which a parser takes. */
const hex =
  (least: number, most: number, parse: (bytes: Uint8Array) => unknown = () => undefined): Check =>
  (value) => {
    const bytes = fromHex(value as string)
    parse(bytes)
    return bytes.length >= least && bytes.length <= most
  }
const tags: Check = (value) => Array.isArray(value) && value.every((tag) => isText(tag) && tagBytes(tag).length > 0)
const boolean = oneOf(true, false)
/** [EMV-B3] Annex A: the longest data object list. */
const dol = hex(0, 252, parseDol)

const SWITCHES: Checks<CardSwitches> = {
  selectBlocked: oneOf('6283', '6A81'),
  nothingPending: oneOf('6D00', '6F00', '6985'),
  signAac: boolean,
  scriptsNeedIssuerAuth: oneOf('never', 'ifPerformed', 'ifAipSupports'),
  unblockNeedsIssuerAuth: boolean,
  scriptCounterOverflow: oneOf('saturate', 'wrap'),
  unknownPutDataTag: oneOf('6A80', '6A88'),
  missingMac: oneOf('6E00', '6987'),
  macFailureLimit: wholeNumber(0, 255),
  macLength: optional(wholeNumber(4, 8)),
  chainedScripts: boolean,
  pinBlockKey: optional(oneOf('ac', 'enc')),
  offlineLimitTags: oneOf('emv', 'pboc-script'),
}

const CARD: Checks<CardConfig> = {
  // [EMV-B1] 8.2: TS and T0, then up to 31 characters.
  atr: hex(2, 33),
  protocol: oneOf('T=0', 'T=1'),
  applications: wholeNumber(1, 255),
  switches: (value) => typeof value === 'object' && value !== null,
}

const APPLICATION: Checks<ApplicationConfig> = {
  aid: hex(5, 16),
  scheme: oneOf(...Object.keys(SCHEMES)),
  dki: wholeNumber(0, 255),
  pan: digits(8, 19),
  panSequence: digits(2, 2),
  pdol: dol,
  cdol1: dol,
  cdol2: dol,
  ddol: dol,
  aip: hex(2, 2),
  afl: hex(4, 252, parseAfl),
  getData: tags,
  putData: tags,
  // [EMV-B3] Annex A: tag 9F10 has 32 bytes at most.
  issuerDiscretionaryData: hex(0, 32),
}

/** Objects that every application has, and how many bytes they are. */
const OBJECTS: Readonly<Record<string, number>> = {
  'key/ac': 16,
  'key/mac': 16,
  'key/enc': 16,
  'data/9F36': 2,
  ...Object.fromEntries(Object.entries(STATE).map(([name, length]) => [`state/${name}`, length])),
}

/** Objects that an application with a PIN has. */
const PIN_OBJECTS: Readonly<Record<string, number>> = { 'pin-try-limit': 1, 'data/9F17': 1 }

/**
 * The config of a card.
 * @throws ERR_CARD when there is none, or a field of it is missing or not what it should be
 */
export function cardConfig(memory: CardMemory): CardConfig {
  const config = decodeJson(memory.read('config'), 'config')
  checkFields(config, CARD, 'config')
  checkFields(config['switches'] as JsonFields, SWITCHES, 'config switches')
  expectObject(memory, 'blocked', 1)
  return config as unknown as CardConfig
}

/**
 * The config of an application, whose objects are looked at, too.
 * @throws ERR_CARD when there is none, a field of it is missing or not what it should be, or an object is missing
 */
export function applicationConfig(memory: ApplicationMemory, index: number): ApplicationConfig {
  const label = `app/${index}/config`
  const config = decodeJson(memory.read('config'), label)
  checkFields(config, APPLICATION, label)
  const withPin = memory.has('pin')
  const objects = withPin ? { ...OBJECTS, ...PIN_OBJECTS } : OBJECTS
  for (const [name, length] of Object.entries(objects)) expectObject(memory, name, length)
  memory.read('fci')
  if (withPin) expectPin(memory.read('pin'))
  for (const name of ['rsa/icc', 'rsa/pin'] as const) rsaKey(memory, name)?.destroy()
  return config as unknown as ApplicationConfig
}

function checkFields<T>(fields: JsonFields, checks: Checks<T>, label: string): void {
  for (const [name, check] of Object.entries<Check>(checks)) {
    if (!holds(check, fields[name])) {
      throw new IssuerkitError('ERR_CARD', { label: `${label}: ${name}`, expected: 'what the model says of it' })
    }
  }
}

/** ASCII digits, 4 to 12. The error says nothing of them. [ISO9564-1] 9.3.3 */
function expectPin(digits: Uint8Array): void {
  const sound = digits.length >= 4 && digits.length <= 12 && digits.every((digit) => digit >= 0x30 && digit <= 0x39)
  digits.fill(0)
  if (!sound) throw new IssuerkitError('ERR_CARD', { label: 'pin', expected: '4 to 12 digits' })
}

function holds(check: Check, value: unknown): boolean {
  try {
    return check(value)
  } catch {
    return false
  }
}

function expectObject(memory: Pick<CardMemory, 'read'>, name: string, length: number): void {
  const value = memory.read(name)
  const got = value.length
  value.fill(0)
  if (got !== length) throw new IssuerkitError('ERR_CARD', { label: name, expected: `${length} bytes`, got: `${got}` })
}
