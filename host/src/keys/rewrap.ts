/**
 * A new master key: every wrapped row is unwrapped under the old one and wrapped under the new one, in one transaction.
 * Nothing else changes, since fingerprints, PAN hashes and queued PINs have keys of their own. A row that is under the new
 * key already is left, so that doing it again after an end of unknown outcome does no harm.
 */
import { sql } from 'kysely'
import { appendAudit } from '../audit/append.js'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import type { KeyRow, MasterKey } from '../wrap.js'
import { secretRow } from './host-secrets.js'
import { BOUND_COLUMNS, boundRow } from './key-records.js'

/** What was done: rows wrapped anew, and rows that were already. */
export interface Rewrapped {
  readonly rewrapped: number
  readonly already: number
}

/**
 * Wraps every key, retired ones too, and every secret of the host under `next`. Hosts that still run with the old master key
 * can use no key afterwards, and store none.
 * @throws ERR_KEY_UNWRAP, naming the rows, when some unwrap under neither; nothing is changed then
 */
export async function rewrap(database: Database, current: MasterKey, next: MasterKey): Promise<Rewrapped> {
  return database.transaction().execute(async (transaction) => {
    // Readers go on; whoever stores a key waits, and then finds the new master key.
    await sql`lock table host_secret, issuer_key in exclusive mode`.execute(transaction)
    const keys = await transaction
      .selectFrom('issuer_key')
      .select([...BOUND_COLUMNS, 'wrapped'])
      .orderBy('id')
      .execute()
    const secrets = await transaction.selectFrom('host_secret').selectAll().orderBy('name').execute()
    const rows = [
      ...keys.map((key) => ({ row: boundRow(key), wrapped: key.wrapped, table: 'issuer_key' as const })),
      ...secrets.map(({ name, wrapped }) => ({ row: secretRow(name), wrapped, table: 'host_secret' as const })),
    ]
    const done = rows.map(({ row, wrapped, table }) => ({
      row,
      table,
      outcome: rewrapRow(row, wrapped, current, next),
    }))
    const lost = done.filter(({ outcome }) => outcome === 'lost').map(({ row }) => row.id)
    if (lost.length > 0) {
      const named = lost.slice(0, 20).join(', ')
      throw new HostError('ERR_KEY_UNWRAP', `${lost.length} stored keys do not unwrap, nothing was changed: ${named}`)
    }
    for (const { row, table, outcome } of done) {
      if (!(outcome instanceof Uint8Array)) continue
      const set = { wrapped: outcome }
      if (table === 'issuer_key') await transaction.updateTable(table).set(set).where('id', '=', row.id).execute()
      else await transaction.updateTable(table).set(set).where('name', '=', row.id).execute()
    }
    const rewrapped = done.filter(({ outcome }) => outcome instanceof Uint8Array).length
    const already = done.length - rewrapped
    await appendAudit(transaction, {
      subject: 'host',
      action: 'key.rewrap',
      object: 'master-key',
      outcome: 'ok',
      detail: { rewrapped, already },
    })
    return { rewrapped, already }
  })
}

function rewrapRow(
  row: KeyRow,
  wrapped: Uint8Array,
  current: MasterKey,
  next: MasterKey,
): Uint8Array | 'already' | 'lost' {
  const bytes = attempt(current, row, wrapped)
  if (bytes === undefined) {
    const known = attempt(next, row, wrapped)
    known?.fill(0)
    return known === undefined ? 'lost' : 'already'
  }
  const fresh = next.wrap(row, bytes)
  bytes.fill(0)
  return fresh
}

function attempt(masterKey: MasterKey, row: KeyRow, wrapped: Uint8Array): Uint8Array | undefined {
  try {
    return masterKey.unwrap(row, wrapped)
  } catch {
    return undefined
  }
}
