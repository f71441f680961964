/**
 * Authorizations as they were asked and answered, for network repeats, the second half and advices. Both are kept
 * enciphered: an answer holds MACed commands, and what was asked belongs to a cardholder.
 */
import { type Kysely, sql } from 'kysely'
import type { Database } from '../database.js'
import { hostSeal } from '../keys/host-secrets.js'
import type { AuthorizationRequestTable, Tables } from '../tables.js'
import type { KeyRow, MasterKey } from '../wrap.js'

/** What is kept of an authorization. `request` and `answer` are JSON without a PAN in it. */
export interface AuthorizationRow {
  readonly id: string
  readonly issuer: string
  readonly reference: string
  /** The card's handle; null where nothing names the card. */
  readonly card: string | null
  readonly atc: number | null
  /** A digest of the cryptogram; empty without DE55. */
  readonly fingerprint: string
  readonly verdict: string
  readonly created: Date
  readonly request: object
  readonly answer: object | null
}

/** How many authorizations of one reference are looked at. */
const MOST = 16

export interface AuthorizationStore {
  byId(id: string): Promise<AuthorizationRow | undefined>
  /** Those of a reference, the latest first, at most 16. */
  byReference(issuer: string, reference: string): Promise<readonly AuthorizationRow[]>
  /** Whether one of the cards has sent this very cryptogram and data before, at this counter. */
  isKnown(
    cards: readonly string[],
    message: Pick<AuthorizationRow, 'fingerprint'> & { readonly atc: number },
  ): Promise<boolean>
}

/** What reading and writing authorizations takes. */
export interface SealContext {
  readonly database: Database
  readonly masterKey: MasterKey
}

/** The authorizations of `context.database`, read by `database`, which may be a transaction. */
export function authorizationStore(
  context: SealContext,
  database: Kysely<Tables> = context.database,
): AuthorizationStore {
  const open = async (rows: readonly AuthorizationRequestTable[]) => {
    const seal = await authorizationSeal(context)
    return rows.map((row) => opened(seal, row))
  }
  const columns = ['id', 'issuer', 'reference', 'card', 'atc', 'fingerprint', 'verdict', 'request', 'answer'] as const
  const rows = database.selectFrom('authorization_request').select([...columns, 'created_at'])
  return {
    byId: async (id) => (await open(await rows.where('id', '=', id).execute()))[0],
    byReference: async (issuer, reference) =>
      open(
        await rows
          .where('issuer', '=', issuer)
          .where('reference', '=', reference)
          .orderBy('created_at', 'desc')
          .limit(MOST)
          .execute(),
      ),
    isKnown: async (cards, { atc, fingerprint }) =>
      (await database
        .selectFrom('authorization_request')
        .select('id')
        .where('card', '=', sql<string>`any(${[...cards]}::text[])`)
        .where('atc', '=', atc)
        .where('fingerprint', '=', fingerprint)
        .executeTakeFirst()) !== undefined,
  }
}

/** The key that authorizations are enciphered under. */
export function authorizationSeal(context: SealContext): Promise<MasterKey> {
  return hostSeal(context, 'authorization')
}

/** The row as it is stored. */
export function sealed(
  seal: MasterKey,
  { request, answer, created, ...row }: AuthorizationRow,
): AuthorizationRequestTable {
  const wrap = (part: 'request' | 'answer', value: object) =>
    seal.wrap(bound(row, part), new TextEncoder().encode(JSON.stringify(value)))
  return {
    ...row,
    request: wrap('request', request),
    answer: answer === null ? null : wrap('answer', answer),
    created_at: created,
  }
}

function opened(
  seal: MasterKey,
  { request, answer, created_at: created, ...row }: AuthorizationRequestTable,
): AuthorizationRow {
  const unwrap = (part: 'request' | 'answer', bytes: Uint8Array) =>
    JSON.parse(new TextDecoder().decode(seal.unwrap(bound(row, part), bytes))) as object
  return {
    ...row,
    created,
    request: unwrap('request', request),
    answer: answer === null ? null : unwrap('answer', answer),
  }
}

function bound({ id, issuer }: { readonly id: string; readonly issuer: string }, part: string): KeyRow {
  return { id, issuer, usage: 'authorization', algorithm: part }
}
