/**
 * A host in a process of its own, as it is shipped: built, with the demo issuer and an embedded database that is thrown away.
 * It tells its CPU time and memory when it is asked to. Beside its own routes it has one that does nothing but what every route
 * does: it takes the body of a script and answers with the same bytes each time.
 */
import { startHost } from '../host/dist/host.js'
import { EXPLAIN } from '../host/dist/routes/schemas.js'
import { SCRIPT_BODY } from '../host/dist/routes/script-body.js'
import { ROUTES } from '../host/dist/wiring.js'
import { ANSWER } from './nothing.mjs'

const [, , shared] = process.argv
const host = await startHost({
  listen: { host: '127.0.0.1', port: 0 },
  database: shared === undefined ? 'temporary' : JSON.parse(shared),
  access: undefined,
  environment: {},
  routes: [
    ...ROUTES,
    (app) => {
      const config = { scope: 'issue:scripts' }
      app.post('/v1/nothing', { config, schema: { body: SCRIPT_BODY, querystring: EXPLAIN } }, async () => ANSWER)
    },
  ],
  log: { level: 'warn' },
  signal: new AbortController().signal,
})
process.on('message', async (message) => {
  if (message === 'close') {
    await host.close()
    process.disconnect()
    return
  }
  const { user, system } = process.cpuUsage()
  process.send({ cpu: (user + system) / 1e6, memory: process.memoryUsage.rss() / 1e6 })
})
process.send({ url: host.url, token: host.token })
