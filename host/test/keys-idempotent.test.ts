/** Keys and issuers under an Idempotency-Key: once, whatever gets lost on the way back. */
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { componentsOf, type KeyHost, keyHost } from './support/keys.js'

const { database } = useDatabase()
let host: KeyHost
let other: KeyHost
beforeAll(async () => {
  // The second node keeps what it has read for a minute: it must let go of what changes through it.
  host = await keyHost(database())
  other = await keyHost(database(), { keepMilliseconds: 60_000 })
  expect((await host.post('/v1/issuers', ISSUER)).status).toBe(201)
})

const ISSUER = { id: 'bank', family: 'unionpay', scheme: 'pboc' }
const KEY = { issuer: 'bank', usage: 'AC', algorithm: 'tdes' }
const send = (node: KeyHost, method: 'POST' | 'DELETE', url: string, key: string, payload?: object) =>
  node.send({ method, url, headers: { 'idempotency-key': key }, ...(payload && { payload }) })
const audited = async (action: string, object: string): Promise<number> => {
  const { rows } = await sql`select 1 from audit_entry where entry::json ->> 'action' = ${action}
    and entry::json ->> 'object' = ${object}`.execute(database())
  return rows.length
}

describe('POST /v1/keys', () => {
  const body = { ...KEY, dki: 1, components: componentsOf('0123456789ABCDEFFEDCBA9876543210') }

  test('twenty times at two nodes is one key and one answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => send(i % 2 === 0 ? host : other, 'POST', '/v1/keys', 'import-1', body)),
    )
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    const id = `${answers[0]?.body['id']}`
    expect(answers[0]?.status).toBe(201)
    expect(await audited('key.import', `key:${id}`)).toBe(1)
    expect((await host.get('/v1/keys?issuer=bank')).body['keys']).toHaveLength(1)
  })

  test('without it, or under another one, is another import', async () => {
    for (const key of ['import-2', 'import-3']) {
      expect((await send(host, 'POST', '/v1/keys', key, body)).body['code']).toBe('ERR_KEY_EXISTS')
    }
    expect((await host.post('/v1/keys', body)).body['code']).toBe('ERR_KEY_EXISTS')
  })

  test('of another key under the same one is refused', async () => {
    const answer = await send(host, 'POST', '/v1/keys', 'import-1', { ...body, dki: 2 })
    expect([answer.status, answer.body['code']]).toEqual([422, 'ERR_IDEMPOTENCY_KEY'])
    expect((await host.get('/v1/keys?issuer=bank')).body['keys']).toHaveLength(1)
  })

  test('that fails may be sent again', async () => {
    const zero = { ...body, dki: 3, components: componentsOf('00'.repeat(16)) }
    expect((await send(host, 'POST', '/v1/keys', 'import-4', zero)).body['code']).toBe('ERR_KEY')
    const good = { ...body, dki: 3, components: componentsOf('1123456789ABCDEFFEDCBA9876543210') }
    expect((await send(host, 'POST', '/v1/keys', 'import-4', good)).status).toBe(201)
  })

  test('keeps neither the key nor what it came in as', async () => {
    const { rows } = await sql<{ row: string }>`select to_jsonb(i)::text as row from idempotency i`.execute(database())
    const kept = rows
      .map(({ row }) => row)
      .join('\n')
      .toUpperCase()
    expect(rows.length).toBeGreaterThan(1)
    for (const { value } of body.components) expect(kept).not.toContain(value)
    expect(kept).not.toContain('0123456789ABCDEF')
  })
})

describe('DELETE /v1/keys/{id}', () => {
  test('twice is one retirement, and both nodes know it', async () => {
    const imported = await host.post('/v1/keys', {
      ...KEY,
      dki: 9,
      components: componentsOf('2123456789ABCDEFFEDCBA9876543210'),
    })
    const url = `/v1/keys/${imported.body['id']}`
    const [first, again] = [await send(host, 'DELETE', url, 'retire-1'), await send(other, 'DELETE', url, 'retire-1')]
    expect(first).toMatchObject({ status: 200, body: { retired: expect.any(String) } })
    expect(again.text).toBe(first.text)
    expect(await audited('key.retire', `key:${imported.body['id']}`)).toBe(1)
  })

  test('of another key under the same one is refused', async () => {
    const answer = await send(host, 'DELETE', '/v1/keys/none', 'retire-1')
    expect(answer.body['code']).toBe('ERR_IDEMPOTENCY_KEY')
    expect((await send(host, 'DELETE', '/v1/keys/none', 'retire-2')).status).toBe(404)
  })
})

describe('POST /v1/issuers', () => {
  const body = { ...ISSUER, id: 'second' }
  test('twice is one issuer', async () => {
    const [first, again] = [
      await send(host, 'POST', '/v1/issuers', 'issuer-1', body),
      await send(other, 'POST', '/v1/issuers', 'issuer-1', body),
    ]
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text])
    expect(await audited('issuer.create', 'issuer:second')).toBe(1)
  })
  test('under another one is there already', async () => {
    expect((await send(host, 'POST', '/v1/issuers', 'issuer-2', body)).body['code']).toBe('ERR_ISSUER_EXISTS')
    expect((await host.post('/v1/issuers', body)).body['code']).toBe('ERR_ISSUER_EXISTS')
  })
})
