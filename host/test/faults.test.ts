/**
 * Single faults: every statement of every kind of request is refused once, and lost once before the server has seen it and
 * once after it has done it. Whoever asks again, at whichever node, finds that it has happened once.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { auditFaults, type Event, faultsOf, quiet } from './support/faults/books.js'
import { loadIssuer } from './support/faults/messages.js'
import { type LocalNode, localNode, masterKey, type Node } from './support/faults/node.js'
import { askOnce, askUntilTold, eventsAfter, lasting } from './support/faults/requests.js'
import { changedCards, SCENARIOS, type Scenario } from './support/faults/scenarios.js'
import { type CardSummary, summaryOf } from './support/faults/summary.js'
import { struckAt, undisturbed } from './support/faults/undisturbed.js'
import type { Side, Statement, WireFault } from './support/faults/wire.js'

const { address, database } = useDatabase()
let nodes: LocalNode[]
beforeAll(async () => {
  await loadIssuer(database(), masterKey())
  nodes = [await localNode(address), await localNode(address)]
})
afterAll(() => Promise.all(nodes.map((node) => node.close())))

const FAULTS = [
  ['refused', 'before', 'throw'],
  ['lost before it is done', 'before', 'drop'],
  ['lost after it was done', 'after', 'drop'],
] as const satisfies readonly (readonly [string, Side, WireFault])[]

let runs = 0

interface Strike {
  /** The number of the statement, from 1. */
  readonly at: number
  readonly side: Side
  readonly fault: WireFault
}

interface Outcome {
  readonly cards: readonly CardSummary[]
  /** What passed while the request was asked for the first time. */
  readonly statements: readonly string[]
  /** Whoever asked for the first time was not told. */
  readonly isNoticed: boolean
}

/** Runs a scenario; its request meets the fault, and is then asked for again, at both nodes. */
async function run(scenario: Scenario, strike?: Strike): Promise<Outcome> {
  const [struck, other] = nodes as [LocalNode, LocalNode]
  runs += 1
  const prepared = await scenario(struck, runs)
  const sent: Statement[] = []
  // After a statement of one connection the next may have been sent on another.
  struck.wire.hand = (statement, side) => {
    if (side === 'before') sent.push(statement)
    return strike?.side === side && sent[strike.at - 1] === statement ? strike.fault : 'none'
  }
  const first = await askOnce(struck, prepared.asked)
  struck.wire.hand = undefined
  const told = first ?? (await askUntilTold([other, struck], prepared.asked))
  expect(told.status).toBeLessThan(300)
  for (const node of nodes) {
    expect(lasting(await askUntilTold([node], prepared.asked))).toEqual(lasting(told))
  }
  const cards = await Promise.all(changedCards(prepared, told).map((card) => summaryOf(database(), card)))
  return { cards, statements: sent.map(({ text }) => text), isNoticed: first === undefined }
}

describe.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
  let control: Outcome
  beforeAll(async () => {
    // The first run reads what is kept from then on.
    await run(scenario)
    control = await undisturbed(() => run(scenario))
  })

  test.each(FAULTS)('happens once when a statement is %s', async (_what, side, fault) => {
    const { statements, cards } = control
    for (let at = 1; at <= statements.length; at++) {
      const strike = { at, side, fault }
      const once = () => run(scenario, strike)
      const outcome = await struckAt(statements, at, once, (each) => expect(each.cards).toEqual(cards))
      expect(outcome.isNoticed).toBe(true)
    }
  })
})

test('the books are right at the end', async () => {
  await quiet(database())
  const events: Event[] = await eventsAfter(nodes[0] as Node, undefined)
  expect(await faultsOf(database(), events)).toEqual([])
  expect(await auditFaults(database())).toEqual([])
  expect(events.length).toBeGreaterThan(runs)
})
