/**
 * Personalisation: a profile becomes the memory of a card. Which objects it consists of stands in debit-credit-model.
 *
 * ```
 * 1  records that the profile alone decides          3  certificates of new keys over them
 * 2  what of them is signed: the static data         4  the AFL over all records, and the rest of the objects
 * ```
 */
import { collectRecords, fromHex } from '@issuerkit/apdu'
import type { TestCa } from '@issuerkit/oda'
import { encodeJson, encodeRsaKey } from './card-json.js'
import { type CertifiedKeys, certify } from './certificates.js'
import { type ApplicationConfig, type CardConfig, STATE } from './debit-credit-model.js'
import { applicationFci, ppseFci, pseFci, pseRecord } from './directory.js'
import { CardMemory, type MemoryObject } from './memory.js'
import type { CardProfile } from './profile.js'
import { type ApplicationProfile, RECORD_LIMITS } from './profile-application.js'
import { cardKeys } from './profile-keys.js'
import { applicationFileLocator, certificateRecords, profileRecords, sortRecords, staticData } from './records.js'

type Objects = [name: string, object: MemoryObject][]

/** [EMV-B3] 6.5.12, Annex A: what a PIN of 12 digits takes. */
const PIN_CAPACITY = 12

/**
 * A new card.
 * @param ca signs for applications of its RID; several for applications of several RIDs. It is needed where the profile
 *   asks for certificates.
 * @throws ERR_CARD when there is no CA of an application's RID, two records have one place, or a record is too long;
 *   ERR_RECORD when a data object stands in the records twice; ERR_RSA when a CA's key has no room for what it
 *   signs; ERR_KEY_DESTROYED
 */
export function personaliseCard(profile: CardProfile, ca: TestCa | readonly TestCa[] = []): CardMemory {
  const { atr, protocol, switches, applications, pse, ppse } = profile
  const authorities = 'privateKey' in ca ? [ca] : ca
  const config: CardConfig = { atr, protocol, applications: applications.length, switches }
  const [first] = applications
  const objects: Objects = [
    ['config', { value: encodeJson(config) }],
    ['blocked', { value: new Uint8Array(1) }],
  ]
  if (pse && first !== undefined) {
    objects.push(['pse/fci', { value: pseFci(first) }], ['pse/record/1', { value: pseRecord(applications) }])
  }
  if (ppse) objects.push(['ppse/fci', { value: ppseFci(applications) }])
  applications.forEach((application, i) => {
    const own = applicationObjects(application, authorities, `applications[${i}]`)
    objects.push(...own.map(([name, object]): Objects[number] => [`app/${i}/${name}`, object]))
  })
  return CardMemory.create(objects)
}

function applicationObjects(application: ApplicationProfile, authorities: readonly TestCa[], path: string): Objects {
  const { certificates, aip } = application
  const own = sortRecords(profileRecords(application), `${path}.records`)
  const certified =
    certificates === undefined
      ? undefined
      : certify({ ...application, certificates }, staticData(own, aip), authorities, path)
  const more = certified === undefined ? [] : certificateRecords(certified.objects)
  const records = sortRecords([...own, ...more], `${path}.records`)
  collectRecords(records.filter(({ listed }) => listed))
  return [
    ['config', { value: encodeJson(applicationConfig(application, applicationFileLocator(records))) }],
    ['fci', { value: applicationFci(application) }],
    ...records.map(({ sfi, record, data }): Objects[number] => [`record/${sfi}/${record}`, { value: data }]),
    ...dataObjects(application),
    ...cardKeys(application).map(([name, value]): Objects[number] => [`key/${name}`, { value }]),
    ...rsaObjects(certified),
    ...pinObjects(application),
    ...Object.entries(STATE).map(([name, length]): Objects[number] => [
      `state/${name}`,
      { value: new Uint8Array(length) },
    ]),
  ]
}

function applicationConfig(application: ApplicationProfile, afl: string): ApplicationConfig {
  const { aid, scheme, dki, pan, panSequence, pdol, cdol1, cdol2, ddol, aip } = application
  const { getData, putData, issuerDiscretionaryData } = application
  const lists = { pdol, cdol1, cdol2, ddol }
  return { aid, scheme, dki, pan, panSequence, ...lists, aip, afl, getData, putData, issuerDiscretionaryData }
}

/** Counters at their first values; currency, country, ADA and indicators for card risk management; limits. */
function dataObjects(application: ApplicationProfile): Objects {
  const { currency, country, ada, issuerAuthenticationIndicator, limits, data } = application
  const values: Readonly<Record<string, string>> = {
    '9F36': '0000',
    '9F13': '0000',
    '9F51': `0${currency}`,
    '9F52': ada,
    '9F56': issuerAuthenticationIndicator,
    '9F57': `0${country}`,
    ...limits,
    ...data,
  }
  return Object.entries(values)
    .filter(([tag]) => !RECORD_LIMITS.includes(tag))
    .map(([tag, value]) => [`data/${tag}`, { value: fromHex(value) }])
}

function pinObjects({ pin, pinTryLimit }: ApplicationProfile): Objects {
  if (pin === undefined) return []
  const tries = Uint8Array.of(pinTryLimit)
  return [
    ['pin', { value: pin.expose(), capacity: PIN_CAPACITY }],
    ['pin-try-limit', { value: tries }],
    ['data/9F17', { value: tries }],
  ]
}

function rsaObjects(certified: CertifiedKeys | undefined): Objects {
  if (certified === undefined) return []
  const { icc, pin } = certified
  const objects: Objects = [['rsa/icc', { value: encodeRsaKey(icc) }]]
  if (pin !== undefined) objects.push(['rsa/pin', { value: encodeRsaKey(pin) }])
  icc.destroy()
  pin?.destroy()
  return objects
}
