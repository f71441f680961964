/** Campaigns that queue a command for many cards. */
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { workOn } from '../src/campaigns/chunk.js'
import { chunkJobs, EXPIRY_SECONDS } from '../src/campaigns/jobs.js'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import type { CardLedger } from '../src/ledger/model.js'
import { campaignRoutes } from '../src/routes/campaigns.js'
import { MasterKey } from '../src/wrap.js'
import { campaignClient, entriesOf, startNode } from './support/campaigns.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database, address } = useDatabase()
let server: TestServer
const { post, make, progress, result, until } = campaignClient(() => server)
const masterKey = new MasterKey(new Uint8Array(32))

beforeAll(async () => {
  await loadDemoIssuer(database(), masterKey)
  server = await testServer(database(), [campaignRoutes])
})

const RAISE = {
  kind: 'queue',
  issuer: 'demo-pboc',
  command: { type: 'put-data', tag: '9F58', value: '05' },
  reason: 'limits of 2026',
} as const

let nextPan = 0
const freshPan = () => `62280001${String(nextPan++).padStart(8, '0')}`
/** Lines with cards that nobody has named yet. */
const lines = (count: number) => Array.from({ length: count }, () => ({ pan: freshPan(), panSequence: '01' }))
const started = async (settings: object, own: readonly object[]) => {
  const id = await make(settings, own)
  await post(`/${id}/start`)
  return id
}
const firstCard = async (campaign: string) => (await result(campaign))[0]?.['card']
const numbers = (campaign: string, count: number) => Array.from({ length: count }, (_, i) => `${campaign}.${i + 1}`)
const setTemplates = async (templates: readonly string[]) =>
  database()
    .updateTable('issuer')
    .set({ profile: JSON.stringify({ family: 'unionpay', scheme: 'pboc', delivery: { templates } }) })
    .where('id', '=', 'demo-pboc')
    .execute()

test('two nodes share a campaign, and each line is done once', async () => {
  const errors = [startNode(address()), startNode(address())]
  const id = await make(RAISE, lines(205))
  expect(await progress(id)).toMatchObject({ state: 'open', total: 205, waiting: 205, chunks: { total: 2, done: 0 } })
  expect((await post(`/${id}/start`)).body).toMatchObject({ state: 'running' })
  expect(await until(id, 'finished')).toMatchObject({
    ...{ waiting: 0, done: 205, failed: 0, invalid: 0 },
    chunks: { total: 2, done: 2 },
  })
  expect(await entriesOf(database(), id)).toEqual(numbers(id, 205))
  const told = await result(id)
  expect(told.map(({ line }) => line)).toEqual(Array.from({ length: 205 }, (_, i) => i + 1))
  expect(told[6]).toEqual({ line: 7, state: 'done', card: expect.any(String), entry: `${id}.7` })
  expect(await result(id, '?after=203&state=done')).toHaveLength(2)
  expect(errors).toEqual([[], []])
})

test('a line queues what the campaign says, or what it says itself, for the card it names', async () => {
  startNode(address())
  const pan = freshPan()
  const first = await started(RAISE, [{ pan, panSequence: '01', id: 'customer 17' }])
  await until(first, 'finished')
  const card = await firstCard(first)
  const own = { type: 'update-record', sfi: 2, record: 1, value: 'AB' }
  const second = await started({ ...RAISE, id: 'spring', priority: 7 }, [{ card }, { ...lines(1)[0], command: own }])
  await until(second, 'finished')
  expect(await result(first)).toEqual([{ line: 1, id: 'customer 17', state: 'done', card, entry: `${first}.1` }])
  const [one, other] = await result('spring')
  expect(one).toEqual({ line: 1, state: 'done', card, entry: 'spring.1', superseded: [`${first}.1`] })
  const intentOf = async (line: typeof one) => {
    const query = database().selectFrom('card_ledger').select('body').where('card', '=', `${line?.['card']}`)
    return ((await query.executeTakeFirstOrThrow()).body as CardLedger).entries.at(-1)
  }
  const common = { operator: 'developer', reason: 'limits of 2026', priority: 7, state: 'pending' }
  expect(await intentOf(one)).toMatchObject({ ...common, intent: { type: 'put-data', tag: '9F58', value: '05' } })
  expect(await intentOf(other)).toMatchObject({ ...common, intent: { type: 'update-record', sfi: 2, record: 1 } })
})

test('a card is named once, by whatever name', async () => {
  const [line] = lines(1)
  const id = await make(RAISE, [{ ...line }, { ...line, id: 'again' }])
  const card = await firstCard(id)
  await post(`/${id}/lines`, `${JSON.stringify({ card })}\n`)
  expect(await result(id)).toMatchObject([
    { state: 'waiting', card },
    { id: 'again', state: 'invalid', error: { code: 'ERR_CAMPAIGN_CARD' } },
    { state: 'invalid', error: { code: 'ERR_CAMPAIGN_CARD' } },
  ])
})

