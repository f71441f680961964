/**
 * The profile of an e-purse card, as people write it in JSON: what a bureau is told. Checked strictly, with every
 * default filled in, keys that are not given made up.
 */
import { fromHex } from '@issuerkit/apdu'
import { randomBytes, Secret } from '@issuerkit/keys'
import { atrProtocol } from './answer-to-reset.js'
import { choice, hex, list, misfit, object, optional, text, whole } from './profile-fields.js'
import {
  bySfi,
  cyclicRecord,
  LOG_RECORD,
  MOST_BALANCE,
  MOST_TRIES,
  PURSE_SWITCHES,
  sfi,
  TAC_INDEX,
  TRANSACTION_KEYS,
} from './purse-config.js'
import { DEFAULT_FILES, DEFAULT_KEYS } from './purse-defaults.js'
import type { PurseKeyName, PurseSwitches } from './purse-model.js'
import { isPin } from './purse-pin.js'

/** A key of an application. */
export interface PurseKey {
  readonly name: PurseKeyName
  /** Two hexadecimal digits each. */
  readonly index: string
  readonly version: string
  readonly algorithm: string
  /** 16 bytes. */
  readonly value: Secret
}

/** What a purse begins with, in its smallest unit; ED's balance includes the limit. */
export interface PurseStart {
  readonly balance: number
  readonly limit: number
  readonly onlineSerial: number
  readonly offlineSerial: number
}

/** An application of a {@link PurseProfile}; hexadecimal unless said otherwise. */
export interface PurseApplicationProfile {
  readonly name: string
  readonly fid: string
  readonly label: string
  /** As it stands in commands. */
  readonly pin: Secret | undefined
  readonly keys: readonly PurseKey[]
  /** By SFI: content; records; bytes of a record and how many are kept. */
  readonly binary: Readonly<Record<string, string>>
  readonly records: Readonly<Record<string, readonly string[]>>
  readonly cyclic: Readonly<Record<string, { readonly length: number; readonly records: number }>>
  readonly ed: PurseStart
  readonly ep: PurseStart
}

/** A card's profile, checked and complete. */
export interface PurseProfile {
  readonly profile: PurseProfileName
  readonly protocol: 'T=0' | 'T=1'
  readonly atr: string
  readonly switches: PurseSwitches
  readonly pinTryLimit: number
  readonly keyTryLimit: number
  readonly maximumBalance: number
  readonly readable: readonly string[]
  readonly updatable: readonly string[]
  readonly applications: readonly PurseApplicationProfile[]
}

/** What the specifications differ in, a row each. Where a source is silent, its row is as the other. */
export const PURSE_PROFILES = {
  // [ETC]: the card test specification decides.
  'etc-2008': {
    selectByFid: 'refuse',
    nothingPending: '6F00',
    readAll: '6CXX',
    reloadMacStatus: '6988',
    unblockPin: 'compare',
    pinFlagAfterTransaction: 'keep',
    verifyEndsTransaction: true,
    balanceNeedsPin: true,
    overflowStatus: '6985',
    zeroLoad: 'allow',
    cappWithoutUpdate: 'allow',
    cappStateStatus: '6901',
    overdraftTac: 'xor',
  },
  // [FMCOS]: the manual, and what its cards were seen to do.
  fmcos: {
    selectByFid: 'serve',
    nothingPending: '6985',
    readAll: 'serve',
    reloadMacStatus: '9302',
    unblockPin: 'compare',
    pinFlagAfterTransaction: 'clear',
    verifyEndsTransaction: true,
    balanceNeedsPin: true,
    overflowStatus: '6985',
    zeroLoad: 'allow',
    cappWithoutUpdate: 'allow',
    cappStateStatus: '6901',
    overdraftTac: 'xor',
  },
} as const satisfies Readonly<Record<string, PurseSwitches>>

/** Name of a row of {@link PURSE_PROFILES}. */
export type PurseProfileName = keyof typeof PURSE_PROFILES

/** Answers to reset by protocol. [EMV-B1] 8.3 */
const ATR = { 'T=0': '3B6800000073C84000009000', 'T=1': '3BE000008131204535' } as const
const NAMES = [
  'purchase',
  'load',
  'unload',
  'overdraft',
  'tac',
  'maintenance',
  'pin-unblock',
  'pin-reload',
  'grey',
  'external',
  'internal',
] as const satisfies readonly PurseKeyName[]
const MOST_SERIAL = 0xffff

const START = object({
  balance: optional(whole(0, MOST_BALANCE), 10_000),
  limit: optional(whole(0, 0xff_ffff), 0),
  onlineSerial: optional(whole(0, MOST_SERIAL), 0),
  offlineSerial: optional(whole(0, MOST_SERIAL), 0),
})

const KEY = object({
  name: choice(...NAMES),
  index: optional(hex(1), '00'),
  version: optional(hex(1), '00'),
  algorithm: optional(hex(1), '00'),
  value: optional(hex(16)),
})

const KEYS = list(KEY, 0, 100)

const FILES = object({
  binary: optional(bySfi(hex(1, 1000)), {}),
  records: optional(bySfi(list(hex(1, 250), 1, 50)), {}),
  cyclic: optional(bySfi(object({ length: cyclicRecord, records: whole(1, 50) })), {}),
})

