/** Offline data authentication from the records of a card, or from a whole session with it. */
import {
  type CardReading,
  collectRecords,
  readingFromTranscript,
  recordBody,
  type TranscriptEntry,
} from '@issuerkit/apdu'
import { type DynamicInput, runChain } from './authenticate.js'
import { type CaKey, caKeyFields } from './ca-key.js'
import type { CaKeyProfile, CaKeyStore } from './ca-key-store.js'
import { type OdaMethod, selectMethod } from './methods.js'
import { staticDataOf } from './records.js'
import type { RevocationList } from './revocation.js'
import { dynamicInputOf, processingOptionsObjects } from './session.js'
import { attempt, fail, pass, type StageResult } from './stage.js'
import { type OdaVerdict, verdict, verdictWithoutMethod } from './verdict.js'

/** What a reading is judged by. */
export interface ReadingOptions {
  readonly store: CaKeyStore
  /** Which keys of the store vouch for the card. Default `live`. */
  readonly profile?: CaKeyProfile
  /** YYYYMMDD. Without it no certificate can be judged valid. */
  readonly transactionDate?: string | undefined
  /** The method, where AIP and terminal capabilities are not to choose it. */
  readonly method?: OdaMethod
  /** Tag 9F33, 3 bytes. Default: a terminal with SDA, DDA and CDA. */
  readonly terminalCapabilities?: Uint8Array
  /** What terminal and card exchanged; by default what the reading holds of it. */
  readonly dynamic?: DynamicInput
  /** Data objects that stand in no record, such as those of the answer to GET PROCESSING OPTIONS. A record's go first. */
  readonly tags?: ReadonlyMap<string, Uint8Array>
  readonly revoked?: RevocationList
  /** Let an expired CA key vouch: published expiry dates have been prolonged more than once. */
  readonly allowExpiredCaKey?: boolean
}

/** Terminal capabilities with SDA, DDA and CDA in byte 3. [EMV-B4] Annex A2 */
const ALL_METHODS = Uint8Array.of(0x00, 0x00, 0xc8)

/**
 * The verdict on a card from its records, by the method given, or else by the one that a terminal would choose.
 *
 * Whatever the records hold, the answer is a verdict. Only a caller's mistake throws.
 * @throws ERR_DATE when the transaction date is not YYYYMMDD; ERR_LENGTH when the terminal capabilities are not 3 bytes
 * @see [EMV-B3] 10.3
 */
export function authenticateReading(reading: CardReading, options: ReadingOptions): OdaVerdict {
  const { terminalCapabilities = ALL_METHODS } = options
  const method = options.method ?? selectMethod(reading.aip, terminalCapabilities)
  if (method === 'none' || method === 'xda') return verdictWithoutMethod(method)
  const recordTags = tagsOfRecords(reading)
  if (recordTags === undefined) {
    return verdict(method, [{ stage: 'records', result: fail('RECORDS_REPEATED_TAG') }], false)
  }
  const tags = new Map([...(options.tags ?? []), ...recordTags])
  return runChain({
    method,
    tags,
    caKey: findCaKey(reading, tags, options),
    staticData: staticDataOf(reading, tags.get('9F4A')),
    transactionDate: options.transactionDate,
    dynamic: options.dynamic ?? dynamicInputOf(method, reading, tags),
    revoked: options.revoked,
  })
}

/**
 * A verdict for each thing that the records alone prove: `sda` where the AIP announces it, `icc-key` where it announces
 * DDA or CDA, `pin-key` where the card has a PIN encipherment certificate. One verdict `none` where there is nothing.
 * @throws as {@link authenticateReading}
 */
export function authenticateRecords(reading: CardReading, options: Omit<ReadingOptions, 'method'>): OdaVerdict[] {
  const [announced = 0] = reading.aip
  const methods: OdaMethod[] = []
  // [EMV-B3] Annex C1: AIP byte 1, 40 SDA, 20 DDA, 01 CDA.
  if ((announced & 0x40) !== 0) methods.push('sda')
  if ((announced & 0x21) !== 0) methods.push('icc-key')
  if (tagsOfRecords(reading)?.has('9F2D') === true) methods.push('pin-key')
  if (methods.length === 0) return [verdictWithoutMethod('none')]
  return methods.map((method) => authenticateReading(reading, { ...options, method }))
}

/**
 * The verdict on a card from a recorded session with it: selection, GET PROCESSING OPTIONS, records, and whatever of
 * INTERNAL AUTHENTICATE and GENERATE AC was exchanged.
 * @throws ERR_TRANSCRIPT and others as `readingFromTranscript`; as {@link authenticateReading}
 */
export function authenticateTranscript(entries: readonly TranscriptEntry[], options: ReadingOptions): OdaVerdict {
  const tags = new Map([...processingOptionsObjects(entries), ...(options.tags ?? [])])
  return authenticateReading(readingFromTranscript(entries), { ...options, tags })
}

/** The card's data objects; `undefined` where one stands in the records twice. [EMV-B3] 10.2 */
function tagsOfRecords({ records }: CardReading): Map<string, Uint8Array> | undefined {
  // A record that is no template matters only where it is signed, and there the static data tells.
  const readable = records.filter((record) => attempt(() => recordBody(record)) !== undefined)
  return attempt(() => collectRecords(readable))
}

/** The key of the store that an AID, or a RID alone, and the card's index (8F) name. [EMV-B2] 5.2 */
export function findCaKey(
  { aid }: Pick<CardReading, 'aid'>,
  tags: ReadonlyMap<string, Uint8Array>,
  { store, profile = 'live', transactionDate, allowExpiredCaKey = false }: ReadingOptions,
): StageResult<CaKey> {
  if (aid === undefined || aid.length < 5) return fail('AID_MISSING')
  const rid = aid.slice(0, 5)
  const [index, ...more] = tags.get('8F') ?? []
  if (index === undefined || more.length > 0) return fail('CA_KEY_INDEX_MISSING', { rid })
  const key = store.find(profile, rid, index, tags.get('90')?.length)
  if (key === undefined) return fail('CA_KEY_UNKNOWN', { rid, caKeyIndex: Uint8Array.of(index) })
  // Without a transaction date nothing is judged here; the certificates will not hold.
  const expired = (transactionDate ?? '') > (key.expiry ?? '99991231')
  return expired && !allowExpiredCaKey ? fail('CA_KEY_EXPIRED', caKeyFields(key)) : pass(key, caKeyFields(key))
}
