/**
 * What routes are given, and how they are added: a module of routes is a function that adds them to the guarded part of
 * the server.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { AuditRecorder } from './audit/recorder.js'
import type { Database } from './database.js'
import type { KeyService } from './keys/key-service.js'
import type { FailureCounter } from './limits/failures.js'
import type { Metrics } from './metrics.js'
import type { Threads } from './threads/threads.js'
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
  /** Where bulk work without keys is done; on the main thread unless given. */
  readonly threads?: Threads
  /** Demo keys, clear values and intermediate values may be shown. Loopback only. */
  readonly devMode: boolean
  /** What must hold for the host to be ready, besides the database: each throws a HostError that says what does not. */
  readonly checks?: readonly (() => Promise<void>)[]
}

/** What the server adds for its routes. */
export interface RouteContext extends HostContext {
  /** For uses of keys without a transaction of their own; else `appendAudit` in the transaction. */
  readonly audit: AuditRecorder
  readonly failures: FailureCounter
  readonly metrics: Metrics
}

/** Adds routes to `app`. Each names its scope in `config.scope`, and the schema of its body is closed. */
export type Routes = (app: App, context: RouteContext) => void | Promise<void>
