/**
 * Personalisation of an e-purse card: a profile becomes its memory. Which objects it consists of stands in purse-
 * model.
 */
import { concat, encodeTlv, fromHex, toHex } from '@issuerkit/apdu'
import { asciiBytes } from './ascii.js'
import { encodeJson } from './card-json.js'
import { CardMemory, type MemoryObject } from './memory.js'
import { ERROR_COUNTERS, PIN_CAPACITY } from './purse-config.js'
import { ETC_PURSE_PROFILE } from './purse-defaults.js'
import { GREY_LOCK_LENGTH } from './purse-grey-lock.js'
import { PURSE, type PurseConfig } from './purse-model.js'
import { type PurseApplicationProfile, type PurseProfile, parsePurseProfile } from './purse-profile.js'

type Objects = [name: string, object: MemoryObject][]

/** The payment system environment is the MF's name. [ETC] 3.2 */
const PSE = asciiBytes('1PAY.SYS.DDF01')
const DIRECTORY_SFI = 1
/** Serial 2, MAC 4, TAC 4. */
const PROOF = 10
/** Types of transactions: of the purses 01 to 07 and 09, of the grey lock 91 to 96. [PBOC] 2, [FMCOS] */
const TYPES = ['01', '02', '03', '04', '05', '06', '07', '09', '91', '92', '93', '94', '95', '96']

/** The profile that the test specification describes, with worthless keys. [ETC] 3.2, 3.3 */
export function etcPurseProfile(): PurseProfile {
  return parsePurseProfile(ETC_PURSE_PROFILE)
}

/**
 * A new card.
 * @throws ERR_CARD when it does not fit its memory; ERR_KEY_DESTROYED
 */
export function personalisePurse(profile: PurseProfile): CardMemory {
  const { applications } = profile
  return CardMemory.create([
    ['config', { value: encodeJson(configOf(profile)) }],
    ['blocked', { value: Uint8Array.of(0) }],
    ['mf/fci', { value: fci(PSE, encodeTlv('88', Uint8Array.of(DIRECTORY_SFI))) }],
    ...applications.map((one, i): Objects[number] => [`mf/record/${i + 1}`, { value: directoryRecord(one) }]),
    ...applications.flatMap((one, i) =>
      applicationObjects(one, profile).map(([name, object]): Objects[number] => [`adf/${i}/${name}`, object]),
    ),
  ])
}

function configOf({ applications, ...profile }: PurseProfile): PurseConfig {
  const lengths = applications.flatMap(({ cyclic }) => Object.entries(cyclic).map(([sfi, { length }]) => [sfi, length]))
  return {
    ...profile,
    mf: { name: toHex(PSE) },
    adfs: applications.map(({ name, fid }) => ({ name, fid })),
    cyclicRecords: Object.fromEntries(lengths) as Readonly<Record<string, number>>,
  }
}

function directoryRecord({ name, label }: PurseApplicationProfile): Uint8Array {
  return encodeTlv('70', encodeTlv('61', [encodeTlv('4F', fromHex(name)), encodeTlv('50', asciiBytes(label))]))
}

function fci(name: Uint8Array, proprietary: Uint8Array): Uint8Array {
  return encodeTlv('6F', [encodeTlv('84', name), encodeTlv('A5', proprietary)])
}

function applicationObjects(application: PurseApplicationProfile, { pinTryLimit }: PurseProfile): Objects {
  const { name, pin, keys, binary, records, cyclic } = application
  const objects: Objects = [
    // [PBOC] 2: what the terminal has to know of the application, file 0015, comes with its FCI.
    ['fci', { value: fci(fromHex(name), encodeTlv('9F0C', fromHex(binary['15'] ?? ''))) }],
    ['life', { value: Uint8Array.of(0) }],
    ...Object.entries(binary).map(([sfi, content]): Objects[number] => [`binary/${sfi}`, { value: fromHex(content) }]),
    ...Object.entries(records).flatMap(([sfi, all]) =>
      all.map((record, i): Objects[number] => [`record/${sfi}/${i + 1}`, { value: fromHex(record) }]),
    ),
    ...Object.entries(cyclic).map(([sfi, { length, records }]) => empty(`cyclic/${sfi}`, length * records)),
    ...keys.map(({ name, index, version, algorithm, value }): Objects[number] => [
      `key/${name}/${index}`,
      { value: concat(fromHex(version), fromHex(algorithm), value.expose()) },
    ]),
    ...ERROR_COUNTERS.map((counter): Objects[number] => [`errors/${counter}`, { value: Uint8Array.of(0) }]),
    ...(['ed', 'ep'] as const).flatMap((purse) =>
      Object.entries(PURSE).map(([field, length]): Objects[number] => {
        const value = application[purse][field as keyof typeof PURSE]
        return [`${purse}/${field}`, { value: fromHex(value.toString(16).padStart(2 * length, '0')) }]
      }),
    ),
    ...TYPES.map((type) => empty(`proof/${type}`, PROOF)),
    empty('grey', GREY_LOCK_LENGTH),
  ]
  if (pin !== undefined) {
    objects.push(['pin', { value: pin.expose(), capacity: PIN_CAPACITY }])
    objects.push(['pin-tries', { value: Uint8Array.of(pinTryLimit) }])
  }
  return objects
}

function empty(name: string, capacity: number): Objects[number] {
  return [name, { value: new Uint8Array(0), capacity }]
}
