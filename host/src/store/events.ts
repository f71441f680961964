/**
 * What happened to entries, for readers who come again with a cursor and must miss nothing.
 *
 * Events are ordered by the number of their transaction and then by their own. Both are given before a transaction commits, so
 * a later number may be seen before an earlier one is. Therefore only events of transactions are shown below which none is
 * still running: whatever commits from then on comes behind the cursor. Events wait for the longest writing transaction of
 * the server.
 *
 * A transaction may have got its number before another one changed the same card, and change it after that one. Its events then
 * go by the other's number, so that the events of a card come in the order in which they happened. That one has ended, and so
 * has this one before anybody is shown a number that is higher than both.
 */
import { type SqlBool, sql } from 'kysely'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'

/** An event, and the cursor behind it. */
export interface StoredEvent {
  readonly cursor: string
  readonly time: Date
  readonly issuer: string
  readonly card: string
  readonly type: string
  readonly entry: string | null
  readonly delivery: string | null
  readonly rank: string | null
}

export interface EventPage {
  readonly events: readonly StoredEvent[]
  /** Where the next page begins, whether there is more of it by now or not. */
  readonly next: string
}

/** The cursor before everything. */
const START = '0.0'

/**
 * The events behind a cursor, the oldest first.
 * @throws ERR_CURSOR for one that is none, or is ahead of the database: it was given out by another one, or by this one before
 *   it was restored to an earlier time
 */
export async function readEvents(database: Database, after: string = START, limit: number): Promise<EventPage> {
  const [transaction, id] = await expectCursor(database, after)
  const rows = await database
    .selectFrom('ledger_event')
    .select(['transaction', 'id', 'time', 'issuer', 'card', 'type', 'entry', 'delivery', 'rank'])
    .where(sql<SqlBool>`transaction < pg_snapshot_xmin(pg_current_snapshot())`)
    .where(sql<SqlBool>`(transaction, id) > (${transaction}::xid8, ${id}::bigint)`)
    .orderBy('transaction')
    .orderBy('id')
    .limit(limit)
    .execute()
  const events = rows.map(({ transaction, id, ...event }) => ({ ...event, cursor: `${transaction}.${id}` }))
  return { events, next: events.at(-1)?.cursor ?? after }
}

/**
 * A dump that was loaded into another server brings numbers of transactions along that this one has not reached: nobody would
 * be shown these events. They get the number before all others. No event of this server can have such a number.
 */
export async function takeRestoredEvents(database: Database): Promise<void> {
  await sql`update ledger_event set transaction = '1' where transaction >= pg_snapshot_xmax(pg_current_snapshot())`.execute(
    database,
  )
}

async function expectCursor(database: Database, text: string): Promise<[transaction: string, id: string]> {
  const [, transaction, id] = /^(\d{1,18})\.(\d{1,18})$/.exec(text) ?? []
  if (transaction === undefined || id === undefined) throw new HostError('ERR_CURSOR')
  const { rows } = await sql<{ ahead: boolean }>`
    select ${transaction}::xid8 >= pg_snapshot_xmax(pg_current_snapshot()) as ahead`.execute(database)
  if (rows[0]?.ahead !== false) throw new HostError('ERR_CURSOR')
  return [transaction, id]
}
