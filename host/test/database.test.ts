import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { answers, isUnavailable, migrate, openDatabase } from '../src/database.js'
import { freePort } from '../src/embedded/server-process.js'
import { MIGRATIONS } from '../src/migrations/index.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'

const db = useDatabase()
const master = new MasterKey(new Uint8Array(32).fill(9))

/** A second, empty database on the same server. */
async function emptyDatabase(name: string) {
  await sql`create database ${sql.id(name)}`.execute(db.database())
  const database = openDatabase({ address: { connectionString: db.url().replace(/[^/]+$/, name) } })
  onTestFinished(() => database.destroy())
  return database
}

test('the tables hold an issuer and its wrapped keys', async () => {
  const database = db.database()
  await database
    .insertInto('issuer')
    .values({ id: 'bank', profile: JSON.stringify({ bins: ['6225'] }) })
    .execute()
  const rows = ['k1', 'k2'].map((id) => ({ id, issuer: 'bank', usage: 'E0', algorithm: 'T' }))
  for (const row of rows) {
    const wrapped = Buffer.from(master.wrap(row, Buffer.from(row.id)))
    await database
      .insertInto('issuer_key')
      .values({ ...row, dki: '01', kcv: '08D7B4', wrapped, retired_at: null })
      .execute()
  }
  const stored = await database.selectFrom('issuer_key').selectAll().orderBy('id').execute()
  expect(stored.map((key) => Buffer.from(master.unwrap(key, key.wrapped)).toString())).toEqual(['k1', 'k2'])
  await sql`update issuer_key set wrapped = (select wrapped from issuer_key o where o.id <> issuer_key.id)`.execute(
    database,
  )
  for (const key of await database.selectFrom('issuer_key').selectAll().execute()) {
    expect(() => master.unwrap(key, key.wrapped)).toThrow(`the stored key ${key.id} does not unwrap`)
  }
})

test('migrating again changes nothing', async () => {
  await migrate(db.database())
  expect(await db.database().selectFrom('issuer').select('id').execute()).toEqual([{ id: 'bank' }])
})

test('hosts that start at once migrate once', async () => {
  const database = await emptyDatabase('together')
  const others = [1, 2, 3].map(() =>
    openDatabase({ address: { connectionString: db.url().replace(/[^/]+$/, 'together') } }),
  )
  onTestFinished(async () => void (await Promise.all(others.map((other) => other.destroy()))))
  await Promise.all([database, ...others].map(migrate))
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(database)
  expect(rows).toEqual(Object.keys(MIGRATIONS).map((name) => ({ name })))
})

test('a migration that fails leaves nothing behind and says why', async () => {
  const database = await emptyDatabase('occupied')
  await sql`create table issuer_key (x int)`.execute(database)
  await expect(migrate(database)).rejects.toMatchObject({
    code: 'ERR_DATABASE',
    message: expect.stringContaining('"issuer_key" already exists'),
  })
  expect((await sql`select to_regclass('issuer') as found`.execute(database)).rows).toEqual([{ found: null }])
})

test('a server out of reach is an error at start and no answer later', async () => {
  const url = `postgres://u:p@127.0.0.1:${await freePort()}/none`
  const database = openDatabase({ address: { connectionString: url } })
  onTestFinished(() => database.destroy())
  await expect(migrate(database)).rejects.toMatchObject({ code: 'ERR_DATABASE' })
  expect(await answers(database)).toBe(false)
  expect(await answers(db.database())).toBe(true)
  const byName = openDatabase({ address: { connectionString: url.replace('127.0.0.1', 'localhost') } })
  onTestFinished(() => byName.destroy())
  await expect(migrate(byName)).rejects.toMatchObject({ message: expect.stringContaining('ECONNREFUSED') })
  const error = await sql`select 1`.execute(database).catch((reason: unknown) => reason)
  expect(isUnavailable(error)).toBe(true)
})

test('a lost connection is noticed, and the next query has another', async () => {
  const lost: string[] = []
  const database = openDatabase({ address: db.address(), onLost: ({ message }) => lost.push(message) })
  onTestFinished(() => database.destroy())
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database)
  await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(db.database())
  await expect.poll(() => lost.length).toBe(1)
  expect(await answers(database)).toBe(true)
})

test('a connection that is lost inside a transaction ends the transaction, not the process', async () => {
  const database = openDatabase({ address: db.address() })
  onTestFinished(() => database.destroy())
  const transaction = database.transaction().execute(async (inside) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(inside)
    await sql`select pg_terminate_backend(${rows[0]?.pid}, 5000)`.execute(db.database())
    // Nobody asks when the connection ends.
    await new Promise((resolve) => setTimeout(resolve, 50))
    await sql`select 1`.execute(inside)
  })
  expect(isUnavailable(await transaction.catch((error: unknown) => error))).toBe(true)
  expect(await answers(database)).toBe(true)
})

test.each([
  ['57P01', true],
  ['08006', true],
  ['53300', true],
  ['ECONNRESET', true],
  ['23505', false],
  ['22P02', false],
  [undefined, false],
])('an error with the code %s means out of reach: %s', (code, expected) => {
  expect(isUnavailable(Object.assign(new Error('x'), code === undefined ? {} : { code }))).toBe(expected)
  expect(isUnavailable(code)).toBe(false)
})

test('a pool that waits in vain, or loses a connection in use, is out of reach', () => {
  expect(isUnavailable(new Error('timeout exceeded when trying to connect'))).toBe(true)
  expect(isUnavailable(new Error('Connection terminated unexpectedly'))).toBe(true)
  expect(isUnavailable(new Error('Client has encountered a connection error and is not queryable'))).toBe(true)
  expect(isUnavailable(new Error('Client is busy'))).toBe(false)
})
