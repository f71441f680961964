/**
 * `issuerkit serve`: the service, until a signal.
 */
import { Command, Option } from 'commander'
import { HostError } from '../errors.js'
import type { RunningHost } from '../host.js'
import type { RateLimit } from '../limits/rate.js'
import { type CommandIo, EXIT } from './io.js'
import {
  type AccessOptions,
  accessPolicy,
  addServeOptions,
  databaseOption,
  parseRate,
  type ServeOptions,
} from './serve-options.js'
import { aborted, withStopSignals } from './stop-signals.js'

interface OwnOptions extends ServeOptions, AccessOptions {
  readonly dev?: true
  readonly logLevel: string
  readonly rate?: RateLimit
}

/** The command; `done` takes its exit code. */
export function serveCommand(io: CommandIo, done: (code: number) => void): Command {
  return addServeOptions(new Command('serve').description('run the issuer host'))
    .option('--dev', 'dev mode: loopback only, a token of its own, demo keys')
    .option('--jwks <file>', 'the keys that access tokens are checked with, a JWK set: a file or an https address')
    .option('--issuer <name>', 'the issuer that access tokens must name')
    .option('--audience <name>', 'the audience that access tokens must name')
    .option('--rate <number>', 'requests a second of one subject, 0 for no limit', parseRate, parseRate('1000'))
    .addOption(
      new Option('--log-level <level>', 'what is logged')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .action(async (options: OwnOptions) => done(await serve(options, io)))
}

async function serve(options: OwnOptions, io: CommandIo): Promise<number> {
  return withStopSignals(async (signal) => {
    // Loaded when wanted: a command that needs no server starts at once.
    const [{ startHost }, { ROUTES }] = await Promise.all([import('../host.js'), import('../wiring.js')])
    const host = await startHost({
      listen: options,
      database: databaseOption(options, io.environment),
      access: options.dev === true ? undefined : accessPolicy(options),
      environment: io.environment,
      routes: ROUTES,
      log: { level: options.logLevel },
      limits: options.rate === undefined ? {} : { rate: options.rate },
      signal,
    })
    if (host.token !== undefined) io.err(`dev mode, never with real keys. Token with every scope:\n${host.token}\n`)
    return untilStopped(host, signal)
  })
}

/** Serves until a signal, then stops everything. ERR_DATABASE when the embedded database ends before. */
export async function untilStopped(host: RunningHost, signal: AbortSignal): Promise<number> {
  const lastLines = await Promise.race([aborted(signal), host.databaseEnded])
  await host.close()
  if (typeof lastLines === 'string') throw new HostError('ERR_DATABASE', `PostgreSQL has ended:\n${lastLines}`)
  return EXIT.ok
}
