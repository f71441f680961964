/**
 * Two requests, statement by statement, in every order. Each stands at a gate before each of its statements; one of those that
 * stand is let through, runs to its next gate, and so on. Whoever waits for a lock stands nowhere until it is given free.
 */
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Database } from '../../../src/database.js'
import type { Side, Statement, Wire, WireFault, WireHand } from './wire.js'

/** Says which of `able` goes next. */
export type Choose = (able: readonly number[]) => number

/**
 * Calls `run` again and again until every order has been tried; `run` asks at every step who goes next, and has at least two
 * to choose from. An order changes from one to the other, without need, at most `switches` times.
 * @returns how many orders there were
 */
export async function explore(
  run: (choose: Choose) => Promise<void>,
  switches = Number.POSITIVE_INFINITY,
): Promise<number> {
  const path: { left: readonly number[]; last: number | undefined }[] = []
  for (let orders = 1; ; orders++) {
    let step = 0
    let last: number | undefined
    let used = 0
    await run((able) => {
      const known = path[step]
      const isSwitch = (one: number) => last !== undefined && able.includes(last) && one !== last
      if (known === undefined) {
        // Going on comes first, so that what is left to try are switches.
        const first = last !== undefined && able.includes(last) ? last : (able[0] as number)
        const others = able.filter((one) => one !== first && (!isSwitch(one) || used < switches))
        path.push({ left: [first, ...others], last })
      }
      const planned = path[step]?.left[0] as number
      // What waits for a lock depends on who is faster, now and then: then this order is tried as far as it goes.
      const chosen = able.includes(planned) ? planned : (able[0] as number)
      if (isSwitch(chosen)) used += 1
      last = chosen
      step += 1
      return chosen
    })
    path.length = step
    while (path.length > 0 && (path.at(-1)?.left.length ?? 0) < 2) path.pop()
    const end = path.at(-1)
    if (end === undefined) return orders
    path[path.length - 1] = { ...end, left: end.left.slice(1) }
  }
}

/**
 * Statements at which nobody need stand. They touch nothing that the other request looks at, so letting them run at once with
 * the statement before them leaves out no outcome.
 */
const PRIVATE = /^(begin|update "idempotency"|insert into "host_secret")/

/** A request on its way. */
interface Walker {
  /** Its statements that stand at the gate. */
  readonly standing: (() => void)[]
  /** Those that the server works on. */
  running: number
  done: boolean
}

/** Lets both requests run on their nodes, in the order that `choose` says. */
export async function inStep<T>(
  database: Database,
  requests: readonly { readonly wire: Wire; readonly ask: () => Promise<T> }[],
  choose: Choose,
): Promise<T[]> {
  const walkers = requests.map((): Walker => ({ standing: [], running: 0, done: false }))
  const told = requests.map(({ wire, ask }, i) => {
    const walker = walkers[i] as Walker
    wire.hand = handOf(walker)
    return ask().finally(() => {
      walker.done = true
      wire.hand = undefined
    })
  })
  while (!walkers.every(({ done }) => done)) {
    await settled(database, walkers)
    const able = walkers.flatMap(({ standing }, i) => (standing.length === 0 ? [] : [i]))
    const next = able.length < 2 ? able[0] : choose(able)
    if (next !== undefined) walkers[next]?.standing.shift()?.()
  }
  return Promise.all(told)
}

function handOf(walker: Walker): WireHand {
  const running = new Set<number>()
  const begun = new Set<number>()
  // The node's own writing of the audit trail is in no request; it may have begun before.
  const own = new Set<number>()
  return async ({ text, connection }: Statement, side: Side): Promise<WireFault> => {
    if (side === 'after') {
      if (running.delete(connection)) walker.running -= 1
      return 'none'
    }
    const isOwn = own.has(connection) || /^select chain, seq from append_audit/.test(text)
    if (text === 'begin') begun.add(connection)
    if (isOwn) own.add(connection)
    if (text === 'commit') own.delete(connection)
    const isFree = PRIVATE.test(text) || isOwn || (text === 'commit' && !begun.has(connection))
    if (!isFree) await new Promise<void>((resolve) => walker.standing.push(resolve))
    running.add(connection)
    walker.running += 1
    return 'none'
  }
}

/** Looks, a millisecond or more apart. */
const PATIENCE = 5_000

/** Until each stands at its gate, is done, or waits for a lock that the other holds. */
async function settled(database: Database, walkers: readonly Walker[]): Promise<void> {
  const isStill = ({ standing, running, done }: Walker) => done || (standing.length > 0 && running === 0)
  let still = 0
  for (let look = 1; ; look++) {
    const moving = walkers.filter((walker) => !isStill(walker))
    // A request may send two statements at once: the second one comes a moment later.
    still = moving.length === 0 ? still + 1 : 0
    if (still === 2) return
    if (look > PATIENCE) throw new Error(`nothing moves: ${JSON.stringify(walkers)}`)
    await setTimeout(1)
    if (look % 8 !== 0 || moving.length === 0 || moving.length === walkers.length) continue
    const { rows } = await sql<{ waiting: number }>`
      select count(*)::integer as waiting from pg_stat_activity where wait_event_type = 'Lock'`.execute(database)
    if ((rows[0]?.waiting ?? 0) > 0 && moving.every(({ running }) => running > 0)) return
  }
}
