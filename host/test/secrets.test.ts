/** Every route, with errors and explanations, driven with marked secrets; then every output is searched for the marks. */
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { EXAMPLES, type ExampleRequest, replacingTexts, requestOf } from './support/requests.js'
import { failing, type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let server: TestServer
const answers: { readonly route: string; readonly status: number; readonly text: string }[] = []

/** What nobody may see anywhere: the demo issuer's keys, the card key of the published example, key components. */
const KEYS = [
  'F0C34A8124CEE0A91A0B034AA97D6EAC',
  '12B1AC4AF070CC35612BFE2D30AB600D',
  'D30F45EABC12AC3EF56B0C0D7F8654DE',
  'D4102725E6E5AD32',
  '0123456789ABCDEF1032547698BADCFE',
  '5B2F9A0C7711E84D3C6A90D25E08F1B7',
]
const PAN = '6228000100001'
/** As a value of every field in turn: as long as a key, with digits as a PAN has and letters that no field has. */
const MARKS = ['MARKED5E1F00D5E1F00D5E1F00D5E1F0', '5E1F00D5E1F00D5E1F00D5E1F00D5E1F', '9195919591959195', '1']
const HEADERS = {
  'x-forwarded-for': '203.0.113.77',
  'x-forwarded-host': 'MARKEDhost',
  'x-pin': 'MARKEDpin',
  cookie: 'MARKEDcookie',
}

const isCampaign = (body: unknown, id: string) =>
  typeof body === 'object' && body !== null && 'id' in body && 'kind' in body && body.id === id

beforeAll(async () => {
  await loadDemoIssuer(database(), new MasterKey(new Uint8Array(32)))
  const generous = { perCard: 100_000, perSubject: 100_000 }
  const broken = failing(new Error(`MARKED ${KEYS[0]} ${PAN}`))
  server = await testServer(database(), [...ROUTES, broken], 'debug', { limits: { failures: generous } })
  const send = async (example: ExampleRequest, query: string, body = example.body, headers: object = HEADERS) => {
    const request = requestOf(example, body)
    const answer = await server.send({
      ...request,
      url: `${request.url as string}${query}`,
      headers: { ...request.headers, ...headers },
    })
    answers.push({
      route: example.route,
      status: answer.statusCode,
      text: answer.body + JSON.stringify(answer.headers),
    })
  }
  for (const example of EXAMPLES) {
    for (const query of ['', '?explain=true', '?MARKED=MARKED']) await send(example, query)
    await send(example, '', example.body, { ...HEADERS, authorization: 'Bearer MARKED.MARKED.MARKED' })
    for (const mark of MARKS) {
      // The id of a new issuer or campaign is anything that an id may be, and is no secret.
      const spoiled = example.route === 'POST /v1/issuers' ? [] : replacingTexts(example.body, mark)
      for (const body of spoiled) if (!isCampaign(body, mark)) await send(example, '?explain=true', body)
      if (typeof example.body === 'object') await send(example, '', { ...example.body, secret: mark })
    }
  }
  for (const url of [
    '/v1/fail',
    '/v1/audit',
    '/v1/audit/head',
    '/v1/keys',
    '/v1/keys/MARKED',
    '/MARKED/9195919591959195',
    '/metrics',
  ]) {
    await send({ route: url, method: 'GET', url }, '')
  }
  await server.app.close()
})

const find = (text: string, marks: readonly string[]) =>
  marks.filter((mark) => text.toUpperCase().includes(mark.toUpperCase()))
const token = () => server.access.token
const dump = async (table: string) =>
  (await sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.table(table)} t`.execute(database())).rows
    .map(({ row }) => row)
    .join('\n')

test('every route was driven, with good and with bad ends', () => {
  for (const { route } of EXAMPLES) {
    const statuses = answers.filter((answer) => answer.route === route).map(({ status }) => status)
    expect([route, statuses.some((status) => status < 300), statuses.some((status) => status >= 400)]).toEqual([
      route,
      true,
      true,
    ])
  }
  expect(answers.find(({ route }) => route === '/v1/fail')).toMatchObject({ status: 500 })
})

test('no answer holds a key or the token', () => {
  const found = answers
    .map(({ route, text }) => [route, ...find(text, [...KEYS, token()])])
    .filter(({ length }) => length > 1)
  expect(found).toEqual([])
})

test('no error repeats what was sent', () => {
  const errors = answers.filter(({ status }) => status >= 400)
  expect(errors.length).toBeGreaterThan(100)
  const marks = [
    ...MARKS.filter((mark) => mark.length > 1),
    PAN,
    'MARKEDhost',
    'MARKEDpin',
    'MARKEDcookie',
    '203.0.113.77',
  ]
  const found = errors
    .map(({ route, status, text }) => [route, status, text, ...find(text, marks)])
    .filter(({ length }) => length > 3)
  expect(found).toEqual([])
})

test('the log, the metrics and the audit trail hold nothing of a request', async () => {
  const metrics = answers.find(({ route }) => route === '/metrics')?.text ?? ''
  const audit = `${await dump('audit_entry')}${await dump('audit_signed_head')}${await dump('audit_key')}`
  expect(server.log.length).toBeGreaterThan(100)
  expect(metrics).toContain('issuerkit_requests_total')
  expect(audit).toContain('cryptogram-verify')
  const marks = [...KEYS, ...MARKS.filter((mark) => mark.length > 1), PAN, token(), 'MARKED', '203.0.113.77']
  expect(find(server.log.join(''), marks)).toEqual([])
  expect(find(metrics, marks)).toEqual([])
  expect(find(audit, marks)).toEqual([])
})

test('no table holds a key or a PAN in clear', async () => {
  const tables = (await database().introspection.getTables()).map(({ schema, name }) => `${schema}.${name}`)
  expect(tables).toEqual(expect.arrayContaining(['public.issuer_key', 'pgboss.job']))
  for (const table of tables) expect([table, find(await dump(table), [...KEYS, PAN, token()])]).toEqual([table, []])
})
