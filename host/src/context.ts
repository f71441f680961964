/**
 * What routes are given, and how they are added: a module of routes is a function that adds them to the guarded part of
 * the server.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { Database } from './database.js'
import type { KeyService } from './keys/key-service.js'
import type { MasterKey } from './wrap.js'

/** The server, its requests typed by their TypeBox schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export interface HostContext {
  readonly database: Database
  readonly masterKey: MasterKey
  readonly keys: KeyService
  /** Demo keys, clear values and intermediate values may be shown. Loopback only. */
  readonly devMode: boolean
}

/** Adds routes to `app`. Each names its scope in `config.scope`, and the schema of its body is closed. */
export type Routes = (app: App, context: HostContext) => void | Promise<void>
