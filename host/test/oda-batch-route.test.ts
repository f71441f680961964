/** POST /v1/oda/batch: lines in, lines out, as they come. */
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { odaBatchRoutes } from '../src/routes/oda-batch.js'
import { useDatabase } from './support/database.js'
import { ECHO_BODY, echo, type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let server: TestServer
beforeAll(async () => {
  server = await testServer(database(), [odaBatchRoutes, echo])
})

const CARD = JSON.parse(
  readFileSync(new URL('../../examples/requests/oda-verify.json', import.meta.url), 'utf8'),
) as Record<string, unknown>
const line = (change: Record<string, unknown> = {}) => `${JSON.stringify({ ...CARD, ...change })}\n`
const NDJSON = { 'content-type': 'application/x-ndjson' }

async function post(payload: string, query = '', headers: Record<string, string> = NDJSON) {
  const {
    statusCode,
    body,
    headers: answered,
  } = await server.send({
    method: 'POST',
    url: `/v1/oda/batch${query}`,
    payload,
    headers,
  })
  return { status: statusCode, type: answered['content-type'], body }
}

const parsed = (body: string) =>
  body
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Record<string, unknown>)

describe('POST /v1/oda/batch', () => {
  test('answers each line in its place', async () => {
    const { status, type, body } = await post(`${line({ id: 'a' })}{"id":\n\n${line({ id: 'b', profile: 'test' })}`)
    expect([status, type]).toEqual([200, 'application/x-ndjson'])
    expect(parsed(body)).toMatchObject([
      { line: 1, id: 'a', ok: true, method: 'sda', tvr: '0200000000' },
      { line: 2, error: { code: 'ERR_BATCH', expected: 'JSON' } },
      { line: 4, id: 'b', ok: false, stage: 'ca-key', fault: { reason: 'CA_KEY_UNKNOWN' } },
    ])
  })

  test('takes the day and the profile of the query for lines without', async () => {
    const { transactionDate: _, ...card } = CARD
    const text = `${JSON.stringify(card)}\n`
    expect(parsed((await post(text)).body)).toMatchObject([{ fault: { reason: 'TRANSACTION_DATE_MISSING' } }])
    expect(parsed((await post(text, '?transactionDate=20221101')).body)).toMatchObject([{ ok: true }])
    expect(parsed((await post(text, '?profile=test')).body)).toMatchObject([{ fault: { reason: 'CA_KEY_UNKNOWN' } }])
  })

  test('explains where it is asked to', async () => {
    expect(parsed((await post(line(), '?explain=true')).body)[0]).toHaveProperty('stages')
    expect(parsed((await post(line())).body)[0]).not.toHaveProperty('stages')
  })

  test('of no lines is empty', async () => {
    expect(await post('\n')).toMatchObject({ status: 200, body: '' })
  })

  test('takes more than a body of JSON may have', async () => {
    const { status, body } = await post(line().repeat(40))
    expect([status, parsed(body).length]).toEqual([200, 40])
  })

  test('a key that stands twice in a line is refused', async () => {
    expect(parsed((await post('{"id":"a","\\u0069d":"b"}\n')).body)).toMatchObject([{ error: { code: 'ERR_BATCH' } }])
  })

  test.each<[string, string, Record<string, string>, number, string]>([
    ['JSON', '', { 'content-type': 'application/json' }, 415, 'ERR_CONTENT_TYPE'],
    ['text', '', { 'content-type': 'text/plain' }, 415, 'ERR_CONTENT_TYPE'],
    ['an unknown question', '?pin=1234', NDJSON, 400, 'ERR_QUERY'],
    ['no date', '?transactionDate=today', NDJSON, 400, 'ERR_QUERY'],
    ['another profile', '?profile=both', NDJSON, 400, 'ERR_QUERY'],
    ['no token', '', { ...NDJSON, authorization: 'Bearer x' }, 401, 'ERR_UNAUTHORIZED'],
  ])('refuses %s', async (_name, query, headers, status, code) => {
    const answer = await post(line(), query, headers)
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([status, { code }])
  })

  test('refuses a request without a body', async () => {
    const answer = await server.send({ method: 'POST', url: '/v1/oda/batch' })
    expect([answer.statusCode, answer.json()]).toMatchObject([415, { code: 'ERR_CONTENT_TYPE' }])
  })

  test('leaves the other routes their content type', async () => {
    const answer = await server.send({ method: 'POST', url: '/v1/echo', payload: '{"text":"AB"}', headers: NDJSON })
    expect([answer.statusCode, answer.json()]).toMatchObject([415, { code: 'ERR_CONTENT_TYPE' }])
    expect(Object.keys(ECHO_BODY.properties)).toContain('text')
  })

  test('answers a line before the next one is sent', async () => {
    await server.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = server.app.server.address() as AddressInfo
    const headers = { ...NDJSON, authorization: `Bearer ${server.access.token}` }
    const sent = httpRequest({ port, method: 'POST', path: '/v1/oda/batch', headers })
    sent.write(line({ id: 'first' }))
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve)
      sent.on('error', reject)
    })
    const chunks = answer.setEncoding('utf8')[Symbol.asyncIterator]()
    expect(JSON.parse((await chunks.next()).value as string)).toMatchObject({ line: 1, id: 'first', ok: true })
    sent.end(line({ id: 'second' }))
    expect(JSON.parse((await chunks.next()).value as string)).toMatchObject({ line: 2, id: 'second', ok: true })
    expect((await chunks.next()).done).toBe(true)
    await server.app.close()
  })
})
