/**
 * Writing to the audit trail.
 *
 * The trail is not one chain but {@link CHAINS} of them, side by side: the end of a chain is locked until its transaction
 * commits, and with one chain no two transactions of all nodes could commit at once. An entry goes to any chain whose end is
 * free. Within a chain entries are numbered from 1 without a gap, in the order in which they were committed:
 *
 *   hash(n) = SHA-256( hash(n-1), 32 bytes | chain, 4 bytes | n, 8 bytes | entry, UTF-8 ),  hash(0) = 32 zero bytes
 *
 * PostgreSQL computes the hash, so that an entry costs one statement.
 */
import { sql } from 'kysely'
import type { Database } from '../database.js'
import { type AuditRecord, entryText } from './entry.js'

/** How many chains there are: more than transactions at once on a few nodes. Migration 0004 makes their ends. */
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
  let place: AuditPlace | undefined
  for (const record of 'action' in records ? [records] : records) {
    const entry = entryText(record, now.toISOString())
    // Further entries follow on the chain that is ours already, instead of taking one more.
    const free = place === undefined ? sql`order by random() limit 1 for update skip locked` : ownChain(place.chain)
    place =
      (await append(transaction, entry, now, free)) ??
      (await append(transaction, entry, now, ownChain(Math.floor(Math.random() * CHAINS))))
  }
  return place
}

const ownChain = (chain: number) => sql`where chain = ${chain} for update`

/** @returns undefined when every chain was taken at this moment */
async function append(
  transaction: Database,
  entry: string,
  at: Date,
  choice: ReturnType<typeof ownChain>,
): Promise<AuditPlace | undefined> {
  const { rows } = await sql<{ chain: number; seq: string }>`
    with last as (select chain, seq, hash from audit_head ${choice}),
    added as (
      insert into audit_entry (chain, seq, at, entry, hash)
      select chain, seq + 1, ${at}, ${entry}::text,
        sha256(hash || int4send(chain) || int8send(seq + 1) || convert_to(${entry}::text, 'UTF8'))
      from last
      returning chain, seq, hash
    )
    update audit_head set seq = added.seq, hash = added.hash from added where audit_head.chain = added.chain
    returning added.chain, added.seq`.execute(transaction)
  const [row] = rows
  return row === undefined ? undefined : { chain: row.chain, seq: Number(row.seq) }
}
