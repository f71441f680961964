import { type Kysely, sql } from 'kysely'

/** When somebody last changed a campaign: from then on it grows old. */
export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .alterTable('campaign')
    .addColumn('changed_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .execute()
}
