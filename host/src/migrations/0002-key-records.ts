import { type Kysely, sql } from 'kysely'

/** What keys are bound to, that none serves two uses, and the host's own secrets. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database
  await schema
    .alterTable('issuer_key')
    .alterColumn('dki', (column) => column.dropNotNull())
    .addColumn('family', 'text')
    .addColumn('key_set', 'text', (column) => column.notNull().defaultTo('default'))
    .addColumn('block_version', 'text')
    .addColumn('binding', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('fingerprint', 'bytea')
    .execute()
  await sql`update issuer_key set family = (select profile->>'family' from issuer where issuer.id = issuer)`.execute(
    database,
  )
  await sql`create unique index issuer_key_live on issuer_key (issuer, key_set, family, dki, usage, algorithm)
    where retired_at is null and dki is not null`.execute(database)
  await schema
    .createTable('key_use')
    .addColumn('fingerprint', 'bytea', (column) => column.primaryKey())
    .addColumn('usage', 'text', (column) => column.notNull())
    .addColumn('algorithm', 'text', (column) => column.notNull())
    .addColumn('family', 'text', (column) => column.notNull())
    .execute()
  await schema
    .createTable('host_secret')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('wrapped', 'bytea', (column) => column.notNull())
    .execute()
}
