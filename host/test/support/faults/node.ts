/** A node of the service in this process, with a wire of its own to the database. */
import type { FastifyInstance } from 'fastify'
import { SCOPES } from '../../../src/access/scopes.js'
import { type Database, openDatabase } from '../../../src/database.js'
import { localKeyService } from '../../../src/keys/local-key-service.js'
import { buildServer } from '../../../src/server.js'
import { ROUTES } from '../../../src/wiring.js'
import { MasterKey } from '../../../src/wrap.js'
import { openWire, type Wire } from './wire.js'

/** What every node of these tests keeps its secrets under. */
export const MASTER_KEY = '5A'.repeat(32)
export const masterKey = (): MasterKey => new MasterKey(Buffer.from(MASTER_KEY, 'hex'))

/** A request of somebody with every scope. */
export interface Asked {
  readonly method?: 'GET' | 'POST'
  readonly url: string
  readonly body?: object
  /** The Idempotency-Key. */
  readonly key?: string
}

export interface Told {
  readonly status: number
  readonly text: string
}

/** Whoever answers requests: a node here or in a process of its own. */
export interface Node {
  /** @throws when no answer came */
  ask(request: Asked): Promise<Told>
}

export interface LocalNode extends Node {
  readonly wire: Wire
  readonly app: FastifyInstance
  readonly database: Database
  close(): Promise<void>
}

/** A node on the database at `target`, which is migrated already. */
export async function localNode(target: Parameters<typeof openWire>[0]): Promise<LocalNode> {
  const wire = await openWire(target)
  const database = openDatabase({ address: wire.address })
  const key = masterKey()
  const keys = localKeyService(database, key, { keepMilliseconds: 600_000 })
  const app = await buildServer({
    context: { database, masterKey: key, keys, devMode: true },
    // Whom dev mode's token names, too: an Idempotency-Key is good at every node.
    verifyToken: async () => ({ subject: 'developer', scopes: new Set(SCOPES) }),
    routes: ROUTES,
    log: { level: 'silent' },
  })
  return {
    wire,
    app,
    database,
    async ask({ method = 'POST', url, body, key: idempotencyKey }) {
      const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
      const answer = await app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) })
      return { status: answer.statusCode, text: answer.body }
    },
    async close() {
      await app.close()
      await database.destroy()
      await wire.close()
    },
  }
}
