/**
 * Many at once: four nodes, a thousand cards, ten thousand calls and more. Every card's calls must be in an order that can be,
 * although the nodes read and write many cards together.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { auditFaults } from './support/faults/books.js'
import { loadIssuer } from './support/faults/messages.js'
import { type LocalNode, localNode, masterKey } from './support/faults/node.js'
import { runRound } from './support/faults/round.js'

const CARDS = 1_000
const CALLS = 10_000

const { address, database } = useDatabase()
let nodes: LocalNode[]
beforeAll(async () => {
  await loadIssuer(database(), masterKey(), { answerTimeoutSeconds: 0, maxAttempts: 3 })
  nodes = await Promise.all([1, 2, 3, 4].map(() => localNode(address)))
})
afterAll(() => Promise.all(nodes.map((node) => node.close())))

test(`${CARDS} cards, ${CALLS} calls, four nodes`, { timeout: 600_000 }, async () => {
  const report = await runRound({
    seed: 7_000_000,
    nodes: () => nodes,
    database: database(),
    rules: { answerTimeout: 0, maxAttempts: 3 },
    cards: CARDS,
    batches: 5,
    now: () => Date.now(),
    calm: () => {},
  })
  expect(report.faults).toEqual([])
  expect(report.calls).toBeGreaterThanOrEqual(CALLS)
  expect(await auditFaults(database())).toEqual([])
})
