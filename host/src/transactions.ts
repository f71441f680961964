/**
 * Transactions of requests, fewer at once than there are connections. The work of one may need another connection: for the
 * profile of an issuer or a key, which are not read inside it. If transactions held every connection, each would wait for one
 * of the others to end, and none would.
 */
import { CONNECTIONS, type Database } from './database.js'

/** A quarter of the connections is for work that ends by itself. */
export const MOST_TRANSACTIONS = (CONNECTIONS * 3) / 4

interface Gate {
  running: number
  readonly waiting: (() => void)[]
}

const gates = new WeakMap<Database, Gate>()

/** Runs `work` in a transaction of `database`, as soon as it is its turn. */
export async function transact<T>(database: Database, work: (transaction: Database) => Promise<T>): Promise<T> {
  const gate = gates.get(database) ?? { running: 0, waiting: [] }
  gates.set(database, gate)
  if (gate.running >= MOST_TRANSACTIONS) await new Promise<void>((go) => gate.waiting.push(go))
  else gate.running++
  try {
    return await database.transaction().execute(work)
  } finally {
    // The place is handed on, so that nobody slips in between.
    const next = gate.waiting.shift()
    if (next === undefined) gate.running--
    else next()
  }
}
