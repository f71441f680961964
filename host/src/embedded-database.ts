/**
 * The embedded database: a real PostgreSQL that the host starts on a data folder and stops again. It listens on
 * 127.0.0.1 only, on a free port, with a password that only the data folder holds.
 */
import { rmSync } from 'node:fs'
import type { DatabaseAddress } from './database.js'
import { installedBinaries, reachableBinaries } from './embedded/binaries.js'
import { openDataFolder } from './embedded/data-folder.js'
import { initialise, ROLE } from './embedded/initialise.js'
import { stopOrphan } from './embedded/orphan.js'
import { startServer } from './embedded/server-process.js'
import { serverUser } from './embedded/server-user.js'

export interface EmbeddedDatabase {
  /** The data folder, its real path. */
  readonly folder: string
  readonly address: DatabaseAddress
  /** Fulfilled with the server's last lines when it has ended, asked or not. */
  readonly ended: Promise<string>
  /** Stops the server, waits for its end and gives the folder free. */
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  readonly folder: string
  /** The folder is thrown away at the end: making its database need not wait for the disk. */
  readonly temporary?: boolean
  /** Cuts a start short; what was started is stopped before the reason is thrown. */
  readonly signal?: AbortSignal
}

/**
 * Starts the embedded database; the first start on a folder makes it.
 * ERR_DATA_FOLDER, ERR_DATA_FOLDER_IN_USE, ERR_DATABASE.
 */
export async function startEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const signal = options.signal ?? new AbortController().signal
  const user = serverUser()
  const binaries = reachableBinaries(await installedBinaries(), user)
  const folder = openDataFolder(options.folder, user)
  try {
    await stopOrphan(folder.cluster)
    const password = await initialise({ binaries, folder, user, signal, sync: options.temporary !== true })
    const server = await startServer(binaries, folder.cluster, user, signal)
    const stop = async () => {
      await server.stop()
      folder.release()
    }
    const address: DatabaseAddress = {
      host: '127.0.0.1',
      port: server.port,
      user: ROLE,
      password,
      database: 'postgres',
      ssl: false,
    }
    return { folder: folder.path, address, ended: server.ended, stop }
  } catch (error) {
    folder.release()
    throw error
  }
}

/** Removes a data folder of which nothing is kept. */
export function removeDataFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
