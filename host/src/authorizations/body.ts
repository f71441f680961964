/** What the interface says of an authorization. */
import type { CryptogramVerdict, VerdictCode } from '@issuerkit/keys'
import type { Entry, Rank } from '../ledger/model.js'
import type { AuthorizationRow } from '../store/authorizations.js'
import { type Answer, answerOf, askedOf } from './asked.js'
import { scriptResultsOf } from './message.js'
import { verdictReport } from './verdict.js'

/** An entry that a message moved. */
export interface MovedEntry {
  readonly entry: string
  readonly state: Entry['state']
  readonly rank: Rank | null
  readonly type: Entry['intent']['type']
}

/** The answer of the service to both halves; the verdict's own members stand beside these. */
export interface AuthorizationBody {
  readonly authorization: string
  readonly card: string | null
  readonly repeat: boolean
  readonly verdict: VerdictCode
  readonly entries: readonly MovedEntry[]
  readonly answer: Answer | null
}

/** The entries whose state or rank is another one than before. */
export function movedEntries(before: readonly Entry[], after: readonly Entry[]): MovedEntry[] {
  if (before === after) return []
  const known = new Map(before.map((entry) => [entry.id, entry]))
  return after
    .filter(({ id, state, rank }) => known.get(id)?.state !== state || known.get(id)?.rank !== rank)
    .map(({ id, state, rank, intent: { type } }) => ({ entry: id, state, rank, type }))
}

/** The body for a row; `verdict` is what its cryptogram says by itself, the row's code also what the ledger knew. */
export function authorizationBody(
  row: AuthorizationRow,
  verdict: CryptogramVerdict,
  { repeat, entries }: Pick<AuthorizationBody, 'repeat' | 'entries'>,
): AuthorizationBody {
  const asked = askedOf(row)
  const code = row.verdict as VerdictCode
  return {
    authorization: row.id,
    card: row.card,
    repeat,
    ...verdictReport(verdict, { ...asked, code }),
    verdict: code,
    flags: asked.flags,
    scriptResults: scriptResultsOf(verdict.tags) ?? [],
    entries,
    answer: answerOf(row),
  } as AuthorizationBody
}
