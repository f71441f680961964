import { type Kysely, sql } from 'kysely'

/**
 * The audit trail by subject, action and object, each in the order of its pages. The entry is text that its hash is over, so
 * the indexes are on what that text says.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  for (const name of ['subject', 'action', 'object']) {
    await sql`create index ${sql.id(`audit_entry_${name}`)}
      on audit_entry ((entry::json ->> ${sql.lit(name)}), at, chain, seq)`.execute(database)
  }
}
