/**
 * The records of a debit/credit application, and the AFL that lists them.
 *
 * | SFI/record | holds | signed |
 * |---|---|---|
 * | 1/1 | track 2 equivalent data, holder's name | |
 * | 2/1 | PAN, dates, usage, CVM list, issuer action codes | yes, where there are certificates |
 * | 2/2 | CA key index, the rest of the keys, DDOL, static data tag list | |
 * | 2/3 to 2/8 | 90, 93, 9F46, what PIN encipherment needs | |
 * | 3/1 | CDOL1, CDOL2, service code, currency, version | |
 * | 4/1 | limits of the terminal's velocity checking, where there are any | |
 *
 * The files are those of a card in the field. @see [PBOC] 5, [EMV-B3] 7, 10.2
 */
import { concat, encodeTlv, fromHex, parseOneTlv, type RecordId, toHex } from '@issuerkit/apdu'
import { asciiBytes } from './ascii.js'
import { type ApplicationProfile, RECORD_LIMITS } from './profile-application.js'
import { misfit } from './profile-fields.js'

/** A record to be personalised. */
export interface ProfileRecord extends RecordId {
  /** Whole: template 70 in SFI 1 to 10. */
  readonly data: Uint8Array
  /** Whether it is part of the static data to be authenticated. */
  readonly signed: boolean
  /** Whether the AFL lists it. */
  readonly listed: boolean
}

/** A data object that is empty is left out. */
export type DataObject = readonly [tag: string, value: Uint8Array]

/** The records that the profile alone decides; those of the certificates come with {@link certificateRecords}. */
export function profileRecords(application: ApplicationProfile): ProfileRecord[] {
  const { pan, holderName, effective, expiry, iac, limits, certificates, records } = application
  const signed = certificates !== undefined
  const day = (date: string | undefined): string => date?.slice(2) ?? ''
  const cardholder: DataObject[] = [
    ['57', fromHex(evenDigits(application.track2))],
    ['5F20', asciiBytes(holderName ?? '')],
  ]
  const card: DataObject[] = [
    ['5F24', fromHex(day(expiry))],
    ['5F25', fromHex(day(effective))],
    ['5A', fromHex(evenDigits(pan))],
    ['5F34', fromHex(application.panSequence)],
    ['9F07', fromHex(application.auc)],
    ['8E', fromHex(application.cvmList)],
    ['9F0D', fromHex(iac.default)],
    ['9F0E', fromHex(iac.denial)],
    ['9F0F', fromHex(iac.online)],
    ['5F28', fromHex(`0${application.country}`)],
  ]
  const use: DataObject[] = [
    ['8C', fromHex(application.cdol1)],
    ['8D', fromHex(application.cdol2)],
    ['5F30', fromHex(`0${application.serviceCode}`)],
    ['9F42', fromHex(`0${application.currency}`)],
    ['9F08', fromHex(application.version)],
  ]
  const velocity = RECORD_LIMITS.map((tag): DataObject => [tag, fromHex(limits[tag] ?? '')])
  return [
    record(1, 1, cardholder),
    { ...record(2, 1, card), signed },
    record(3, 1, use),
    ...(velocity.some(([, value]) => value.length > 0) ? [record(4, 1, velocity)] : []),
    ...records.map((extra) => ({ ...extra, data: fromHex(extra.data) })),
  ]
}

/** The records of the certificates: the short data objects in one, each long one in its own. */
export function certificateRecords(objects: readonly DataObject[]): ProfileRecord[] {
  const short = objects.filter(([, value]) => value.length < SHORT)
  const long = objects.filter(([, value]) => value.length >= SHORT)
  return [short, ...long.map((one) => [one])].map((list, i) => record(2, 2 + i, list))
}

/** Rests of moduli, exponents, indexes and lists together stay below a record's length when each is below this. */
const SHORT = 48

function record(sfi: number, number: number, objects: readonly DataObject[]): ProfileRecord {
  const present = objects.filter(([, value]) => value.length > 0).map(([tag, value]) => encodeTlv(tag, value))
  return { sfi, record: number, data: encodeTlv('70', present), signed: false, listed: true }
}

/** In the order of files and record numbers. @throws ERR_CARD when two records have one place or one is too long */
export function sortRecords(records: readonly ProfileRecord[], path: string): ProfileRecord[] {
  const sorted = records.toSorted((a, b) => a.sfi - b.sfi || a.record - b.record)
  sorted.forEach(({ sfi, record: number, data }, i) => {
    const before = sorted[i - 1]
    if (before?.sfi === sfi && before.record === number) throw misfit(path, `one record ${number} in SFI ${sfi}`)
    // [EMV-B3] 6.5.11.4: READ RECORD gives at most 254 bytes.
    if (data.length > 254) throw misfit(path, `at most 254 bytes in SFI ${sfi} record ${number}`)
  })
  return sorted
}

/**
 * The AFL of sorted records. An entry holds records that follow one another, the signed ones first: behind an unsigned
 * one, a signed one opens a new entry. [EMV-B3] 10.2
 */
export function applicationFileLocator(records: readonly ProfileRecord[]): string {
  const entries: { sfi: number; first: number; last: number; signed: number }[] = []
  for (const { sfi, record: number, signed } of records.filter(({ listed }) => listed)) {
    const entry = entries.at(-1)
    const follows = entry?.sfi === sfi && entry.last + 1 === number
    if (entry === undefined || !follows || (signed && entry.signed < entry.last - entry.first + 1)) {
      entries.push({ sfi, first: number, last: number, signed: signed ? 1 : 0 })
      continue
    }
    entry.last = number
    if (signed) entry.signed += 1
  }
  return toHex(concat(...entries.map(({ sfi, first, last, signed }) => Uint8Array.of(sfi << 3, first, last, signed))))
}

/** What the issuer signs: the signed records in the AFL's order, without template 70 in SFI 1 to 10, then the AIP. [EMV-B3] 10.3 */
export function staticData(records: readonly ProfileRecord[], aip: string): Uint8Array {
  const bodies = records
    .filter(({ signed, listed }) => signed && listed)
    .map(({ sfi, data }) => (sfi <= 10 ? parseOneTlv(data, '70').value : data))
  return concat(...bodies, fromHex(aip))
}

function evenDigits(digits: string): string {
  return digits.padEnd(digits.length + (digits.length % 2), 'F')
}
