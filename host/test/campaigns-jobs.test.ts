/** The jobs of campaigns: several nodes begin at once, and what fails leaves nothing behind. */
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { type Chunk, chunkJobs, EXPIRY_SECONDS } from '../src/campaigns/jobs.js'
import { startCampaigns } from '../src/campaigns/runner.js'
import { type Database, openDatabase } from '../src/database.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'

const { database, address } = useDatabase()

function nodes(count: number): readonly Database[] {
  const all = Array.from({ length: count }, () => openDatabase({ address: address() }))
  onTestFinished(async () => {
    await Promise.all(all.map((one) => one.destroy()))
  })
  return all
}

const CHUNK: Chunk = { campaign: 'c', chunk: 3, round: 1 }
const send = async (...chunks: readonly Chunk[]) => {
  const jobs = await chunkJobs(database())
  await database()
    .transaction()
    .execute((transaction) => jobs.send(transaction, chunks))
  return jobs
}
const states = async () =>
  (await sql<{ state: string }>`select state from pgboss.job order by created_on`.execute(database())).rows.map(
    ({ state }) => state,
  )

test('nodes that begin at once all begin', async () => {
  for (let round = 0; round < 3; round++) {
    await sql`drop schema if exists pgboss cascade`.execute(database())
    const all = await Promise.all(nodes(4).map(chunkJobs))
    expect(await all[0]?.take()).toBeUndefined()
  }
})

test('a job goes to one node, is done once, and takes the place of another', async () => {
  const jobs = await send(CHUNK)
  const [other] = await Promise.all(nodes(1).map(chunkJobs))
  const taken = (await Promise.all([jobs.take(), other?.take()])).filter((job) => job !== undefined)
  expect(taken).toEqual([{ ...CHUNK, job: expect.any(String) }])
  const [job] = taken
  if (job === undefined) throw new Error('no job')
  await jobs.handOver(job)
  expect(await states()).toEqual(['completed', 'created'])
  const next = await jobs.take()
  expect(next).toMatchObject(CHUNK)
  await jobs.finish(next ?? job)
  expect(await states()).toEqual(['completed', 'completed'])
})

test('a job that is given back comes again, and so does one whose time is over', async () => {
  await sql`delete from pgboss.job`.execute(database())
  const jobs = await send(CHUNK)
  const job = await jobs.take()
  if (job === undefined) throw new Error('no job')
  await jobs.giveBack(job)
  expect(await jobs.take()).toBeUndefined()
  await expect.poll(() => jobs.take(), { timeout: 5_000 }).toEqual(job)
  await jobs.maintain()
  expect(await states()).toEqual(['active'])
  await sql`update pgboss.job set started_on = now() - make_interval(secs => ${EXPIRY_SECONDS})`.execute(database())
  await jobs.maintain()
  expect(await states()).toEqual(['retry'])
  await expect.poll(() => jobs.take(), { timeout: 5_000 }).toEqual(job)
})

test('jobs of a transaction that is rolled back were never there', async () => {
  await sql`delete from pgboss.job`.execute(database())
  const jobs = await chunkJobs(database())
  const failing = database()
    .transaction()
    .execute(async (transaction) => {
      await jobs.send(transaction, [CHUNK])
      throw new Error('no')
    })
  await expect(failing).rejects.toThrow('no')
  expect(await states()).toEqual([])
})

test('a failed statement of pg-boss leaves no transaction open', async () => {
  const [node] = nodes(1)
  if (node === undefined) throw new Error('no node')
  const jobs = await chunkJobs(node)
  await sql`alter table pgboss.archive rename to elsewhere`.execute(database())
  for (let i = 0; i < 20; i++) await expect(jobs.maintain()).rejects.toThrow('archive')
  await sql`alter table pgboss.elsewhere rename to archive`.execute(database())
  const asked = Array.from({ length: 16 }, () => sql<{ n: number }>`select 1 as n`.execute(node))
  expect((await Promise.all(asked)).map(({ rows }) => rows)).toEqual(Array.from({ length: 16 }, () => [{ n: 1 }]))
})

test('a node goes on when its database was out of reach', async () => {
  const errors: unknown[] = []
  const dead = openDatabase({ address: { connectionString: 'postgres://127.0.0.1:1/none' } })
  const masterKey = new MasterKey(new Uint8Array(32))
  const runner = startCampaigns(
    { database: dead, masterKey, keys: localKeyService(dead, masterKey) },
    { onError: (error) => errors.push(error), times: { first: 0, idle: 10 } },
  )
  await expect.poll(() => errors.length).toBeGreaterThan(2)
  await runner.close()
  await dead.destroy()
  expect(errors[0]).toMatchObject({ code: 'ECONNREFUSED' })
})
