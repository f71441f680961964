/**
 * A graceful stop: what was accepted is answered, and the connection that it came on is closed behind the answer. Node closes
 * connections that idle when the stop begins; one that falls idle later would hold the stop up until its keep-alive ends.
 */
import type { FastifyInstance } from 'fastify'

/** @returns tells whether `app` is about to stop */
export function stopGracefully(app: FastifyInstance): () => boolean {
  let stopping = false
  app.addHook('preClose', async () => {
    stopping = true
  })
  app.addHook('onSend', async (_request, reply) => {
    if (stopping) void reply.header('connection', 'close')
  })
  // For answers whose head was sent before: the socket is idle once the answer has left.
  app.addHook('onResponse', async () => {
    if (stopping) setImmediate(() => app.server.closeIdleConnections())
  })
  return () => stopping
}
