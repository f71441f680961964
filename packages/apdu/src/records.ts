/** Reading the records of an application, and the data objects in them. @see [EMV-B3] 6.5.11, 7.1, 10.2 */
import { type AflEntry, aflRecords, type RecordId } from './afl.js'
import { encodeCommand } from './command.js'
import { IssuerkitError } from './errors.js'
import type { Exchange } from './exchange.js'
import { parseResponse } from './response.js'
import { describeStatus } from './status.js'
import { parseOneTlv, type Tlv } from './tlv.js'

/** A record as the card gave it. */
export interface CardRecord extends RecordId {
  /** The response data of READ RECORD, without the status. */
  readonly data: Uint8Array
}

/** READ RECORD for one record. [EMV-B3] 6.5.11: P1 is the record number, P2 the SFI in bits 8 to 4 and 100 below it. */
export function readRecordCommand({ sfi, record }: RecordId): Uint8Array {
  return encodeCommand({ cla: 0x00, ins: 0xb2, p1: record, p2: (sfi << 3) | 0x04, le: 256 })
}

/**
 * Reads all records that the AFL lists, in its order. For a T=0 card the exchange must answer 61XX and 6CXX itself
 * (`withGetResponse`).
 * @throws ERR_RECORD at the first record that the card does not give with 9000
 */
export async function readRecords(exchange: Exchange, afl: readonly AflEntry[]): Promise<CardRecord[]> {
  const records: CardRecord[] = []
  for (const { sfi, record } of aflRecords(afl)) {
    const { data, status } = parseResponse(await exchange(readRecordCommand({ sfi, record })))
    // [EMV-B3] 10.2: any status other than 9000 ends the transaction.
    if (status !== '9000') throw wrong({ sfi, record }, 'status 9000', `${status} (${describeStatus(status)})`)
    records.push({ sfi, record, data })
  }
  return records
}

function wrong({ sfi, record }: RecordId, expected: string, got: string): IssuerkitError {
  return new IssuerkitError('ERR_RECORD', { label: `SFI ${sfi} record ${record}`, expected, got })
}

/**
 * What a record brings into the static data to be authenticated: in SFI 1 to 10 the value of its template 70, in SFI 11
 * to 30 the record as it stands. A view into the record.
 * @throws ERR_RECORD when a record of SFI 1 to 10 is not exactly one template 70
 * @see [EMV-B3] 10.3
 */
export function recordBody(record: CardRecord): Uint8Array {
  return record.sfi <= 10 ? template70(record).value : record.data
}

function template70(record: CardRecord): Tlv {
  try {
    return parseOneTlv(record.data, '70')
  } catch (cause) {
    // [EMV-B3] 6.5.11.4: the messages of the TLV parser hold tags and lengths, no data of the record.
    throw wrong(record, 'exactly one template 70', (cause as IssuerkitError).message)
  }
}

/**
 * The primitive data objects of the records of SFI 1 to 10, by tag; the values are views into the records. Records of
 * SFI 11 to 30 are the payment system's or issuer's own and need not hold TLV: they are left out.
 *
 * The entries of a payment system directory (templates 61) repeat each other's tags by design, so what is in them is
 * left out too.
 * @throws ERR_RECORD when a tag occurs twice ([EMV-B3] 10.2 allows a primitive data object once in all records), or a
 * record is not exactly one template 70
 */
export function collectRecords(records: readonly CardRecord[]): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  for (const record of records) {
    if (record.sfi > 10) continue
    for (const { tag, value } of primitives([template70(record)])) {
      if (found.has(tag)) throw wrong(record, `tag ${tag} once in all records`, 'it again')
      found.set(tag, value)
    }
  }
  return found
}

function primitives(list: readonly Tlv[]): Tlv[] {
  return list.flatMap((tlv) => {
    if (tlv.children === undefined) return [tlv]
    return tlv.tag === '61' ? [] : primitives(tlv.children)
  })
}
