/**
 * The static data to be authenticated: what the issuer signed of the card's records.
 *
 * ```
 * for each AFL entry, its first records (as many as byte 4 says), in order:
 *   SFI 1 to 10    the value of template 70
 *   SFI 11 to 30   the record as it stands
 * then, where the tag list 9F4A is there, the AIP
 * ```
 * @see [EMV-B3] 10.3
 */
import { type AflEntry, aflRecords, type CardRecord, concat, recordBody } from '@issuerkit/apdu'
import { attempt } from './stage.js'

/** The static data, or why it cannot be formed. */
export type StaticData =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: 'STATIC_DATA_MISSING' | 'STATIC_DATA_RECORD' | 'STATIC_DATA_TAG_LIST' }

/** For certificates that cover no static data. */
export const NO_STATIC_DATA: StaticData = { ok: true, bytes: new Uint8Array(0) }

/** What the static data is formed from. */
export interface StaticDataSource {
  readonly afl: readonly AflEntry[]
  /** The records read so far, in any order. */
  readonly records: readonly CardRecord[]
  /** The application interchange profile, 2 bytes. */
  readonly aip: Uint8Array
}

/**
 * The static data of a card.
 * @param tagList the value of tag 9F4A, where the card has one
 */
export function staticDataOf({ afl, records, aip }: StaticDataSource, tagList?: Uint8Array): StaticData {
  const parts: Uint8Array[] = []
  for (const { sfi, record } of aflRecords(afl).filter(({ signed }) => signed)) {
    const found = records.find((read) => read.sfi === sfi && read.record === record)
    if (found === undefined) return { ok: false, reason: 'STATIC_DATA_MISSING' }
    const body = attempt(() => recordBody(found))
    if (body === undefined) return { ok: false, reason: 'STATIC_DATA_RECORD' }
    parts.push(body)
  }
  if (tagList === undefined) return { ok: true, bytes: concat(...parts) }
  if (!namesAipOnly(tagList)) return { ok: false, reason: 'STATIC_DATA_TAG_LIST' }
  return { ok: true, bytes: concat(...parts, aip) }
}

/**
 * Whether a static data authentication tag list (9F4A) is the one that the standard allows: the tag 82, once.
 * @see [EMV-B3] 10.3
 */
export function namesAipOnly(tagList: Uint8Array): boolean {
  return tagList.length === 1 && tagList[0] === 0x82
}
