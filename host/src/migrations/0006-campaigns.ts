import { type Kysely, sql } from 'kysely'

/**
 * Campaigns and their lines. A line names its card by handle or holds what is to be checked, enciphered; a PAN stands in
 * neither. pg-boss makes the tables of its jobs itself, in a schema of its own.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database
  await schema
    .createTable('campaign')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.references('issuer.id'))
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('round', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('lines', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('settings', 'json', (column) => column.notNull())
    .addColumn('operator', 'text', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .execute()
  await schema
    .createTable('campaign_line')
    .addColumn('campaign', 'text', (column) => column.notNull().references('campaign.id'))
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('name', 'text')
    .addColumn('card', 'text')
    .addColumn('intent', 'json')
    .addColumn('sealed', 'bytea')
    .addColumn('result', 'json')
    .addPrimaryKeyConstraint('campaign_line_place', ['campaign', 'number'])
    .execute()
  await schema
    .createIndex('campaign_line_card')
    .unique()
    .on('campaign_line')
    .columns(['campaign', 'card'])
    .where('card', 'is not', null)
    .execute()
  // What is left to do, and what went wrong: progress is counted from it.
  await schema
    .createIndex('campaign_line_not_done')
    .on('campaign_line')
    .columns(['campaign', 'state', 'number'])
    .where('state', '!=', 'done')
    .execute()
}
