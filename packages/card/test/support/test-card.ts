/**
 * A small card memory made by hand, for tests of everything the debit/credit card does: one PBOC application, fixed test
 * keys, the records and data object lists of a card whose reading was published.
 */
import { encodeTlv, fromHex } from '@issuerkit/apdu'
import { type ApplicationConfig, type CardConfig, type CardSwitches, STATE } from '../../src/debit-credit-model.js'
import { CardMemory, type MemoryObject } from '../../src/memory.js'

/** ICC master keys, 16 bytes each. */
export const TEST_KEYS = {
  ac: '0123456789ABCDEFFEDCBA9876543210',
  mac: '347FAD6249E937517920C15D2AE9266B',
  enc: '267FD66457890437641F76DF1AFB6D7F',
} as const

/** Private keys made once: 1024 bits for signing, 896 bits for the PIN. */
export const TEST_RSA = {
  icc: {
    modulus:
      'D5C90679BC8AFD052CE489366345B05F8D4D718D40A746B6A838D049D72C77DB9A6ECED75E803BF39BE4FA57491CCB4D675375020DBFF167325EC0ED8B55CFCD83FAF995BEDCCE73F8FD3E0C3C27AA722714F1DB427D35710C7A4C6A723E12354621139D938F831E33D657909B491ED8B77FADE3CD7913DD4822D443A02C562B',
    exponent: '03',
    privateExponent:
      '8E860451285CA8AE1DEDB0CEECD9203FB388F65E2B1A2F247025E0313A1DA53D119F348F94557D4D1298A6E4DB688788EF8CF8AC092AA0EF76E9D5F3B2393532754569BBC48E75C1802F724E26250A497D6ACED2C183134C693EC03DC68819BC0FBCA4F3194BD7B4101CAE1360707EF02EED60DD0B4DDE538DB194A5D891582B',
    primes: [
      'F0AF9BA25B1EDF79A1B48C293B00D48EB04D62CE9397E7F4176C5EB04718985DAB139DF563D47244705AAADE1863CEC3D74F59CB923A7A5B087ED1C17927A24B',
      'E3633F59BCE83E581701866DC7EF46753AA758D08CA0B08A572FCD5D8159533D83727E3B89C94D4BAB50A795723C91AC99CC42CCAA49CC04EB19A389622AAFA1',
    ],
  },
  pin: {
    modulus:
      'B5CFF99BF949554A0598FCE9700B8D58DB1F7ACCF20C417A65BAAE14CECE886C0541E12B02467BF320B2CE12D4D51010F13B1DC75855F0B6900FDD2DAEDBFE8793CD58B7CCDC640C803A7F1452EE3A91ED170606B68CBA0170870C0CD9CCDD6EDF8DDD57357D9F0375120A83FA3E8973',
    exponent: '03',
    privateExponent:
      '79355112A630E386AE65FDF0F55D08E5E76A51DDF6B2D65199271EB889DF059D58D6961CAC2EFD4CC077340C8DE3600B4B7CBE84E58EA07895B16D9753C0776F93F8FD29A120C9A6B5B637BBF486567FE12B2CEDB535BB0CE8BB44B9772A2EA92EE571C8A17163D25CB45FE58441362B',
    primes: [
      'DABF00C11D564D2585A246EA982C7C9F59C541362414BE4FF138B3B06FE595E14F43EEFBF9933CE0DCA21DEBB0812F3710583B56314EA3A1',
      'D4C6B80993E4FE3AB035960EC2FEB8F315E3EA44400FFA822A1D8EF1B6D68B8CC42A35FAAD7A5A903C9394BE92D25A10D9AB3F55828E1493',
    ],
  },
} as const

export const TEST_AID = 'A000000333010101'
export const TEST_PIN = '1234'

