/**
 * The command line `issuerkit`: exit code 0 when the work was done, 1 when a verdict is negative or the work failed, 2
 * when the command was used wrongly.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { Command, CommanderError } from 'commander'
import { HostError } from '../errors.js'
import { HOST_VERSION } from '../version.js'
import { type CommandIo, EXIT, processIo } from './io.js'
import { Stopped } from './stop-signals.js'

type MakeCommand = (io: CommandIo, done: (code: number) => void) => Command

/** The commands. Each has a module, which is loaded when the command is asked for, so that none waits for what others need. */
const COMMANDS: ReadonlyMap<string, () => Promise<MakeCommand>> = new Map([
  ['audit', async () => (await import('./audit.js')).auditCommand],
  ['start', async () => (await import('./start.js')).startCommand],
  ['serve', async () => (await import('./serve.js')).serveCommand],
  ['keys', async () => (await import('./keys.js')).keysCommand],
  ['vectors', async () => (await import('./vectors.js')).vectorsCommand],
  ['oda', async () => (await import('./oda.js')).odaCommand],
  ['ca', async () => (await import('./ca.js')).caCommand],
  ['channel', async () => (await import('./channel.js')).channelCommand],
  ['card', async () => (await import('./card.js')).cardCommand],
  ['read', async () => (await import('./read.js')).readCommand],
  ['conformance', async () => (await import('./conformance.js')).conformanceCommand],
])

const USAGE_CODES: readonly string[] = ['ERR_USAGE', 'ERR_HOST_NOT_LOOPBACK']

/** Runs one command line, the program's name left out, and returns its exit code. */
export async function runCommandLine(args: readonly string[], io: CommandIo = processIo): Promise<number> {
  let code: number = EXIT.ok
  const done = (result: number) => {
    code = result
  }
  const program = new Command('issuerkit').description('issuer host and tools for EMV and PBOC chip cards')
  program.version(HOST_VERSION)
  try {
    const asked = COMMANDS.get(args[0] ?? '')
    // Whoever asks for something else is told of all.
    for (const load of asked === undefined ? COMMANDS.values() : [asked]) program.addCommand((await load())(io, done))
    for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
      command.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err })
    }
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    return failed(error, io)
  }
}

function failed(error: unknown, io: CommandIo): number {
  // commander has already said what was wrong, or shown its help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof Stopped) return error.exitCode
  if (error instanceof HostError) {
    io.err(`issuerkit: ${error.code}: ${error.message}\n`)
    return USAGE_CODES.includes(error.code) ? EXIT.usage : EXIT.negative
  }
  if (error instanceof IssuerkitError) {
    io.err(`issuerkit: ${error.message}\n`)
    return EXIT.negative
  }
  io.err(`issuerkit: ERR_INTERNAL: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.negative
}
