import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { Type } from 'typebox'
import { createDevAccess, type DevAccess } from '../../src/access/dev-token.js'
import { tokenVerifier } from '../../src/access/verify-token.js'
import type { HostContext, Routes } from '../../src/context.js'
import type { Database } from '../../src/database.js'
import { localKeyService } from '../../src/keys/local-key-service.js'
import { buildServer, type ServerLimits } from '../../src/server.js'
import { MasterKey } from '../../src/wrap.js'

export const ECHO_BODY = Type.Object(
  {
    text: Type.String({ maxLength: 16, pattern: '^[0-9A-F]*$' }),
    count: Type.Optional(Type.Integer()),
    list: Type.Optional(Type.Array(Type.Object({ a: Type.Boolean() }, { additionalProperties: false }))),
  },
  { additionalProperties: false },
)

/** Answers with the body and the query that its handler was given. */
export const echo: Routes = (app) => {
  const querystring = Type.Object({ explain: Type.Optional(Type.Boolean()) }, { additionalProperties: false })
  const config = { scope: 'verify:oda' } as const
  app.post('/v1/echo', { schema: { body: ECHO_BODY, querystring }, config }, async ({ body, query, caller }) => {
    return { body, query, subject: caller?.subject }
  })
}

/** Throws what it is given. */
export function failing(error: unknown): Routes {
  return (app) => {
    app.get('/v1/fail', { config: { scope: 'verify:oda' } }, async () => {
      throw error
    })
  }
}

export interface TestServer {
  readonly app: FastifyInstance
  readonly access: DevAccess
  /** Every line that was logged. */
  readonly log: string[]
  /** Sends a request with the dev token. */
  readonly send: (options: InjectOptions) => Promise<LightMyRequestResponse>
}

export interface TestServerOptions {
  readonly context?: Partial<HostContext>
  readonly limits?: ServerLimits
}

export async function testServer(
  database: Database,
  routes: readonly Routes[],
  level = 'info',
  { context = {}, limits = {} }: TestServerOptions = {},
): Promise<TestServer> {
  const access = await createDevAccess()
  const log: string[] = []
  const masterKey = new MasterKey(new Uint8Array(32))
  const app = await buildServer({
    context: { database, masterKey, keys: localKeyService(database, masterKey), devMode: true, ...context },
    verifyToken: tokenVerifier(access.policy),
    routes,
    log: { level, stream: { write: (line) => log.push(line) } },
    limits,
  })
  const send = (options: InjectOptions) =>
    app.inject({ ...options, headers: { authorization: `Bearer ${access.token}`, ...options.headers } })
  return { app, access, log, send }
}
