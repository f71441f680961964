import { type Kysely, sql } from 'kysely'

/** Secure channels: what a session needs to go on at any node, enciphered, and what is counted of it afterwards. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database
  await schema
    .createTable('channel')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.notNull().references('issuer.id'))
    .addColumn('credentials', 'text', (column) => column.notNull())
    .addColumn('card_hash', 'bytea', (column) => column.notNull())
    .addColumn('settings', 'json', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text')
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('sealed', 'bytea')
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
    .execute()
  await schema.createIndex('channel_card').on('channel').columns(['issuer', 'card_hash', 'created_at']).execute()
  await schema.createIndex('channel_subject').on('channel').columns(['subject', 'created_at']).execute()
  await schema.createIndex('channel_created').on('channel').column('created_at').execute()
  await schema
    .createIndex('channel_expiry')
    .on('channel')
    .column('expires_at')
    .where(sql.ref('sealed'), 'is not', null)
    .execute()
}
