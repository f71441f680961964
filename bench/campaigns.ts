/**
 * Campaigns that queue a command for 2,000 cards, from the lines to the last entry in a ledger: lines a second of taking them in,
 * for cards that nobody has named before and for known ones, and of queuing, by one node and by two on the same database. All in
 * this process; the client is a generator.
 */
import { changeCampaign, createCampaign, readCampaign } from '../host/src/campaigns/records.js'
import { startCampaigns } from '../host/src/campaigns/runner.js'
import { queueSettings } from '../host/src/campaigns/settings.js'
import { type CheckLine, type QueueLine, takeLines } from '../host/src/campaigns/upload.js'
import { type DatabaseAddress, migrate, openDatabase } from '../host/src/database.js'
import { loadDemoIssuer } from '../host/src/demo-issuer.js'
import { freshTempFolder, serverUser } from '../host/src/embedded/server-user.js'
import { removeDataFolder, startEmbeddedDatabase } from '../host/src/embedded-database.js'
import { localKeyService } from '../host/src/keys/local-key-service.js'
import type { StoreContext } from '../host/src/store/card-store.js'
import { MasterKey } from '../host/src/wrap.js'
import { type BenchResult, type MeasureOptions, median } from './measure.js'

const LINES = 2_000
const MOST_ROUNDS = 5
const ISSUER = 'demo-pboc'
const FAIL = (error: unknown) => {
  throw error
}

/** Runs the benchmark. */
export async function campaignsBench({ rounds }: MeasureOptions): Promise<BenchResult[]> {
  const folder = freshTempFolder(serverUser())
  const embedded = await startEmbeddedDatabase({ folder, temporary: true })
  const nodes = [nodeAt(embedded.address), nodeAt(embedded.address)]
  try {
    return await measured(nodes, Math.min(rounds, MOST_ROUNDS))
  } finally {
    for (const { database } of nodes) await database.destroy()
    await embedded.stop()
    removeDataFolder(folder)
  }
}

function nodeAt(address: DatabaseAddress): StoreContext {
  const database = openDatabase({ address })
  const masterKey = new MasterKey(new Uint8Array(32))
  return { database, masterKey, keys: localKeyService(database, masterKey, { keepMilliseconds: 1_000 }) }
}

async function measured(nodes: readonly StoreContext[], rounds: number): Promise<BenchResult[]> {
  const [first] = nodes as [StoreContext]
  await migrate(first.database)
  await loadDemoIssuer(first.database, first.masterKey)
  const runs = { fresh: [] as number[], known: [] as number[], one: [] as number[], two: [] as number[] }
  for (let round = 0; round <= rounds; round++) {
    const id = `round-${round}`
    const fresh = await rate(() => upload(first, `${id}-one`, round))
    const one = await rate(() => run([first], `${id}-one`))
    const known = await rate(() => upload(first, `${id}-two`, round))
    const two = await rate(() => run(nodes, `${id}-two`))
    if (round === 0) continue
    for (const [name, value] of Object.entries({ fresh, known, one, two })) runs[name as keyof typeof runs].push(value)
  }
  const row = (name: string, values: readonly number[]): BenchResult => {
    return { name, unit: 'lines/s', median: median(values), min: Math.min(...values), max: Math.max(...values) }
  }
  const ratio = median(runs.two.map((value, i) => value / (runs.one[i] as number)))
  return [
    row('campaigns/lines-of-new-cards', runs.fresh),
    row('campaigns/lines-of-known-cards', runs.known),
    row('campaigns/queue-one-node', runs.one),
    { ...row('campaigns/queue-two-nodes', runs.two), ratioTo: { name: 'campaigns/queue-one-node', ratio } },
  ]
}

async function rate(work: () => Promise<void>): Promise<number> {
  const begun = performance.now()
  await work()
  return (1000 * LINES) / (performance.now() - begun)
}

async function upload(node: StoreContext, campaign: string, round: number): Promise<void> {
  const command = { type: 'put-data', tag: '9F58', value: '05' } as const
  const settings = await queueSettings(node, ISSUER, { command, reason: 'a benchmark' })
  const work = { kind: 'queue', issuer: ISSUER, settings } as const
  await node.database.transaction().execute(async (transaction) => {
    await createCampaign(transaction, { id: campaign, operator: 'bench', work })
  })
  const checkLine: CheckLine = (fields) => fields as unknown as QueueLine
  const operation = { operator: 'bench', request: 'bench' }
  await takeLines(node, { campaign, input: linesOf(round), from: undefined, checkLine, operation })
}

async function* linesOf(round: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < LINES; i++) {
    const pan = `62280${round}${String(i).padStart(10, '0')}`
    yield Buffer.from(`${JSON.stringify({ pan, panSequence: '01' })}\n`)
  }
}

async function run(nodes: readonly StoreContext[], campaign: string): Promise<void> {
  const [{ database }] = nodes as [StoreContext]
  await database.transaction().execute(async (transaction) => {
    await changeCampaign(database, transaction, campaign, 'start')
  })
  const runners = nodes.map((node) => startCampaigns(node, { onError: FAIL, times: { first: 0, idle: 20 } }))
  for (;;) {
    const { state, lines } = await readCampaign(database, campaign)
    if (lines.failed + lines.invalid > 0) throw new Error('a line has failed')
    if (state === 'finished') break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  for (const runner of runners) await runner.close()
}
