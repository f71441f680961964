/**
 * The transaction log, file 0018: a cyclic file of records of 23 bytes, the newest first.
 *
 * | serial | overdraft limit | amount | type | terminal | date | time |
 * |---|---|---|---|---|---|---|
 * | 2 | 3 | 4 | 1 | 6 | 4 | 3 |
 *
 * The serial is the one that the transaction used, before it went up. The limit is that of ED as it is afterwards, and 0
 * for EP; a change of the limit has no amount.
 * @see [PBOC] 2 (transaction log), [FMCOS]
 */
import { concat } from '@issuerkit/apdu'
import { bytesOf } from './purse-fields.js'
import type { AdfMemory } from './purse-model.js'

/** Bytes of a record. */
export const LOG_RECORD = 23
const LOG_FILE = 'cyclic/18'

/** A record, before it is bytes. */
export interface LogEntry {
  readonly serial: number
  readonly limit: number
  readonly amount: number
  readonly type: number
  /** 6 bytes. */
  readonly terminal: Uint8Array
  /** 4 and 3 bytes in BCD. */
  readonly date: Uint8Array
  readonly time: Uint8Array
}

/** Puts a record in front of the others; the oldest goes when there is no room. */
export function logTransaction(memory: AdfMemory, entry: LogEntry): void {
  const { serial, limit, amount, type, terminal, date, time } = entry
  const numbers = [bytesOf(serial, 2), bytesOf(limit, 3), bytesOf(amount, 4)]
  const record = concat(...numbers, Uint8Array.of(type), terminal, date, time)
  const capacity = memory.capacity(LOG_FILE)
  const room = capacity - (capacity % LOG_RECORD)
  memory.write(LOG_FILE, concat(record, memory.read(LOG_FILE)).subarray(0, room))
}
