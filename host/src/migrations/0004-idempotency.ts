import { type Kysely, sql } from 'kysely'

/** Answers to requests with an Idempotency-Key, enciphered, kept with their effect. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database
  await schema
    .createTable('idempotency')
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('sealed', 'bytea')
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('idempotency_key', ['subject', 'key'])
    .execute()
  await schema.createIndex('idempotency_created').on('idempotency').column('created_at').execute()
}
