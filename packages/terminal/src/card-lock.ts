/**
 * One process for the card of a file: two would undo each other's transactions. The lock is a file beside it with the
 * number of the process, so that one that was killed leaves a lock that counts for nothing.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { IssuerkitError } from '@issuerkit/apdu'
import { codeOf, followLinks, orCardError } from './card-file.js'

/**
 * Keeps the card of a file for this process.
 * @returns gives the card back
 * @throws ERR_READER when a live process has it, this one included; ERR_CARD when the folder cannot be written
 */
export function lockCardFile(path: string): () => void {
  return orCardError(path, 'locked', () => {
    const lock = `${followLinks(path)}.lock`
    const draft = `${lock}.${process.pid}`
    try {
      writeFileSync(draft, `${process.pid}\n`, { mode: 0o600 })
      while (!link(draft, lock)) removeIfStale(path, lock)
    } finally {
      rmSync(draft, { force: true })
    }
    return () => {
      if (holderOf(lock) === process.pid) rmSync(lock, { force: true })
    }
  })
}

/** Linking a finished file, unlike creating one and then writing it, never shows a half-written lock. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Renamed first and looked at again: another process may have replaced the stale lock by its own in between. */
function removeIfStale(path: string, lock: string): void {
  const holder = holderOf(lock)
  if (holder !== undefined && isAlive(holder)) throw inUse(path, lock, holder)
  const aside = `${lock}.stale.${process.pid}`
  try {
    renameSync(lock, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if (holderOf(aside) !== holder) link(aside, lock)
  rmSync(aside, { force: true })
}

/** The process that a lock names; nothing when it names none, or is not there. */
function holderOf(lock: string): number | undefined {
  try {
    const text = readFileSync(lock, 'utf8')
    return /^[1-9][0-9]{0,9}\n$/.test(text) ? Number(text) : undefined
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process: it is there.
    return codeOf(error) === 'EPERM'
  }
}

function inUse(path: string, lock: string, holder: number): IssuerkitError {
  return new IssuerkitError('ERR_READER', {
    label: path,
    expected: 'a card that no other program runs',
    got: `process ${holder}, which holds ${lock}`,
  })
}
