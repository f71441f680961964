/** Signs the heads of the audit trail from time to time, and hands them out of the database's reach. */
import type { Database } from '../database.js'
import type { MasterKey } from '../wrap.js'
import { currentHeads, signHeads } from './heads.js'

export interface HeadSignerOptions {
  readonly database: Database
  readonly masterKey: MasterKey
  /** Where signed heads go: a file, a log, another machine. What stays in the database alone protects nothing. */
  readonly write: (jws: string) => void | Promise<void>
  readonly everyMilliseconds?: number
  readonly onError?: (error: unknown) => void
}

export interface HeadSigner {
  /** Signs now, unless nothing was added since the last time. */
  sign(): Promise<void>
  /** Signs a last time and stops. */
  close(): Promise<void>
}

/** Starts signing. */
export function startHeadSigner(options: HeadSignerOptions): HeadSigner {
  const { database, masterKey, write, everyMilliseconds = 60_000, onError = () => {} } = options
  let signed = ''
  const signIfNew = async () => {
    try {
      const heads = JSON.stringify(await currentHeads(database))
      if (heads === signed || heads === '[]') return
      await write(await signHeads(database, masterKey))
      signed = heads
    } catch (error) {
      onError(error)
    }
  }
  let running: Promise<void> = Promise.resolve()
  const sign = () => {
    running = running.then(signIfNew)
    return running
  }
  const timer = setInterval(sign, everyMilliseconds).unref()
  return {
    sign,
    close() {
      clearInterval(timer)
      return sign()
    },
  }
}
