/**
 * Making the database cluster on first use.
 */
import { spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HostError } from '../errors.js'
import { randomHex } from '../wrap.js'
import { type Binaries, program } from './binaries.js'
import type { DataFolder } from './data-folder.js'
import { LastLines } from './last-lines.js'
import { asUser, type ServerUser, serverEnvironment } from './server-user.js'

/** The database role of the host, the only one of its cluster. */
export const ROLE = 'issuerkit'

export interface InitialiseOptions {
  readonly binaries: Binaries
  readonly folder: DataFolder
  readonly user: ServerUser | undefined
  readonly signal: AbortSignal
  /** Whether to wait until the new cluster is on the disk. */
  readonly sync: boolean
}

/** Makes the cluster of `folder` unless it is there, and returns the database password. */
export async function initialise(options: InitialiseOptions): Promise<string> {
  const { folder, user } = options
  if (existsSync(folder.cluster)) return readPassword(folder)
  const password = randomHex(32)
  writeFileSync(folder.passwordFile, password, { mode: 0o600 })
  chmodSync(folder.passwordFile, 0o600)
  // initdb may run as another user, who may not read the file above: it gets one of its own for the moment.
  mkdirSync(folder.newCluster, { mode: 0o700 })
  const copy = join(folder.path, 'password.initdb')
  writeFileSync(copy, password, { mode: 0o600 })
  if (user !== undefined) {
    chownSync(folder.newCluster, user.uid, user.gid)
    chownSync(copy, user.uid, user.gid)
  }
  try {
    await runInitdb(options, copy)
  } finally {
    rmSync(copy, { force: true })
  }
  // Renamed when whole, so that a start that was cut off leaves nothing that looks like a cluster.
  renameSync(folder.newCluster, folder.cluster)
  return password
}

function readPassword(folder: DataFolder): string {
  try {
    return readFileSync(folder.passwordFile, 'utf8')
  } catch (cause) {
    const message = `the database password ${folder.passwordFile} is missing or not readable`
    throw new HostError('ERR_DATA_FOLDER', message, { cause })
  }
}

function runInitdb({ binaries, folder, user, signal, sync }: InitialiseOptions, passwordFile: string): Promise<void> {
  signal.throwIfAborted()
  const options = [
    ...['-D', folder.newCluster, `--username=${ROLE}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    // The built-in provider sorts alike on every system, whatever locales it has.
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    ...(sync ? [] : ['--no-sync']),
  ]
  const child = spawn(program(binaries, 'initdb'), options, {
    ...asUser(user),
    cwd: folder.path,
    env: serverEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    windowsHide: true,
  })
  const lines = new LastLines(child.stderr)
  const interrupt = () => child.kill('SIGTERM')
  signal.addEventListener('abort', interrupt)
  return new Promise<void>((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new HostError('ERR_DATABASE', `initdb does not start: ${cause.message}`, { cause })),
    )
    child.on('close', (code) => {
      if (signal.aborted) reject(signal.reason)
      else if (code === 0) resolve()
      else reject(new HostError('ERR_DATABASE', `initdb failed:\n${lines.text()}`))
    })
  }).finally(() => signal.removeEventListener('abort', interrupt))
}
