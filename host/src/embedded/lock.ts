/**
 * One host per data folder. The lock is a file with the number and the start of the process that holds it, so that a
 * killed host leaves a lock that counts for nothing.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { HostError, systemCode } from '../errors.js'
import { startOf } from './process.js'

/** Each failure means that another host was quicker, which happens once or twice, or that the folder is not writable. */
const ATTEMPTS = 10

/** Takes the lock `file`; the function returned gives it back. ERR_DATA_FOLDER_IN_USE when another live host has it. */
export function takeLock(file: string): () => void {
  const mine = JSON.stringify({ pid: process.pid, start: startOf(process.pid) })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, mine, { mode: 0o600 })
  try {
    for (let attempt = 1; !link(draft, file); attempt++) {
      removeIfStale(file)
      if (attempt === ATTEMPTS) throw new HostError('ERR_DATA_FOLDER', `the stale lock ${file} cannot be removed`)
    }
  } finally {
    rmSync(draft, { force: true })
  }
  return () => {
    if (read(file) === mine) rmSync(file)
  }
}

/** Linking a finished file, unlike creating one and then writing it, never shows another host a half-written lock. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

function removeIfStale(file: string): void {
  const seen = read(file)
  if (seen === undefined) return
  refuseIfHeld(file, seen)
  // Renamed first and looked at again: a second host may have replaced the stale lock by its own in between.
  const aside = `${file}.stale.${process.pid}`
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  const moved = read(aside)
  if (moved !== seen) link(aside, file)
  rmSync(aside, { force: true })
}

function refuseIfHeld(file: string, text: string): void {
  const { pid, start } = parse(text)
  if (pid === undefined || startOf(pid) !== start) return
  throw new HostError(
    'ERR_DATA_FOLDER_IN_USE',
    `another host (process ${pid}) holds ${file}: stop it, or choose another folder with --data`,
  )
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function parse(text: string): { pid?: number; start?: string } {
  try {
    return JSON.parse(text) as { pid?: number; start?: string }
  } catch {
    return {}
  }
}
