/**
 * Statements that come again are prepared: PostgreSQL parses and plans each once for a connection instead of every time, which
 * for the statement that writes a card's change is most of its cost.
 */
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type { Pool, PoolClient } from 'pg'

/** The most statements that are prepared. Texts that vary without end would otherwise fill the server's memory. */
const MOST = 256

/** `pool` with statements prepared at their second run. One that reads "all columns" never is: a migration changes what that means. */
export function preparing(pool: Pool): PostgresPool {
  const clients = new WeakMap<PoolClient, PostgresPoolClient>()
  const nameOf = statementNames()
  return {
    connect: async () => {
      const client = await pool.connect()
      const known = clients.get(client) ?? prepared(client, nameOf)
      clients.set(client, known)
      return known
    },
    end: () => pool.end(),
  }
}

function prepared(client: PoolClient, nameOf: (text: string) => string | undefined): PostgresPoolClient {
  // kysely's cursors are not in use, so a statement is always text.
  const query = (text: unknown, parameters: readonly unknown[] = []): unknown => {
    const name = parameters.length === 0 ? undefined : nameOf(`${text}`)
    return client.query({ ...(name === undefined ? {} : { name }), text: `${text}`, values: [...parameters] })
  }
  return { query: query as PostgresPoolClient['query'], release: () => client.release() }
}

/** The name of a statement, from its second run on. */
function statementNames(): (text: string) => string | undefined {
  const seen = new Set<string>()
  const names = new Map<string, string>()
  return (text) => {
    const known = names.get(text)
    if (known !== undefined) return known
    if (names.size >= MOST || /\b(?:select|returning) \*/i.test(text)) return undefined
    if (seen.size >= MOST) seen.clear()
    if (!seen.delete(text)) {
      seen.add(text)
      return undefined
    }
    const name = `issuerkit-${names.size + 1}`
    names.set(text, name)
    return name
  }
}
