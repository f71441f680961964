/**
 * The HTTP server: strict bodies, problem details, a token and a scope for everything under /v1.
 */

import type { Socket } from 'node:net'
import helmet from '@fastify/helmet'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { VerifyToken } from './access/verify-token.js'
import { guard } from './access.js'
import { auditRequests } from './audit/hooks.js'
import { auditRecorder } from './audit/recorder.js'
import { limitBodyTime } from './body-time.js'
import type { HostContext, Routes } from './context.js'
import { HostError } from './errors.js'
import { addHealth } from './health.js'
import { useStrictJson } from './json-body.js'
import { FAILURE_BUDGET, type FailureBudget, failureCounter } from './limits/failures.js'
import { limitRequests } from './limits/hooks.js'
import type { RateLimit } from './limits/rate.js'
import { type LogOptions, loggerOptions, logRequests } from './logging.js'
import { addMetrics } from './metrics.js'
import { collectOpenApi, serveOpenApi } from './openapi.js'
import { problemOf, sendProblem } from './problem.js'
import { stopGracefully } from './stopping.js'
import { lazySchemas, openObject } from './validation.js'

export interface ServerOptions {
  readonly context: HostContext
  readonly verifyToken: VerifyToken
  readonly routes: readonly Routes[]
  readonly log: LogOptions
  readonly limits?: ServerLimits
}

export interface ServerLimits {
  /** Requests of one subject; without it there is no limit. */
  readonly rate?: RateLimit
  readonly failures?: FailureBudget
}

const BODY_LIMIT = 64 * 1024

/** helmet's own, but nothing from elsewhere; and no upgrade to https, which a host on loopback does not have. */
const CONTENT_POLICY = {
  fontSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  upgradeInsecureRequests: null,
}

/** Builds the server; it does not listen yet. */
export async function buildServer({
  context,
  verifyToken,
  routes,
  log,
  limits = {},
}: ServerOptions): Promise<FastifyInstance> {
  const schemas = lazySchemas()
  const app = Fastify({
    logger: loggerOptions(log),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => crypto.randomUUID(),
    bodyLimit: BODY_LIMIT,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    schemaController: schemas.controller,
    // A body has its time by its route (body-time.ts), a head this.
    requestTimeout: 0,
    http: { headersTimeout: 30_000 },
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    frameworkErrors: answerError,
    clientErrorHandler: (_error, socket) => answerMalformed(socket),
  })
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, problemOf(new HostError('ERR_NOT_FOUND'))))
  app.addHook('onListen', (done) => {
    schemas.compile().then(
      () => app.log.debug('every schema is compiled'),
      ({ errors }: AggregateError) => {
        for (const err of errors) app.log.error({ err }, 'a schema cannot be compiled')
      },
    )
    done()
  })
  logRequests(app)
  limitBodyTime(app)
  useStrictJson(app)
  await app.register(helmet, { contentSecurityPolicy: { directives: CONTENT_POLICY } })
  await collectOpenApi(app)
  const audit = auditRecorder(context.database, {
    onError: (error) => app.log.error({ err: error }, 'the audit trail cannot be written'),
  })
  // Requests that were accepted have been answered by then.
  app.addHook('onClose', () => audit.close())
  const metrics = addMetrics(app, { auditWaiting: () => audit.waiting })
  const failures = failureCounter(limits.failures ?? FAILURE_BUDGET)
  addHealth(app, context, stopGracefully(app))
  await serveOpenApi(app)
  await app.register(async (scope) => {
    guard(scope, verifyToken)
    auditRequests(scope, audit)
    limitRequests(scope, { rate: limits.rate, failures, audit, metrics })
    scope.addHook('onRoute', ({ url, schema }) => {
      const open = openObject(schema?.body)
      if (open !== undefined) throw new Error(`the body of ${url} lets unknown fields through at ${open}`)
    })
    for (const add of routes) {
      await add(scope.withTypeProvider<TypeBoxTypeProvider>(), { ...context, audit, failures, metrics })
    }
  })
  await app.ready()
  return app
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = problemOf(error)
  if (answer.status >= 500) request.log.error({ err: error, code: answer.code }, 'request failed')
  return sendProblem(reply, answer)
}

/** What is no HTTP gets an answer that needs none of it. */
function answerMalformed(socket: Socket): void {
  const { status, title, ...rest } = problemOf(new HostError('ERR_HTTP'))
  const body = JSON.stringify({ title, status, ...rest })
  const head = `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}`
  if (socket.writable) socket.write(`${head}\r\nconnection: close\r\n\r\n${body}`)
  socket.destroySoon()
}
