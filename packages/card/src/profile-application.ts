/** One application of a card profile, checked and complete. Where a default is not the scheme's, it is a card's in the field. */
import { fromHex, parseDol, parseOneTlv } from '@issuerkit/apdu'
import { SCHEMES, type SchemeName, Secret } from '@issuerkit/keys'
import { asciiBytes } from './ascii.js'
import {
  cvmList,
  dataObjectLists,
  discretionaryBytes,
  interchangeProfile,
  OFFLINE_AUTHENTICATION,
} from './profile-defaults.js'
import {
  dataObjects,
  day,
  type Field,
  flag,
  hex,
  list,
  misfit,
  object,
  oneOf,
  optional,
  text,
  whole,
} from './profile-fields.js'
import { type ProfileKeys, parseKeys } from './profile-keys.js'

/** Limits of card risk management and of the terminal's velocity checking: tag -> bytes. [PBOC-SCRIPT] 5 */
export const LIMITS = {
  '9F14': [1, 1],
  '9F23': [1, 1],
  '9F53': [1, 1],
  '9F54': [6, 6],
  '9F58': [1, 1],
  '9F59': [1, 1],
  '9F5C': [6, 6],
  '9F72': [1, 1],
  '9F73': [4, 4],
  '9F75': [6, 6],
} as const satisfies Readonly<Record<string, readonly [number, number]>>

/** Other data objects of the card that GET DATA and PUT DATA know: the second currency and those of electronic cash. */
const DATA = {
  '9F6B': [6, 6],
  '9F6D': [6, 6],
  '9F76': [2, 2],
  '9F77': [6, 6],
  '9F78': [6, 6],
  '9F79': [6, 6],
  DF61: [1, 1],
  DF62: [6, 6],
  DF72: [6, 6],
  DF76: [6, 6],
  DF77: [6, 6],
  DF78: [6, 6],
  DF79: [6, 6],
} as const satisfies Readonly<Record<string, readonly [number, number]>>

/** Limits that stand in a record, for the terminal to read, and are changed by UPDATE RECORD. [PBOC-SCRIPT] 5 */
export const RECORD_LIMITS: readonly string[] = ['9F14', '9F23']

const TAG = text(/^(?:[0-9A-F]{2}){1,3}$/, 'a tag in upper-case hexadecimal')
const CURRENCY = text(/^[0-9]{3}$/, 'three digits of ISO 3166 or ISO 4217')

const schemeField: Field<SchemeName> = (value, path) => {
  if (typeof value !== 'string' || !Object.hasOwn(SCHEMES, value)) {
    throw misfit(path, Object.keys(SCHEMES).join(', '), 'ERR_SCHEME')
  }
  return value as SchemeName
}

/** A data object list. @throws ERR_DOL */
const dol: Field<string> = (value, path) => {
  const list = hex(0, 252)(value, path)
  try {
    parseDol(fromHex(list))
    return list
  } catch {
    throw misfit(path, 'tags, each with one length byte', 'ERR_DOL')
  }
}

const CERTIFICATES = object({
  issuerBits: optional(whole(512, 1984), 1408),
  iccBits: optional(whole(512, 1984), 1152),
  exponent: optional(oneOf(3, 65537), 3),
  pinKey: optional(flag, false),
  dataAuthenticationCode: optional(hex(2), '0001'),
})

const RECORD = object({
  sfi: whole(1, 30),
  record: whole(1, 255),
  data: hex(1, 254),
  signed: optional(flag, false),
  listed: optional(flag, true),
})

const APPLICATION = object({
  aid: hex(5, 16),
  label: text(/^[A-Za-z0-9 ]{1,16}$/, '1 to 16 letters, digits and spaces'),
  preferredName: optional(text(/^[ -~]{1,16}$/, '1 to 16 characters of ASCII')),
  language: optional(text(/^(?:[a-z]{2}){1,4}$/, '1 to 4 languages of ISO 639, two small letters each'), 'en'),
  priority: optional(whole(1, 15), 1),
  scheme: schemeField,
  dki: optional(whole(0, 255), 1),
  pan: text(/^[0-9]{8,19}$/, '8 to 19 decimal digits', 'ERR_PAN'),
  panSequence: optional(text(/^[0-9]{2}$/, 'two decimal digits', 'ERR_PAN_SEQUENCE'), '00'),
  effective: optional(day),
  expiry: day,
  pin: optional(text(/^[0-9]{4,12}$/, '4 to 12 decimal digits', 'ERR_PIN')),
  pinTryLimit: optional(whole(1, 15), 3),
  track2: optional(text(/^[0-9]{8,19}D[0-9]{7}[0-9]*$/, 'PAN, D, YYMM, service code, digits')),
  serviceCode: optional(text(/^[0-9]{3}$/, 'three decimal digits'), '220'),
  holderName: optional(text(/^[A-Z /.]{2,26}$/, '2 to 26 capital letters, spaces, / and .')),
  country: optional(CURRENCY, '156'),
  currency: optional(CURRENCY, '156'),
  version: optional(hex(2), '0020'),
  aip: optional(hex(2)),
  capabilities: optional<unknown>((value) => value),
  cvmList: optional(hex(10, 252)),
  iac: optional(
    object({
      default: optional(hex(5), 'D8609CA800'),
      denial: optional(hex(5), '0010000000'),
      online: optional(hex(5), 'D8689CF800'),
    }),
    { default: 'D8609CA800', denial: '0010000000', online: 'D8689CF800' },
  ),
  auc: optional(hex(2), 'FF00'),
  pdol: optional(dol),
  cdol1: optional(dol),
  cdol2: optional(dol),
  ddol: optional(dol),
  limits: optional(dataObjects(LIMITS), {}),
  data: optional(dataObjects(DATA), {}),
  ada: optional(hex(2, 6), '0000'),
  issuerAuthenticationIndicator: optional(hex(1), '00'),
  issuerDiscretionaryData: optional(hex(0, 25)),
  keys: (value: unknown) => value,
  certificates: optional(CERTIFICATES),
  records: optional(list(RECORD, 0, 30), []),
  getData: optional(list(TAG, 0, 60)),
  putData: optional(list(TAG, 0, 60)),
})

