/**
 * POST /v1/authorizations with its ledger: requests a second of one node and of two on the same database, and how long an
 * answer takes at 400 requests a second, half of what is asked of a node. Every tenth card has a command waiting, which goes
 * with the answer; the card's next request confirms it. This process is the client; it has the requests ready beforehand.
 */

import type { DatabaseAddress } from '../host/src/database.js'
import { freshTempFolder, serverUser } from '../host/src/embedded/server-user.js'
import { removeDataFolder, startEmbeddedDatabase } from '../host/src/embedded-database.js'
import { fromHex, toHex } from '../packages/apdu/src/index.js'
import {
  deriveIccMasterKey,
  generateApplicationCryptogram,
  type SecretKey,
  TdesKey,
} from '../packages/keys/src/index.js'
import { type BenchHost, startBenchHost } from './host-process.js'
import { type LoadResult, load, postBytes, quantile } from './http-load.js'
import { type BenchResult, type MeasureOptions, median } from './measure.js'

const CARDS = 3_000
const CONNECTIONS = 64
const RATE = 400
const MOST_ROUNDS = 5
/** The demo issuer's, published. */
const IMK = 'F0C34A8124CEE0A91A0B034AA97D6EAC'

/** Runs the benchmark. */
export async function authorizationsBench({ rounds }: MeasureOptions): Promise<BenchResult[]> {
  const folder = freshTempFolder(serverUser())
  const embedded = await startEmbeddedDatabase({ folder, temporary: true })
  const address = { url: urlOf(embedded.address), keyFolder: folder }
  const nodes = [await startBenchHost(address), await startBenchHost(address)] as const
  try {
    return await measured(nodes, Math.min(rounds, MOST_ROUNDS))
  } finally {
    for (const node of nodes) await node.close()
    await embedded.stop()
    removeDataFolder(folder)
  }
}

function urlOf(address: DatabaseAddress): string {
  if ('connectionString' in address) return address.connectionString
  const { user, password, host, port, database } = address
  return `postgres://${user}:${password}@${host}:${port}/${database}`
}

async function measured(nodes: readonly [BenchHost, BenchHost], rounds: number): Promise<BenchResult[]> {
  const [first] = nodes
  const cards = makeCards()
  await post(
    first,
    cards.map((card) => ({ path: '/v1/cards', body: nameOf(card) })),
    (body, i) => {
      const card = cards[i] as Card
      card.handle = (JSON.parse(body) as { card: string }).card
    },
  )
  const runs = { one: [] as number[], two: [] as number[], p50: [] as number[], p99: [] as number[] }
  // A node is some thousand requests old before it is as fast as it will be.
  for (const node of [...nodes, ...nodes]) await authorize([node], cards)
  for (let round = 0; round < rounds; round++) {
    const one = await authorize([first], cards)
    const two = await authorize(nodes, cards)
    const half = await authorize([first], cards, RATE)
    runs.one.push(CARDS / one.seconds)
    runs.two.push(CARDS / two.seconds)
    runs.p50.push(quantile(half.latencies, 0.5))
    runs.p99.push(quantile(half.latencies, 0.99))
  }
  const row = (name: string, unit: string, values: readonly number[]): BenchResult => {
    return { name, unit, median: median(values), min: Math.min(...values), max: Math.max(...values) }
  }
  const ratio = median(runs.two.map((rate, i) => rate / (runs.one[i] as number)))
  return [
    row('authorizations/one-node', 'requests/s', runs.one),
    { ...row('authorizations/two-nodes', 'requests/s', runs.two), ratioTo: { name: 'authorizations/one-node', ratio } },
    row(`authorizations/median-at-${RATE}-a-second`, 'ms', runs.p50),
    row(`authorizations/p99-at-${RATE}-a-second`, 'ms', runs.p99),
  ]
}