test('bad lines are lines of the result, and are not tried again', async () => {
  startNode(address())
  const pan = freshPan()
  const bad: readonly [text: string, code: string][] = [
    ['{"pan":"1234"}', 'ERR_PAN'],
    [`{"pan":"${pan}","panSequence":"1"}`, 'ERR_PAN_SEQUENCE'],
    [`{"pan":"${pan}","application":"A00000"}`, 'ERR_BODY'],
    ['{"card":"8d2e5d4e-0000-4000-8000-000000000000"}', 'ERR_NOT_FOUND'],
    ['{}', 'ERR_BODY'],
    ['[]', 'ERR_BODY'],
    ['{"pan":', 'ERR_BODY'],
    [`{"pan":"${pan}","pan":"${pan}"}`, 'ERR_BODY'],
    [`{"pan":"${pan}","card":"x"}`, 'ERR_BODY'],
    [`{"${pan}":1}`, 'ERR_BODY'],
    [`{"pan":"${pan}","id":"${pan}"}`, 'ERR_BODY'],
    [`{"pan":"${pan}","id":"a\\u0000b"}`, 'ERR_BODY'],
    [`{"pan":"${pan}","command":{"type":"put-data","tag":"9F58"}}`, 'ERR_BODY'],
    [`{"pan":"${pan}","command":{"type":"put-data","tag":"9F","value":"01"}}`, 'ERR_TAG'],
    [`{"pan":"${pan}","command":{"type":"pin-change","newPin":"1234"}}`, 'ERR_CAMPAIGN_COMMAND'],
    [`{"pan":"${pan}","id":"${'x'.repeat(65_536)}"}`, 'ERR_BODY_TOO_LARGE'],
    ['\u0000', 'ERR_BODY'],
  ]
  const id = await make(RAISE, [])
  const text = bad.map(([line]) => `${line}\n`).join('\n \r\n')
  expect((await post(`/${id}/lines`, `${text}{"pan":"${pan}"}`)).body).toEqual({ lines: bad.length + 1 })
  await post(`/${id}/start`)
  expect(await until(id, 'finished')).toMatchObject({ done: 1, invalid: bad.length, failed: 0 })
  const told = await result(id, '?state=invalid')
  expect(told.map(({ line, error }) => [line, (error as { code: string }).code])).toEqual(
    bad.map(([, code], i) => [i + 1, code]),
  )
  expect((await post(`/${id}/retry`)).body).toMatchObject({ state: 'finished', invalid: bad.length })
})

test('no PAN and nothing of one is in any table', async () => {
  const { rows } = await sql<{ name: string }>`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_schema in ('public', 'pgboss') and table_type = 'BASE TABLE'`.execute(database())
  expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['public.campaign_line', 'pgboss.job']))
  const texts = await Promise.all(
    rows.map(
      async ({ name }) =>
        (await sql<{ row: string }>`select t::text as row from ${sql.raw(name)} t`.execute(database())).rows,
    ),
  )
  const all = texts.flat().map(({ row }) => row)
  expect(all.length).toBeGreaterThan(200)
  expect(all.filter((text) => text.includes('62280001'))).toEqual([])
})

