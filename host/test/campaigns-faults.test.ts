/**
 * Single faults: while a node works on a chunk, one of its statements is refused, or its connection is lost before or after one,
 * for every statement that there is. Somebody else goes on, and at the end every line was done once.
 */
import { sql } from 'kysely'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { workOn } from '../src/campaigns/chunk.js'
import { chunkJobs } from '../src/campaigns/jobs.js'
import { openDatabase } from '../src/database.js'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { campaignRoutes } from '../src/routes/campaigns.js'
import { MasterKey } from '../src/wrap.js'
import { campaignClient, entriesOf } from './support/campaigns.js'
import { useDatabase } from './support/database.js'
import { openWire, type Side, type WireFault } from './support/faults/wire.js'
import { type TestServer, testServer } from './support/server.js'

const { database, address } = useDatabase()
const masterKey = new MasterKey(new Uint8Array(32))
let server: TestServer
const { post, make, progress } = campaignClient(() => server)
beforeAll(async () => {
  await loadDemoIssuer(database(), masterKey)
  server = await testServer(database(), [campaignRoutes])
})

const LINES = 2
const OPTIONS = { now: Date.now, isOver: () => false, onError: () => {} }
const SETTINGS = { kind: 'queue', issuer: 'demo-pboc', command: { type: 'card-block' }, reason: 'faults' }
let nextCard = 0
const newCard = () => ({ pan: `62280009${String(nextCard++).padStart(8, '0')}` })

/** A node whose statements pass by, and the number of those that have. */
async function node() {
  const wire = await openWire(address)
  const own = openDatabase({ address: wire.address })
  onTestFinished(async () => {
    await own.destroy()
    await wire.close()
  })
  return { wire, database: own }
}

/** Takes a job and does it, as the runner does. */
async function workOnce(own: ReturnType<typeof database>): Promise<void> {
  const keys = localKeyService(own, masterKey, { keepMilliseconds: 0 })
  const jobs = await chunkJobs(own)
  const job = await jobs.take()
  if (job === undefined) return
  await workOn({ database: own, masterKey, keys }, job, OPTIONS)
  await jobs.finish(job)
}

test.each<[WireFault, Side, string]>([
  ['throw', 'before', 'alone'],
  ['drop', 'before', 'alone'],
  ['drop', 'after', 'alone'],
  // As when the node is killed there.
  ['drop', 'before', 'and all that come later'],
  ['drop', 'after', 'and all that come later'],
])('%s %s each statement of a chunk, %s', { timeout: 300_000 }, async (fault, side, reach) => {
  const { wire, database: own } = await node()
  let statements = Number.POSITIVE_INFINITY
  for (let at = 1; at <= statements; at++) {
    await chunkJobs(own)
    // Those that faults have left.
    await sql`delete from pgboss.job`.execute(database())
    const id = await make(SETTINGS, Array.from({ length: LINES }, newCard))
    await post(`/${id}/start`)
    let seen = 0
    wire.hand = (_statement, where) => {
      if (where !== side) return 'none'
      seen += 1
      return seen === at || (seen > at && reach !== 'alone') ? fault : 'none'
    }
    await workOnce(own).catch(() => {})
    wire.hand = undefined
    // What was not reached any more: that was the last statement.
    if (seen < at) statements = at
    const left = await progress(id)
    expect([at, left.failed, left.done + left.waiting]).toEqual([at, 0, LINES])
    // Another node, which need not wait for the time of the job.
    const keys = localKeyService(database(), masterKey)
    await workOn({ database: database(), masterKey, keys }, { campaign: id, chunk: 0, round: 1 }, OPTIONS)
    expect(await progress(id)).toMatchObject({ state: 'finished', done: LINES })
    expect([at, await entriesOf(database(), id)]).toEqual([at, [`${id}.1`, `${id}.2`]])
    const events = database().selectFrom('ledger_event').select('entry').where('entry', 'like', `${id}.%`)
    expect(await events.where('type', '=', 'created').execute()).toHaveLength(LINES)
  }
  expect(statements).toBeGreaterThan(10)
})
