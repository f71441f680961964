import { request } from 'node:http'
import { connect } from 'node:net'
import { IssuerkitError } from '@issuerkit/apdu'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../src/database.js'
import { HostError } from '../src/errors.js'
import { strictFault } from '../src/json-body.js'
import { openObject } from '../src/validation.js'
import { useDatabase } from './support/database.js'
import { ECHO_BODY, echo, failing, type TestServer, testServer } from './support/server.js'

const db = useDatabase()
let server: TestServer
beforeAll(async () => {
  server = await testServer(db.database(), [echo])
})
afterAll(() => server.app.close())

const JSON_TYPE = { 'content-type': 'application/json' }
const post = (payload: string | Buffer, headers: Record<string, string> = JSON_TYPE, url = '/v1/echo') =>
  server.send({ method: 'POST', url, headers, payload })

describe('a body', () => {
  test('that fits its schema arrives as it was sent', async () => {
    const answer = await post('{"text":"00FF","count":3,"list":[{"a":true},{"a":false}]}')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({
      body: { text: '00FF', count: 3, list: [{ a: true }, { a: false }] },
      query: {},
      subject: 'developer',
    })
  })

  test.each([
    ['an unknown field', '{"text":"00","more":1}', '/more'],
    ['an unknown field further in', '{"text":"00","list":[{"a":true,"b":1}]}', '/list/0/b'],
    ['a number for text', '{"text":12}', '/text'],
    ['text for a number', '{"text":"00","count":"5"}', '/count'],
    ['a fraction for an integer', '{"text":"00","count":5.5}', '/count'],
    ['a list for text', '{"text":["AB"]}', '/text'],
    ['text for a list', '{"text":"00","list":"AB"}', '/list'],
    ['null for text', '{"text":null}', '/text'],
    ['a number for a truth', '{"text":"00","list":[{"a":1}]}', '/list/0/a'],
    ['a missing field', '{}', ''],
    ['text too long', '{"text":"00112233445566778"}', '/text'],
    ['a newline in hexadecimal', '{"text":"00\\n"}', '/text'],
    ['a lone surrogate', '{"text":"\\ud800"}', '/text'],
    ['a list', '[]', ''],
    ['text', '"00"', ''],
    ['null', 'null', ''],
  ])('with %s is refused', async (_what, payload, label) => {
    const answer = await post(payload)
    expect(answer.statusCode).toBe(400)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(answer.json()).toMatchObject({ code: 'ERR_BODY', status: 400, title: 'Bad Request', label })
  })

  test.each([
    ['nothing', ''],
    ['half of it', '{"text":'],
    ['a key twice', '{"text":"00","text":"FF"}'],
    ['a key twice, once escaped', '{"text":"00","te\\u0078t":"FF"}'],
    ['a key twice further in', '{"text":"00","list":[{"a":true , "a" :true}]}'],
    ['__proto__', '{"text":"00","__proto__":{"x":1}}'],
    ['constructor.prototype', '{"text":"00","constructor":{"prototype":{"x":1}}}'],
    ['nesting without end', `{"text":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    ['a byte order mark', '\ufeff{"text":"00"}'],
    ['a comment', '{"text":"00"}//'],
    ['two values', '{"text":"00"}{}'],
    ['NaN', '{"text":"00","count":NaN}'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('of %s is no strict JSON', async (_what, payload) => {
    const answer = await post(payload)
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'ERR_BODY' })
  })

  test('may have 64 KB and no more', async () => {
    const around = (length: number) => `{"text":"00"${' '.repeat(length - 13)}}`
    expect((await post(around(65_536))).statusCode).toBe(200)
    const answer = await post(around(65_537))
    expect(answer.json()).toMatchObject({ code: 'ERR_BODY_TOO_LARGE', status: 413 })
  })

  test.each([
    ['application/json', 200],
    ['APPLICATION/JSON', 200],
    ['application/json; charset=utf-8', 200],
    ['application/json;charset="UTF-8"', 200],
    ['application/json; charset=latin1', 415],
    ['application/json; charset=utf-16', 415],
    ['application/json;', 415],
    ['application/json; ', 415],
    ['application/json;;', 415],
    ['application/json; charset=utf-8; x=y', 415],
    ['application/json, text/plain', 415],
    ['application/json x', 415],
    ['application/json\tx', 415],
    ['application/json\t', 415],
    ['application/json+', 415],
    ['application/jsonx', 415],
    ['application/problem+json', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['text/plain', 415],
    ['text/json', 415],
    ['json', 415],
    ['*/*', 415],
    ['application/*', 415],
    ['application / json', 415],
    ['', 415],
  ])('declared as "%s" gives %i', async (type, status) => {
    const answer = await post('{"text":"00"}', { 'content-type': type })
    expect(answer.statusCode).toBe(status)
    if (status === 415) expect(answer.json()).toMatchObject({ code: 'ERR_CONTENT_TYPE' })
  })
})

describe('a query string', () => {
  test('is converted, being text', async () => {
    const answer = await post('{"text":"00"}', JSON_TYPE, '/v1/echo?explain=true')
    expect(answer.json()).toMatchObject({ query: { explain: true } })
  })

  test.each(['explain=yes', 'explain=true&explain=false', 'more=1', '__proto__=1'])('%s is refused', async (query) => {
    const answer = await post('{"text":"00"}', JSON_TYPE, `/v1/echo?${query}`)
    expect(answer.json()).toMatchObject({ code: 'ERR_QUERY', status: 400 })
  })
})

describe('an error', () => {
  const SECRET = '6228480012345678901'
  const fail = async (error: unknown) => {
    const failingServer = await testServer(db.database(), [failing(error)])
    const answer = await failingServer.send({ url: '/v1/fail' })
    await failingServer.app.close()
    return { answer, log: failingServer.log.join('') }
  }

  test('of the packages is told with its place', async () => {
    const details = { label: 'tag 9F10', expected: '7 bytes', got: '6 bytes', path: ['77', '9F10'], offset: 12 }
    const { answer } = await fail(new IssuerkitError('ERR_TLV', details))
    expect(answer.json()).toEqual({
      title: 'Bad Request',
      status: 400,
      detail: 'A BER-TLV structure is malformed: cut short, a bad length, trailing bytes, nested too deep.',
      code: 'ERR_TLV',
      ...details,
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
  })

  test.each([
    ['an unknown one', new Error(SECRET)],
    ['one of the database', Object.assign(new Error(`Key (pan)=(${SECRET})`), { code: '23505', detail: SECRET })],
    ['one with a status of its own', Object.assign(new Error(SECRET), { statusCode: 599 })],
    ['one of the packages that no request can be blamed for', new IssuerkitError('ERR_KEY_DESTROYED', { got: SECRET })],
    ['one of the host', new HostError('ERR_KEY_UNWRAP', SECRET)],
    ['something thrown that is no error', SECRET],
  ])('%s gives nothing away, in the answer or in the log', async (_what, error) => {
    const { answer, log } = await fail(error)
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({
      code: 'ERR_INTERNAL',
      detail: 'The host failed; its log has the request id.',
    })
    expect(answer.body + log).not.toContain(SECRET)
    expect(log).toContain(answer.json().requestId)
  })

  test('that will pass asks to come again', async () => {
    const { answer } = await fail(Object.assign(new Error(SECRET), { code: 'ECONNREFUSED' }))
    expect(answer.json()).toMatchObject({ code: 'ERR_UNAVAILABLE', status: 503 })
    expect(answer.headers['retry-after']).toBe('1')
  })

  test.each(['/nowhere', '/v1/nowhere', '/v1/echo'])('GET %s is not found', async (url) => {
    expect((await server.send({ url })).json()).toMatchObject({ code: 'ERR_NOT_FOUND', status: 404 })
  })

  test('an address that does not decode is refused', async () => {
    expect((await server.send({ url: '/v1/%zz' })).json()).toMatchObject({ code: 'ERR_QUERY', status: 400 })
  })
})

describe('over a socket', () => {
  const listen = async () => {
    await server.app.listen({ port: 0, host: '127.0.0.1' })
    const address = server.app.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  test('what is no HTTP is answered and hung up on; a wrong length is no body', async () => {
    const port = await listen()
    const text = await new Promise<string>((resolve, reject) => {
      let received = ''
      const socket = connect(port, '127.0.0.1', () => socket.write('HELLO\r\n\r\n'))
      socket.on('data', (chunk) => (received += chunk)).on('error', reject)
      socket.on('close', () => resolve(received))
    })
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(JSON.parse(text.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'ERR_HTTP', status: 400 })
    const headers = { authorization: `Bearer ${server.access.token}`, ...JSON_TYPE, 'content-encoding': 'gzip' }
    const status = await new Promise((resolve) => {
      request({ port, path: '/v1/echo', method: 'POST', headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      }).end(Buffer.from([0x1f, 0x8b, 8, 0]))
    })
    expect(status).toBe(400)
  })
})

test.each([undefined, null, 'text', {}, { type: 'string' }, { type: 'object', additionalProperties: false }])(
  'the schema %j lets no unknown field through',
  (schema) => {
    expect(openObject(schema)).toBeUndefined()
  },
)

describe('a server is not built', () => {
  test('with a route that names no scope', async () => {
    const open = testServer(db.database(), [(app) => void app.get('/v1/open', async () => 'x')])
    await expect(open).rejects.toThrow('/v1/open names no scope')
  })

  test('with a body that lets unknown fields through', async () => {
    const config = { scope: 'verify:oda' } as const
    const loose = { ...ECHO_BODY, properties: { in: { type: 'array', items: { type: 'object' } } } }
    const open = testServer(db.database(), [
      (app) => void app.post('/v1/x', { schema: { body: loose }, config }, async () => ''),
    ])
    await expect(open).rejects.toThrow('at /properties/in/items')
  })
})

test('health tells whether the process and the database answer, without a token', async () => {
  for (const url of ['/health/live', '/health/ready']) {
    expect((await server.app.inject({ url })).json()).toEqual({ status: 'ok' })
  }
  const gone = openDatabase({ address: { connectionString: 'postgres://127.0.0.1:1/none' } })
  const lonely = await testServer(gone, [])
  expect((await lonely.app.inject({ url: '/health/live' })).statusCode).toBe(200)
  expect((await lonely.app.inject({ url: '/health/ready' })).json()).toMatchObject({ code: 'ERR_UNAVAILABLE' })
  await lonely.app.close()
  await gone.destroy()
})

test('the interface is described, and the page about it fetches nothing from elsewhere', async () => {
  const description = (await server.app.inject({ url: '/openapi.json' })).json()
  expect(description.openapi).toBe('3.1.0')
  expect(Object.keys(description.paths)).toEqual(['/metrics', '/health/live', '/health/ready', '/v1/echo'])
  expect(description.paths['/v1/echo'].post.requestBody.content['application/json'].schema.required).toEqual(['text'])
  expect(description.paths['/health/live'].get.security).toEqual([])
  const page = await server.app.inject({ url: '/docs/' })
  expect(page.statusCode).toBe(200)
  expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//)
  expect(page.headers['content-security-policy']).toMatch(/default-src 'self'/)
  expect(page.headers['content-security-policy']).not.toMatch(/https?:|swagger/)
  expect(page.body).not.toMatch(/<script>/)
})

test('every answer has the headers that browsers heed', async () => {
  const { headers } = await server.app.inject({ url: '/health/live' })
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' })
  expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests')
})

test('the log has a line for each request, and nothing of what was sent', async () => {
  server.log.length = 0
  await post('{"text":"00","PAN6228":1}', { ...JSON_TYPE, 'x-pin': 'PIN4711' }, '/v1/echo?ARQC99=1')
  await server.send({ url: '/elsewhere/TRACK2' })
  const lines = server.log.map((line) => JSON.parse(line))
  expect(lines).toMatchObject([
    { method: 'POST', route: '/v1/echo', status: 400, msg: 'request', reqId: expect.any(String) },
    { method: 'GET', route: '-', status: 404 },
  ])
  expect(server.log.join('')).not.toMatch(/PAN6228|PIN4711|ARQC99|TRACK2|eyJ|127\.0\.0\.1/)
})

test('the log lets only known fields and no text of an error through', () => {
  server.log.length = 0
  server.app.log.error(new Error('PAN6228'))
  server.app.log.error({ err: new Error('PAN6228'), pan: 'PAN6228', body: { pan: 'PAN6228' } })
  server.app.log.warn({ err: 'PAN6228' }, 'said')
  expect(server.log.map((line) => JSON.parse(line))).toMatchObject([
    { msg: 'error', err: { type: 'Error', message: '' } },
    { msg: 'error', err: { stack: expect.stringContaining('at ') } },
    { msg: 'said', err: { type: 'string' } },
  ])
  expect(server.log.join('')).not.toContain('PAN6228')
})

test('looking for keys that stand twice takes time in proportion to the text', () => {
  const begun = performance.now()
  expect(strictFault(`{"a":"${'\\\\'.repeat(2_000_000)}"}`)).toBeUndefined()
  expect(strictFault(`[${'{"k":"v"},'.repeat(100_000)}{}]`)).toBeUndefined()
  expect(performance.now() - begun).toBeLessThan(2_000)
})
