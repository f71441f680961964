/**
 * The application file locator: which records the application data stands in, and which of them are signed.
 *
 * | byte | |
 * |---|---|
 * | 1 | SFI in bits 8 to 4, bits 3 to 1 zero |
 * | 2 | first record, not 0 |
 * | 3 | last record |
 * | 4 | how many records from the first on take part in offline data authentication |
 *
 * @see [EMV-B3] 10.2
 */
import { IssuerkitError } from './errors.js'

/** One entry of the AFL: the records `first` to `last` of a file. */
export interface AflEntry {
  /** Short file identifier, 1 to 30. EMV keeps 1 to 10 for its own records; 11 to 30 are the payment system's and issuer's. */
  readonly sfi: number
  readonly first: number
  readonly last: number
  /** How many records, from `first` on, are part of the static data to be authenticated. */
  readonly signed: number
}

/** Which record of which file. */
export interface RecordId {
  readonly sfi: number
  readonly record: number
}

/** A record that the AFL lists, and whether it is part of the static data to be authenticated. */
export interface AflRecord extends RecordId {
  readonly signed: boolean
}

/** [EMV-B3] Annex A: tag 94 is at most 252 bytes, 63 entries. It also bounds what {@link aflRecords} can give: 16065. */
const MAX_AFL = 252

/**
 * Parses an application file locator, 4 to 252 bytes.
 * @throws ERR_AFL when the length is not a multiple of 4 in that range, or an entry breaks a rule of [EMV-B3] 10.2;
 * label `entry N` counted from 1, `offset` of the byte
 */
export function parseAfl(bytes: Uint8Array): AflEntry[] {
  if (bytes.length === 0 || bytes.length % 4 !== 0 || bytes.length > MAX_AFL) {
    const expected = `4 to ${MAX_AFL} bytes, a multiple of 4`
    throw new IssuerkitError('ERR_AFL', { label: 'afl', expected, got: `${bytes.length} bytes` })
  }
  return Array.from({ length: bytes.length / 4 }, (_, i) => parseEntry(bytes, i))
}

function parseEntry(bytes: Uint8Array, index: number): AflEntry {
  const at = index * 4
  const byte = (i: number): number => bytes[at + i] as number
  const [file, first, last, signed] = [byte(0), byte(1), byte(2), byte(3)]
  const demand = (holds: boolean, offset: number, expected: string, got: number): void => {
    if (holds) return
    const label = `entry ${index + 1}`
    throw new IssuerkitError('ERR_AFL', { label, expected, got: `${got}`, offset: at + offset })
  }
  const sfi = file >> 3
  demand((file & 0x07) === 0, 0, 'bits 3 to 1 of byte 1 zero', file)
  demand(sfi >= 1 && sfi <= 30, 0, 'an SFI of 1 to 30', sfi)
  demand(first >= 1, 1, 'a first record of at least 1', first)
  demand(last >= first, 2, `a last record of at least ${first}`, last)
  demand(signed <= last - first + 1, 3, `at most ${last - first + 1} signed records`, signed)
  return { sfi, first, last, signed }
}

/** The records of an AFL one by one, in its order, which is the order of the static data to be authenticated. */
export function aflRecords(afl: readonly AflEntry[]): AflRecord[] {
  return afl.flatMap(({ sfi, first, last, signed }) =>
    Array.from({ length: last - first + 1 }, (_, i) => ({ sfi, record: first + i, signed: i < signed })),
  )
}
