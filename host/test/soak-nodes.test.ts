/**
 * Transactions of virtual cards against nodes of the host that are processes of their own and are killed, in the middle of
 * requests: at the end the ledger agrees with every card. SOAK_TRANSACTIONS=10000 is the whole run, of which this is a fifth;
 * SOAK_SEED starts it elsewhere, SOAK_SHOW shows what happened.
 */
import { join } from 'node:path'
import { createSeededRandom } from '@issuerkit/terminal'
import { expect, it } from 'vitest'
import { useDatabase } from './support/database.js'
import { testFolder } from './support/folders.js'
import { startNodes } from './support/soak/nodes.js'
import { soak } from './support/soak/soak.js'

const SEED = Number(process.env['SOAK_SEED'] ?? 20_261_122)
const TRANSACTIONS = Number(process.env['SOAK_TRANSACTIONS'] ?? 2_000)
const ACCOUNTS = Math.min(400, Math.ceil(TRANSACTIONS / 20))
/** Messages to the host from one kill to the next, on an average: eight in a run, at five messages to a transaction. */
const KILL_EVERY = Math.ceil((5 * TRANSACTIONS) / 8)

const { url } = useDatabase()

const what = `agrees with every card after ${TRANSACTIONS} transactions on nodes that are killed, seed ${SEED}`
it(what, { timeout: 3_600_000 }, async () => {
  const random = createSeededRandom(SEED)
  const nodes = await startNodes({ databaseUrl: url(), folder: join(testFolder(), 'key'), nodes: 2, random })
  try {
    const report = await soak({
      network: {
        send: (message) => {
          // While it is under way, and others with it.
          if (random.below(KILL_EVERY) === 0) setTimeout(nodes.kill, random.below(5))
          return nodes.send(message)
        },
      },
      seed: SEED,
      transactions: TRANSACTIONS,
      accounts: ACCOUNTS,
      parallel: 8,
      judgeEvery: 12,
    })
    if (process.env['SOAK_SHOW'] !== undefined) console.log(report.counts, nodes.kills(), nodes.retries())
    expect(report.faults).toEqual([])
    expect(nodes.kills()).toBeGreaterThan(0)
  } finally {
    await nodes.close()
  }
})
