/**
 * Script MACs on several threads: for the benchmark of two threads against one.
 *
 * Records lie in shared memory and are never copied between threads; a message says which of them a thread is to do. A
 * thread has an engine of its own, and writes only into its own records, so nothing has to be locked. This file is both
 * ends: imported it opens a pool, run as a worker it answers.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { type BatchOptions, scriptMacs, TdesKey } from '../packages/keys/src/index.js'

/** Records of `stride` bytes: Y (8), diversification value (8), message (`length`), place for the MAC (8). */
export interface ScriptRecords {
  readonly memory: SharedArrayBuffer
  readonly stride: number
  readonly length: number
  /** The issuer master key, 16 bytes: one of the benchmark, nobody's. */
  readonly imk: Uint8Array
}

interface Task extends ScriptRecords {
  readonly first: number
  readonly count: number
}

/** What a thread runs: this file, behind the loader of TypeScript, which threads of Node 20 do not inherit. */
const START = `import('${import.meta.resolve('tsx/esm/api')}').then(({ register }) => {
  register()
  return import('${import.meta.url}')
})`

/** Records of one message: some milliseconds of work, against a tenth of one for the message. */
const AT_ONCE = 16_384

/** Threads that wait for work. */
export interface ScriptPool {
  readonly threads: number
  /** The MACs of the first `count` records; a thread that is done takes the next ones. */
  run(records: ScriptRecords, count: number): Promise<void>
  close(): Promise<void>
}

/** The MACs of some records, on this thread. */
export function scriptMacsOf({ memory, stride, length, imk, first, count }: Task, options: BatchOptions = {}): void {
  const bytes = new Uint8Array(memory)
  const field = (offset: number) => ({ bytes, offset: first * stride + offset, stride })
  const key = TdesKey.create('issuer', 'MAC', imk)
  try {
    const session = { method: 'emv-common', diversificationValue: field(8) } as const
    scriptMacs(key, { count, y: field(0), session, messages: field(16), length, mac: field(16 + length) }, options)
  } finally {
    key.destroy()
  }
}

/** A pool of so many threads. */
export function openScriptPool(threads: number): ScriptPool {
  const workers = Array.from({ length: threads }, () => new Worker(START, { eval: true }))
  return {
    threads,
    async run(records, count) {
      let next = 0
      const work = async (worker: Worker): Promise<void> => {
        while (next < count) {
          const first = next
          next += AT_ONCE
          await answered(worker, { ...records, first, count: Math.min(AT_ONCE, count - first) })
        }
      }
      await Promise.all(workers.map(work))
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}

function answered(worker: Worker, task: Task): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      worker.off('message', done).off('error', settle)
      if (error === undefined) resolve()
      else reject(error)
    }
    const done = (): void => settle()
    worker.on('message', done).on('error', settle)
    worker.postMessage(task)
  })
}

if (!isMainThread) {
  parentPort?.on('message', (task: Task) => {
    scriptMacsOf(task)
    parentPort?.postMessage('done')
  })
}