const APPLICATION = object({
  name: hex(5, 16),
  fid: hex(2),
  label: optional(text(/^[ -~]{1,16}$/, '1 to 16 characters'), 'PBOC'),
  pin: optional(hex(2, 6)),
  keys: optional(KEYS),
  files: optional(FILES),
  ed: optional(START),
  ep: optional(START),
})

const PROFILE = object({
  // What tells it from the profile of a debit/credit card.
  kind: optional(choice('e-purse')),
  comment: optional(text(/^.{0,500}$/s, 'text of at most 500 characters')),
  profile: optional(choice('etc-2008', 'fmcos'), 'etc-2008'),
  protocol: optional(choice('T=0', 'T=1'), 'T=0'),
  atr: optional(hex(2, 33)),
  switches: optional(
    object(Object.fromEntries(Object.entries(PURSE_SWITCHES).map(([name, field]) => [name, optional<unknown>(field)]))),
    {},
  ),
  pinTryLimit: optional(whole(1, MOST_TRIES), 3),
  keyTryLimit: optional(whole(1, MOST_TRIES), 3),
  maximumBalance: optional(whole(0, MOST_BALANCE), 99_999_999),
  readable: optional(list(sfi, 0, 30)),
  updatable: optional(list(sfi, 0, 30)),
  applications: list(APPLICATION, 1, 8),
})

/** A cyclic file is written as a whole, and goes into the journal together with all that a transaction changes. */
const MOST_CYCLIC = 700
/** Files that the transactions write, and nobody else. */
const CARDS_OWN = ['18']

/**
 * A profile from parsed JSON. Without `files` an application has those of the test specification, without `keys` its
 * keys; keys without a value are made up. Unless said, all files may be read, and all but the log be changed.
 * @param random makes keys, 16 bytes each
 * @throws ERR_CARD with the place of what is missing, unknown or out of its range (`applications[0].keys[1].index`);
 *   ERR_HEX, ERR_PIN. No error repeats a value.
 */
export function parsePurseProfile(json: unknown, random: (length: number) => Uint8Array = randomBytes): PurseProfile {
  const { kind: _kind, comment: _comment, ...given } = PROFILE(json, '(profile)')
  const { protocol, atr = ATR[protocol], maximumBalance } = given
  if (atrProtocol(atr) !== protocol) throw misfit('atr', `an answer to reset that says ${protocol}`)
  const applications = given.applications.map((one, i) =>
    application(one, `applications[${i}]`, maximumBalance, random),
  )
  for (const field of ['name', 'fid'] as const) {
    const values = new Set(applications.map((one) => one[field]))
    if (values.size < applications.length) throw misfit('applications', `each its own ${field}`)
  }
  const files = [...new Set(applications.flatMap(fileNames))].sort()
  const { readable = files, updatable = files.filter((name) => !CARDS_OWN.includes(name)) } = given
  const chosen = Object.entries(given.switches).filter(([, value]) => value !== undefined)
  const switches: PurseSwitches = { ...PURSE_PROFILES[given.profile], ...Object.fromEntries(chosen) }
  return { ...given, atr, switches, readable, updatable, applications }
}

function application(
  {
    keys = KEYS(DEFAULT_KEYS, 'keys'),
    files = FILES(DEFAULT_FILES, 'files'),
    pin,
    ...given
  }: ReturnType<typeof APPLICATION>,
  path: string,
  maximumBalance: number,
  random: (length: number) => Uint8Array,
): PurseApplicationProfile {
  const bytes = pin === undefined ? undefined : fromHex(pin)
  if (bytes !== undefined && !isPin(bytes)) throw misfit(`${path}.pin`, '3 to 12 digits, filled with F', 'ERR_PIN')
  const { ed = START({}, path), ep = START({}, path) } = given
  if (ed.balance > maximumBalance || ep.balance > maximumBalance) {
    throw misfit(path, `balances of at most ${maximumBalance}`)
  }
  const made = keys.map(({ name, index, version, algorithm, value }) => ({
    name,
    index,
    version,
    algorithm,
    value: Secret.of(value === undefined ? random(16) : fromHex(value), `${name} key`),
  }))
  if (new Set(made.map(({ name, index }) => `${name}/${index}`)).size < made.length) {
    throw misfit(`${path}.keys`, 'one key of each name and index')
  }
  const tac = made.some(({ name, index }) => name === 'tac' && index === TAC_INDEX)
  if (!tac && made.some(({ name }) => TRANSACTION_KEYS.includes(name))) {
    throw misfit(`${path}.keys`, `a key tac of the index ${TAC_INDEX}`)
  }
  const cyclic = Object.values(files.cyclic)
  if (
    files.cyclic['18']?.length !== LOG_RECORD ||
    cyclic.some(({ length, records }) => length * records > MOST_CYCLIC)
  ) {
    throw misfit(`${path}.files.cyclic`, `18 with records of ${LOG_RECORD} bytes, no file above ${MOST_CYCLIC} bytes`)
  }
  const result = { ...given, ...files, ed, ep, keys: made, pin: bytes && Secret.of(bytes, 'pin') }
  if (new Set(fileNames(result)).size < fileNames(result).length) throw misfit(`${path}.files`, 'one file of each SFI')
  return result
}

function fileNames({
  binary,
  records,
  cyclic,
}: Pick<PurseApplicationProfile, 'binary' | 'records' | 'cyclic'>): string[] {
  return [binary, records, cyclic].flatMap((files) => Object.keys(files))
}
