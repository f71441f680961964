import { type Kysely, sql } from 'kysely'

/** Issuers, and their keys in wrapped form. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database
  await schema
    .createTable('issuer')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('profile', 'jsonb', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .execute()
  await schema
    .createTable('issuer_key')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('issuer', 'text', (column) => column.notNull().references('issuer.id'))
    .addColumn('usage', 'text', (column) => column.notNull())
    .addColumn('algorithm', 'text', (column) => column.notNull())
    .addColumn('dki', 'text', (column) => column.notNull())
    .addColumn('kcv', 'text', (column) => column.notNull())
    .addColumn('wrapped', 'bytea', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('retired_at', 'timestamptz')
    .execute()
  await schema.createIndex('issuer_key_issuer').on('issuer_key').columns(['issuer', 'usage', 'dki']).execute()
}
