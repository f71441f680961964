/** What the card test specification asks of a card: its keys, its files, its two applications. @see [ETC] 3.2, 3.3 */
import type { PurseKeyName } from './purse-model.js'

/** A key as a profile names it; without a value it is made up. */
export interface NamedKey {
  readonly name: PurseKeyName
  readonly index?: string
  readonly version: string
  readonly algorithm?: string
  readonly value?: string
}

/** Keys of an application; those of transactions twice, with versions as the specification has them. [ETC] 3.3 */
export const DEFAULT_KEYS: readonly NamedKey[] = [
  ...(['01', '02'] as const).flatMap((index): NamedKey[] => [
    { name: 'purchase', index, version: '01' },
    { name: 'load', index, version: '02' },
    { name: 'unload', index, version: '05' },
    { name: 'overdraft', index, version: '04' },
    { name: 'grey', index, version: '01' },
  ]),
  { name: 'tac', index: '01', version: '01' },
  { name: 'maintenance', version: '01' },
  { name: 'pin-unblock', version: '01' },
  { name: 'pin-reload', version: '01' },
  { name: 'external', index: '01', version: '01' },
  { name: 'internal', index: '01', version: '01' },
]

/** Application data: issuer 8, type 1, version 1, serial 10, start 4, expiry 4, issuer's own 2. [PBOC] 2 */
const FILE_15 = '112233445566778801020000000000000000000120080101203012315566'
/** Cardholder data: card type 1, staff 1, name 20, identity number 16, its type 1. [PBOC] 2 */
const FILE_16 = `000041${'00'.repeat(19)}${'31'.repeat(16)}00`
/** Longer than one READ BINARY: 300 bytes. */
const FILE_1A = '0123456789ABCDEFFEDCBA98765432100011223344556677'.repeat(13).slice(0, 600)

/** A record of a composite application: its type, how many bytes follow, whether it is locked, 40 bytes. */
const composite = (type: string, locked: '00' | '01'): string => `${type}29${locked}${'00'.repeat(40)}`

/** Files of an application: 0015 and 0016, one above 255 bytes, composite records 0019, the log 0018. */
export const DEFAULT_FILES = {
  binary: { 15: FILE_15, 16: FILE_16, '1A': FILE_1A },
  records: { 19: [composite('AA', '00'), composite('AB', '00'), composite('AC', '00'), composite('AD', '01')] },
  cyclic: { 18: { length: 23, records: 10 } },
} as const

/** Test keys of 16 bytes by the name of the key; another index has all bits the other way round. */
const VALUES: Readonly<Record<PurseKeyName, string>> = {
  purchase: '11111111111111111111111111111104',
  load: '22222222222222222222222222222201',
  unload: '33333333333333333333333333333302',
  overdraft: '44444444444444444444444444444403',
  tac: '5555555555555555AAAAAAAAAAAAAA01',
  maintenance: '8888888888888888999999999999990A',
  'pin-unblock': '66666666666666667777777777777701',
  'pin-reload': '7777777777777777888888888888880B',
  grey: 'AAAAAAAAAAAAAAAABBBBBBBBBBBBBB05',
  external: 'BBBBBBBBBBBBBBBBCCCCCCCCCCCCCC06',
  internal: 'CCCCCCCCCCCCCCCCDDDDDDDDDDDDDD07',
}

/** The second application has the halves the other way round, so that a key of the first one is found out. */
function testKeys(adf: number): NamedKey[] {
  return DEFAULT_KEYS.map((key) => {
    const value = VALUES[key.name]
    const own = adf === 1 ? value : value.slice(16) + value.slice(0, 16)
    return { ...key, value: key.index === '02' ? complement(own) : own }
  })
}

function complement(hex: string): string {
  return hex.replace(/./g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16))
}

/** The JSON of the profile that the test specification describes, PIN 1234, with worthless keys. */
export const ETC_PURSE_PROFILE = {
  kind: 'e-purse',
  comment: 'The card of the ETC user card test specification, 2008.',
  profile: 'etc-2008',
  applications: [1, 2].map((adf) => ({
    name: `A0000000038698070${adf}`,
    fid: `3F0${adf}`,
    pin: '1234',
    keys: testKeys(adf),
    files: DEFAULT_FILES,
  })),
} as const
