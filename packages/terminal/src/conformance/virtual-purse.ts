/** A virtual e-purse card under test, and what a card's profile makes the test expect. */
import { findTlv, IssuerkitError, parseTlv, toHex } from '@issuerkit/apdu'
import {
  CardMemory,
  openPurseCard,
  type PurseApplicationProfile,
  type PurseCardOptions,
  type PurseProfile,
  personalisePurse,
} from '@issuerkit/card'
import { connectCard } from '../card-connection.js'
import type { CardUnderTest } from './case.js'
import type { PurseTestProfile, TestApplication } from './profile.js'

const MF = '3F00'
/** More than READ BINARY gives at once, in hexadecimal digits. */
const LONG_FILE = 2 * 255
const COMPOSITE = '19'
const LOG = '18'

/**
 * A new card of a profile. Each of its copies is as the first one was.
 * @throws ERR_CARD when the profile has other than two applications, or no PIN
 */
export function virtualPurse(profile: PurseProfile, options: PurseCardOptions = {}): CardUnderTest {
  const expected = purseTestProfile(profile)
  // A copy from a file is made faster than a new card, and chapter 8 uses up thousands.
  const saved = personalisePurse(profile).save()
  const made = (): CardUnderTest => {
    const card = openPurseCard(CardMemory.restore(saved), options)
    return {
      connection: connectCard(card, 'virtual e-purse card'),
      profile: expected,
      memory: card.memory,
      clone: async () => made(),
    }
  }
  return made()
}

/**
 * What a card of this profile has to be like.
 * @throws ERR_CARD when the profile has other than two applications, or no PIN
 */
export function purseTestProfile(profile: PurseProfile): PurseTestProfile {
  const { applications, switches, maximumBalance, pinTryLimit } = profile
  const [first, second] = applications
  if (first === undefined || second === undefined || applications.length > 2) {
    throw misfit('two applications', `${applications.length}`)
  }
  const memory = personalisePurse(profile)
  const fci = memory.read('mf/fci')
  const name = findTlv(parseTlv(fci), '6F', '84')?.value as Uint8Array
  const longFile = Object.keys(first.binary).find((sfi) => (first.binary[sfi] as string).length > LONG_FILE)
  const records = first.records[COMPOSITE]
  return {
    name: profile.profile,
    pin: pinOf(first),
    pinTries: pinTryLimit,
    mf: { name: toHex(name), fid: MF, fci: toHex(fci) },
    directory: applications.map((_, i) => toHex(memory.read(`mf/record/${i + 1}`))),
    applications: [applicationOf(first, memory, 0), applicationOf(second, memory, 1)],
    ...(longFile === undefined ? {} : { longFile }),
    ...(records === undefined ? {} : { composite: { sfi: COMPOSITE, records } }),
    maximumBalance,
    // A card without its log is no card of this kind: its profile would not have been parsed.
    logRecords: (first.cyclic[LOG] as { readonly records: number }).records,
    behaviour: switches,
  }
}

function applicationOf(application: PurseApplicationProfile, memory: CardMemory, adf: 0 | 1): TestApplication {
  const { name, fid, binary, keys } = application
  return {
    name,
    fid,
    fci: toHex(memory.read(`adf/${adf}/fci`)),
    binaries: binary,
    keys: keys.map(({ value, ...key }) => ({ ...key, value: toHex(value.expose()) })),
  }
}

function pinOf({ pin }: PurseApplicationProfile): string {
  if (pin === undefined) throw misfit('a PIN in the first application', 'none')
  return toHex(pin.expose())
}

function misfit(expected: string, got: string): IssuerkitError {
  return new IssuerkitError('ERR_CARD', { label: 'profile of the card under test', expected, got })
}
