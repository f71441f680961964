// One node of the host, in a process that a test kills: on the database of DATABASE_URL, with the master key of the folder
// given. It says where it listens, and with which token. SIGKILL ends it, or its standard input's end.
import { startHost } from '../../../src/host.js'
import { ROUTES } from '../../../src/wiring.js'

const stop = new AbortController()
const host = await startHost({
  listen: { host: '127.0.0.1', port: 0 },
  database: { url: process.env['DATABASE_URL'] ?? '', keyFolder: process.argv[2] ?? '' },
  access: undefined,
  environment: {},
  routes: ROUTES,
  log: { level: 'error', stream: process.stderr },
  signal: stop.signal,
})
process.stdout.write(`${JSON.stringify({ url: host.url, token: host.token })}\n`)
process.stdin.on('end', () => process.exit(0)).resume()
