import { type Kysely, sql } from 'kysely'

/** Which card and ATC a PIN change was built for, by a hash. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database
  await schema
    .createTable('pin_change_guard')
    .addColumn('place', 'bytea', (column) => column.primaryKey())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .execute()
  await schema.createIndex('pin_change_guard_created').on('pin_change_guard').column('created_at').execute()
}
