/**
 * `issuerkit start`: dev mode with a demonstration on one screen, and then the service, until a signal.
 */
import { Command } from 'commander'
import type { RunningHost } from '../host.js'
import { HOST_VERSION } from '../version.js'
import { type CommandIo, EXIT } from './io.js'
import { untilStopped } from './serve.js'
import { addServeOptions, databaseOption, type ServeOptions } from './serve-options.js'
import { withStopSignals } from './stop-signals.js'

interface StartOptions extends ServeOptions {
  readonly once?: true
}

/** The command; `done` takes its exit code. */
export function startCommand(io: CommandIo, done: (code: number) => void): Command {
  return addServeOptions(new Command('start').description('run in dev mode and show what it does'))
    .option('--once', 'show, stop and exit: 0, or 1 when a verdict is negative; keeps no data unless --data is given')
    .action(async (options: StartOptions) => done(await start(options, io)))
}

async function start(options: StartOptions, io: CommandIo): Promise<number> {
  const kept = databaseOption(options, io.environment)
  const thrownAway = options.once === true && options.data === undefined && !('url' in kept)
  return withStopSignals(async (signal) => {
    const [{ startHost }, { ROUTES }] = await Promise.all([import('../host.js'), import('../wiring.js')])
    const { demonstration } = await import('../demonstration/index.js')
    const host = await startHost({
      listen: options,
      database: thrownAway ? 'temporary' : kept,
      access: undefined,
      environment: io.environment,
      routes: ROUTES,
      log: { level: 'warn' },
      signal,
    })
    try {
      io.out(banner(host, thrownAway))
      const { text, ok } = await demonstration({ host: host.context, url: host.url, token: host.token ?? '' })
      io.out(text)
      signal.throwIfAborted()
      if (options.once === true) return ok ? EXIT.ok : EXIT.negative
      io.out('\nServing. Ctrl-C stops it.\n')
      return await untilStopped(host, signal)
    } finally {
      await host.close()
    }
  })
}

function banner({ url, folder, token }: RunningHost, thrownAway: boolean): string {
  const data =
    folder === undefined ? 'the server of DATABASE_URL' : folder + (thrownAway ? ' (removed at the end)' : '')
  return [
    `issuerkit ${HOST_VERSION} in dev mode: demo keys, no TLS, this machine only. Never use it with real keys.`,
    `address  ${url}  (${url}/docs, ${url}/openapi.json)`,
    `data     ${data}`,
    `token    TOKEN=${token}`,
    '\n',
  ].join('\n')
}
