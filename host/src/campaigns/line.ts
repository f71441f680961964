/** What uploading lines and working on them share. */
import { HostError } from '../errors.js'
import { problemOf } from '../problem.js'
import type { KeyRow } from '../wrap.js'

/** Why a line is `failed` or `invalid`. */
export interface LineError {
  readonly code: string
  readonly message: string
  readonly label?: string | undefined
  readonly expected?: string | undefined
}

/** An error that a line is to blame for, as its result; `undefined` for others. */
export function lineError(error: unknown): LineError | undefined {
  // A card whose ledger contradicts itself is told of as it is: nobody looks at each line's log.
  if (error instanceof HostError && error.code === 'ERR_LEDGER') return { code: error.code, message: error.message }
  const { status, code, detail: message, label, expected } = problemOf(error)
  if (status >= 500) return undefined
  return masked({ code, message, label, expected })
}

/** What was sent may be named by an error, and a field be called by any name, by a PAN too: digits do not stay. */
export function masked({ code, message, label, expected }: LineError): LineError {
  return JSON.parse(JSON.stringify({ code, message, label, expected }).replaceAll(/\d{8,}/g, '…')) as LineError
}

/** What an enciphered line is bound to. */
export function lineRow(campaign: string, number: number): KeyRow {
  return { id: `${campaign}.${number}`, issuer: '', usage: 'campaign', algorithm: 'line' }
}

/** Does `work` with each of `items`, at most `lanes` at a time. @returns the results in their order */
export async function inLanes<T, R>(
  lanes: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  const queue = items.entries()
  const lane = async () => {
    for (const [i, item] of queue) results[i] = await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}
