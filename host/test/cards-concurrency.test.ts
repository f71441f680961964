/** Many at one card, from two nodes: nothing that was answered is lost, and nothing happens twice. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CONNECTIONS, type Database, openDatabase } from '../src/database.js'
import { violations } from '../src/ledger/invariants.js'
import { passTime } from '../src/store/ticker.js'
import { type CardWorld, cardWorld, freshPan } from './support/cards.js'
import { useDatabase } from './support/database.js'

const { database, address } = useDatabase()
let second: Database
let nodes: readonly [CardWorld, CardWorld]
beforeAll(async () => {
  second = openDatabase({ address: address() })
  nodes = [await cardWorld(database()), await cardWorld(second)]
})
afterAll(() => second.destroy())

const put = (n: number) => ({ type: 'put-data', tag: `9F${(0x50 + n).toString(16)}`, value: '05' })
const events = (card: string) => database().selectFrom('ledger_event').selectAll().where('card', '=', card).execute()

test('every command that is queued at once is there, in an order of its own', async () => {
  const [node, other] = nodes
  const card = await node.card()
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, n) => (n % 2 === 0 ? node : other).queue(card, put(n))),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(24).fill(201))
  const { ledger } = await node.store.byHandle(card)
  const queued = answers.map(({ body }) => (body['entry'] as { entry: string }).entry)
  expect(ledger.entries.map(({ id }) => id).sort()).toEqual(queued.sort())
  expect(ledger.entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 24 }, (_, n) => n + 1))
  expect(violations(ledger)).toEqual([])
  expect((await events(card)).filter(({ type }) => type === 'created')).toHaveLength(24)
})

test('more at once than there are connections wait for each other, and none for ever', async () => {
  const [node] = nodes
  const cards = await Promise.all(Array.from({ length: 3 * CONNECTIONS }, () => node.card()))
  const answers = await Promise.all(cards.map((card) => node.queue(card, put(1))))
  expect(answers.map(({ status }) => status)).toEqual(cards.map(() => 201))
})

test('of two commands for one target that come at once, one supersedes the other', async () => {
  const [node, other] = nodes
  const card = await node.card()
  const answers = await Promise.all([node.queue(card, put(8)), other.queue(card, put(8))])
  expect(answers.map(({ body }) => (body['superseded'] as string[]).length).sort()).toEqual([0, 1])
  expect((await node.store.byHandle(card)).ledger.entries).toHaveLength(1)
})

test('a card that both nodes make at once is one card', async () => {
  const pan = freshPan()
  const cards = await Promise.all(Array.from({ length: 10 }, (_, n) => nodes[n % 2 === 0 ? 0 : 1].card(pan)))
  expect(new Set(cards).size).toBe(1)
})

test('one that is cancelled while it is sent is either, never both', async () => {
  const [node, other] = nodes
  for (let round = 0; round < 5; round++) {
    const card = await node.card()
    const entry = await node.queued(card, put(1))
    const [cancelled, delivered] = await Promise.allSettled([
      other.host.post(`/v1/cards/${card}/scripts/${entry}/cancel`, { reason: 'r' }),
      node.deliver(card, 10),
    ])
    const isCancelled = cancelled.status === 'fulfilled' && cancelled.value.status === 200
    expect(isCancelled).toBe(delivered.status === 'rejected')
    expect((await node.told(entry)).filter((type) => type === 'sent' || type === 'cancelled')).toHaveLength(1)
  }
})

test('what expires, expires once, though both nodes notice', async () => {
  const [node, other] = nodes
  const cards = await Promise.all(Array.from({ length: 8 }, () => node.card()))
  for (const card of cards) await node.queued(card, put(1), { expiry: '2080-01-01T00:00:00Z' })
  const now = Date.parse('2080-01-01T00:00:00Z')
  await Promise.all([passTime(node.context, now), passTime(other.context, now), passTime(node.context, now)])
  for (const card of cards) expect((await events(card)).filter(({ type }) => type === 'expired')).toHaveLength(1)
})
