/** How a line ends. */
import { type Database, isUnavailable } from '../database.js'
import { HostError, systemCode } from '../errors.js'
import type { LineState } from './campaign.js'
import { type LineError, lineError } from './line.js'

export interface LineName {
  readonly campaign: string
  readonly number: number
}

export interface LineEnd {
  readonly state: Exclude<LineState, 'waiting'>
  readonly result: object
  /** What the caller calls the line, where it was not known before. */
  readonly name?: string
}

/** Ends a line that waits. What it held is erased, unless it may be needed once more. @returns false when it did not wait */
export async function endLine(
  database: Database,
  { campaign, number }: LineName,
  { state, result, name }: LineEnd,
): Promise<boolean> {
  const { numUpdatedRows } = await database
    .updateTable('campaign_line')
    .set({ state, result: JSON.stringify(result), ...(name === undefined ? {} : { name }) })
    .$if(state !== 'failed', (query) => query.set({ sealed: null }))
    .where('campaign', '=', campaign)
    .where('number', '=', number)
    .where('state', '=', 'waiting')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/**
 * Ends a line that could not be done.
 * @throws `error` itself when the line has nothing to do with it: the database is out of reach, say. The line waits on
 */
export async function failLine(
  database: Database,
  line: LineName,
  error: unknown,
  onError: (error: unknown) => void,
): Promise<void> {
  if (isPassing(error)) throw error
  const told = lineError(error)
  if (told === undefined) onError(error)
  await endLine(database, line, { state: 'failed', result: { error: told ?? INTERNAL } })
}

const INTERNAL: LineError = { code: 'ERR_INTERNAL', message: new HostError('ERR_INTERNAL').message }

/** Whether the same may go well a moment later: no connection, a deadlock (SQLSTATE 40), no resources (53), a lock (55). */
function isPassing(error: unknown): boolean {
  if (error instanceof HostError) return error.code === 'ERR_UNAVAILABLE'
  return isUnavailable(error) || /^(40|53|55|57)/.test(systemCode(error) ?? '')
}
