/** The config of an e-purse card, read out of memory and checked once, when the card is opened. */
import { IssuerkitError } from '@issuerkit/apdu'
import { decodeJson } from './card-json.js'
import type { CardMemory } from './memory.js'
import { choice, type Field, flag, hex, list, misfit, object, optional, text, whole } from './profile-fields.js'
import { GREY_LOCK_LENGTH } from './purse-grey-lock.js'
import { AdfMemory, PURSE, type PurseConfig, type PurseSwitches } from './purse-model.js'

/** An SFI as the memory names it: two hexadecimal digits, 01 to 1E. */
export const sfi = text(/^(0[1-9A-F]|1[0-9A-E])$/, 'an SFI, 01 to 1E')

/** An object whose names are SFIs. */
export function bySfi<T>(field: Field<T>): Field<Readonly<Record<string, T>>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misfit(path, 'an object')
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [sfi(name, path), field(one, `${path}.${name}`)]),
    )
  }
}

/** Every switch of a card. */
export const PURSE_SWITCHES = {
  selectByFid: choice('refuse', 'serve'),
  nothingPending: choice('6F00', '6985', '6D00'),
  readAll: choice('6CXX', 'serve'),
  reloadMacStatus: choice('6988', '9302'),
  unblockPin: choice('compare', 'replace'),
  pinFlagAfterTransaction: choice('keep', 'clear'),
  verifyEndsTransaction: flag,
  balanceNeedsPin: flag,
  overflowStatus: choice('6985', '9401'),
  zeroLoad: choice('allow', '6A80'),
  cappWithoutUpdate: choice('allow', '6901'),
  cappStateStatus: choice('6901', '6985'),
  overdraftTac: choice('xor', 'direct'),
} as const satisfies { readonly [K in keyof PurseSwitches]: Field<PurseSwitches[K]> }

/** The largest number of tries: one digit tells how many are left. */
export const MOST_TRIES = 15
/** An amount has 4 bytes. */
export const MOST_BALANCE = 0xffff_ffff
/** Bytes of a cyclic file's record. */
export const cyclicRecord = whole(1, 200)

const CONFIG = object({
  // [EMV-B1] 8.2: TS and T0, then up to 31 characters.
  atr: hex(2, 33),
  protocol: choice('T=0', 'T=1'),
  profile: text(/^[a-z0-9-]{1,30}$/, 'the name of a profile'),
  switches: object(PURSE_SWITCHES),
  pinTryLimit: whole(1, MOST_TRIES),
  keyTryLimit: whole(1, MOST_TRIES),
  maximumBalance: whole(0, MOST_BALANCE),
  mf: object({ name: hex(5, 16) }),
  adfs: list(object({ name: hex(5, 16), fid: hex(2) }), 1, 8),
  readable: list(sfi, 0, 30),
  updatable: list(sfi, 0, 30),
  cyclicRecords: optional(bySfi(cyclicRecord), {}),
})

/** Counters of wrong MACs and cryptograms. */
export const ERROR_COUNTERS = ['maintenance', 'pin-unblock', 'pin-reload', 'external'] as const

/** Version, algorithm identifier, a two-key TDES key. */
const KEY = 18

/** Keys of transactions, which the key of the TAC goes with. */
export const TRANSACTION_KEYS: readonly string[] = ['purchase', 'load', 'unload', 'overdraft', 'grey']
/** Index of the key of the TAC. */
export const TAC_INDEX = '01'
/** Bytes of a record of the transaction log, file 0018. */
export const LOG_RECORD = 23
/** A PIN has 6 bytes at most. */
export const PIN_CAPACITY = 6

/** Objects that every application has, and how many bytes they are. */
const OBJECTS: readonly (readonly [string, number])[] = [
  ['life', 1],
  ...ERROR_COUNTERS.map((name) => [`errors/${name}`, 1] as const),
  ...['ed', 'ep'].flatMap((purse) =>
    Object.entries(PURSE).map(([name, length]) => [`${purse}/${name}`, length] as const),
  ),
]

/**
 * The config of a card; the objects that the shell of the card works on are looked at, too.
 * @throws ERR_CARD when there is none, a field of it is missing or not what it should be, or an object is missing;
 *   ERR_HEX
 */
export function purseConfig(memory: CardMemory): PurseConfig {
  const config = CONFIG(decodeJson(memory.read('config'), 'config'), '(config)')
  expectBytes('blocked', memory.read('blocked').length, 1)
  memory.read('mf/fci')
  for (const index of config.adfs.keys()) expectApplication(memory, index)
  return config
}

function expectApplication(memory: CardMemory, index: number): void {
  const adf = new AdfMemory(memory, index)
  adf.read('fci')
  expectRoom(adf, 'grey', GREY_LOCK_LENGTH)
  expectRoom(adf, 'cyclic/18', LOG_RECORD)
  for (const [name, length] of OBJECTS) expectBytes(name, adf.read(name).length, length)
  if (adf.has('pin')) {
    expectRoom(adf, 'pin', PIN_CAPACITY)
    expectBytes('pin-tries', adf.read('pin-tries').length, 1)
  }
  const prefix = `adf/${index}/key/`
  const keys = memory.names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  const forTransactions = keys.some((name) => TRANSACTION_KEYS.includes(name.replace(/\/.*/, '')))
  for (const name of forTransactions ? [...keys, `tac/${TAC_INDEX}`] : keys) {
    const stored = adf.read(`key/${name}`)
    stored.fill(0)
    expectBytes(name, stored.length, KEY)
  }
}

function expectRoom(adf: AdfMemory, label: string, least: number): void {
  const got = adf.capacity(label)
  if (got < least)
    throw new IssuerkitError('ERR_CARD', { label, expected: `room for ${least} bytes`, got: String(got) })
}

function expectBytes(label: string, got: number, expected: number): void {
  if (got === expected) return
  throw new IssuerkitError('ERR_CARD', { label, expected: `${expected} bytes`, got: String(got) })
}
