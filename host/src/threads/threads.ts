/**
 * Threads for the heavy part of bulk requests, so that others are answered meanwhile. None runs until there is bulk work,
 * and all end when there was none for some seconds. While one starts, cannot start or has died, its work is done on the
 * main thread: nothing is lost by it but time.
 */
import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Piscina } from 'piscina'
import { authenticateLines, verifyCryptograms } from './worker.js'

const TASKS = { authenticateLines, verifyCryptograms }

type Tasks = typeof TASKS

/** Where work is done. */
export interface Threads {
  /** How many there may be; 0 where all is done on the main thread. */
  readonly count: number
  /** Does a task of worker.ts. It rejects with what the task throws on the main thread. */
  run<N extends keyof Tasks>(name: N, task: Parameters<Tasks[N]>[0]): Promise<Awaited<ReturnType<Tasks[N]>>>
  /** Ends the threads; what they have been given is done first. */
  close(): Promise<void>
}

/** The main thread. */
export const sameThread: Threads = {
  count: 0,
  // Which task takes what is known outside, not in here.
  run: async (name, task) => (TASKS[name] as (task: unknown) => never)(task),
  close: async () => {},
}

/** A pool that is open, and tells of it. */
export interface ThreadPool extends Threads {
  /** The pool below; undefined until there was work. */
  readonly pool: Piscina | undefined
}

export interface ThreadOptions {
  /** What a thread loads; worker.ts unless given. */
  readonly worker?: URL
  readonly idleMilliseconds?: number
  /** Told once that a thread could not start or died. */
  readonly onError?: (error: unknown) => void
}

const EXTENSION = import.meta.url.slice(-3)
const WORKER = new URL(`./worker${EXTENSION}`, import.meta.url)
/** Threads do not inherit how the main thread loads the sources. */
const SOURCE_ARGUMENTS = ['--conditions=@issuerkit/source', '--import', new URL('./sources.mjs', import.meta.url).href]
/** After so many failures no more threads are started. */
const MOST_FAILURES = 3

/** Threads beside the main one: as many as there are cores but one, and one at least. */
export function startThreads(options: ThreadOptions = {}): ThreadPool {
  const { worker = WORKER, idleMilliseconds = 5_000, onError = () => {} } = options
  const count = Math.max(1, availableParallelism() - 1)
  let pool: Piscina | undefined
  let starting: Promise<void> | undefined
  let closed = false
  /** In a row. */
  let failures = 0
  let told = false
  /** Lets a pool go: what waits for a thread that died would wait for ever. The next bulk work starts another. */
  const drop = (failed: Piscina | undefined, error: unknown) => {
    if (pool !== failed) return
    pool = undefined
    failures++
    if (!told) onError(error)
    told = true
    void failed?.destroy()
  }
  const start = async () => {
    // Loaded when it is needed: a start of the host is as long as it was.
    const { Piscina: Pool } = await import('piscina')
    if (closed) return
    pool ??= opened(
      new Pool({
        filename: fileURLToPath(worker),
        execArgv: EXTENSION === '.ts' ? SOURCE_ARGUMENTS : [],
        minThreads: 0,
        maxThreads: count,
        idleTimeout: idleMilliseconds,
      }),
    )
    await pool.run(undefined, { name: 'ready' })
  }
  const opened = (made: Piscina) => made.on('error', (error) => drop(made, error))
  /** Work is here, but others are looked after first, and so is the thread that starts. */
  const here: Threads['run'] = (name, task) => setImmediate().then(() => sameThread.run(name, task))
  return {
    count,
    get pool() {
      return pool
    },
    async run(name, task) {
      if (closed || failures >= MOST_FAILURES) return here(name, task)
      const open = pool
      if (open === undefined || open.threads.length === 0 || starting !== undefined) {
        starting ??= start()
          .catch((error: unknown) => drop(pool, error))
          .finally(() => {
            starting = undefined
          })
        return here(name, task)
      }
      try {
        const result = await open.run(task, { name })
        failures = 0
        return result
      } catch (error) {
        drop(open, error)
        return here(name, task)
      }
    },
    async close() {
      closed = true
      await starting
      await pool?.close()
    },
  }
}
