/** A plain fastify whose one route takes the body of a script and answers with the same bytes each time. */
import { createRequire } from 'node:module'
import { EXPLAIN } from '../host/dist/routes/schemas.js'
import { SCRIPT_BODY } from '../host/dist/routes/script-body.js'
import { ANSWER } from './nothing.mjs'

const { default: Fastify } = await import(
  createRequire(new URL('../host/dist/host.js', import.meta.url)).resolve('fastify')
)
const app = Fastify()
app.post('/v1/nothing', { schema: { body: SCRIPT_BODY, querystring: EXPLAIN } }, async () => ANSWER)
process.on('disconnect', () => process.exit())
process.send(await app.listen({ host: '127.0.0.1', port: 0 }))
