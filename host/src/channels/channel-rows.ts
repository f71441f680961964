/**
 * Secure channels as rows. A row is only ever moved from the version that was read: of two nodes that go on with the same
 * session, one comes first and the other one is told so, so that no counter is used twice. A session that ends keeps its row
 * for a day, to be counted, and nothing of its keys.
 */
import { type Selectable, sql } from 'kysely'
import { appendAudit } from '../audit/append.js'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import type { ChannelTable } from '../tables.js'

/** What a channel is to be; it stays as it was begun with. */
export interface ChannelSettings {
  readonly variant: 'transport' | 'agreement'
  readonly profile: 'gp' | 'feitian'
  /** The bits of LEVEL. */
  readonly level: number
  readonly mutual: boolean
  /** YYYYMMDD: certificates are judged as of the day on which it was begun. */
  readonly date: string
}

/** A row as it is read. */
export interface ChannelRow extends Omit<Selectable<ChannelTable>, 'settings'> {
  readonly settings: ChannelSettings
  readonly isExpired: boolean
}

/** How it ended. */
export type ChannelOutcome = NonNullable<ChannelTable['outcome']>

/** Without a message for so long, a channel ends. */
const IDLE = sql<Date>`now() + interval '30 minutes'`

/** What a new row is of. */
export type NewChannel = Omit<ChannelRow, 'isExpired' | 'outcome' | 'created_at' | 'expires_at'>

/** Writes a new channel down. @returns when it will have expired */
export async function insertChannel(database: Database, { settings, ...row }: NewChannel): Promise<Date> {
  const { expires_at } = await database
    .insertInto('channel')
    .values({ ...row, settings: JSON.stringify(settings), expires_at: IDLE })
    .returning('expires_at')
    .executeTakeFirstOrThrow()
  return expires_at
}

/** A subject's channel. ERR_NOT_FOUND, for that of another one too */
export async function readChannel(database: Database, subject: string, id: string): Promise<ChannelRow> {
  const row = await database
    .selectFrom('channel')
    .select(['id', 'subject', 'issuer', 'credentials', 'card_hash', 'settings', 'state', 'outcome', 'version'])
    .select(['sealed', 'created_at', 'expires_at', sql<boolean>`expires_at <= now()`.as('isExpired')])
    .where('id', '=', id)
    .where('subject', '=', subject)
    .executeTakeFirst()
  if (row === undefined) throw new HostError('ERR_NOT_FOUND', 'There is no such channel.')
  return { ...row, settings: row.settings as ChannelSettings }
}

/**
 * Moves a channel one version on. @returns when it will have expired
 * @throws ERR_CHANNEL_STATE when it is no longer in the version that was read
 */
export async function moveChannel(
  database: Database,
  { id, version }: Pick<ChannelRow, 'id' | 'version'>,
  to: { readonly state: 'handshake' | 'open'; readonly sealed: Uint8Array },
): Promise<Date> {
  return write(database, id, version, { ...to, expires_at: IDLE })
}

/** Ends a channel and erases its keys. ERR_CHANNEL_STATE, likewise */
export async function endChannel(
  database: Database,
  { id, version }: Pick<ChannelRow, 'id' | 'version'>,
  outcome: ChannelOutcome,
): Promise<void> {
  await write(database, id, version, { state: 'ended', outcome, sealed: null, expires_at: sql<Date>`now()` })
}

async function write(database: Database, id: string, version: number, set: object): Promise<Date> {
  const row = await database
    .updateTable('channel')
    .set({ ...set, version: version + 1 })
    .where('id', '=', id)
    .where('version', '=', version)
    .returning('expires_at')
    .executeTakeFirst()
  if (row === undefined) throw new HostError('ERR_CHANNEL_STATE')
  return row.expires_at
}

/** How many sessions there may be within an hour: a card's key, and the host's, are tried by opening one after another. */
export interface ChannelLimits {
  /** Of one card. */
  readonly perCard: number
  /** That fail, or have not come to their end, of one subject: what it calls the card is its own word. */
  readonly failuresPerSubject: number
}

export const CHANNEL_LIMITS: ChannelLimits = { perCard: 60, failuresPerSubject: 300 }

/**
 * Seconds until a card may have another session, 0 when it may. Requests of one subject, and those about one card, wait for
 * each other here until their transactions end, so that many at once are no way around.
 */
export async function waitSeconds(
  transaction: Database,
  { subject, issuer, card_hash }: Pick<NewChannel, 'subject' | 'issuer' | 'card_hash'>,
  { perCard, failuresPerSubject }: ChannelLimits,
): Promise<number> {
  for (const name of [subject, Buffer.from(card_hash).toString('hex')]) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 7))`.execute(transaction)
  }
  const open = sql`subject = ${subject} and (outcome = 'failed' or state = 'handshake')`
  const ofSubject = await waitFor(transaction, open, failuresPerSubject)
  return Math.max(ofSubject, await waitFor(transaction, sql`issuer = ${issuer} and card_hash = ${card_hash}`, perCard))
}

async function waitFor(transaction: Database, which: ReturnType<typeof sql>, allowed: number): Promise<number> {
  const { rows } = await sql<{ wait: number }>`
    select ceil(extract(epoch from created_at + interval '1 hour' - now()))::integer as wait
    from channel where ${which} and created_at > now() - interval '1 hour'
    order by created_at desc offset ${allowed - 1} limit 1`.execute(transaction)
  return rows[0]?.wait ?? 0
}

/** Ends what has expired, and forgets what ended a day ago. */
export async function sweepChannels(database: Database): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    const ended = await transaction
      .updateTable('channel')
      .set({ state: 'ended', outcome: 'expired', sealed: null, version: sql`version + 1` })
      .where('sealed', 'is not', null)
      .where('expires_at', '<=', sql<Date>`now()`)
      .returning(['id', 'issuer'])
      .execute()
    await transaction
      .deleteFrom('channel')
      .where('created_at', '<', sql<Date>`now() - interval '1 day'`)
      .where('sealed', 'is', null)
      .execute()
    await appendAudit(
      transaction,
      ended.map(({ id, issuer }) => ({ subject: 'host', ...closing(id, issuer, 'expired') })),
    )
  })
}

/** What the audit trail says of an end. */
export function closing(id: string, issuer: string, reason: ChannelOutcome) {
  const outcome = reason === 'failed' ? ('failed' as const) : ('ok' as const)
  return { action: 'channel.close' as const, object: `channel:${id}`, outcome, detail: { issuer, reason } }
}
