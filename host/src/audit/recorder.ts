/**
 * Uses of keys that change nothing in the database (a cryptogram verified, a script built) have no transaction to stand in,
 * and a statement for each would cost more than the use. They are added up for a moment, like with like, and written
 * together: who used the keys of which issuer for what, how often, with what end. A host that is killed loses the uses of
 * that moment; one that is stopped loses none. When the trail cannot be written, keys are no longer used.
 */
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import { appendAudit } from './append.js'
import type { AuditRecord } from './entry.js'

export interface AuditRecorder {
  /** Adds a use. It is in the database within a moment. */
  note(record: AuditRecord): void
  /** ERR_UNAVAILABLE while uses cannot be written, or too many different ones wait. */
  expectWritable(): void
  /** Uses that are not in the database yet, like ones counted once. */
  readonly waiting: number
  /** Writes what waits. */
  flush(): Promise<void>
  /** The same, and stops. */
  close(): Promise<void>
}

/** What is added up: the first of its like, and how many. */
interface Waiting {
  readonly record: AuditRecord
  count: number
}

export interface RecorderOptions {
  readonly everyMilliseconds?: number
  /** How many different uses may wait before no key is used any more. */
  readonly most?: number
  readonly onError?: (error: unknown) => void
}

/** A recorder on `database`. */
export function auditRecorder(database: Database, options: RecorderOptions = {}): AuditRecorder {
  const { everyMilliseconds = 250, most = 10_000, onError = () => {} } = options
  let waiting = new Map<string, Waiting>()
  let broken = false
  let writing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  const add = (record: AuditRecord, count: number) => {
    const { subject, action, object, outcome, detail } = record
    const name = JSON.stringify([subject, action, object, outcome, detail])
    const like = waiting.get(name)
    if (like === undefined) waiting.set(name, { record, count })
    else like.count += count
  }
  const write = async () => {
    const batch = waiting
    if (batch.size === 0) return
    waiting = new Map()
    try {
      const records = Array.from(batch.values(), ({ record: { request: _, ...like }, count }) => ({ ...like, count }))
      await database.transaction().execute((transaction) => appendAudit(transaction, records))
      broken = false
    } catch (error) {
      for (const { record, count } of batch.values()) add(record, count)
      broken = true
      onError(error)
    }
  }
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    writing = writing.then(write).then(arm)
    return writing
  }
  const arm = () => {
    if (waiting.size > 0 && timer === undefined) timer = setTimeout(flush, everyMilliseconds)
  }
  return {
    note(record) {
      add(record, record.count ?? 1)
      arm()
    },
    expectWritable() {
      if (broken || waiting.size >= most) throw new HostError('ERR_UNAVAILABLE')
    },
    get waiting() {
      return waiting.size
    },
    flush,
    async close() {
      await flush()
      clearTimeout(timer)
      timer = undefined
    },
  }
}
