/** What GET /v1/audit filters on is found through an index, however long the trail is. */
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { appendAudit } from '../src/audit/append.js'
import { auditRoutes, entriesQuery, type Query } from '../src/routes/audit.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let server: TestServer
beforeAll(async () => {
  server = await testServer(database(), [auditRoutes], 'silent')
  // Not through appendAudit: 20,000 transactions take long, and no hash is looked at here.
  await sql`insert into audit_entry (chain, seq, at, entry, hash)
    select 63, n, now() - n * interval '1 second',
      json_build_object('subject', 'subject ' || n % 20, 'action', (array['key.use', 'card.queue'])[1 + n % 2],
        'object', 'card:' || n)::text, '\\x00'
    from generate_series(1, 20000) n`.execute(database())
  await appendAudit(database(), { subject: 'rare', action: 'key.retire', object: 'key:1', outcome: 'ok' })
  await sql`analyze audit_entry`.execute(database())
})

/** The indexes that the page's statement goes through, and whether it sorts. */
async function planOf(query: Query): Promise<{ indexes: string[]; sorts: boolean; rows: number }> {
  const compiled = entriesQuery(database(), query).compile()
  const { rows } = await database().executeQuery<{ 'QUERY PLAN': [{ Plan: Plan }] }>({
    ...compiled,
    sql: `explain (analyze, format json) ${compiled.sql}`,
  })
  const nodes = nodesOf((rows[0] as { 'QUERY PLAN': [{ Plan: Plan }] })['QUERY PLAN'][0].Plan)
  return {
    indexes: nodes.flatMap((node) => node['Index Name'] ?? []),
    sorts: nodes.some((node) => node['Node Type'] === 'Sort'),
    rows: Math.max(...nodes.map((node) => node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0))),
  }
}
interface Plan {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Plan[]
}
const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

describe('the plan of a page', () => {
  test.each<[string, Query, string]>([
    ['of nothing in particular', {}, 'audit_entry_at'],
    ['of a subject', { subject: 'subject 7' }, 'audit_entry_subject'],
    ['of a subject that did one thing', { subject: 'rare' }, 'audit_entry_subject'],
    ['of an action that happened once', { action: 'key.retire' }, 'audit_entry_action'],
    ['of an object', { object: 'card:2345' }, 'audit_entry_object'],
    ['of an object that there is not', { object: 'card:0' }, 'audit_entry_object'],
  ])('%s is an index, and no sorting', async (_, query, index) => {
    const { indexes, sorts, rows } = await planOf(query)
    expect([indexes, sorts]).toEqual([[index], false])
    expect(rows).toBeLessThanOrEqual(100)
  })

  test('of what follows a page is one, too', async () => {
    const answer = await server.send({ url: '/v1/audit?subject=subject%207' })
    const { indexes, rows } = await planOf({ subject: 'subject 7', before: answer.json().next })
    expect([indexes, rows]).toEqual([['audit_entry_subject'], 100])
  })
})

test.each([
  ['subject=rare', 1],
  ['action=key.retire', 1],
  ['object=card%3A777', 1],
  ['subject=rare&action=key.use', 0],
  ['subject=subject%207&object=card%3A7', 1],
  ["subject=rare'%20or%20'a'='a", 0],
])('GET /v1/audit?%s', async (query, count) => {
  const answer = await server.send({ url: `/v1/audit?${query}` })
  expect([answer.statusCode, answer.json().entries.length]).toEqual([200, count])
})
