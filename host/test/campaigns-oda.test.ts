/** Campaigns that check the offline data of many cards. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { campaignRoutes } from '../src/routes/campaigns.js'
import { campaignClient, startNode } from './support/campaigns.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database, address } = useDatabase()
let server: TestServer
const { post, make, progress, result, until } = campaignClient(() => server)
beforeAll(async () => {
  server = await testServer(database(), [campaignRoutes])
})

const CARD = JSON.parse(
  readFileSync(new URL('../../examples/requests/oda-verify.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, unknown>>
const ODA = { kind: 'oda' } as const

const sealedOf = (campaign: string) =>
  database().selectFrom('campaign_line').select('sealed').where('campaign', '=', campaign).orderBy('number').execute()

test('each line gets its verdict, and what it held is enciphered until then and erased', async () => {
  const { transactionDate: _, ...undated } = CARD
  const lines = [{ ...CARD, id: 'first' }, undated, { ...CARD, profile: 'test' }, { ...CARD, transcript: '> 00' }]
  const id = await make({ ...ODA, transactionDate: '20221101' }, lines)
  const waiting = await sealedOf(id)
  expect(waiting.map(({ sealed }) => (sealed?.length ?? 0) > 100)).toEqual([true, true, true, false])
  expect(Buffer.concat(waiting.map(({ sealed }) => sealed ?? Buffer.of())).includes('transcript')).toBe(false)
  startNode(address())
  await post(`/${id}/start`)
  expect(await until(id, 'finished')).toMatchObject({ done: 3, invalid: 1, failed: 0 })
  const verdict = { state: 'done', ok: true, method: 'sda', tvr: '0200000000', tsi: '8000' }
  expect(await result(id)).toEqual([
    { line: 1, id: 'first', ...verdict },
    { line: 2, ...verdict },
    expect.objectContaining({ line: 3, state: 'done', ok: false, stage: 'ca-key' }),
    {
      ...{ line: 4, state: 'invalid' },
      error: expect.objectContaining({ code: 'ERR_TRANSCRIPT' }),
    },
  ])
  expect((await sealedOf(id)).map(({ sealed }) => sealed)).toEqual([null, null, null, null])
})

test('a line that is none is invalid, and its text stays nowhere', async () => {
  startNode(address())
  const pan = '6228000100001'
  const bad: readonly [text: string, code: string][] = [
    ['{"id":', 'ERR_BATCH'],
    ['[]', 'ERR_BATCH'],
    [`{"id":"${pan}"}`, 'ERR_BATCH'],
    [`{"transcript":"> 00","id":"${pan}"}`, 'ERR_BATCH'],
    [JSON.stringify({ ...CARD, id: `card ${pan}` }), 'ERR_BATCH'],
    [JSON.stringify({ ...CARD, id: 'a\u0000b' }), 'ERR_BATCH'],
    [JSON.stringify({ ...CARD, [pan]: 1 }), 'ERR_BATCH'],
    [`{"transcript":"${'0'.repeat(65_536)}"}`, 'ERR_BODY_TOO_LARGE'],
  ]
  const id = await make(ODA, [])
  await post(`/${id}/lines`, bad.map(([text]) => text).join('\n'))
  await post(`/${id}/start`)
  expect(await until(id, 'finished')).toMatchObject({ invalid: bad.length, done: 0 })
  const told = await result(id)
  expect(told.map(({ error }) => (error as { code: string }).code)).toEqual(bad.map(([, code]) => code))
  expect(JSON.stringify(told)).not.toContain(pan)
})

describe('what lines hold', () => {
  test('goes with a campaign that is cancelled', async () => {
    const id = await make(ODA, [CARD])
    expect((await post(`/${id}/cancel`)).body).toMatchObject({ state: 'cancelled', waiting: 1 })
    expect(await sealedOf(id)).toEqual([{ sealed: null }])
  })

  test('of another line fails, and stays for another try', async () => {
    startNode(address())
    const id = await make(ODA, [CARD, { ...CARD, id: 'other' }])
    const [own, other] = await sealedOf(id)
    const setFirst = (sealed: Uint8Array | null) =>
      database()
        .updateTable('campaign_line')
        .set({ sealed })
        .where('campaign', '=', id)
        .where('number', '=', 1)
        .execute()
    await setFirst(other?.sealed ?? null)
    await post(`/${id}/start`)
    expect(await until(id, 'finished')).toMatchObject({ done: 1, failed: 1 })
    expect(await result(id)).toMatchObject([
      { line: 1, error: { code: 'ERR_INTERNAL' } },
      { line: 2, ok: true },
    ])
    await setFirst(own?.sealed ?? null)
    await post(`/${id}/retry`)
    expect(await until(id, 'finished')).toMatchObject({ done: 2, failed: 0 })
    expect(await progress(id)).toMatchObject({ issuer: null, operator: 'developer' })
  })
})
