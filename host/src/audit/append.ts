/**
 * Writing to the audit trail.
 *
 * The trail is not one chain but {@link CHAINS} of them, side by side: the end of a chain is locked until its transaction
 * commits, and with one chain no two transactions of all nodes could commit at once. An entry goes to any chain whose end is
 * free. Within a chain entries are numbered from 1 without a gap, in the order in which they were committed:
 *
 *   hash(n) = SHA-256( hash(n-1), 32 bytes | chain, 4 bytes | n, 8 bytes | entry, UTF-8 ),  hash(0) = 32 zero bytes
 *
 * PostgreSQL computes the hash, in a function that migration 0005 makes, so that entries cost one statement or a part of one.
 */
import { sql } from 'kysely'
import type { Database } from '../database.js'
import { type AuditRecord, entryText } from './entry.js'

/** How many chains there are: more than transactions at once on a few nodes. Migration 0003 makes their ends. */
export const CHAINS = 64

/** Where an entry stands. */
export interface AuditPlace {
  readonly chain: number
  readonly seq: number
}

/**
 * Appends entries inside `transaction`, so that they stand exactly when what they tell of has happened. Call it last: the
 * end of a chain stays locked until the transaction ends.
 * @returns the place of the last one
 */
export async function appendAudit(
  transaction: Database,
  records: AuditRecord | readonly AuditRecord[],
  now: Date = new Date(),
): Promise<AuditPlace | undefined> {
  const all = 'action' in records ? [records] : records
  if (all.length === 0) return undefined
  const entries = all.map((record) => entryText(record, now.toISOString()))
  const { rows } = await sql<{ chain: number; seq: string }>`
    select chain, seq from append_audit(${now}, ${entries})`.execute(transaction)
  const [row] = rows
  return row === undefined ? undefined : { chain: row.chain, seq: Number(row.seq) }
}
