/** What an application tells outside its records: counters by GET DATA, and its log of transactions. */
import {
  type DolEntry,
  dolLength,
  type Exchange,
  encodeCommand,
  parseDol,
  parseOneTlv,
  parseResponse,
  readRecordCommand,
  tagBytes,
} from '@issuerkit/apdu'
import { attempt } from './attempt.js'
import { type Finding, finding } from './findings.js'

/** Tags of GET DATA: ATC, last online ATC register, PIN try counter, log format. [EMV-B3] 7.2, Annex D3 */
export const DATA_TAGS = ['9F36', '9F13', '9F17', '9F4F'] as const

/** A record of the transaction log. */
export interface LogRecord {
  readonly record: number
  /** As it came, without the status. */
  readonly data: Uint8Array
  /** The values by the log format; empty where it does not fit. */
  readonly fields: readonly { readonly tag: string; readonly value: Uint8Array }[]
}

/** What GET DATA and the log gave. */
export interface CardData {
  /** Values by tag; a tag that the card does not give is absent. */
  readonly data: ReadonlyMap<string, Uint8Array>
  /** The newest first, as cards keep it. */
  readonly log: readonly LogRecord[]
  readonly findings: readonly Finding[]
}

/** GET DATA for one tag of two bytes. [EMV-B3] 6.5.7.2 */
export function getDataCommand(tag: string): Uint8Array {
  const [p1 = 0, p2 = 0] = tagBytes(tag)
  return encodeCommand({ cla: 0x80, ins: 0xca, p1, p2, le: 256 })
}

/**
 * Reads the data objects of {@link DATA_TAGS}, and the log where the FCI names one (9F4D).
 * @param logEntry the value of tag 9F4D: the SFI of the log, 11 to 30, and how many records it has
 * @throws ERR_RESPONSE when an answer has no status; what the exchange rejects with
 * @see [EMV-B3] 6.5.7, Annex D
 */
export async function readCardData(exchange: Exchange, logEntry?: Uint8Array): Promise<CardData> {
  const data = new Map<string, Uint8Array>()
  const findings: Finding[] = []
  for (const tag of DATA_TAGS) {
    const answer = parseResponse(await exchange(getDataCommand(tag)))
    // A card need not give any of them: 6A88 and 6D00 are no faults.
    if (answer.status !== '9000') continue
    const object = attempt(() => parseOneTlv(answer.data, tag, { nonMinimalLengths: true }))
    if (object === undefined) findings.push(finding('GET_DATA_MALFORMED', `tag ${tag}`))
    else data.set(tag, object.value)
  }
  if (logEntry === undefined) return { data, log: [], findings }
  const [sfi = 0, records = 0] = logEntry
  // [EMV-B3] Annex D2: the log is a file of SFI 11 to 30.
  if (logEntry.length !== 2 || sfi < 11 || sfi > 30) {
    return { data, log: [], findings: [...findings, finding('LOG_MALFORMED', 'tag 9F4D')] }
  }
  const format = data.get('9F4F')
  const entries = format && attempt(() => parseDol(format))
  if (format !== undefined && entries === undefined) findings.push(finding('LOG_MALFORMED', 'tag 9F4F'))
  const log: LogRecord[] = []
  for (let record = 1; record <= records; record++) {
    const answer = parseResponse(await exchange(readRecordCommand({ sfi, record })))
    if (answer.status !== '9000') break
    log.push({ record, data: answer.data, fields: fieldsOf(answer.data, entries) })
  }
  return { data, log, findings }
}

function fieldsOf(data: Uint8Array, entries: readonly DolEntry[] = []): LogRecord['fields'] {
  // Some cards add bytes of their own behind what the format lists.
  if (dolLength(entries) > data.length) return []
  let offset = 0
  return entries.map(({ tag, length }) => {
    const value = data.subarray(offset, offset + length)
    offset += length
    return { tag, value }
  })
}
