/**
 * Random faults: three nodes on one database, whose connections break and whose statements are refused at random, while cards
 * live their lives. What everybody was told must be what one service that does one thing at a time could have told.
 *
 * `ROUNDS=500 ROUNDS_SEED=1` runs 500 rounds, the first from the seed 1, the next from 2 and so on; a fault names its seed. The
 * seed gives what is done and what breaks; who is faster is left to the machine.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { useDatabase } from './support/database.js'
import { auditFaults } from './support/faults/books.js'
import { loadIssuer } from './support/faults/messages.js'
import { type LocalNode, localNode, masterKey } from './support/faults/node.js'
import { runRound } from './support/faults/round.js'
import type { WireHand } from './support/faults/wire.js'
import { randomFrom } from './support/ledger-world.js'

const ROUNDS = Number(process.env['ROUNDS'] ?? (process.env['TESTS'] === 'all' ? 500 : 20))
const SEED = Number(process.env['ROUNDS_SEED'] ?? 1)
const SECOND = 1000
const RULES = { answerTimeout: 60 * SECOND, maxAttempts: 3 }

const { address, database } = useDatabase()
let nodes: LocalNode[]
beforeAll(async () => {
  await loadIssuer(database(), masterKey(), { answerTimeoutSeconds: 60, maxAttempts: 3 })
  nodes = await Promise.all([1, 2, 3].map(() => localNode(address)))
})
afterAll(() => Promise.all(nodes.map((node) => node.close())))

// The clock of the cards; timers run as ever.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

/** One statement in some is refused or lost. */
function breaking(seed: number, share: number): WireHand {
  const random = randomFrom(seed)
  return ({ text }, side) => {
    // No server refuses to roll back.
    if (random() >= share || text === 'rollback') return 'none'
    return side === 'before' && random() < 0.3 ? 'throw' : 'drop'
  }
}

test(`${ROUNDS} rounds`, { timeout: ROUNDS * 5 * SECOND + 60_000 }, async () => {
  const faults: string[] = []
  let calls = 0
  let begin: string | undefined
  for (let seed = SEED; seed < SEED + ROUNDS && faults.length === 0; seed++) {
    for (const [i, { wire }] of nodes.entries()) wire.hand = breaking(4 * seed + i, 0.03)
    const report = await runRound({
      seed,
      nodes: () => nodes,
      database: database(),
      begin,
      rules: RULES,
      cards: 2,
      batches: 5,
      now: () => Date.now(),
      between: (random) => void vi.setSystemTime(Date.now() + (random() < 0.5 ? 30 : 90) * SECOND),
      calm: () => {
        for (const { wire } of nodes) wire.hand = undefined
      },
    })
    calls += report.calls
    begin = report.end
    faults.push(...report.faults)
  }
  expect(faults).toEqual([])
  expect(calls).toBeGreaterThan(10 * ROUNDS)
  expect(await auditFaults(database())).toEqual([])
})