describe('a campaign', () => {
  test('that is paused stays as it is until it is resumed', async () => {
    const id = await started(RAISE, lines(3))
    expect((await post(`/${id}/pause`)).body).toMatchObject({ state: 'paused', waiting: 3 })
    startNode(address())
    await expect
      .poll(async () => (await sql`select 1 from pgboss.job where state < 'completed'`.execute(database())).rows)
      .toEqual([])
    expect(await progress(id)).toMatchObject({ state: 'paused', waiting: 3, done: 0 })
    await post(`/${id}/resume`)
    expect(await until(id, 'finished')).toMatchObject({ done: 3 })
    expect(await entriesOf(database(), id)).toEqual(numbers(id, 3))
  })

  test('tries again what failed, once the reason is gone', async () => {
    startNode(address())
    const id = await started({ ...RAISE, template: '71' }, lines(2))
    expect(await until(id, 'finished')).toMatchObject({ done: 0, failed: 2 })
    expect(await result(id)).toMatchObject([{ state: 'failed', error: { code: 'ERR_SCRIPT_OPTION' } }, { line: 2 }])
    await setTemplates(['71', '72'])
    expect((await post(`/${id}/retry`)).body).toMatchObject({ state: 'running', failed: 0, waiting: 2 })
    expect(await until(id, 'finished')).toMatchObject({ done: 2, failed: 0 })
    expect(await entriesOf(database(), id)).toEqual(numbers(id, 2))
  })

  test('that is paused and tries again stays paused', async () => {
    await setTemplates(['72'])
    startNode(address())
    const id = await started({ ...RAISE, template: '71' }, lines(1))
    expect(await until(id, 'finished')).toMatchObject({ failed: 1 })
    await database().updateTable('campaign').set({ state: 'paused' }).where('id', '=', id).execute()
    expect((await post(`/${id}/retry`)).body).toMatchObject({ state: 'paused', failed: 0, waiting: 1 })
  })

  test('that is cancelled does nothing more, and says which lines it did not do', async () => {
    const id = await started(RAISE, lines(2))
    expect((await post(`/${id}/cancel`)).body).toMatchObject({ state: 'cancelled', waiting: 2 })
    startNode(address())
    await expect
      .poll(async () => (await sql`select 1 from pgboss.job where state < 'completed'`.execute(database())).rows)
      .toEqual([])
    expect(await result(id)).toMatchObject([
      { line: 1, state: 'cancelled' },
      { line: 2, state: 'cancelled' },
    ])
    expect(await entriesOf(database(), id)).toEqual([])
  })

  test.each([
    ['open', ['pause', 'resume', 'retry']],
    ['running', ['start', 'resume']],
    ['paused', ['start', 'pause']],
    ['cancelled', ['start', 'pause', 'resume', 'retry', 'cancel']],
  ])('that is %s refuses %s', async (state, changes) => {
    const id = await make(RAISE, lines(1))
    await database()
      .updateTable('campaign')
      .set({ state: state as 'open' })
      .where('id', '=', id)
      .execute()
    for (const change of changes) {
      const { status, body } = await post(`/${id}/${change}`)
      expect([change, status, body.code]).toEqual([change, 409, 'ERR_CAMPAIGN_STATE'])
    }
    expect(await progress(id)).toMatchObject({ state })
  })

  test('that is finished refuses start, pause, resume and cancel', async () => {
    startNode(address())
    const id = await started(RAISE, lines(1))
    await until(id, 'finished')
    for (const change of ['start', 'pause', 'resume', 'cancel']) {
      expect([change, (await post(`/${id}/${change}`)).status]).toEqual([change, 409])
    }
  })
})

describe('what a node leaves', () => {
  const context = () => ({ database: database(), masterKey, keys: localKeyService(database(), masterKey) })
  const options = { now: Date.now, isOver: () => false, onError: () => {} }

  test('is taken over when the time of its job is over', async () => {
    const id = await started(RAISE, lines(4))
    const jobs = await chunkJobs(database())
    const job = await jobs.take()
    expect(job).toMatchObject({ campaign: id, chunk: 0 })
    startNode(address())
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(await progress(id)).toMatchObject({ waiting: 4 })
    await sql`update pgboss.job set started_on = now() - make_interval(secs => ${EXPIRY_SECONDS})
      where state = 'active'`.execute(database())
    expect(await until(id, 'finished')).toMatchObject({ done: 4 })
    // And should it live after all, it finds nothing left to do.
    expect(await workOn(context(), job ?? { campaign: '', chunk: 0, round: 0 }, options)).toBe(true)
    expect(await entriesOf(database(), id)).toEqual(numbers(id, 4))
  })

  test('is done once, although two work on it', async () => {
    const id = await started(RAISE, lines(30))
    const chunk = { campaign: id, chunk: 0, round: 1 }
    await Promise.all([workOn(context(), chunk, options), workOn(context(), chunk, options)])
    expect(await progress(id)).toMatchObject({ state: 'finished', done: 30 })
    expect(await entriesOf(database(), id)).toEqual(numbers(id, 30))
  })

  test('of an earlier round is not touched', async () => {
    const id = await started(RAISE, lines(1))
    expect(await workOn(context(), { campaign: id, chunk: 0, round: 0 }, options)).toBe(true)
    expect(await progress(id)).toMatchObject({ waiting: 1 })
  })

  test('when its time is up goes to whoever is next', async () => {
    const errors = startNode(address(), { slice: -1 })
    const id = await started(RAISE, lines(1))
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(await progress(id)).toMatchObject({ state: 'running', waiting: 1 })
    startNode(address())
    expect(await until(id, 'finished')).toMatchObject({ done: 1 })
    expect(errors).toEqual([])
  })

  test('fails when its card is stopped, and says so', async () => {
    startNode(address())
    const id = await make(RAISE, lines(1))
    const card = await firstCard(id)
    await database().updateTable('card_ledger').set({ stopped: 'for a test' }).where('card', '=', `${card}`).execute()
    await post(`/${id}/start`)
    expect(await until(id, 'finished')).toMatchObject({ failed: 1 })
    expect(await result(id)).toMatchObject([{ error: { code: 'ERR_LEDGER' } }])
  })
})
