/**
 * Access to the routes under /v1: each names the scope that it needs, and nothing of a request is read before its token
 * has been checked.
 */
import type { FastifyInstance } from 'fastify'
import type { Scope } from './access/scopes.js'
import type { Caller, VerifyToken } from './access/verify-token.js'
import { HostError } from './errors.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that a caller of this route needs; of several, any one. */
    scope?: Scope | readonly Scope[]
  }
  interface FastifyRequest {
    /** Set on every route that needs a scope, before its handler runs. */
    caller: Caller | undefined
  }
}

/** Guards every route that is added to `app` from now on. A route without a scope is not taken. */
export function guard(app: FastifyInstance, verify: VerifyToken): void {
  app.decorateRequest('caller', undefined)
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.scope === undefined) throw new Error(`the route ${url} names no scope`)
  })
  app.addHook('onRequest', async (request, reply) => {
    try {
      request.caller = await verify(request.headers.authorization)
    } catch (error) {
      void reply.header('www-authenticate', 'Bearer error="invalid_token"')
      throw error
    }
    const scopes = [request.routeOptions.config.scope ?? []].flat()
    if (scopes.some((scope) => request.caller?.scopes.has(scope))) return
    void reply.header('www-authenticate', `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`)
    throw new HostError('ERR_FORBIDDEN', `This route needs the scope ${scopes.join(' or ')}.`)
  })
}
