/**
 * The server process: started in a process group of its own, so that Ctrl-C in a terminal reaches the host alone, which
 * then stops the server after everything that uses it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { HostError } from '../errors.js'
import { type Binaries, program } from './binaries.js'
import { LastLines } from './last-lines.js'
import { asUser, type ServerUser, serverEnvironment } from './server-user.js'

export interface ServerProcess {
  readonly port: number
  /** Fulfilled with its last lines when the server has ended, asked or not. */
  readonly ended: Promise<string>
  /** Ends the server and waits until it has ended. */
  stop(): Promise<void>
}

const READY = 'database system is ready to accept connections'

/** Starts the server on a free port of 127.0.0.1 and waits until it takes connections. ERR_DATABASE when it does not. */
export async function startServer(
  binaries: Binaries,
  cluster: string,
  user: ServerUser | undefined,
  signal: AbortSignal,
  findPort: () => Promise<number> = freePort,
): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    const port = await findPort()
    signal.throwIfAborted()
    const server = spawnServer(binaries, cluster, user, port)
    const stopEarly = () => void server.stop()
    signal.addEventListener('abort', stopEarly)
    const failure = await Promise.race([server.ready, server.ended])
    signal.removeEventListener('abort', stopEarly)
    if (signal.aborted) await server.ended
    signal.throwIfAborted()
    if (failure === undefined) return server
    // Somebody took the port between the look and the start.
    if (attempt < 3 && failure.includes('could not bind')) continue
    throw new HostError('ERR_DATABASE', `PostgreSQL does not start:\n${failure}`)
  }
}

function spawnServer(
  binaries: Binaries,
  cluster: string,
  user: ServerUser | undefined,
  port: number,
): ServerProcess & { ready: Promise<undefined> } {
  const settings = [
    ...[`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'log_timezone=UTC'],
    // Above errors of statements: those may quote values, and the host hears of them anyway.
    'log_min_messages=log',
  ]
  const child = spawn(program(binaries, 'postgres'), ['-D', cluster, ...settings.flatMap((text) => ['-c', text])], {
    ...asUser(user),
    cwd: cluster,
    env: serverEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    windowsHide: true,
  })
  const interrupt = () => void interruptServer(child, binaries, cluster)
  // The last resort, for a host that ends by an error nobody caught.
  process.once('exit', interrupt)
  const lines = new LastLines(child.stderr)
  const ready = new Promise<undefined>((resolve) => {
    lines.watch((line) => line.includes(READY) && resolve(undefined))
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', () => resolve(lines.text()))
  }).finally(() => process.off('exit', interrupt))
  const stop = async () => {
    interrupt()
    const harder = [setTimeout(() => child.kill('SIGQUIT'), 10_000), setTimeout(() => child.kill('SIGKILL'), 15_000)]
    await ended
    for (const timer of harder) clearTimeout(timer)
  }
  return { port, ready, ended, stop }
}

/** Asks for a fast shutdown: open transactions are rolled back, the data is written, the server ends. */
function interruptServer(child: ChildProcess, binaries: Binaries, cluster: string): void {
  if (process.platform !== 'win32') child.kill('SIGINT')
  // Windows has no such signal: Node would end the process on the spot.
  else spawnSync(program(binaries, 'pg_ctl'), ['stop', '-D', cluster, '-m', 'fast', '-W'], { windowsHide: true })
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
