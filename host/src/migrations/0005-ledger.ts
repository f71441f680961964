import { type Kysely, sql } from 'kysely'

/**
 * The script ledgers of cards. A card application is one row, its ledger one document; what has ended leaves the document
 * for the archive. Rows of it are written again and again, so their pages keep room for that.
 *
 * `append_audit` is audit/append.ts as a function, so that a change and its audit entries are one statement.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database
  await schema
    .createTable('card_ledger')
    .addColumn('card', 'text', (column) => column.primaryKey())
    .addColumn('issuer', 'text', (column) => column.notNull().references('issuer.id'))
    .addColumn('pan_hash', 'bytea', (column) => column.notNull())
    .addColumn('masked_pan', 'text', (column) => column.notNull())
    .addColumn('pan_sequence', 'text', (column) => column.notNull())
    .addColumn('application', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('due_at', 'timestamptz')
    .addColumn('stopped', 'text')
    .addColumn('event_transaction', sql`xid8`, (column) => column.notNull().defaultTo(sql`'0'::xid8`))
    .addColumn('body', 'json', (column) => column.notNull())
    .addUniqueConstraint('card_ledger_name', ['issuer', 'pan_hash', 'pan_sequence', 'application'])
    .modifyEnd(sql`with (fillfactor = 70)`)
    .execute()
  await schema
    .createIndex('card_ledger_due')
    .on('card_ledger')
    .column('due_at')
    .where('due_at', 'is not', null)
    .execute()
  await schema
    .createTable('ledger_archive')
    .addColumn('card', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('body', 'json', (column) => column.notNull())
    .addColumn('archived_at', 'timestamptz', (column) => column.notNull())
    .addPrimaryKeyConstraint('ledger_archive_key', ['card', 'kind', 'id'])
    .execute()
  // Numbers are given before a transaction commits, so a reader who goes by them alone would miss the late ones.
  await schema
    .createTable('ledger_event')
    .addColumn('id', 'bigint', (column) => column.generatedAlwaysAsIdentity())
    .addColumn('transaction', sql`xid8`, (column) => column.notNull().defaultTo(sql`pg_current_xact_id()`))
    .addColumn('time', 'timestamptz', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('card', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('entry', 'text')
    .addColumn('delivery', 'text')
    .addColumn('rank', 'text')
    .addPrimaryKeyConstraint('ledger_event_key', ['transaction', 'id'])
    .execute()
  await schema
    .createTable('authorization_request')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('reference', 'text', (column) => column.notNull())
    .addColumn('card', 'text')
    .addColumn('atc', 'integer')
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('verdict', 'text', (column) => column.notNull())
    .addColumn('request', 'bytea', (column) => column.notNull())
    .addColumn('answer', 'bytea')
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .execute()
  await schema
    .createIndex('authorization_request_reference')
    .on('authorization_request')
    .columns(['issuer', 'reference', 'created_at'])
    .execute()
  await schema
    .createIndex('authorization_request_counter')
    .on('authorization_request')
    .columns(['card', 'atc'])
    .execute()
  await schema
    .createIndex('authorization_request_created')
    .on('authorization_request')
    .using('brin')
    .column('created_at')
    .execute()
  await schema
    .createTable('queued_pin')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('card', 'text', (column) => column.notNull())
    .addColumn('wrapped', 'bytea', (column) => column.notNull())
    .execute()
  await sql`
    create function append_audit(at timestamptz, entries text[], out chain integer, out seq bigint)
    language plpgsql as $$
    declare
      last audit_head;
      entry text;
      -- Here, because a condition would draw anew for each row.
      any_chain integer := floor(64 * random());
    begin
      select * into last from audit_head order by random() limit 1 for update skip locked;
      if not found then
        select * into last from audit_head head where head.chain = any_chain for update;
      end if;
      foreach entry in array entries loop
        last.seq := last.seq + 1;
        last.hash := sha256(last.hash || int4send(last.chain) || int8send(last.seq) || convert_to(entry, 'UTF8'));
        insert into audit_entry (chain, seq, at, entry, hash) values (last.chain, last.seq, at, entry, last.hash);
      end loop;
      update audit_head head set seq = last.seq, hash = last.hash where head.chain = last.chain;
      chain := last.chain;
      seq := last.seq;
    end $$`.execute(database)
}
