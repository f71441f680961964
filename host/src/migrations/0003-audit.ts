import { type Kysely, sql } from 'kysely'

/** The audit trail: 64 chains of entries, their ends, and the signed heads. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database
  await schema
    .createTable('audit_entry')
    .addColumn('chain', 'integer', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('at', 'timestamptz', (column) => column.notNull())
    .addColumn('entry', 'text', (column) => column.notNull())
    .addColumn('hash', 'bytea', (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_entry_place', ['chain', 'seq'])
    .execute()
  await schema.createIndex('audit_entry_at').on('audit_entry').columns(['at', 'chain', 'seq']).execute()
  await schema
    .createTable('audit_head')
    .addColumn('chain', 'integer', (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'bytea', (column) => column.notNull())
    // Ends are rewritten with every entry: room on their pages keeps that from growing the table.
    .modifyEnd(sql`with (fillfactor = 20)`)
    .execute()
  await sql`insert into audit_head (chain, seq, hash)
    select chain, 0, decode(repeat('00', 32), 'hex') from generate_series(0, 63) chain`.execute(database)
  await schema
    .createTable('audit_signed_head')
    .addColumn('id', 'bigint', (column) => column.primaryKey().generatedAlwaysAsIdentity())
    .addColumn('at', 'timestamptz', (column) => column.notNull())
    .addColumn('kid', 'text', (column) => column.notNull())
    .addColumn('jws', 'text', (column) => column.notNull())
    .execute()
  await schema
    .createTable('audit_key')
    .addColumn('kid', 'text', (column) => column.primaryKey())
    .addColumn('jwk', 'jsonb', (column) => column.notNull())
    .execute()
}
