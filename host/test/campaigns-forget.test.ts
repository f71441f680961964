/** Old campaigns are forgotten, each as a whole. */
import { expect, test } from 'vitest'
import { createCampaign, listCampaigns, readCampaign } from '../src/campaigns/records.js'
import { forget, RETENTION } from '../src/store/retention.js'
import { useDatabase } from './support/database.js'

const { database } = useDatabase()
const now = Date.parse('2045-06-01T00:00:00Z')
const days = (age: number) => new Date(now - age * 86_400_000)

test('campaigns that are over lose their lines, and their ids stay taken', async () => {
  const old = days(400.1)
  const made = (id: string, state: 'open' | 'running' | 'paused' | 'cancelled', changed_at: Date) => ({
    ...{ id, kind: 'oda' as const, issuer: null, state, settings: '{"profile":"test"}', operator: 'o', lines: 2 },
    ...{ created_at: days(1000), changed_at },
  })
  const line = (campaign: string, number: number, state: 'waiting' | 'done' | 'failed') =>
    ({ campaign, number, state }) as const
  const [over, kept] = [
    ['open', 'cancelled', 'finished', 'failed'],
    ['paused', 'running', 'young'],
  ]
  await database()
    .insertInto('campaign')
    .values([
      ...[made('open', 'open', old), made('cancelled', 'cancelled', old), made('finished', 'running', old)],
      ...[made('failed', 'running', old), made('paused', 'paused', old), made('running', 'running', old)],
      made('young', 'cancelled', days(399.9)),
    ])
    .execute()
  await database()
    .insertInto('campaign_line')
    .values([
      ...[line('open', 1, 'waiting'), line('cancelled', 1, 'waiting'), line('finished', 1, 'done')],
      ...[line('failed', 1, 'failed'), line('failed', 2, 'done'), line('paused', 1, 'waiting')],
      ...[line('running', 1, 'done'), line('running', 2, 'waiting'), line('young', 1, 'done')],
    ])
    .execute()
  // What somebody else is changing is left to him.
  await database()
    .transaction()
    .execute(async (transaction) => {
      await transaction.selectFrom('campaign').select('id').where('id', '=', 'open').forUpdate().execute()
      expect(await forget(database(), RETENTION, { now })).toMatchObject({ campaigns: over.length - 1 })
    })
  const closing = AbortSignal.abort()
  expect(await forget(database(), RETENTION, { now, closing })).toMatchObject({ campaigns: 0 })
  expect(await forget(database(), RETENTION, { now })).toMatchObject({ campaigns: 1 })
  const rows = await database().selectFrom('campaign').select(['id', 'state', 'settings']).orderBy('id').execute()
  expect(rows.filter(({ state }) => state !== 'forgotten').map(({ id }) => id)).toEqual(kept)
  const gone = rows.filter(({ id }) => over.includes(id))
  expect(gone.map(({ state, settings }) => [state, settings])).toEqual(over.map(() => ['forgotten', {}]))
  for (const id of over) await expect(readCampaign(database(), id)).rejects.toThrow('no such campaign')
  const again = { id: 'open', operator: 'o', work: { kind: 'oda', issuer: null, settings: {} } } as const
  await expect(createCampaign(database(), again)).rejects.toMatchObject({ code: 'ERR_CAMPAIGN_EXISTS' })
  const listed = await listCampaigns(database(), { kinds: ['oda', 'queue'], limit: 100 })
  expect(listed.map(({ id }) => id).sort()).toEqual(kept)
  const lines = await database().selectFrom('campaign_line').select('campaign').orderBy('campaign').execute()
  expect(lines.map(({ campaign }) => campaign)).toEqual(['paused', 'running', 'running', 'young'])
})
