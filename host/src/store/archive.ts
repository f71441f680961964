/** What has left a card's ledger: its entries and deliveries, and the ledgers of its earlier chips; and why it was stopped. */
import { type SqlBool, sql } from 'kysely'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import type { CardLedger, Delivery, Entry } from '../ledger/model.js'

/** Why a card was stopped, and who had it go on. */
export interface Stop {
  readonly stopped: string
  readonly operator: string
  readonly reason: string
}

/** Something that was archived. */
export type ArchivedItem = { readonly cursor: string; readonly archived: Date } & (
  | { readonly kind: 'entry'; readonly body: Entry }
  | { readonly kind: 'delivery'; readonly body: Delivery }
  | { readonly kind: 'ledger'; readonly body: CardLedger }
  | { readonly kind: 'stop'; readonly body: Stop }
)

/**
 * The archive of a card behind a cursor, in the order in which things came into it.
 * @throws ERR_CURSOR for one that this card's archive did not give
 */
export async function readArchive(
  database: Database,
  card: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly ArchivedItem[]> {
  let query = database
    .selectFrom('ledger_archive')
    .select(['kind', 'id', 'body', 'archived_at'])
    .where('card', '=', card)
  if (after !== undefined) {
    const place = await placeOf(database, card, after)
    query = query.where(sql<SqlBool>`(archived_at, kind, id) > (${place.at}::timestamptz, ${place.kind}, ${place.id})`)
  }
  const rows = await query.orderBy('archived_at').orderBy('kind').orderBy('id').limit(limit).execute()
  return rows.map(({ kind, id, body, archived_at: archived }) => {
    return { kind, body, archived, cursor: `${kind}.${id}` } as unknown as ArchivedItem
  })
}

/** The row that a cursor names; its time as text, because a date of JavaScript would cut it. */
async function placeOf(database: Database, card: string, cursor: string) {
  const [, kind, id] = /^(entry|delivery|ledger|stop)\.([\w-]{1,64})$/.exec(cursor) ?? []
  const place = await database
    .selectFrom('ledger_archive')
    .select(['kind', 'id', sql<string>`archived_at::text`.as('at')])
    .where('card', '=', card)
    .where('kind', '=', (kind ?? 'entry') as 'entry')
    .where('id', '=', id ?? '')
    .executeTakeFirst()
  if (place === undefined) throw new HostError('ERR_CURSOR')
  return place
}

/** An entry that has left the ledger, by itself or with its chip; the latest of them where there are several. */
export async function archivedEntry(database: Database, card: string, id: string): Promise<Entry | undefined> {
  const { rows } = await sql<{ body: Entry }>`
    select body from ledger_archive where card = ${card} and kind = 'entry' and id = ${id}
    union all
    (select entry as body from ledger_archive, json_array_elements(body -> 'entries') as entry
      where card = ${card} and kind = 'ledger' and entry ->> 'id' = ${id} order by archived_at desc)
    limit 1`.execute(database)
  return rows[0]?.body
}
