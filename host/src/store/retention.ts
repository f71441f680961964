/**
 * What is forgotten, and when:
 *
 * | | after |
 * |---|---|
 * | Idempotency-Keys and their answers | 30 days |
 * | PIN changes, of which there is one for a card and ATC | 30 days |
 * | authorizations as they were asked and answered | 400 days |
 * | events | 400 days |
 * | lines and results of campaigns that are over | 400 days after the last change |
 *
 * Ledgers, their archive and the audit trail stay. Every node looks hourly, and removes a little at a time, so that nobody
 * waits for it.
 */
import { sql } from 'kysely'
import { forgetCampaigns } from '../campaigns/forget.js'
import type { Database } from '../database.js'
import { forgetIdempotencyKeys } from '../idempotency.js'
import { forgetPinChanges, PIN_CHANGE_DAYS } from '../keys/pin-change-guard.js'
import { type Repeated, type RepeatOptions, repeat } from './repeat.js'

/** In days. */
export interface RetentionPolicy {
  readonly idempotencyKeys: number
  readonly pinChanges: number
  readonly authorizations: number
  readonly events: number
  readonly campaigns: number
}

export const RETENTION: RetentionPolicy = {
  idempotencyKeys: 30,
  pinChanges: PIN_CHANGE_DAYS,
  authorizations: 400,
  events: 400,
  campaigns: 400,
}

/** How many rows were removed. */
export type Forgotten = Readonly<Record<keyof RetentionPolicy, number>>

const DAY = 86_400_000
const BATCH = 5_000

/** Starts forgetting. */
export function startRetention(database: Database, options: Partial<RepeatOptions> = {}): Repeated {
  const { everyMilliseconds = 3_600_000, ...rest } = options
  return repeat(async (closing) => void (await forget(database, RETENTION, { closing })), {
    everyMilliseconds,
    ...rest,
  })
}

/** Removes what is older than the policy says. */
export async function forget(
  database: Database,
  { idempotencyKeys, pinChanges, authorizations, events, campaigns }: RetentionPolicy,
  { now = Date.now(), closing }: { readonly now?: number; readonly closing?: AbortSignal } = {},
): Promise<Forgotten> {
  const before = (days: number) => new Date(now - days * DAY)
  // Rows that another node is removing are left to it.
  const oldAuthorizations = sql`delete from authorization_request where id in (
    select id from authorization_request where created_at < ${before(authorizations)}
    order by created_at limit ${BATCH} for update skip locked)`
  // Their order is nearly that of their times, and has an index.
  const oldEvents = sql`delete from ledger_event where (transaction, id) in (
    select transaction, id from (select transaction, id, time from ledger_event order by transaction, id limit ${BATCH}) old
    where time < ${before(events)})`
  return {
    idempotencyKeys: await forgetIdempotencyKeys(database, idempotencyKeys, new Date(now)),
    pinChanges: await forgetPinChanges(database, pinChanges, new Date(now)),
    authorizations: await inBatches(database, oldAuthorizations, closing),
    events: await inBatches(database, oldEvents, closing),
    campaigns: await forgetCampaigns(database, before(campaigns), closing),
  }
}

async function inBatches(
  database: Database,
  statement: ReturnType<typeof sql>,
  closing?: AbortSignal,
): Promise<number> {
  for (let removed = 0; ; ) {
    const { numAffectedRows = 0n } = await statement.execute(database)
    removed += Number(numAffectedRows)
    if (numAffectedRows === 0n || closing?.aborted === true) return removed
  }
}
