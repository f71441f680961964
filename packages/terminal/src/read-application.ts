/** Reading the records of an application, and what they lack. @see [EMV-B3] 7, 10.2 */
import {
  aflRecords,
  type CardReading,
  type CardRecord,
  type Exchange,
  parseOneTlv,
  parseResponse,
  type RecordId,
  readRecordCommand,
  recordBody,
  type Tlv,
  type TranscriptEntry,
} from '@issuerkit/apdu'
import { attempt } from './attempt.js'
import { type Finding, finding } from './findings.js'
import type { InitiatedProcessing } from './initiate-application.js'
import type { SelectedApplication } from './select-application.js'

/** The records of an application with what they hold, as offline data authentication takes it. */
export interface ApplicationReading extends CardReading {
  /** What else passed after the records; INTERNAL AUTHENTICATE is added here. */
  readonly others: TranscriptEntry[]
  /** The card's primitive data objects by tag: of the answer to GET PROCESSING OPTIONS and of the records; the first. */
  readonly data: ReadonlyMap<string, Uint8Array>
  /** Those of the answer to GET PROCESSING OPTIONS alone. */
  readonly objects: ReadonlyMap<string, Uint8Array>
  readonly findings: readonly Finding[]
}

/** What is read of one application at most. Cards of the field have a few dozen; an AFL can list 16065. */
const MAX_RECORDS = 512

/** [EMV-B3] 7.2. An answer with its cryptogram in GET PROCESSING OPTIONS is no transaction by CDOL. */
const MANDATORY = ['5A', '5F24', '8C', '8D'] as const
const APPLICATION_CRYPTOGRAM = '9F26'

/**
 * Reads all records that the AFL lists, in its order. What the card does wrong is a finding: a terminal would end the
 * transaction there, a reading goes on.
 * @param selected what SELECT told
 * @param initiated what GET PROCESSING OPTIONS told
 * @throws ERR_RESPONSE when an answer has no status; what the exchange rejects with
 * @see [EMV-B3] 10.2
 */
export async function readApplication(
  exchange: Exchange,
  selected: Pick<SelectedApplication, 'aid' | 'fci'>,
  initiated: InitiatedProcessing,
): Promise<ApplicationReading> {
  const { aip, afl, pdolData, objects } = initiated
  const findings: Finding[] = []
  const records: CardRecord[] = []
  const missing: CardReading['missing'] = []
  const asked = new Set<string>()
  for (const record of aflRecords(afl)) {
    if (asked.has(nameOf(record))) {
      findings.push(finding('AFL_REPEATED', nameOf(record)))
      continue
    }
    if (asked.size === MAX_RECORDS) {
      findings.push(finding('TOO_MANY_RECORDS', `${MAX_RECORDS} are`))
      break
    }
    asked.add(nameOf(record))
    const { status, data } = parseResponse(await exchange(readRecordCommand(record)))
    if (status === '9000') {
      records.push({ sfi: record.sfi, record: record.record, data })
    } else {
      missing.push(record)
      findings.push(finding('RECORD_STATUS', `${nameOf(record)}: ${status}`))
    }
  }
  const { aid, fci } = selected
  const data = new Map(objects)
  findings.push(...collectObjects(records, data))
  if (!objects.has(APPLICATION_CRYPTOGRAM)) {
    findings.push(...MANDATORY.filter((tag) => !data.has(tag)).map((tag) => finding('TAG_MISSING', `tag ${tag}`)))
  }
  return {
    ...(aid === undefined ? {} : { aid }),
    ...(fci === undefined ? {} : { fci }),
    aip,
    afl,
    pdolData,
    records,
    missing,
    duplicates: [],
    outside: [],
    others: [],
    data,
    objects,
    findings,
  }
}

/** A record as findings and texts name it. */
export function nameOf({ sfi, record }: RecordId): string {
  return `SFI ${sfi} record ${record}`
}

/** The data objects of a record, or `undefined` where it is not what its SFI demands. SFI 11 to 30 need not be TLV. */
export function recordObjects(record: CardRecord): readonly Tlv[] | undefined {
  // The strict form, as offline data authentication takes it.
  if (record.sfi <= 10 && attempt(() => recordBody(record)) === undefined) return undefined
  return attempt(() => parseOneTlv(record.data, '70'))?.children
}

function collectObjects(records: readonly CardRecord[], data: Map<string, Uint8Array>): Finding[] {
  const findings: Finding[] = []
  const ofRecords = new Set<string>()
  const add = (list: readonly Tlv[], where: string): void => {
    for (const { tag, value, children } of list) {
      if (children !== undefined) add(children, where)
      else if (ofRecords.has(tag)) findings.push(finding('TAG_REPEATED', `tag ${tag}, ${where}`))
      else {
        ofRecords.add(tag)
        data.set(tag, value)
      }
    }
  }
  for (const record of records) {
    const objects = recordObjects(record)
    // Records of SFI 11 to 30 are the payment system's or the issuer's own. [EMV-B3] 10.2
    if (record.sfi > 10) continue
    if (objects === undefined) findings.push(finding('RECORD_MALFORMED', nameOf(record)))
    else add(objects, nameOf(record))
  }
  return findings
}
