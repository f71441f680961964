/** The result of a campaign, a line for each of its lines, in their order. */
import type { Database } from '../database.js'
import type { Campaign, LineState } from './campaign.js'

/** Which lines. */
export interface ResultsOptions {
  /** Those behind this one. */
  readonly after: number
  readonly state?: LineState | undefined
}

/** Lines that are read at once. */
const TOGETHER = 1_000

/**
 * The result as NDJSON, also while the campaign runs: what was not done is `waiting`, or `cancelled` with the campaign. Nothing is
 * read before what was read has been taken.
 */
export async function* resultLines(
  database: Database,
  { id, state }: Pick<Campaign, 'id' | 'state'>,
  { after, state: wanted }: ResultsOptions,
): AsyncGenerator<string> {
  for (let last = after; ; ) {
    const rows = await database
      .selectFrom('campaign_line')
      .select(['number', 'state', 'name', 'card', 'result'])
      .where('campaign', '=', id)
      .where('number', '>', last)
      .$if(wanted !== undefined, (query) => query.where('state', '=', wanted ?? 'done'))
      .orderBy('number')
      .limit(TOGETHER)
      .execute()
    const end = rows.at(-1)
    if (end === undefined) return
    yield rows.map((row) => `${JSON.stringify(shown(row, state))}\n`).join('')
    last = end.number
  }
}

interface Row {
  readonly number: number
  readonly state: LineState
  readonly name: string | null
  readonly card: string | null
  readonly result: object | null
}

function shown({ number, state, name, card, result }: Row, campaign: Campaign['state']): object {
  return {
    line: number,
    ...(name === null ? {} : { id: name }),
    state: state === 'waiting' && campaign === 'cancelled' ? 'cancelled' : state,
    ...(card === null ? {} : { card }),
    ...result,
  }
}
