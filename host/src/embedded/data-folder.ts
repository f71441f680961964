/**
 * The data folder of a host on the embedded database:
 *
 *   lock                 who holds it
 *   password             the database password (0600)
 *   master-key           the key that wraps the stored keys, in dev mode (0600)
 *   postgres/            the database cluster, owned by the user that the server runs as
 *   postgres.new/        a cluster that is being made; what is left of one that was cut off is removed
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { HostError, systemCode } from '../errors.js'
import { takeLock } from './lock.js'
import { type ServerUser, unreachableParent } from './server-user.js'

export interface DataFolder {
  readonly path: string
  readonly cluster: string
  readonly newCluster: string
  readonly passwordFile: string
  /** Gives the folder to the next host. */
  readonly release: () => void
}

/**
 * Makes or checks the folder and takes its lock.
 * ERR_DATA_FOLDER when it cannot be used, ERR_DATA_FOLDER_IN_USE when another live host has it.
 */
export function openDataFolder(path: string, user: ServerUser | undefined): DataFolder {
  try {
    return open(path, user)
  } catch (cause) {
    if (cause instanceof HostError) throw cause
    const reason = systemCode(cause)
    throw new HostError(
      'ERR_DATA_FOLDER',
      `the data folder ${path} cannot be used (${reason}); choose another with --data`,
      {
        cause,
      },
    )
  }
}

function open(given: string, user: ServerUser | undefined): DataFolder {
  if (user !== undefined) expectReach(dirname(resolve(given)), user)
  mkdirSync(given, { recursive: true })
  const path = realpathSync(given)
  expectOurs(path)
  // With another user as the server the folder can be walked through, not listed.
  chmodSync(path, user === undefined ? 0o700 : 0o711)
  if (user !== undefined) expectReach(path, user)
  const release = takeLock(join(path, 'lock'))
  const cluster = join(path, 'postgres')
  try {
    expectVersion(cluster)
    rmSync(`${cluster}.new`, { recursive: true, force: true })
  } catch (error) {
    release()
    throw error
  }
  return { path, cluster, newCluster: `${cluster}.new`, passwordFile: join(path, 'password'), release }
}

function expectReach(path: string, user: ServerUser): void {
  const closed = unreachableParent(path, user)
  if (closed === undefined) return
  const why = `PostgreSQL runs as ${user.name} here, who cannot go through ${closed}`
  throw new HostError('ERR_DATA_FOLDER', `the data folder is out of reach: ${why}; choose another with --data`)
}

/** What a start that was cut off may have left behind is among them. */
const OURS: readonly string[] = ['lock', 'master-key', 'password', 'postgres', 'postgres.new']

/** A folder with other things in it (a home, a project) was not meant, whatever was typed. */
function expectOurs(path: string): void {
  if (process.getuid !== undefined && statSync(path).uid !== process.getuid()) {
    throw new HostError(
      'ERR_DATA_FOLDER',
      `the data folder ${path} belongs to another user; choose another with --data`,
    )
  }
  const names = readdirSync(path).filter((name) => name !== 'lost+found')
  if (names.length === 0 || names.some((name) => OURS.includes(name))) return
  throw new HostError(
    'ERR_DATA_FOLDER',
    `${path} is no data folder of issuerkit and is not empty; choose another with --data`,
  )
}

/** The major version of the server, which alone can read a cluster of the same. */
const MAJOR_VERSION = '18'

function expectVersion(cluster: string): void {
  const file = join(cluster, 'PG_VERSION')
  if (!existsSync(file)) return
  const version = readFileSync(file, 'utf8').trim()
  if (version === MAJOR_VERSION) return
  const got = `${cluster} was made by PostgreSQL ${version}, this one is ${MAJOR_VERSION}`
  throw new HostError('ERR_DATA_FOLDER', got)
}
