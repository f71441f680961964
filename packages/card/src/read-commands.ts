/** The commands that read: GET PROCESSING OPTIONS, READ RECORD, GET DATA, GET CHALLENGE. */
import { type Command, concat, dolLength, encodeTlv, fromHex, parseDol, parseOneTlv, toHex } from '@issuerkit/apdu'
import type { ApplicationContext } from './debit-credit-model.js'
import type { CardAnswer } from './virtual-card.js'

/** The ATC ends here: the application is used up. [EMV-B2] 8.1.2 takes it for unique. */
const LAST_ATC = 0xffff
const CHALLENGE = 8
/** [EMV-B3] 6.5.11: bits 3 to 1 of P2, "P1 is a record number". */
const BY_NUMBER = 0b100

/**
 * GET PROCESSING OPTIONS: the transaction begins, the ATC goes up.
 *
 * 6A86 for P1 P2 other than 0000; 6A80 for data that are no tag 83, or not as long as the PDOL; 6985 when the ATC is at
 * its end, for good. Format 1: 80 LL AIP AFL.
 * @see [EMV-B3] 6.5.8, 10.1
 */
export function getProcessingOptions(
  { memory, config, transaction }: ApplicationContext,
  command: Command,
): CardAnswer {
  if (command.p1 !== 0 || command.p2 !== 0) return { status: '6A86' }
  const pdolData = commandTemplate(command.data)
  if (pdolData?.length !== dolLength(parseDol(fromHex(config.pdol)))) return { status: '6A80' }
  const atc = memory.readNumber('data/9F36')
  if (atc === LAST_ATC) return { status: '6985' }
  memory.writeNumber('data/9F36', atc + 1)
  transaction.started = true
  transaction.pdolData = pdolData.slice()
  transaction.pinBlockedBefore = memory.has('data/9F17') && memory.readNumber('data/9F17') === 0
  return { status: '9000', data: encodeTlv('80', concat(fromHex(config.aip), fromHex(config.afl))) }
}

/** The value of tag 83, if that is what the data are. */
function commandTemplate(data: Uint8Array = new Uint8Array(0)): Uint8Array | undefined {
  try {
    return parseOneTlv(data, '83').value
  } catch {
    return undefined
  }
}

/** Files of records: an application, or the directory. */
export interface RecordFiles {
  readonly names: readonly string[]
  read(name: string): Uint8Array
}

/**
 * READ RECORD of `record/SFI/NUMBER`.
 *
 * 6A86 for another P2 than an SFI of 1 to 30 with a record number, and for record 0; 6700 with a data field; 6A82 for a
 * file without records, 6A83 for a record that the file does not have.
 * @see [EMV-B3] 6.5.11
 */
export function readRecord(files: RecordFiles, { p1, p2, data }: Command): CardAnswer {
  const sfi = p2 >> 3
  if ((p2 & 0b111) !== BY_NUMBER || sfi < 1 || sfi > 30 || p1 === 0) return { status: '6A86' }
  if (data !== undefined) return { status: '6700' }
  const file = `record/${sfi}/`
  if (!files.names.some((name) => name.startsWith(file))) return { status: '6A82' }
  const name = `${file}${p1}`
  return files.names.includes(name) ? { status: '9000', data: files.read(name) } : { status: '6A83' }
}

/**
 * GET DATA of a tag that the application gives away: the data object as TLV. 6A88 for any other; 6700 with a data field.
 * @see [EMV-B3] 6.5.7
 */
export function getData({ memory, config }: ApplicationContext, { p1, p2, data }: Command): CardAnswer {
  if (data !== undefined) return { status: '6700' }
  // A tag of one byte stands in P2.
  const tag = toHex(p1 === 0 ? Uint8Array.of(p2) : Uint8Array.of(p1, p2))
  const name = `data/${tag}`
  if (!config.getData.includes(tag) || !memory.has(name)) return { status: '6A88' }
  return { status: '9000', data: encodeTlv(tag, memory.read(name)) }
}

/**
 * GET CHALLENGE: 8 random bytes, good for the next command alone. 6A86 for P1 P2 other than 0000; 6700 with a data field.
 * @see [EMV-B3] 6.5.6
 */
export function getChallenge({ transaction, random }: ApplicationContext, { p1, p2, data }: Command): CardAnswer {
  if (p1 !== 0 || p2 !== 0) return { status: '6A86' }
  if (data !== undefined) return { status: '6700' }
  const challenge = random(CHALLENGE)
  transaction.challenge = challenge
  return { status: '9000', data: challenge.slice() }
}
