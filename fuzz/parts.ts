/** How a fuzz input of several values is cut into them. */
import { type AflEntry, type AflRecord, aflRecords, type CardRecord } from '../packages/apdu/src/index.js'

/** The values of an input, each behind its length, a number of one byte or two; the last one may be cut short. */
export function splitParts(input: Uint8Array, lengthBytes: 1 | 2): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at < input.length; ) {
    const field = input.subarray(at, at + lengthBytes)
    const start = at + lengthBytes
    at = start + field.reduce((sum, byte) => sum * 256 + byte, 0)
    parts.push(input.subarray(start, at))
  }
  return parts
}

/** Values given to the places of an AFL one after another; the places that are left are missing. */
export function dealRecords(
  afl: readonly AflEntry[],
  data: readonly Uint8Array[],
): { records: CardRecord[]; missing: AflRecord[] } {
  const places = aflRecords(afl)
  const records = data.slice(0, places.length).map((value, i) => ({ ...(places[i] as AflRecord), data: value }))
  return { records, missing: places.slice(records.length) }
}
