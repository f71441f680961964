/**
 * Liveness (the process answers) and readiness (the database answers, stored keys unwrap, the host is not about to stop).
 * Open to everybody: they tell nothing else.
 */
import type { FastifyInstance } from 'fastify'
import type { HostContext } from './context.js'
import { answers } from './database.js'
import { HostError } from './errors.js'

const schema = {
  tags: ['health'],
  security: [],
  response: { 200: { type: 'object', properties: { status: { const: 'ok' } }, required: ['status'] } },
}

/** Adds GET /health/live and GET /health/ready. */
export function addHealth(
  app: FastifyInstance,
  { database, keys, checks = [] }: Pick<HostContext, 'database' | 'keys' | 'checks'>,
  isStopping: () => boolean,
): void {
  app.get('/health/live', { schema: { ...schema, summary: 'Is the process alive?' } }, async () => ({ status: 'ok' }))
  app.get(
    '/health/ready',
    { schema: { ...schema, summary: 'Can it work: does the database answer, do the keys unwrap?' } },
    async () => {
      if (isStopping() || !(await answers(database))) throw new HostError('ERR_UNAVAILABLE')
      const unusable = await keys.unusableKeys()
      if (unusable.length > 0) {
        throw new HostError('ERR_KEYS_UNUSABLE', `Stored keys do not unwrap: ${unusable.join(', ')}.`)
      }
      for (const check of checks) await check()
      return { status: 'ok' }
    },
  )
}
