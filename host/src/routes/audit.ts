/** GET /v1/audit and /v1/audit/head: who did what, newest first, and the signed ends of the chains. */
import { type SqlBool, sql } from 'kysely'
import { Type } from 'typebox'
import { AUDIT_ACTIONS } from '../audit/entry.js'
import { signHeads } from '../audit/heads.js'
import type { Routes } from '../context.js'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'

/** What a text column can hold. */
const PRINTABLE = '^[^\\u0000-\\u001F]*$'

const QUERY = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'Entries of a page, 100 by default.' }),
    ),
    before: Type.Optional(Type.String({ maxLength: 64, description: 'The `next` of the page before.' })),
    subject: Type.Optional(Type.String({ maxLength: 256, pattern: PRINTABLE })),
    action: Type.Optional(Type.Union(AUDIT_ACTIONS.map((action) => Type.Literal(action)))),
    object: Type.Optional(
      Type.String({
        maxLength: 256,
        pattern: PRINTABLE,
        description: 'As in the entries: `issuer:…`, `key:…`, `card:…`.',
      }),
    ),
  },
  { additionalProperties: false },
)

const DESCRIPTION = [
  'The trail is 64 hash chains side by side; `chain` and `seq` say where an entry stands, `hash` is over its text and the',
  'entry before it. `issuerkit audit verify` checks them.',
].join(' ')

/** Adds the routes of the audit trail. */
export const auditRoutes: Routes = (app, { database, masterKey }) => {
  const config = { scope: 'audit:read' } as const
  const tags = ['audit']
  app.get(
    '/v1/audit',
    { config, schema: { summary: 'Read the audit trail', description: DESCRIPTION, tags, querystring: QUERY } },
    async ({ query }) => page(database, query as Query),
  )
  app.get(
    '/v1/audit/head',
    { config, schema: { summary: 'Sign the ends of the chains: keep the answer elsewhere', tags } },
    async () => ({ jws: await signHeads(database, masterKey) }),
  )
}

/** Entries of a page. */
const PAGE = 100

/** What is asked of the trail. */
export interface Query {
  readonly limit?: number
  readonly before?: string
  readonly subject?: string
  readonly action?: string
  readonly object?: string
}

/** The statement that reads a page. */
export function entriesQuery(database: Database, { limit = PAGE, before, ...wanted }: Query) {
  let query = database.selectFrom('audit_entry').selectAll()
  if (before !== undefined) {
    const [at, chain, seq] = cursorOf(before)
    query = query.where(sql<SqlBool>`(at, chain, seq) < (${at}::timestamptz, ${chain}::integer, ${seq}::bigint)`)
  }
  for (const [name, value] of Object.entries(wanted)) {
    // The name stands in the statement itself: as a parameter it would fit none of the indexes.
    query = query.where(sql<SqlBool>`entry::json ->> ${sql.lit(name)} = ${value}`)
  }
  return query.orderBy('at', 'desc').orderBy('chain', 'desc').orderBy('seq', 'desc').limit(limit)
}

async function page(database: Database, query: Query): Promise<object> {
  const { limit = PAGE } = query
  const rows = await entriesQuery(database, query).execute()
  const last = rows.at(-1)
  return {
    entries: rows.map(({ chain, seq, entry, hash }) => ({
      ...JSON.parse(entry),
      chain,
      seq: Number(seq),
      hash: Buffer.from(hash).toString('hex').toUpperCase(),
    })),
    next: last === undefined || rows.length < limit ? null : `${last.at.getTime()}-${last.chain}-${last.seq}`,
  }
}

function cursorOf(text: string): [string, number, string] {
  const [, at, chain, seq] = /^(\d{1,14})-(\d{1,3})-(\d{1,18})$/.exec(text) ?? []
  if (seq === undefined) throw new HostError('ERR_QUERY', '`before` is not the `next` of a page.')
  return [new Date(Number(at)).toISOString(), Number(chain), seq]
}
