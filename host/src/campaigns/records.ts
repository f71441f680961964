/** Campaigns as they are stored: made, read, and brought from one state to another. */
import { type SqlBool, sql, type UpdateObject } from 'kysely'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import type { Tables } from '../tables.js'
import { type Campaign, type CampaignState, type CampaignWork, CHUNK_LINES, type LineState } from './campaign.js'
import { chunkJobs } from './jobs.js'

/** Makes a campaign without lines. ERR_CAMPAIGN_EXISTS */
export async function createCampaign(
  transaction: Database,
  { id, operator, work }: { readonly id: string; readonly operator: string; readonly work: CampaignWork },
): Promise<void> {
  const { kind, issuer } = work
  const { numInsertedOrUpdatedRows: added } = await transaction
    .insertInto('campaign')
    .values({ id, kind, issuer, state: 'open', settings: JSON.stringify(work.settings), operator })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  if (added !== 1n) throw new HostError('ERR_CAMPAIGN_EXISTS')
}

/** A campaign and how far it has come. ERR_NOT_FOUND */
export async function readCampaign(database: Database, id: string): Promise<Campaign> {
  const row = await campaigns(database).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new HostError('ERR_NOT_FOUND', 'There is no such campaign.')
  return campaignOf(row)
}

/** A page of the campaigns of some kinds, the latest first, behind the one that `after` names. ERR_CURSOR */
export async function listCampaigns(
  database: Database,
  {
    kinds,
    after,
    limit,
  }: { readonly kinds: readonly CampaignWork['kind'][]; readonly after?: string; readonly limit: number },
): Promise<readonly Campaign[]> {
  let query = campaigns(database).where('kind', 'in', kinds)
  if (after !== undefined) {
    const place = await query.select(sql<string>`created_at::text`.as('at')).where('id', '=', after).executeTakeFirst()
    if (place === undefined) throw new HostError('ERR_CURSOR')
    query = query.where(sql<SqlBool>`(created_at, id) < (${place.at}::timestamptz, ${after})`)
  }
  const rows = await query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
  return rows.map(campaignOf)
}

/** Campaigns with what is counted of their lines, in one statement: it is a moment's truth. */
function campaigns(database: Database) {
  const counted = sql<Counts>`(select coalesce(json_object_agg(state, json_build_array(lines, chunks)), '{}') from (
    select state, count(*) as lines, count(distinct (number - 1) / ${CHUNK_LINES}::integer) as chunks
    from campaign_line where campaign_line.campaign = campaign.id and state <> 'done' group by state) as counted)`
  return database
    .selectFrom('campaign')
    .select([
      'id',
      'kind',
      'issuer',
      'settings',
      'operator',
      'created_at as created',
      'round',
      'state',
      'lines as total',
    ])
    .select(counted.as('counts'))
    .where('state', '!=', 'forgotten')
}

function campaignOf(row: Awaited<ReturnType<ReturnType<typeof campaigns>['executeTakeFirstOrThrow']>>): Campaign {
  const { kind, issuer, settings, counts, state, total, ...rest } = row
  const [[waiting, left], [failed], [invalid]] = [counts.waiting ?? NONE, counts.failed ?? NONE, counts.invalid ?? NONE]
  const chunks = Math.ceil(total / CHUNK_LINES)
  return {
    ...({ kind, issuer, settings } as CampaignWork),
    ...rest,
    state: state === 'running' && waiting === 0 ? 'finished' : (state as CampaignState),
    total,
    lines: { waiting, done: total - waiting - failed - invalid, failed, invalid },
    chunks: { total: chunks, done: chunks - left },
  }
}

/** Lines in a state that is not done, and the chunks that they are of. */
type Counts = Partial<Readonly<Record<LineState, Count>>>
type Count = readonly [lines: number, chunks: number]
const NONE: Count = [0, 0]

/** What can be done with a campaign, in which states, and where it leads. */
const CHANGES = {
  start: { from: ['open'], to: 'running' },
  pause: { from: ['running'], to: 'paused' },
  resume: { from: ['paused'], to: 'running' },
  /** Lines that failed wait again. */
  retry: { from: ['running', 'paused', 'finished'], to: 'running' },
  cancel: { from: ['open', 'running', 'paused'], to: 'cancelled' },
} as const satisfies Record<string, { readonly from: readonly CampaignState[]; readonly to: CampaignState }>

export type CampaignChange = keyof typeof CHANGES

export const CAMPAIGN_CHANGES = Object.keys(CHANGES) as CampaignChange[]

/**
 * Does it, inside `transaction`; the jobs that it takes are made in the same. Lines in hand are finished, even of a campaign that
 * was cancelled.
 * @returns the campaign after it
 * @throws ERR_NOT_FOUND, ERR_CAMPAIGN_STATE
 */
export async function changeCampaign(
  database: Database,
  transaction: Database,
  id: string,
  change: CampaignChange,
): Promise<Campaign> {
  // Two changes of one campaign come one after the other.
  await transaction.selectFrom('campaign').select('id').where('id', '=', id).forUpdate().execute()
  const { state, total } = await readCampaign(transaction, id)
  const { from, to } = CHANGES[change]
  if (!from.some((allowed) => allowed === state)) {
    throw new HostError(
      'ERR_CAMPAIGN_STATE',
      `The campaign is ${state}; ${change} needs one that is ${from.join(' or ')}.`,
    )
  }
  if (change === 'start' && total === 0) throw new HostError('ERR_CAMPAIGN_STATE', 'The campaign has no lines.')
  if (change === 'retry') await setLines(transaction, id, ['failed'], { state: 'waiting', result: null })
  if (change === 'cancel') await setLines(transaction, id, ['waiting', 'failed'], { sealed: null })
  const next = state === 'paused' && change === 'retry' ? 'paused' : to
  const { round } = await transaction
    .updateTable('campaign')
    .set((row) => ({ state: next, round: row('round', '+', 1), changed_at: new Date() }))
    .where('id', '=', id)
    .returning('round')
    .executeTakeFirstOrThrow()
  if (next === 'running') await sendChunks(database, transaction, id, round)
  return readCampaign(transaction, id)
}

async function setLines(
  transaction: Database,
  campaign: string,
  from: readonly LineState[],
  values: UpdateObject<Tables, 'campaign_line'>,
): Promise<void> {
  await transaction
    .updateTable('campaign_line')
    .set(values)
    .where('campaign', '=', campaign)
    .where('state', 'in', from)
    .execute()
}

/** A job for each chunk that has something left to do. */
async function sendChunks(database: Database, transaction: Database, campaign: string, round: number): Promise<void> {
  const jobs = await chunkJobs(database)
  const { rows } = await sql<{ chunk: number }>`
    select distinct (number - 1) / ${CHUNK_LINES}::integer as chunk from campaign_line
    where campaign = ${campaign} and state = 'waiting' order by chunk`.execute(transaction)
  const chunks = rows.map(({ chunk }) => ({ campaign, chunk, round }))
  await jobs.send(transaction, chunks)
}
