/** What a recorded session tells about one application of a card. @see [EMV-B1] 12.3, [EMV-B3] 10.1, 10.2 */
import { type AflEntry, type AflRecord, aflRecords, parseAfl, type RecordId } from './afl.js'
import { expectLength, toHex } from './bytes.js'
import { parseCommand, readHeader } from './command.js'
import { IssuerkitError } from './errors.js'
import { foldTranscript } from './fold.js'
import type { CardRecord } from './records.js'
import { parseResponse, type Response } from './response.js'
import { parseOneTlv } from './tlv.js'
import { findTlv, requireTlv } from './tlv-find.js'
import type { TranscriptEntry } from './transcript.js'

/** What the answer to GET PROCESSING OPTIONS holds. */
export interface ProcessingOptions {
  /** Application interchange profile, 2 bytes. */
  readonly aip: Uint8Array
  /** Empty when a template 77 has no tag 94: such an application has no records to read. */
  readonly afl: AflEntry[]
}

/** One application of a card as a session read it. */
export interface CardReading extends ProcessingOptions {
  /** The DF name of the selected application, from tag 84; absent when the session holds no SELECT before. */
  readonly aid?: Uint8Array
  /** The answer to SELECT: a template 6F; absent when the session holds no SELECT before. */
  readonly fci?: Uint8Array
  /** The values that the PDOL asked for, as they were sent in tag 83; absent when the command holds no such object. */
  readonly pdolData?: Uint8Array
  /** The records of the AFL, in the order in which they were read. */
  readonly records: CardRecord[]
  /** Records of the AFL that were not read, or not given with 9000. */
  readonly missing: AflRecord[]
  /** Records that were read again: the later readings. */
  readonly duplicates: CardRecord[]
  /** Records that were read though the AFL does not list them. */
  readonly outside: CardRecord[]
  /** What else passed after GET PROCESSING OPTIONS, such as INTERNAL AUTHENTICATE and GENERATE AC, in its order. */
  readonly others: TranscriptEntry[]
}

/**
 * Parses the answer to GET PROCESSING OPTIONS: format 80 (AIP and AFL without tags) or 77 (data objects).
 * @throws ERR_TAG when it is neither, or template 77 lacks tag 82 or repeats 82 or 94; ERR_LENGTH when the AIP is not 2
 * bytes; ERR_AFL as {@link parseAfl}; ERR_TLV when it is not TLV
 * @see [EMV-B3] 6.5.8.4
 */
export function parseProcessingOptions(data: Uint8Array): ProcessingOptions {
  const answer = parseOneTlv(data)
  if (answer.tag === '80') {
    return { aip: expectLength(answer.value.subarray(0, 2), 2, 'aip'), afl: parseAfl(answer.value.subarray(2)) }
  }
  const aip = expectLength(requireTlv([answer], '77', '82').value, 2, 'aip')
  const hasAfl = findTlv([answer], '77', '94') !== undefined
  return { aip, afl: hasAfl ? parseAfl(requireTlv([answer], '77', '94').value) : [] }
}

const NO_DATA = new Uint8Array(0)

/** 1PAY.SYS.DDF01 and 2PAY.SYS.DDF01. */
const DIRECTORY_LENGTH = 14
const DIRECTORIES = ['315041592E5359532E4444463031', '325041592E5359532E4444463031']

/** An exchange whose command has a header and whose answer has a status. */
interface Step extends Response {
  readonly entry: TranscriptEntry
  readonly cla: number
  readonly ins: number
  readonly p1: number
  readonly p2: number
}