type Given = Omit<ReturnType<typeof APPLICATION>, 'capabilities'>
type Derived =
  | 'aip'
  | 'cvmList'
  | 'pdol'
  | 'cdol1'
  | 'cdol2'
  | 'ddol'
  | 'track2'
  | 'getData'
  | 'putData'
  | 'issuerDiscretionaryData'

/** An application of a {@link CardProfile}; hexadecimal unless said otherwise. */
export type ApplicationProfile = Omit<Given, Derived | 'pin' | 'keys'> & {
  readonly [name in Derived]: NonNullable<Given[name]>
} & {
  /** ASCII digits; absent for an application without offline PIN. */
  readonly pin: Secret | undefined
  readonly keys: ProfileKeys
}

/** An application, checked. @throws as `parseCardProfile` */
export const parseApplication: Field<ApplicationProfile> = (value, path) => {
  const { capabilities, ...given } = APPLICATION(value, path)
  const { scheme } = given
  const lists = dataObjectLists(scheme)
  const certified = given.certificates !== undefined
  if (given.aip !== undefined && capabilities !== undefined) throw misfit(path, 'either aip or capabilities')
  const { aip = interchangeProfile(capabilities ?? {}, `${path}.capabilities`, scheme, certified) } = given
  if (!certified && ((fromHex(aip)[0] as number) & OFFLINE_AUTHENTICATION) !== 0) {
    throw misfit(`${path}.certificates`, 'certificates, as the application promises offline data authentication')
  }
  const objects = [...Object.keys(given.limits), ...Object.keys(given.data)].filter(
    (tag) => !RECORD_LIMITS.includes(tag),
  )
  // [EMV-B3] 6.5.7.2: the counters that GET DATA is for.
  const counters = ['9F36', '9F13', ...(given.pin === undefined ? [] : ['9F17'])]
  const { track2 = track2Of(given), putData = objects, getData = [...counters, ...objects] } = given
  if (!track2.startsWith(`${given.pan}D`)) throw misfit(`${path}.track2`, 'the PAN of the application')
  if (track2.length > 38) throw misfit(`${path}.track2`, 'at most 37 digits')
  if (putData.some((tag) => !objects.includes(tag))) throw misfit(`${path}.putData`, 'tags of limits and data')
  const kept = [...counters, ...objects, '9F51', '9F52', '9F56', '9F57']
  if (getData.some((tag) => !kept.includes(tag))) throw misfit(`${path}.getData`, `tags of ${kept.join(', ')}`)
  given.records.forEach((record, i) => {
    if (record.sfi <= 10) expectTemplate(record.data, `${path}.records[${i}].data`)
  })
  const { pdol = lists.pdol, cdol1 = lists.cdol1, cdol2 = lists.cdol2, ddol = lists.ddol } = given
  // The data authentication code of signed static data: M/Chip repeats it in tag 9F10. [MCHIP]
  const code = SCHEMES[scheme].family === 'mastercard' ? (given.certificates?.dataAuthenticationCode ?? '') : ''
  const { issuerDiscretionaryData = code } = given
  if (issuerDiscretionaryData.length > 2 * discretionaryBytes(scheme)) {
    throw misfit(`${path}.issuerDiscretionaryData`, `at most ${discretionaryBytes(scheme)} bytes`)
  }
  return {
    ...given,
    pdol,
    cdol1,
    cdol2,
    ddol,
    aip,
    track2,
    putData,
    getData,
    cvmList: given.cvmList ?? cvmList(certified),
    issuerDiscretionaryData,
    pin: given.pin === undefined ? undefined : Secret.of(asciiBytes(given.pin), 'pin'),
    keys: parseKeys(given.keys, `${path}.keys`, scheme),
  }
}

/** Track 2 equivalent data: PAN, D, expiry YYMM, service code, zeros for the issuer's digits. [EMV-B3] Annex A, tag 57 */
function track2Of({ pan, expiry, serviceCode }: Given): string {
  return `${pan}D${expiry.slice(2, 6)}${serviceCode}`.padEnd(32, '0')
}

function expectTemplate(data: string, path: string): void {
  try {
    parseOneTlv(fromHex(data), '70')
  } catch {
    throw misfit(path, 'one template 70')
  }
}
