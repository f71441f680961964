/**
 * Whom the database server runs as. PostgreSQL refuses root, so a host that runs as root gives its server to an
 * unprivileged user of the system, and everything that the server touches must be within that user's reach.
 */
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdtempSync, realpathSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { HostError } from '../errors.js'

export interface ServerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** The other user that the server runs as when this process is root; undefined when it runs as this process's own. */
export function serverUser(candidates: readonly string[] = ['postgres', 'nobody']): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of candidates) {
    const uid = idOf('-u', name)
    const gid = idOf('-g', name)
    if (uid !== undefined && uid !== 0 && gid !== undefined) return { name, uid, gid }
  }
  throw new HostError(
    'ERR_DATABASE',
    `PostgreSQL does not run as root, and this system has no user ${candidates.join(' or ')}`,
  )
}

function idOf(option: string, name: string): number | undefined {
  const { stdout, status } = spawnSync('id', [option, name], { encoding: 'utf8' })
  // macOS knows nobody as -2 and prints it unsigned; Node wants it signed.
  return status === 0 ? Number(stdout) | 0 : undefined
}

/**
 * The first folder on the way from the root to `path` that `user` cannot walk through, by the mode bits; undefined when
 * there is none. What does not exist yet is not judged. Node gives the server no supplementary groups.
 */
export function unreachableParent(path: string, user: ServerUser): string | undefined {
  const parents: string[] = []
  for (let at = existingPart(path); ; at = dirname(at)) {
    parents.unshift(at)
    if (at === dirname(at)) break
  }
  return parents.find((folder) => {
    const { mode, uid, gid } = statSync(folder)
    const executable = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    return (mode & executable) === 0
  })
}

function existingPart(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return existingPart(dirname(path))
  }
}

/** A temporary folder that the server can reach: the system's own, unless TMPDIR lies where only root can go. */
export function reachableTemp(user: ServerUser | undefined, candidates = [tmpdir(), '/tmp', '/var/tmp']): string {
  const found = candidates.find((folder) => user === undefined || unreachableParent(folder, user) === undefined)
  if (found !== undefined) return found
  throw new HostError('ERR_DATABASE', `the user ${user?.name} reaches no temporary folder: ${candidates.join(', ')}`)
}

/** Makes a fresh folder that only this process's user can list and the server can walk through. */
export function freshTempFolder(user: ServerUser | undefined): string {
  return mkdtempSync(join(reachableTemp(user), 'issuerkit-'))
}

/** Refuses a path that another user may have planted: it must be a real folder of ours that nobody else can write. */
export function expectOwnFolder(path: string, code: 'ERR_DATABASE' | 'ERR_DATA_FOLDER'): void {
  const { mode, uid } = lstatSync(path)
  const isFolder = lstatSync(path).isDirectory()
  if (process.getuid === undefined || (isFolder && uid === process.getuid() && (mode & 0o022) === 0)) return
  throw new HostError(code, `${path} is not a folder of this user's own that nobody else can write; remove it`)
}

/** How to spawn as `user`, or as this process's own. */
export function asUser(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid }
}

/** Nothing of the caller's environment reaches the server but what a program needs to run at all. */
export function serverEnvironment(): Record<string, string> {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return { ...Object.fromEntries(kept), LC_ALL: 'C' }
}