interface Card {
  readonly pan: string
  readonly key: SecretKey<'icc', 'AC'>
  handle: string
  atc: number
  /** Commands that the last answer carried: the card counts them. */
  counted: number
}

function makeCards(): Card[] {
  const imk = TdesKey.create('issuer', 'AC', fromHex(IMK))
  return Array.from({ length: CARDS }, (_, n) => {
    const pan = `62280001${String(n).padStart(8, '0')}`
    const key = deriveIccMasterKey(imk, { pan, panSequence: '01' })
    return { pan, key, handle: '', atc: 0, counted: 0 }
  })
}

const nameOf = ({ pan }: Card) => ({ issuer: 'demo-pboc', pan, panSequence: '01' })

/** One request of each card; every tenth gets a command. */
async function authorize(nodes: readonly BenchHost[], cards: readonly Card[], rate?: number): Promise<LoadResult> {
  const chosen = cards.filter((_, n) => n % 10 === (cards[0]?.atc ?? 0) % 10)
  const command = { command: { type: 'put-data', tag: '9F58', value: '05' }, reason: 'bench' }
  await post(
    nodes[0] as BenchHost,
    chosen.map(({ handle }) => ({ path: `/v1/cards/${handle}/scripts`, body: command })),
  )
  const targets = nodes.map(({ url, token }, n) => ({
    url,
    requests: cards
      .filter((_, i) => i % nodes.length === n)
      .map((card) => postBytes(url, '/v1/authorizations', token, JSON.stringify(requestOf(card)))),
  }))
  let [valid, delivered] = [0, 0]
  const onBody = (body: string) => {
    if (body.includes('"verdict":"V"')) valid += 1
    if (/"delivery":"/.test(body)) delivered += 1
  }
  const result = await load(targets, {
    connections: CONNECTIONS,
    onBody,
    ...(rate === undefined ? {} : { rate }),
  })
  if (valid !== CARDS || delivered !== chosen.length) {
    throw new Error(`${valid} valid and ${delivered} deliveries of ${CARDS} and ${chosen.length}`)
  }
  for (const card of cards) card.counted = 0
  for (const card of chosen) card.counted = 1
  return result
}

function requestOf(card: Card): object {
  card.atc += 1
  const atc = card.atc.toString(16).padStart(4, '0')
  const cvr = `A000${card.counted === 0 ? '00' : '10'}`
  const emv: Record<string, string> = {
    ...{ '9F27': '80', '9F10': `07010103${cvr}010A010000005000F2DE37D9`, '9F37': 'A1B2C3D4', '9F36': atc },
    ...{ '95': '0000048000', '9A': '261121', '9C': '01', '9F02': '000000010000', '5F2A': '0156', '82': '7C00' },
    ...{ '9F1A': '0156', '9F03': '000000000000', '9F33': 'E0F1C8', '84': 'A000000333010101' },
  }
  const tags = new Map(Object.entries(emv).map(([tag, value]) => [tag, fromHex(value)]))
  const { cryptogram } = generateApplicationCryptogram({ tags, iccKey: card.key, scheme: 'pboc' })
  return {
    ...nameOf(card),
    reference: `${card.pan.slice(-8)}-${card.atc}`,
    entryMode: '051',
    emv: { ...emv, '9F26': toHex(cryptogram) },
    decision: { approved: '3030' },
  }
}

interface Post {
  readonly path: string
  readonly body: object
}

async function post(node: BenchHost, posts: readonly Post[], onBody: (body: string, i: number) => void = () => {}) {
  // One connection keeps the answers in order.
  let i = 0
  const requests = posts.map(({ path, body }) => postBytes(node.url, path, node.token, JSON.stringify(body)))
  const { statuses } = await load([{ url: node.url, requests }], {
    connections: 1,
    onBody: (body) => onBody(body, i++),
  })
  const failed = [...statuses].filter(([status]) => status >= 300)
  if (failed.length > 0) throw new Error(`a preparation was answered with ${failed.map(([status]) => status)}`)
}
