/** Two requests about one card, on two nodes, statement by statement in every order: what comes of it is what comes of one after the other. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { auditFaults, faultsOf, quiet } from './support/faults/books.js'
import { loadIssuer } from './support/faults/messages.js'
import { type Asked, type LocalNode, localNode, masterKey, type Node, type Told } from './support/faults/node.js'
import {
  type Authorized,
  advise,
  askUntilTold,
  authorize,
  cancel,
  eventsAfter,
  good,
  openCard,
  queue,
  queuePin,
  reissue,
} from './support/faults/requests.js'
import { panOf } from './support/faults/scenarios.js'
import { type Choose, explore, inStep } from './support/faults/schedules.js'
import { type CardSummary, summaryOf } from './support/faults/summary.js'

const { address, database } = useDatabase()
let nodes: readonly [LocalNode, LocalNode]
beforeAll(async () => {
  await loadIssuer(database(), masterKey(), { answerTimeoutSeconds: 60 })
  nodes = [await localNode(address), await localNode(address)]
})
afterAll(() => Promise.all(nodes.map((node) => node.close())))

/** A card with two commands that wait, and one that was sent at ATC 100. */
interface Ready {
  readonly run: number
  readonly pan: string
  readonly card: string
  readonly waiting: readonly string[]
  readonly identifier: string
}

type Make = (ready: Ready) => Asked

const OPERATIONS = {
  authorize: ({ pan, run }) => authorize(pan, `${run}-b`, { atc: 101, counter: 1 }),
  repeat: ({ pan, run }) => authorize(pan, `${run}-a`, { atc: 100 }),
  advise: ({ pan, run, identifier }) => advise(pan, `${run}-a`, 100, identifier),
  queue: ({ card, run }) => queue(card, '9F58', `${run}-q`),
  'queue another': ({ card, run }) => queue(card, '9F58', `${run}-x`),
  cancel: ({ card, run, waiting }) => cancel(card, waiting[0] ?? '', `${run}-c`),
  'queue a PIN': ({ card, pan, run }) => queuePin(card, pan, `${run}-p`),
  reissue: ({ card, run }) => reissue(card, '02', `${run}-r`),
} as const satisfies Record<string, Make>
type Operation = keyof typeof OPERATIONS

let runs = 0
async function ready(): Promise<Ready> {
  runs += 1
  const run = runs
  const pan = panOf(run)
  const ask = async <T>(asked: Asked): Promise<T> => good<T>(await askUntilTold(nodes, asked))
  const put = async (tag: string) =>
    (await ask<{ entry: { entry: string } }>(queue(card, tag, `${run}-${tag}`))).entry.entry
  const { card } = await ask<{ card: string }>(openCard(pan, `${run}`))
  await put('9F59')
  const { answer } = await ask<Authorized>(authorize(pan, `${run}-a`, { atc: 100 }))
  const waiting = [await put('9F58'), await put('9F5C')]
  return { run, pan, card, waiting, identifier: answer?.scripts[0]?.identifier ?? '' }
}

interface Outcome {
  readonly told: readonly object[]
  readonly cards: readonly CardSummary[]
}

/** What was told and what is stored, by which outcomes are compared. */
async function outcomeOf({ card }: Ready, told: readonly Told[]): Promise<Outcome> {
  const bodies = told.map(({ text }) => JSON.parse(text) as Record<string, unknown>)
  const to = bodies.flatMap(({ to }) => (typeof to === 'string' ? [to] : []))
  const cards = await Promise.all([card, ...to].map((one) => summaryOf(database(), one)))
  return { told: told.map(({ status, text }) => ({ status, ...essence(text) })), cards }
}

/** An answer without names, times and cryptograms. */
function essence(text: string): object {
  const body = JSON.parse(text) as Record<string, unknown>
  const count = (value: unknown) => (Array.isArray(value) ? value.length : undefined)
  const { answer } = body as { readonly answer?: Authorized['answer'] }
  const carried = answer?.scripts.flatMap(({ commands }) => commands).length
  const counts = { superseded: count(body['superseded']), moved: count(body['moved']), entries: count(body['entries']) }
  return { code: body['code'], repeat: body['repeat'], verdict: body['verdict'], carried, ...counts }
}

const inOrder = async (
  made: Ready,
  names: readonly Operation[],
  order: readonly [number, number],
): Promise<Outcome> => {
  const told: Told[] = []
  for (const i of order) told[i] = await (nodes[i] as Node).ask(OPERATIONS[names[i] as Operation](made))
  return outcomeOf(made, told)
}

const PAIRS: readonly (readonly [Operation, Operation, switches?: number])[] = [
  ['authorize', 'authorize'],
  ['authorize', 'repeat'],
  ['authorize', 'advise'],
  ['advise', 'advise'],
  ['authorize', 'cancel'],
  ['authorize', 'queue'],
  ['advise', 'queue'],
  // The same request twice.
  ['queue', 'queue'],
  ['queue', 'queue another'],
  ['queue', 'cancel'],
  ['cancel', 'cancel'],
  ['reissue', 'authorize'],
  ['reissue', 'queue a PIN', 3],
  ['reissue', 'reissue', 2],
]

describe.each(PAIRS.map(([a, b, switches]) => ({ a, b, switches })))('$a beside $b', ({ a, b, switches }) => {
  test('is one after the other, in every order of their statements', async () => {
    const serial = [await inOrder(await ready(), [a, b], [0, 1]), await inOrder(await ready(), [a, b], [1, 0])]
    const found: string[] = []
    const orders = await explore(async (choose: Choose) => {
      const made = await ready()
      const log: number[] = []
      const requests = ([a, b] as const).map((name, i) => {
        const node = nodes[i] as LocalNode
        return { wire: node.wire, ask: () => node.ask(OPERATIONS[name](made)) }
      })
      const told = await inStep(database(), requests, (able) => {
        const next = choose(able)
        log.push(next)
        return next
      })
      const outcome = await outcomeOf(made, told)
      if (!serial.some((one) => JSON.stringify(one) === JSON.stringify(outcome))) {
        found.push(`${log.join('')}: ${JSON.stringify(outcome)}`)
      }
    }, switches)
    expect(found).toEqual([])
    expect(orders).toBeGreaterThan(5)
  }, 600_000)
})

test('the books are right at the end', async () => {
  await quiet(database())
  expect(await faultsOf(database(), await eventsAfter(nodes[0], undefined))).toEqual([])
  expect(await auditFaults(database())).toEqual([])
})
