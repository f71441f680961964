/** The routes of campaigns: who may ask what, and what is refused. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Scope } from '../src/access/scopes.js'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { campaignRoutes } from '../src/routes/campaigns.js'
import { buildServer } from '../src/server.js'
import { MasterKey } from '../src/wrap.js'
import { campaignClient } from './support/campaigns.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let server: TestServer
const { post, make, progress, result } = campaignClient(() => server)
const masterKey = new MasterKey(new Uint8Array(32))
beforeAll(async () => {
  await loadDemoIssuer(database(), masterKey)
  server = await testServer(database(), [campaignRoutes])
})

const QUEUE = { kind: 'queue', issuer: 'demo-pboc', command: { type: 'card-block' }, reason: 'lost' } as const
const ODA = { kind: 'oda' } as const
const LINE = '{"pan":"6228000100001234"}\n'

describe('POST /v1/campaigns', () => {
  test.each<[string, object, number, string]>([
    ['no kind', { issuer: 'demo-pboc' }, 400, 'ERR_BODY'],
    ['another kind', { kind: 'delete' }, 400, 'ERR_BODY'],
    ['an unknown field', { ...QUEUE, pin: '1234' }, 400, 'ERR_BODY'],
    ['fields of the other kind', { ...ODA, reason: 'x' }, 400, 'ERR_BODY'],
    ['no reason', { ...QUEUE, reason: '' }, 400, 'ERR_BODY'],
    ['a date that is none', { ...ODA, transactionDate: '2022' }, 400, 'ERR_BODY'],
    ['an id that holds a PAN', { ...QUEUE, id: 'for-6228000100001234' }, 400, 'ERR_BODY'],
    ['an id that is too long', { ...ODA, id: 'x'.repeat(49) }, 400, 'ERR_BODY'],
    ['an id with a space', { ...ODA, id: 'a b' }, 400, 'ERR_BODY'],
    ['an unknown issuer', { ...QUEUE, issuer: 'nobody' }, 404, 'ERR_NOT_FOUND'],
    ['a PIN in the clear', { ...QUEUE, command: { type: 'pin-change', newPin: '1234' } }, 422, 'ERR_CAMPAIGN_COMMAND'],
    [
      'a PIN block',
      { ...QUEUE, command: { type: 'pin-change', newPin: { key: 'k', format: 0, block: '0'.repeat(16) } } },
      422,
      'ERR_CAMPAIGN_COMMAND',
    ],
    ['a tag that is none', { ...QUEUE, command: { type: 'put-data', tag: '9F', value: '01' } }, 400, 'ERR_TAG'],
    ['a time that is none', { ...QUEUE, earliest: '2026-02-30T00:00:00Z' }, 422, 'ERR_SCRIPT_OPTION'],
  ])('refuses %s', async (_what, body, status, code) => {
    expect(await post('', body)).toMatchObject({ status, body: { code } })
  })

  test('makes an open campaign, and none of the same id again', async () => {
    expect(await post('', { ...QUEUE, id: 'mine' })).toEqual({
      status: 201,
      body: {
        ...{ campaign: 'mine', kind: 'queue', issuer: 'demo-pboc', operator: 'developer', state: 'open' },
        ...{ created: expect.stringMatching(/Z$/), total: 0, waiting: 0, done: 0, failed: 0, invalid: 0 },
        chunks: { total: 0, done: 0 },
      },
    })
    expect(await post('', { ...QUEUE, id: 'mine' })).toMatchObject({
      status: 409,
      body: { code: 'ERR_CAMPAIGN_EXISTS' },
    })
  })

  test('once for an Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'again' }
    const first = await post('', ODA, headers)
    expect(await post('', ODA, headers)).toEqual(first)
    expect((await post('', ODA)).body.campaign).not.toBe(first.body.campaign)
  })
})

describe('lines', () => {
  test('go on where an upload was cut off', async () => {
    const id = await make(ODA, [{}, {}])
    expect(await post(`/${id}/lines?from=2`, '{}\n')).toMatchObject({
      status: 409,
      body: { code: 'ERR_CAMPAIGN_STATE' },
    })
    expect(await post(`/${id}/lines?from=4`, '{}\n')).toMatchObject({ status: 409 })
    expect(await post(`/${id}/lines?from=3`, '{}\n')).toEqual({ status: 200, body: { lines: 3 } })
    expect(await progress(id)).toMatchObject({ total: 3, waiting: 3 })
  })

  test('are not taken from two sides at once', async () => {
    const id = await make(ODA, [])
    const many = '{}\n'.repeat(450)
    const answers = await Promise.all([post(`/${id}/lines?from=1`, many), post(`/${id}/lines?from=1`, many)])
    const { total } = await progress(id)
    expect(answers.map(({ status }) => status)).toContain(409)
    expect((await result(id)).map(({ line }) => line)).toEqual(Array.from({ length: total }, (_, i) => i + 1))
  })

  test('are not taken any more after the start', async () => {
    const id = await make(ODA, [{}])
    await post(`/${id}/start`)
    expect(await post(`/${id}/lines`, '{}\n')).toMatchObject({ status: 409, body: { code: 'ERR_CAMPAIGN_STATE' } })
  })

  test('are a million at most', async () => {
    const id = await make(ODA, [])
    await database().updateTable('campaign').set({ lines: 999_999 }).where('id', '=', id).execute()
    expect(await post(`/${id}/lines`, '{}\n{}\n')).toMatchObject({ status: 413, body: { code: 'ERR_CAMPAIGN_SIZE' } })
    expect(await post(`/${id}/lines`, '{}\n')).toEqual({ status: 200, body: { lines: 1_000_000 } })
  })

  test.each<[string, string, Record<string, string>, number, string]>([
    ['JSON', '', { 'content-type': 'application/json' }, 415, 'ERR_CONTENT_TYPE'],
    ['from 0', '?from=0', {}, 400, 'ERR_QUERY'],
    ['an unknown question', '?pan=1', {}, 400, 'ERR_QUERY'],
    ['no token', '', { authorization: 'Bearer x' }, 401, 'ERR_UNAUTHORIZED'],
  ])('as %s are refused', async (_what, query, headers, status, code) => {
    const id = await make(QUEUE, [])
    expect(await post(`/${id}/lines${query}`, LINE, headers)).toMatchObject({ status, body: { code } })
    expect(await progress(id)).toMatchObject({ total: 0 })
  })

  test('without a body are refused', async () => {
    const id = await make(QUEUE, [])
    expect(await post(`/${id}/lines`)).toMatchObject({ status: 415, body: { code: 'ERR_CONTENT_TYPE' } })
  })
})

describe('a change', () => {
  test('has no body, and the campaign some lines', async () => {
    const id = await make(QUEUE, [])
    expect(await post(`/${id}/start`, { now: true })).toMatchObject({ status: 400, body: { code: 'ERR_BODY' } })
    expect(await post(`/${id}/start`)).toMatchObject({ status: 409, body: { code: 'ERR_CAMPAIGN_STATE' } })
  })

  test('happens once for an Idempotency-Key, and is audited with who asked for it', async () => {
    const id = await make(ODA, [{}])
    const headers = { 'idempotency-key': `start-${id}` }
    const first = await post(`/${id}/start`, undefined, headers)
    expect(first).toMatchObject({ status: 200, body: { state: 'running' } })
    expect(await post(`/${id}/start`, undefined, headers)).toEqual(first)
    const rows = await database()
      .selectFrom('audit_entry')
      .select('entry')
      .where('entry', 'like', `%campaign:${id}%`)
      .execute()
    const told = rows.map(({ entry }) => JSON.parse(entry) as object)
    expect(told).toEqual([
      expect.objectContaining({ action: 'campaign.create', subject: 'developer', detail: { kind: 'oda' } }),
      expect.objectContaining({ action: 'campaign.change', detail: { change: 'lines', from: 1, lines: 1 } }),
      expect.objectContaining({
        action: 'campaign.change',
        subject: 'developer',
        detail: { change: 'start', lines: 1 },
      }),
    ])
  })

  test.each(['', '/lines', '/start', '/pause', '/resume', '/retry', '/cancel'])(
    'of a campaign that there is not is refused: %s',
    async (path) => {
      const answer = path === '' ? await server.send({ url: '/v1/campaigns/none' }) : undefined
      const { status, body } =
        answer === undefined
          ? await post(`/none${path}`, path === '/lines' ? LINE : undefined)
          : { status: answer.statusCode, body: answer.json() }
      expect([status, body.code]).toEqual([404, 'ERR_NOT_FOUND'])
    },
  )
})

test.each(['?after=-1', '?after=x', '?state=cancelled', '?pan=1'])('a result %s is refused', async (query) => {
  const id = await make(ODA, [{}])
  const answer = await server.send({ url: `/v1/campaigns/${id}/result${query}` })
  expect([answer.statusCode, answer.json()]).toMatchObject([400, { code: 'ERR_QUERY' }])
})

describe('a list of campaigns', () => {
  const list = async (query = '') => {
    const { statusCode, body } = await server.send({ url: `/v1/campaigns${query}` })
    return { status: statusCode, ...JSON.parse(body) } as {
      readonly status: number
      readonly code: string
      readonly campaigns: readonly { readonly campaign: string }[]
      readonly next: string | null
    }
  }

  test('has the latest first, each as it is shown by itself, page by page', async () => {
    const made: string[] = []
    for (const settings of [ODA, QUEUE, ODA, QUEUE, ODA]) made.unshift(await make(settings, [{}]))
    const { campaigns } = await list('?limit=100')
    expect(campaigns.slice(0, 5)).toEqual(await Promise.all(made.map(progress)))
    const pages: string[] = []
    let next: string | null | undefined
    for (let page = 0; next !== null; page++) {
      const answer = await list(`?limit=2${next === undefined ? '' : `&after=${next}`}`)
      expect(answer.campaigns.length).toBe(answer.next === null ? campaigns.length - 2 * page : 2)
      pages.push(...answer.campaigns.map(({ campaign }) => campaign))
      next = answer.next
    }
    expect(pages).toEqual(campaigns.map(({ campaign }) => campaign))
  })

  test('keeps campaigns apart that were made at the same time', async () => {
    const created_at = new Date(0)
    const row = { kind: 'oda', issuer: null, state: 'open', settings: '{}', operator: 'o', created_at } as const
    await database()
      .insertInto('campaign')
      .values(['same-b', 'same-a', 'same-c'].map((id) => ({ ...row, id })))
      .execute()
    const { campaigns, next } = await list('?after=same-c&limit=1')
    expect([campaigns.map(({ campaign }) => campaign), next]).toEqual([['same-b'], 'same-b'])
    expect(await list('?after=same-b')).toMatchObject({ campaigns: [{ campaign: 'same-a' }], next: null })
    expect(await list('?after=same-a')).toMatchObject({ campaigns: [], next: null })
  })

  test.each([
    ['?after=nobody-s', 'ERR_CURSOR'],
    ['?limit=0', 'ERR_QUERY'],
    ['?limit=101', 'ERR_QUERY'],
    ['?state=open', 'ERR_QUERY'],
  ])('%s is refused', async (query, code) => expect(await list(query)).toMatchObject({ status: 400, code }))
})

describe('scopes', () => {
  const served = async (...scopes: readonly Scope[]) => {
    const keys = localKeyService(database(), masterKey)
    return buildServer({
      context: { database: database(), masterKey, keys, devMode: false },
      verifyToken: async () => ({ subject: 'somebody', scopes: new Set(scopes) }),
      routes: [campaignRoutes],
      log: { level: 'silent' },
    })
  }

  test.each<[Scope, object, object, string]>([
    ['issue:scripts', QUEUE, ODA, 'verify:oda'],
    ['verify:oda', ODA, QUEUE, 'issue:scripts'],
  ])('%s allows campaigns of its kind alone', async (scope, own, other, needed) => {
    const app = await served(scope)
    const ask = (payload: object) => app.inject({ method: 'POST', url: '/v1/campaigns', payload })
    expect((await ask(own)).statusCode).toBe(201)
    const refused = await ask(other)
    expect([refused.statusCode, refused.json()]).toMatchObject([403, { code: 'ERR_FORBIDDEN' }])
    expect(refused.json().detail).toContain(needed)
    const theirs = await make(other, [])
    const behind = await app.inject({ url: `/v1/campaigns?after=${theirs}` })
    expect([behind.statusCode, behind.json().code]).toEqual([400, 'ERR_CURSOR'])
    const listed = (await app.inject({ url: '/v1/campaigns?limit=100' })).json() as { campaigns: { kind: string }[] }
    expect(new Set(listed.campaigns.map(({ kind }) => kind))).toEqual(new Set([(own as typeof QUEUE).kind]))
    const paths = ['GET ', 'GET /result', 'POST /lines', 'POST /start', 'POST /cancel']
    for (const path of paths) {
      const [method, end] = path.split(' ')
      const lines = end === '/lines' ? { payload: LINE, headers: { 'content-type': 'application/x-ndjson' } } : {}
      const answer = await app.inject({ method: method as 'GET', url: `/v1/campaigns/${theirs}${end}`, ...lines })
      expect([path, answer.statusCode]).toEqual([path, 403])
    }
  })

  test('another scope allows none', async () => {
    const answer = await (await served('keys:admin')).inject({ url: '/v1/campaigns/x' })
    expect([answer.statusCode, answer.json().detail]).toEqual([
      403,
      'This route needs the scope issue:scripts or verify:oda.',
    ])
  })
})
