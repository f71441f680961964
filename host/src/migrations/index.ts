/**
 * All migrations, in the order of their names. A migration that was released is never changed.
 */
import type { Migration } from 'kysely'
import * as issuersAndKeys from './0001-issuers-and-keys.js'
import * as keyRecords from './0002-key-records.js'
import * as audit from './0003-audit.js'
import * as idempotency from './0004-idempotency.js'
import * as ledger from './0005-ledger.js'
import * as campaigns from './0006-campaigns.js'
import * as channels from './0007-channels.js'
import * as auditIndexes from './0008-audit-indexes.js'
import * as pinChangeGuard from './0009-pin-change-guard.js'
import * as campaignRetention from './0010-campaign-retention.js'

export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-issuers-and-keys': issuersAndKeys,
  '0002-key-records': keyRecords,
  '0003-audit': audit,
  '0004-idempotency': idempotency,
  '0005-ledger': ledger,
  '0006-campaigns': campaigns,
  '0007-channels': channels,
  '0008-audit-indexes': auditIndexes,
  '0009-pin-change-guard': pinChangeGuard,
  '0010-campaign-retention': campaignRetention,
}
