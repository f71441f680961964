/**
 * Nodes that are killed: three processes on one PostgreSQL, of which one is killed in each round; in some rounds a process of
 * the server or all of it, in some the node that has the embedded database. `KILLS=50 ROUNDS_SEED=1`, as in rounds.test.ts.
 */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, type DatabaseAddress, migrate, openDatabase } from '../src/database.js'
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../src/embedded-database.js'
import { auditFaults } from './support/faults/books.js'
import { type ChildNode, startChildNode } from './support/faults/child-node.js'
import { loadIssuer } from './support/faults/messages.js'
import { masterKey } from './support/faults/node.js'
import { runRound } from './support/faults/round.js'
import { openWire, type Wire } from './support/faults/wire.js'
import { keptFolder } from './support/folders.js'

const ROUNDS = Number(process.env['KILLS'] ?? 50)
const SEED = Number(process.env['ROUNDS_SEED'] ?? 1)
/** Rounds in which the node with the embedded database is killed. */
const OF_OWNER = Math.ceil(ROUNDS / 10)

const folder = keptFolder()
let embedded: EmbeddedDatabase | undefined
let address: DatabaseAddress
/** What the nodes take for the server, wherever that is at the moment. */
let wire: Wire
let database: Database
beforeAll(async () => {
  await startServer()
  wire = await openWire(() => address)
  database = openDatabase({ address: wire.address })
  await migrate(database)
  await loadIssuer(database, masterKey(), { answerTimeoutSeconds: 0, maxAttempts: 3 })
})
afterAll(async () => {
  await database.destroy()
  await wire.close()
  await embedded?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function startServer(): Promise<void> {
  embedded = await startEmbeddedDatabase({ folder, temporary: true })
  address = embedded.address
}

/** All of the server at once. */
async function killServer(): Promise<void> {
  const pid = Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
  process.kill(pid, 'SIGKILL')
  await embedded?.ended
  await embedded?.stop()
  await startServer()
}

/** One process of the server: it ends all connections and recovers. */
async function killBackend(): Promise<void> {
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_activity where backend_type = 'client backend' and pid != pg_backend_pid()`.execute(
    database,
  )
  const pid = rows[0]?.pid
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
}

type Killing = (random: () => number) => Promise<void>

/** Rounds in each of which `kill` strikes somewhere in the middle. */
async function rounds(first: number, count: number, nodes: () => readonly ChildNode[], kill: Killing) {
  const faults: string[] = []
  let calls = 0
  let begin: string | undefined
  for (let seed = first; seed < first + count && faults.length === 0; seed++) {
    let killing: Promise<void> | undefined
    const report = await runRound({
      seed: 1_000_000 + seed,
      nodes,
      database,
      begin,
      rules: { answerTimeout: 0, maxAttempts: 3 },
      cards: 4,
      batches: 6,
      now: () => Date.now(),
      between: async (random) => {
        killing ??= setTimeout(random() * 150).then(() => kill(random))
      },
      calm: () => killing,
    })
    calls += report.calls
    begin = report.end
    faults.push(...report.faults)
  }
  expect(faults).toEqual([])
  expect(calls).toBeGreaterThan(20 * count)
  expect(await auditFaults(database)).toEqual([])
}

test(`${ROUNDS - OF_OWNER} rounds in which a node, or the server, is killed`, { timeout: 600_000 }, async () => {
  const nodes = await Promise.all([1, 2, 3].map(() => startChildNode(wire.address)))
  const alive = new Set(nodes)
  await rounds(
    SEED,
    ROUNDS - OF_OWNER,
    () => [...alive],
    async (random) => {
      const what = random()
      if (what < 0.15) return killServer()
      if (what < 0.3) return killBackend()
      const victim = nodes[Math.floor(random() * nodes.length)] as ChildNode
      alive.delete(victim)
      await victim.kill()
      const next = await startChildNode(wire.address)
      nodes[nodes.indexOf(victim)] = next
      alive.add(next)
    },
  )
  await Promise.all(nodes.map((node) => node.kill()))
})

test(`${OF_OWNER} rounds in which the node with the embedded database is killed`, { timeout: 600_000 }, async () => {
  await embedded?.stop()
  embedded = undefined
  const startOwner = async () => {
    const owner = await startChildNode({ folder })
    address = owner.address
    return owner
  }
  let owner = await startOwner()
  const others = await Promise.all([1, 2].map(() => startChildNode(wire.address)))
  const alive = new Set<ChildNode>([owner, ...others])
  await rounds(
    SEED + ROUNDS,
    OF_OWNER,
    () => [...alive],
    async () => {
      alive.delete(owner)
      await owner.kill()
      owner = await startOwner()
      alive.add(owner)
    },
  )
  await Promise.all([owner, ...others].map((node) => node.kill()))
  // The server is nobody's now: whoever comes next takes it over.
  await startServer()
})
