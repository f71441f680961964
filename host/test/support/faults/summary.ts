/** All that is stored of a card, without what differs from run to run: names, times, cryptograms. */
import { sql } from 'kysely'
import type { Database } from '../../../src/database.js'
import type { CardLedger } from '../../../src/ledger/model.js'

export interface CardSummary {
  readonly version: number
  readonly entries: readonly string[]
  readonly deliveries: readonly string[]
  readonly seen: readonly number[]
  readonly authorizations: readonly string[]
  readonly events: readonly string[]
  readonly audit: readonly string[]
  readonly archived: number
  readonly pins: number
}

export async function summaryOf(database: Database, card: string): Promise<CardSummary> {
  const row = await database.selectFrom('card_ledger').selectAll().where('card', '=', card).executeTakeFirstOrThrow()
  const { entries, deliveries, seen } = row.body as CardLedger
  const authorizations = await database
    .selectFrom('authorization_request')
    .select(['verdict', sql<boolean>`answer is not null`.as('answered')])
    .where('card', '=', card)
    .execute()
  const events = await database
    .selectFrom('ledger_event')
    .select(['type', 'rank'])
    .where('card', '=', card)
    .orderBy('transaction')
    .orderBy('id')
    .execute()
  const audit = await database.selectFrom('audit_entry').select('entry').where('entry', 'like', `%${card}%`).execute()
  const archived = await database.selectFrom('ledger_archive').select('id').where('card', '=', card).execute()
  const pins = await database.selectFrom('queued_pin').select('id').where('card', '=', card).execute()
  return {
    version: row.version,
    entries: entries.map(({ target, state, rank, attempts }) => `${target} ${state} ${rank} ${attempts}`),
    deliveries: deliveries.map(({ atc, state, counted }) => `${atc} ${state} ${counted}`),
    seen,
    authorizations: authorizations.map(({ verdict, answered }) => `${verdict} ${answered}`).sort(),
    events: events.map(({ type, rank }) => `${type} ${rank}`),
    audit: audit.map(({ entry }) => (JSON.parse(entry) as { readonly action: string }).action).sort(),
    archived: archived.length,
    pins: pins.length,
  }
}
