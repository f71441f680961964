/** A card that plays a script of TPDUs, described by a profile with the keys of the derived vectors. */
import type { CardUnderTest } from '../src/conformance/case.js'
import type { PurseTestProfile, TestKey, TestKeyName } from '../src/conformance/profile.js'
import { ETC_BEHAVIOUR } from '../src/conformance/profile-json.js'
import type { CardConnection } from '../src/connection.js'
import { bytes, hex } from './purse-oracle.js'

const key = (name: TestKeyName, index: string, value: string): TestKey => {
  return { name, index, version: '01', algorithm: '00', value }
}

/** Keys of epurse-derived.json. */
export const KEYS = {
  purchase: '11111111111111111111111111111104',
  load: '22222222222222222222222222222201',
  unload: '33333333333333333333333333333302',
  overdraft: '44444444444444444444444444444403',
  tac: '5555555555555555AAAAAAAAAAAAAA01',
  maintenance: '8888888888888888999999999999990A',
  'pin-unblock': '66666666666666667777777777777701',
  'pin-reload': '7777777777777777888888888888880B',
  external: '01020304050607080102030405060708',
  grey: '0123456789ABCDEFFEDCBA9876543210',
} as const

export const PROFILE: PurseTestProfile = {
  name: 'scripted',
  pin: '1234',
  pinTries: 3,
  mf: { name: '315041592E5359532E4444463031', fid: '3F00', fci: '6F00' },
  directory: [],
  applications: [
    {
      name: 'A00000000386980701',
      fid: '3F01',
      fci: '6F01',
      binaries: { 15: '0011', 16: '22' },
      keys: Object.entries(KEYS).map(([name, value]) => {
        return key(
          name as TestKeyName,
          ['purchase', 'load', 'unload', 'overdraft', 'grey'].includes(name) ? '01' : '00',
          value,
        )
      }),
    },
    {
      name: 'A00000000386980702',
      fid: '3F02',
      fci: '6F02',
      binaries: {},
      keys: [key('maintenance', '00', '0123456789ABCDEFFEDCBA9876543210')],
    },
  ],
  maximumBalance: 0xffff_ffff,
  logRecords: 10,
  behaviour: ETC_BEHAVIOUR,
}

/** Command and answer in hexadecimal; `*` for any command. */
export type Line = readonly [command: string, answer: string]

/** A card that is told exactly these commands. What comes besides them is answered 6F99. */
export function scriptedCard(lines: readonly Line[], profile = PROFILE): CardUnderTest & { readonly sent: string[] } {
  const sent: string[] = []
  const connection: CardConnection = {
    name: 'script',
    atr: bytes('3B00'),
    protocol: 'T=0',
    transmit: async (command) => {
      const [expected, answer] = lines[sent.length] ?? ['nothing more', '6F99']
      sent.push(hex(command))
      return bytes(expected === '*' || expected === hex(command) ? answer : '6F99')
    },
    reset: async () => bytes('3B00'),
    disconnect: async () => undefined,
  }
  return { connection, profile, sent }
}
