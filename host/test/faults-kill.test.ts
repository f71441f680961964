/**
 * A node is killed at every statement of every kind of request, before the server has it and after it has done it. Each dies
 * young: everything that a node reads once is among its statements. Whoever asks again finds that it has happened once.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { auditFaults, faultsOf, quiet } from './support/faults/books.js'
import { type ChildNode, startChildNode } from './support/faults/child-node.js'
import { loadIssuer } from './support/faults/messages.js'
import { type LocalNode, localNode, masterKey } from './support/faults/node.js'
import { askOnce, askUntilTold, eventsAfter, lasting } from './support/faults/requests.js'
import { changedCards, SCENARIOS, type Scenario } from './support/faults/scenarios.js'
import { type CardSummary, summaryOf } from './support/faults/summary.js'
import { struckAt, undisturbed } from './support/faults/undisturbed.js'
import { openWire, type Side, type Statement, type Wire } from './support/faults/wire.js'

const { address, database } = useDatabase()
/** It prepares, and answers after the other's death. */
let survivor: LocalNode
beforeAll(async () => {
  await loadIssuer(database(), masterKey())
  survivor = await localNode(address)
  next = startVictim()
})
afterAll(async () => {
  await end(await next)
  await survivor.close()
})

interface Victim {
  readonly node: ChildNode
  readonly wire: Wire
}
/** The next one to be killed: it starts while its forerunner dies. */
let next: Promise<Victim>
async function startVictim(): Promise<Victim> {
  const wire = await openWire(address)
  return { wire, node: await startChildNode(wire.address) }
}
async function end({ node, wire }: Victim): Promise<void> {
  await node.kill()
  await wire.close()
}

/** Far from the runs of other files. */
let runs = 500_000

async function outcomeOf(cards: readonly string[]): Promise<readonly CardSummary[]> {
  return Promise.all(cards.map((card) => summaryOf(database(), card)))
}

interface Outcome {
  readonly cards: readonly CardSummary[]
  /** What the node had sent when it died, or when it answered. */
  readonly statements: readonly string[]
}

/** Runs a scenario on a node of its own, which is killed at a statement if one is given. Somebody else then answers. */
async function run(scenario: Scenario, side?: Side, at?: number): Promise<Outcome> {
  const victim = await next
  next = startVictim()
  runs += 1
  const prepared = await scenario(survivor, runs)
  const sent: Statement[] = []
  let isDead = false
  victim.wire.hand = async (statement, where) => {
    if (isDead) return 'drop'
    if (where === 'before') sent.push(statement)
    if (where !== side || at === undefined || sent[at - 1] !== statement) return 'none'
    isDead = true
    await victim.node.kill()
    return 'drop'
  }
  const first = await askOnce(victim.node, prepared.asked)
  victim.wire.hand = undefined
  await end(victim)
  const told = first ?? (await askUntilTold([survivor], prepared.asked))
  expect(told.status).toBeLessThan(300)
  expect(lasting(await askUntilTold([survivor], prepared.asked))).toEqual(lasting(told))
  return { cards: await outcomeOf(changedCards(prepared, told)), statements: sent.map(({ text }) => text) }
}

const STRUCK = [
  'an authorization that delivers',
  'the second half of an authorization',
  'an advice that confirms',
  'a new PIN',
  'a script with a new PIN',
  'a command that is cancelled',
  'a card that is replaced, its commands moved',
]

describe.each(STRUCK)('%s', (name) => {
  const scenario = SCENARIOS[name] as Scenario

  test('happens once wherever its node is killed', { timeout: 600_000 }, async () => {
    const { cards, statements } = await undisturbed(() => run(scenario))
    // A read and a write there are at least.
    expect(statements.length).toBeGreaterThan(1)
    const kill = (side: Side, at: number) =>
      struckAt(
        statements,
        at,
        () => run(scenario, side, at),
        (outcome) => expect(outcome.cards).toEqual(cards),
      )
    for (let at = 1; at <= statements.length; at++) await kill('before', at)
    // To all others, after one statement is before the next: what is left is after the last.
    await kill('after', statements.length)
  })
})

test('the books are right at the end', async () => {
  await quiet(database())
  expect(await faultsOf(database(), await eventsAfter(survivor, undefined))).toEqual([])
  expect(await auditFaults(database())).toEqual([])
})
