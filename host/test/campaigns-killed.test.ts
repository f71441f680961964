/** A node that works on a campaign is killed, or stopped: another one goes on with what it had in hand, and nothing is done twice. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { startHost } from '../src/host.js'
import { campaignRoutes } from '../src/routes/campaigns.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { campaignClient, entriesOf, startNode } from './support/campaigns.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const SCRIPT = fileURLToPath(new URL('support/campaign-node.ts', import.meta.url))
/** What was promised. */
const SECONDS = 30

const { database, address, url } = useDatabase()
let server: TestServer
const { post, make, progress, until } = campaignClient(() => server)
beforeAll(async () => {
  await loadDemoIssuer(database(), new MasterKey(new Uint8Array(32)))
  server = await testServer(database(), [campaignRoutes])
})

async function nodeProcess() {
  const child = spawn(process.execPath, ['--conditions=@issuerkit/source', '--import', 'tsx', SCRIPT, url()], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test.each([1, 2])(`its chunk is taken over within ${SECONDS} seconds, round %i`, async (round) => {
  const lines = Array.from({ length: 200 }, (_, i) => ({ pan: `6228000${round}${String(i).padStart(8, '0')}` }))
  const settings = { kind: 'queue', issuer: 'demo-pboc', command: { type: 'pin-unblock' }, reason: 'a killed node' }
  const id = await make(settings, lines)
  const child = await nodeProcess()
  await post(`/${id}/start`)
  await expect.poll(async () => (await progress(id)).done, { interval: 5, timeout: 10_000 }).toBeGreaterThan(0)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { done } = await progress(id)
  expect(done).toBeLessThan(200)
  const errors = startNode(address(), { first: 1_000, idle: 1_000, maintenance: 3_000 })
  expect(await until(id, 'finished', SECONDS)).toMatchObject({ state: 'finished', done: 200 })
  expect(await entriesOf(database(), id)).toEqual(Array.from({ length: 200 }, (_, i) => `${id}.${i + 1}`))
  expect(errors).toEqual([])
})

test('a host that is stopped finishes what it can, and leaves the rest at once', async () => {
  const run = () =>
    startHost({
      ...{ listen: { host: '127.0.0.1', port: 0 }, database: { url: url(), keyFolder: '/nowhere' } },
      ...{ access: undefined, environment: { ISSUERKIT_MASTER_KEY: '00'.repeat(32) }, routes: ROUTES },
      ...{ log: { level: 'silent' }, signal: new AbortController().signal },
    })
  const lines = Array.from({ length: 600 }, (_, i) => ({ pan: `62280004${String(i).padStart(8, '0')}` }))
  const settings = { kind: 'queue', issuer: 'demo-pboc', command: { type: 'pin-unblock' }, reason: 'a stopped host' }
  const id = await make(settings, lines)
  const first = await run()
  await post(`/${id}/start`)
  await expect.poll(async () => (await progress(id)).done, { interval: 5, timeout: 10_000 }).toBeGreaterThan(0)
  const begun = performance.now()
  await first.close()
  expect(performance.now() - begun).toBeLessThan(4_000)
  const active = await sql`select 1 from pgboss.job where state = 'active'`.execute(database())
  expect(active.rows).toEqual([])
  const second = await run()
  onTestFinished(() => second.close())
  expect(await until(id, 'finished', 10)).toMatchObject({ state: 'finished', done: 600 })
  expect(await entriesOf(database(), id)).toEqual(Array.from({ length: 600 }, (_, i) => `${id}.${i + 1}`))
})
