/**
 * All migrations, in the order of their names. A migration that was released is never changed.
 */
import type { Migration } from 'kysely'
import * as issuersAndKeys from './0001-issuers-and-keys.js'
import * as keyRecords from './0002-key-records.js'
import * as audit from './0003-audit.js'
import * as idempotency from './0004-idempotency.js'
import * as ledger from './0005-ledger.js'

export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-issuers-and-keys': issuersAndKeys,
  '0002-key-records': keyRecords,
  '0003-audit': audit,
  '0004-idempotency': idempotency,
  '0005-ledger': ledger,
}
