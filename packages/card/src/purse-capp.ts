/**
 * UPDATE CAPP DATA CACHE: a composite purchase changes records of the terminal's own application together with the money.
 *
 * | P1 | P2 | the record |
 * |---|---|---|
 * | application type | SFI ‖ 000 | the first whose first byte it is |
 * | number | SFI ‖ 100 | of that number |
 *
 * | refused with | when |
 * |---|---|
 * | 6901 or 6985 | no composite purchase was initialised |
 * | 6A82, 6981, 6A83 | no such file, a file without such records, no such record |
 * | 6985 | the third byte of the record is not 00: its application is locked |
 * | 6A84, 6A80 | the data are longer, shorter than the record; 6A84 also when the cache is full |
 *
 * A refusal leaves the purchase open, as it was. The cache is gone with the power, with the transaction, and with every
 * DEBIT; a DEBIT that succeeds writes it, in one commit with the money.
 * @see [PBOC] 9 (UPDATE CAPP DATA CACHE), [ETC] 4.3.2
 */
import type { Command } from '@issuerkit/apdu'
import { findFile, sfiName } from './purse-files.js'
import type { AdfMemory, PurseContext } from './purse-model.js'
import { endTransaction } from './purse-select.js'
import type { CardAnswer } from './virtual-card.js'

const BY_NUMBER = 0b100
/** Byte of a record that locks its application. */
const LOCK = 2
/** Bytes of the records that wait for DEBIT, so that what it changes goes into the journal as one. */
const CACHE = 1024

/** UPDATE CAPP DATA CACHE. */
export function updateCappDataCache(
  context: PurseContext,
  { p1, p2, data: record = new Uint8Array(0) }: Command,
): CardAnswer {
  const { memory, config, session } = context
  const { transaction } = session
  if (transaction?.state !== 'capp') {
    endTransaction(session)
    return { status: config.switches.cappStateStatus }
  }
  const name = recordOf(memory, sfiName(p2 >> 3), p1, (p2 & BY_NUMBER) !== 0)
  if (!name.startsWith('record/')) return { status: name }
  const stored = memory.read(name)
  if ((stored[LOCK] ?? 0) !== 0) return { status: '6985' }
  if (record.length !== stored.length) return { status: record.length > stored.length ? '6A84' : '6A80' }
  if (!hasRoom(transaction.cache, name, record)) return { status: '6A84' }
  transaction.cache.set(name, record.slice())
  return { status: '9000' }
}

/** What DEBIT does with the cache. */
export function writeCachedRecords({ memory }: PurseContext, cache: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, record] of cache) memory.write(name, record)
}

/** The object of a record, or the status that refuses it. */
function recordOf(memory: AdfMemory, sfi: string, p1: number, byNumber: boolean): string {
  const file = findFile(memory, sfi)
  if (file === undefined) return '6A82'
  if (file.kind !== 'linear') return '6981'
  const object = (n: number): string => `record/${sfi}/${n}`
  let n = byNumber ? p1 : 1
  while (!byNumber && memory.has(object(n)) && memory.read(object(n))[0] !== p1) n += 1
  return memory.has(object(n)) ? object(n) : '6A83'
}

function hasRoom(cache: ReadonlyMap<string, Uint8Array>, name: string, record: Uint8Array): boolean {
  const others = [...cache].filter(([cached]) => cached !== name)
  return others.reduce((total, [, { length }]) => total + length, record.length) <= CACHE
}
