// A node that a test kills: serves on the database that it is given by its address, or on the embedded one that it
// has in the folder that it is given; and says where.
import { createDevAccess } from '../../../src/access/dev-token.js'
import { startEmbeddedDatabase } from '../../../src/embedded-database.js'
import { startHost } from '../../../src/host.js'
import { ROUTES } from '../../../src/wiring.js'

const [place = '', masterKey] = process.argv.slice(2)
const embedded = place.startsWith('postgres:') ? undefined : await startEmbeddedDatabase({ folder: place })
const address = embedded?.address ?? { connectionString: place }
const url =
  'connectionString' in address
    ? address.connectionString
    : `postgres://${address.user}:${address.password}@${address.host}:${address.port}/${address.database}`
const { policy, token } = await createDevAccess()
const host = await startHost({
  listen: { host: '127.0.0.1', port: 0 },
  database: { url, keyFolder: '' },
  access: policy,
  environment: { ISSUERKIT_MASTER_KEY: masterKey },
  routes: ROUTES,
  log: { level: 'silent' },
  signal: new AbortController().signal,
})
process.stdout.write(`${JSON.stringify({ url: host.url, token, address })}\n`)
