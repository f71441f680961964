import type { FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import type { Database } from '../src/database.js'
import { answerOnce, forgetIdempotencyKeys, withIdempotency } from '../src/idempotency.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { testServer } from './support/server.js'

const db = useDatabase()
const masterKey = new MasterKey(new Uint8Array(32))

interface Asking {
  readonly key?: string | string[]
  readonly body?: unknown
  readonly subject?: string
  readonly url?: string
}

function ask(
  { key, body = { a: 1 }, subject = 'alice', url = '/v1/things' }: Asking,
  work: (transaction: Database) => Promise<unknown>,
) {
  const headers = key === undefined ? {} : { 'idempotency-key': key }
  const caller = { subject, scopes: new Set() }
  const request = { headers, body, method: 'POST', url, caller } as unknown as FastifyRequest
  return withIdempotency({ database: db.database(), masterKey }, request, async (transaction) => ({
    status: 201,
    body: await work(transaction),
  }))
}

/** Counts its own runs in the database, in the transaction that it is given. */
let table = 0
async function counting() {
  const name = `effect_${table++}`
  await sql`create table ${sql.id(name)} (n integer)`.execute(db.database())
  const count = async () => (await sql`select n from ${sql.id(name)}`.execute(db.database())).rows.length
  const work = async (transaction: Database) => {
    await sql`insert into ${sql.id(name)} values (1)`.execute(transaction)
    return { run: (await sql`select n from ${sql.id(name)}`.execute(transaction)).rows.length }
  }
  return { count, work }
}

describe('the same request', () => {
  test('with the same key has one effect and gets the same bytes', async () => {
    const { count, work } = await counting()
    const first = await ask({ key: 'k1' }, work)
    expect(first).toEqual({ status: 201, text: '{"run":1}', replayed: false })
    expect(await ask({ key: 'k1' }, work)).toEqual({ ...first, replayed: true })
    expect(await ask({ key: 'k1', body: { a: 1 } }, work)).toEqual({ ...first, replayed: true })
    expect(await count()).toBe(1)
  })

  test('twenty times at once has one effect', async () => {
    const { count, work } = await counting()
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask({ key: 'at once'.replace(' ', '-') }, work)))
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"run":1}']))
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(await count()).toBe(1)
  })

  test('without a key, or with another key or subject, is another one', async () => {
    const { count, work } = await counting()
    for (const asking of [{}, {}, { key: 'k2' }, { key: 'K2' }, { key: 'k2', subject: 'bob' }]) {
      expect((await ask(asking, work)).replayed).toBe(false)
    }
    expect(await count()).toBe(5)
  })
})

describe('the same key', () => {
  test.each<[string, Asking]>([
    ['another body', { body: { a: 2 } }],
    ['members in another order', { body: { b: 2, a: 1 } }],
    ['another address', { url: '/v1/others' }],
    ['no body', { body: null }],
  ])('with %s is refused, without effect', async (name, change) => {
    const { count, work } = await counting()
    const key = `k3-${name.replaceAll(' ', '-')}`
    const body = { a: 1, b: 2 }
    await ask({ key, body }, work)
    await expect(ask({ key, body, ...change }, work)).rejects.toMatchObject({ code: 'ERR_IDEMPOTENCY_KEY' })
    expect(await count()).toBe(1)
  })

  test('is free again when the work has failed', async () => {
    const { count, work } = await counting()
    const failing = ask({ key: 'k4' }, async (transaction) => {
      await work(transaction)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await count()).toBe(0)
    expect(await ask({ key: 'k4', body: 'another' }, work)).toMatchObject({ text: '{"run":1}', replayed: false })
  })

  test.each(['', 'x'.repeat(256), 'with space', 'ümlaut', 'line\n'])('is refused as %j', async (key) => {
    await expect(ask({ key }, async () => ({}))).rejects.toMatchObject({ code: 'ERR_QUERY' })
  })
  test('may have 255 characters; two headers are none', async () => {
    expect((await ask({ key: '~'.repeat(255) }, async () => ({}))).text).toBe('{}')
    await expect(ask({ key: ['a', 'b'] }, async () => ({}))).rejects.toMatchObject({ code: 'ERR_QUERY' })
  })
})

test('an answer is kept enciphered, bound to its key', async () => {
  await ask({ key: 'k5' }, async () => ({ template: '72MARKED9' }))
  await ask({ key: 'k6' }, async () => ({}))
  const rows = await db
    .database()
    .selectFrom('idempotency')
    .selectAll()
    .where('key', 'in', ['k5', 'k6'])
    .orderBy('key')
    .execute()
  const text = JSON.stringify(rows) + rows.map(({ sealed }) => Buffer.from(sealed ?? []).toString('latin1')).join()
  expect(text).not.toMatch(/MARKED9|37324d41/)
  await db
    .database()
    .updateTable('idempotency')
    .set({ sealed: rows[1]?.sealed ?? null })
    .where('key', '=', 'k5')
    .execute()
  await expect(ask({ key: 'k5' }, async () => ({}))).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
})

test('old keys are forgotten', async () => {
  await ask({ key: 'old' }, async () => ({ n: 1 }))
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
  expect(await forgetIdempotencyKeys(db.database(), 30, inDays(29))).toBe(0)
  expect(await forgetIdempotencyKeys(db.database(), 30, inDays(31))).toBeGreaterThan(0)
  expect(await ask({ key: 'old' }, async () => ({ n: 2 }))).toMatchObject({ text: '{"n":2}', replayed: false })
})

test('over HTTP a repeated answer is the same bytes and says that it is repeated', async () => {
  let runs = 0
  const { send } = await testServer(db.database(), [
    (app, context) => {
      const body = Type.Object({ a: Type.Integer() }, { additionalProperties: false })
      app.post('/v1/things', { schema: { body }, config: { scope: 'channels' } }, (request, reply) =>
        answerOnce(context, request, reply, async () => ({ status: 202, body: { runs: ++runs, a: request.body.a } })),
      )
    },
  ])
  const post = (payload: object) =>
    send({ method: 'POST', url: '/v1/things', payload, headers: { 'idempotency-key': 'http' } })
  const [first, again, other] = [await post({ a: 1 }), await post({ a: 1 }), await post({ a: 2 })]
  expect([first.statusCode, first.body, first.headers['content-type']]).toEqual([
    202,
    '{"runs":1,"a":1}',
    'application/json; charset=utf-8',
  ])
  expect(first.headers).not.toHaveProperty('idempotent-replayed')
  expect([again.statusCode, again.body, again.headers['idempotent-replayed']]).toEqual([202, first.body, 'true'])
  expect([other.statusCode, other.json().code]).toEqual([422, 'ERR_IDEMPOTENCY_KEY'])
  expect(runs).toBe(1)
})