/**
 * Reads the first application of a recorded session: the last successful SELECT by name before the first successful GET
 * PROCESSING OPTIONS, that command, and what follows up to the next application. Answers 61XX and 6CXX are put together
 * with what follows them ({@link foldTranscript}).
 *
 * A recording shows what a card was asked, rightly or not: commands are told apart by their headers alone, and one with
 * a wrong Lc counts when the card took it. Exchanges without a header or a status count as not there.
 * @throws ERR_TRANSCRIPT when no GET PROCESSING OPTIONS succeeded; as {@link parseProcessingOptions} for its answer;
 * ERR_TLV or ERR_TAG when the answer to SELECT is not a template 6F with one tag 84
 */
export function readingFromTranscript(entries: readonly TranscriptEntry[]): CardReading {
  const steps = foldTranscript(entries).flatMap(toStep)
  const at = steps.findIndex(isProcessingOptions)
  const start = steps[at]
  if (start === undefined) {
    const expected = 'a successful GET PROCESSING OPTIONS'
    throw new IssuerkitError('ERR_TRANSCRIPT', { label: 'session', expected, got: 'none' })
  }
  const { aip, afl } = parseProcessingOptions(start.data)
  const after = steps.slice(at + 1)
  const end = after.findIndex((step) => isSelectByName(step) || isProcessingOptions(step))
  const rest = readSteps(end < 0 ? after : after.slice(0, end), afl)
  return { ...selected(steps.slice(0, at).findLast(isSelectByName)), ...pdolData(start), aip, afl, ...rest }
}

function toStep(entry: TranscriptEntry): Step[] {
  const header = readHeader(entry.command)
  if (header === undefined) return []
  try {
    return [{ entry, ...header, ...parseResponse(entry.response) }]
  } catch {
    return []
  }
}

/** [EMV-B3] 6.5.8.2: 80A80000. */
function isProcessingOptions({ cla, ins, status }: Step): boolean {
  return cla === 0x80 && ins === 0xa8 && status === '9000'
}

/** [EMV-B1] 11.3.2: SELECT by DF name. The directories of payment systems are no applications. */
function isSelectByName({ cla, ins, p1, status, entry }: Step): boolean {
  const name = toHex(entry.command.subarray(5, 5 + DIRECTORY_LENGTH))
  return cla === 0x00 && ins === 0xa4 && p1 === 0x04 && status === '9000' && !DIRECTORIES.includes(name)
}

function selected(step: Step | undefined): Pick<CardReading, 'aid' | 'fci'> {
  if (step === undefined) return {}
  const fci = parseOneTlv(step.data, '6F')
  // [EMV-B1] 11.3.4: tag 84 is mandatory. The command may have named only the first bytes of it.
  return { aid: requireTlv([fci], '6F', '84').value, fci: fci.bytes }
}

function pdolData({ entry }: Step): Pick<CardReading, 'pdolData'> {
  try {
    return { pdolData: parseOneTlv(parseCommand(entry.command).data ?? NO_DATA, '83').value }
  } catch {
    return {}
  }
}

type Rest = Pick<CardReading, 'records' | 'missing' | 'duplicates' | 'outside' | 'others'>

function readSteps(steps: readonly Step[], afl: readonly AflEntry[]): Rest {
  const listed = aflRecords(afl)
  const name = ({ sfi, record }: RecordId): string => `${sfi}/${record}`
  const wanted = new Set(listed.map(name))
  const read = new Set<string>()
  const rest: Rest = { records: [], missing: [], duplicates: [], outside: [], others: [] }
  for (const { entry, ins, p1, p2, data, status } of steps) {
    // [EMV-B3] 6.5.11.2: P2 is the SFI in bits 8 to 4 and 100 below it: P1 is a record number.
    if (ins !== 0xb2 || (p2 & 0x07) !== 0x04) {
      rest.others.push(entry)
      continue
    }
    if (status !== '9000') continue
    const record = { sfi: p2 >> 3, record: p1, data }
    const list = !wanted.has(name(record)) ? rest.outside : read.has(name(record)) ? rest.duplicates : rest.records
    list.push(record)
    read.add(name(record))
  }
  return { ...rest, missing: listed.filter((record) => !read.has(name(record))) }
}
