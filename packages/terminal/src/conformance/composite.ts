/** The records of composite purchase. [PBOC] 9 */
import { bytesOf } from './protection.js'
import type { PurseTester } from './tester.js'

/** Where a record says whether it is locked: behind its type and how many bytes follow. */
export const LOCKED = 2
const HEADER = 3

/** The file of composite purchase, and those of its records that may be written. */
export function compositeFile(t: PurseTester): { sfi: number; records: readonly Uint8Array[] } {
  const { sfi = '19', records = [] } = t.profile.composite ?? {}
  return { sfi: Number.parseInt(sfi, 16), records: records.map(bytesOf).filter((record) => record[LOCKED] === 0) }
}

/** The record with other data in it. @param by what each byte of the data is XORed with */
export function otherRecord(record: Uint8Array, by = 0xff): Uint8Array {
  return record.map((byte, i) => (i < HEADER ? byte : byte ^ by))
}
