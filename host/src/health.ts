/**
 * Liveness (the process answers) and readiness (the database answers too). Open to everybody: they tell nothing else.
 */
import type { FastifyInstance } from 'fastify'
import { answers, type Database } from './database.js'
import { HostError } from './errors.js'

const schema = {
  tags: ['health'],
  security: [],
  response: { 200: { type: 'object', properties: { status: { const: 'ok' } }, required: ['status'] } },
}

/** Adds GET /health/live and GET /health/ready. */
export function addHealth(app: FastifyInstance, database: Database): void {
  app.get('/health/live', { schema: { ...schema, summary: 'Is the process alive?' } }, async () => ({ status: 'ok' }))
  app.get('/health/ready', { schema: { ...schema, summary: 'Can it work: does the database answer?' } }, async () => {
    if (await answers(database)) return { status: 'ok' }
    throw new HostError('ERR_UNAVAILABLE')
  })
}