export const TEST_SWITCHES: CardSwitches = {
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

export const TEST_APPLICATION: ApplicationConfig = {
  aid: TEST_AID,
  scheme: 'pboc',
  dki: 1,
  pan: '6200000000000005',
  panSequence: '00',
  pdol: '9F7A019F02065F2A02',
  cdol1: '9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14',
  cdol2: '8A029F02069F03069F1A0295055F2A029A039C019F37049F2103',
  ddol: '9F3704',
  aip: '7D00',
  afl: '0801010010010101100306001801010020010100',
  getData: ['9F36', '9F13', '9F17', '9F52', '9F58', '9F59'],
  putData: ['9F58', '9F59', '9F53', '9F72', '9F54', '9F5C', '9F75', '9F73'],
  issuerDiscretionaryData: '',
}

/** Data objects of the application, `data/TAG`. Limits of 0 and an ADA of 0 never ask for anything. */
const DATA: Readonly<Record<string, string>> = {
  '9F36': '0000',
  '9F13': '0000',
  '9F17': '03',
  '9F52': '0000',
  '9F56': '00',
  '9F58': '00',
  '9F59': '00',
  '9F53': '00',
  '9F72': '00',
  '9F54': '000000000000',
  '9F5C': '000000000000',
  '9F75': '000000000000',
  '9F73': '00000000',
}

const tlv = (tag: string, hex: string): Uint8Array => encodeTlv(tag, fromHex(hex))
const record = (...objects: readonly Uint8Array[]): Uint8Array => encodeTlv('70', objects)

/** Records without certificates: those are another card's, or made by a test CA. */
const RECORDS: Readonly<Record<string, Uint8Array>> = {
  '1/1': record(tlv('57', '6200000000000005D2512220000000000F'), tlv('9F62', '00'), tlv('5F20', '2F')),
  '2/1': record(
    tlv('5F24', '251231'),
    tlv('5F25', '121121'),
    tlv('5A', '6200000000000005'),
    tlv('5F34', '00'),
    tlv('9F07', 'FF00'),
    tlv('8E', '000000000000000042031E031F00'),
    tlv('9F0D', 'D8609CA800'),
    tlv('9F0E', '0010000000'),
    tlv('9F0F', 'D8689CF800'),
    tlv('5F28', '0156'),
  ),
  '2/3': record(tlv('8F', '01'), tlv('9F32', '03')),
  '2/4': record(tlv('9F49', TEST_APPLICATION.ddol), tlv('9F4A', '82')),
  '2/5': record(tlv('9F47', '03')),
  '2/6': record(tlv('9F08', '0020')),
  '3/1': record(
    tlv('8C', TEST_APPLICATION.cdol1),
    tlv('8D', TEST_APPLICATION.cdol2),
    tlv('5F30', '0220'),
    tlv('9F42', '0156'),
  ),
  '4/1': record(tlv('9F14', '00'), tlv('9F23', '00')),
}

/** As published, its two lengths put right: a data object had been cut out of the text. */
const FCI =
  '6F428408A000000333010101A536500A50424F432044454249549F38099F7A019F02065F2A025F2D027A689F1101019F120A50424F43204445424954BF0C059F4D020B0A'
/** The same for another AID; for what is none, as it is. */
function fciOf(aid: string): Uint8Array {
  if (!/^(?:[0-9A-F]{2}){5,16}$/.test(aid)) return fromHex(FCI)
  return encodeTlv('6F', [tlv('84', aid), fromHex(FCI.slice(FCI.indexOf('A536')))])
}

export const TEST_PSE_FCI = '6F1E840E315041592E5359532E4444463031A50C5F2D027A689F110101880101'
export const TEST_PSE_RECORD = '702861264F08A000000333010101500A50424F432044454249549F120A50424F43204445424954870101'
export const TEST_PPSE_FCI = '6F24840E325041592E5359532E4444463031A512BF0C0F610D4F08A000000333010101870101'
export const TEST_FCI = FCI

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Hexadecimal, an object as it is made, or nothing to leave it out. */
export type ObjectOverride = string | MemoryObject | undefined

/** What a test wants otherwise. */
export interface TestCardOverrides {
  readonly card?: Partial<CardConfig>
  readonly switches?: Partial<CardSwitches>
  readonly config?: Partial<ApplicationConfig>
  /** Objects of the card by their whole names, such as `app/0/data/9F36`. */
  readonly objects?: Readonly<Record<string, ObjectOverride>>
}

/** The objects of one application, under `app/INDEX/`. */
export function testApplicationObjects(
  index: number,
  config: Partial<ApplicationConfig> = {},
): [string, MemoryObject][] {
  const application = { ...TEST_APPLICATION, ...config }
  const objects: Record<string, MemoryObject> = {
    config: { value: json(application) },
    fci: { value: fciOf(application.aid) },
    pin: { value: text(TEST_PIN), capacity: 12 },
    'pin-try-limit': { value: Uint8Array.of(3) },
    'rsa/icc': { value: json(TEST_RSA.icc) },
    'rsa/pin': { value: json(TEST_RSA.pin) },
  }
  for (const [name, key] of Object.entries(TEST_KEYS)) objects[`key/${name}`] = { value: fromHex(key) }
  for (const [tag, value] of Object.entries(DATA)) objects[`data/${tag}`] = { value: fromHex(value) }
  for (const [name, value] of Object.entries(RECORDS)) objects[`record/${name}`] = { value }
  for (const [name, length] of Object.entries(STATE)) objects[`state/${name}`] = { value: new Uint8Array(length) }
  return Object.entries(objects).map(([name, object]) => [`app/${index}/${name}`, object])
}

/** The memory of the test card: new, or with what a test wants otherwise. Each call makes another one. */
export function testCardMemory({ card, switches, config, objects = {} }: TestCardOverrides = {}): CardMemory {
  const cardConfig: CardConfig = {
    atr: '3B6500002063CB6800',
    protocol: 'T=0',
    applications: 1,
    ...card,
    switches: { ...TEST_SWITCHES, ...switches },
  }
  const all = new Map<string, MemoryObject>([
    ['config', { value: json(cardConfig) }],
    ['blocked', { value: Uint8Array.of(0) }],
    ['pse/fci', { value: fromHex(TEST_PSE_FCI) }],
    ['pse/record/1', { value: fromHex(TEST_PSE_RECORD) }],
    ['ppse/fci', { value: fromHex(TEST_PPSE_FCI) }],
    ...testApplicationObjects(0, config),
  ])
  for (const [name, object] of Object.entries(objects)) {
    if (object === undefined) all.delete(name)
    else all.set(name, typeof object === 'string' ? { value: fromHex(object) } : object)
  }
  return CardMemory.create(all)
}

/** The data of GET PROCESSING OPTIONS that fit the PDOL: 9F7A 00, 9F02 000000000900, 5F2A 0156. */
export const TEST_GPO = '80A800000B8309000000000009000156'
