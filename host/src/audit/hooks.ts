/** What every request leaves in the audit trail by itself: uses of keys on routes that name one, and refused access. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AuditOutcome } from './entry.js'
import type { AuditRecorder } from './recorder.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The use of an issuer's keys that a request to this route is; it is audited. */
    keyUse?: string
  }
}

/** Audits the requests to routes that are added to `app` from now on. It goes behind the guard. */
export function auditRequests(app: FastifyInstance, recorder: AuditRecorder): void {
  app.addHook('preHandler', async (request) => {
    if (request.routeOptions.config.keyUse !== undefined) recorder.expectWritable()
  })
  app.addHook('onResponse', async (request, reply) => {
    const { caller, routeOptions } = request
    if (caller === undefined) return
    const { keyUse } = routeOptions.config
    const subject = caller.subject
    if (reply.statusCode === 403) {
      recorder.note({ subject, action: 'access.refused', object: `route:${routeOptions.url}`, outcome: 'refused' })
    } else if (keyUse !== undefined && reply.statusCode !== 429) {
      const outcome = outcomeOf(reply.statusCode)
      recorder.note({
        subject,
        action: 'key.use',
        object: issuerOf(request, reply.statusCode),
        outcome,
        detail: { use: keyUse },
      })
    }
  })
}

function outcomeOf(status: number): AuditOutcome {
  if (status >= 500) return 'failed'
  return status >= 400 ? 'refused' : 'ok'
}

/** The issuer that the body names. Of one that there is not, or of a malformed body, nothing is written down. */
function issuerOf({ body }: FastifyRequest, status: number): string {
  const known = status !== 400 && status !== 404 && typeof body === 'object' && body !== null && 'issuer' in body
  return known && typeof body.issuer === 'string' ? `issuer:${body.issuer}` : 'issuer:?'
}
