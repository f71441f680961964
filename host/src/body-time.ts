/**
 * How long a request may take to come in. Node's own limit counts from the first byte of a request to its last one, whatever
 * the route, and would cut off a long upload. So it is off, and each route has its own: a body must be there within 30
 * seconds, and a stream must not be still for as long.
 */
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is a stream, read as it comes in. */
    streams?: boolean
  }
  interface FastifyRequest {
    /** Ends the connection when the body is late. */
    bodyTimer: NodeJS.Timeout | undefined
  }
}

/** Milliseconds. */
export const BODY_TIME = 30_000

/** Limits the time of all requests to `app`. Goes before everything that reads a body. */
export function limitBodyTime(app: FastifyInstance, milliseconds = BODY_TIME): void {
  app.decorateRequest('bodyTimer', undefined)
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config?.streams === true) endWhenStill(request, milliseconds)
    else request.bodyTimer = setTimeout(() => endUnlessThere(request), milliseconds).unref()
  })
  app.addHook('preValidation', async ({ bodyTimer }) => clearTimeout(bodyTimer))
  app.addHook('onResponse', async ({ bodyTimer }) => clearTimeout(bodyTimer))
}

function endUnlessThere({ raw }: FastifyRequest): void {
  if (!raw.complete) raw.destroy()
}

/** Node ends a connection whose time is up, and sets its own time again when the answer is out. */
function endWhenStill({ raw }: FastifyRequest, milliseconds: number): void {
  const { socket } = raw as { readonly socket: Partial<Socket> | undefined }
  socket?.setTimeout?.(milliseconds)
}
