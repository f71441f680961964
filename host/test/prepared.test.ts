/** Which statements are prepared, as the server tells it. */
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { useDatabase } from './support/database.js'

const { database } = useDatabase()

/** What this very connection has prepared. */
async function preparedBy(work: (run: (text: string, value: unknown) => Promise<unknown>) => Promise<unknown>) {
  return database()
    .connection()
    .execute(async (one) => {
      await work((text, value) => sql`${sql.raw(text)} ${value}`.execute(one))
      const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(one)
      return rows.map(({ statement }) => statement)
    })
}

test('a statement that comes again is prepared, one that comes once is not', async () => {
  const statements = await preparedBy(async (run) => {
    await run('select 1 where 1 =', 1)
    await run('select 2 where 2 =', 2)
    await run('select 2 where 2 =', 3)
  })
  expect(statements).toContain('select 2 where 2 = $1')
  expect(statements).not.toContain('select 1 where 1 = $1')
})

test('its results are those of the values it is given', async () => {
  for (const value of [1, 2, 3]) {
    const { rows } = await sql<{ n: number }>`select ${value}::integer * 2 as n`.execute(database())
    expect(rows).toEqual([{ n: 2 * value }])
  }
})

test('one that reads all columns is not: a migration may add some', async () => {
  await sql`create table grows (a integer)`.execute(database())
  const read = (value: number) => sql`select * from grows where a = ${value}`.execute(database())
  await sql`insert into grows values (1)`.execute(database())
  for (let i = 0; i < 3; i++) expect((await read(1)).rows).toEqual([{ a: 1 }])
  await sql`alter table grows add column b integer`.execute(database())
  expect((await read(1)).rows).toEqual([{ a: 1, b: null }])
})

test('texts that vary without end do not fill the server', async () => {
  const statements = await preparedBy(async (run) => {
    for (let i = 0; i < 400; i++) for (const value of [1, 2]) await run(`select ${i} where 1 =`, value)
  })
  expect(statements.length).toBeLessThanOrEqual(256)
  expect(statements.length).toBeGreaterThan(100)
})
