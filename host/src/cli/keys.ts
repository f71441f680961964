/** `issuerkit keys rewrap`: a new master key for the keys in the database. */
import { Command } from 'commander'
import { migrate, openDatabase } from '../database.js'
import { startEmbeddedDatabase } from '../embedded-database.js'
import { rewrap } from '../keys/rewrap.js'
import { loadMasterKey, readMasterKey } from '../master-key.js'
import { type CommandIo, EXIT } from './io.js'
import { databaseOption } from './serve-options.js'
import { withStopSignals } from './stop-signals.js'

interface RewrapOptions {
  readonly newMasterKeyFile: string
  readonly data?: string
  readonly dev?: true
}

/** The command; `done` takes its exit code. */
export function keysCommand(io: CommandIo, done: (code: number) => void): Command {
  const command = new Command('keys').description('the keys in the database')
  command
    .command('rewrap')
    .description('wrap every key under a new master key, all or none')
    .requiredOption(
      '--new-master-key-file <file>',
      'the new master key: 32 bytes in hexadecimal, in a file of mode 600',
    )
    .option('--data <folder>', 'the data folder of the embedded database (without DATABASE_URL)')
    .option('--dev', 'the current master key is the one of dev mode, in the data folder')
    .action(async (options: RewrapOptions) => done(await rewrapCommand(options, io)))
  return command
}

async function rewrapCommand({ newMasterKeyFile, data, dev }: RewrapOptions, io: CommandIo): Promise<number> {
  const { environment } = io
  const next = readMasterKey(newMasterKeyFile)
  const where = databaseOption({ host: '', port: 0, ...(data === undefined ? {} : { data }) }, environment)
  const current = loadMasterKey({
    environment,
    devFolder: dev === true ? ('url' in where ? where.keyFolder : where.folder) : undefined,
  })
  return withStopSignals(async (signal) => {
    const embedded = 'url' in where ? undefined : await startEmbeddedDatabase({ folder: where.folder, signal })
    const address = 'url' in where ? { connectionString: where.url } : embedded?.address
    const database = openDatabase({ address: address as NonNullable<typeof address> })
    try {
      await migrate(database)
      const { rewrapped, already } = await rewrap(database, current, next)
      io.out(`${rewrapped} keys are under the new master key now, ${already} were before.\n`)
      io.out('Give every host the new master key and start it again. Until then it can use no key.\n')
      return EXIT.ok
    } finally {
      await database.destroy()
      await embedded?.stop()
    }
  })
}
