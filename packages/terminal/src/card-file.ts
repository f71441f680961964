/**
 * A virtual card in a file. A file is replaced whole: written beside the old one, brought to the disk, then renamed over
 * it, so that a crash leaves the card before or after, never half of it. It is readable by its owner alone, for it holds
 * the card's keys.
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { IssuerkitError, toHex } from '@issuerkit/apdu'
import { type CardMemory, loadCard, saveCard } from '@issuerkit/card'
import { randomBytes } from '@issuerkit/keys'

/** More than any card takes: 64 KiB in hexadecimal, and names. */
const MOST_BYTES = 1_000_000

/**
 * The card of a file.
 * @throws ERR_CARD when the file cannot be read, or is none of {@link writeCardFile}; ERR_HEX as `loadCard`
 */
export function readCardFile(path: string): CardMemory {
  const text = orCardError(path, 'read', () => {
    if (statSync(path).size > MOST_BYTES) throw cardError(path, `at most ${MOST_BYTES} bytes`, 'more')
    return readFileSync(path, 'utf8')
  })
  return loadCard(text)
}

/**
 * Puts a card into a file, in place of what was there.
 * @throws ERR_CARD when it cannot be written; what was there is there still
 */
export function writeCardFile(path: string, memory: CardMemory): void {
  orCardError(path, 'written', () => place(followLinks(path), memory, renameSync))
}

/**
 * Puts a new card into a new file.
 * @throws ERR_CARD when there is a file of that name, or it cannot be written
 */
export function createCardFile(path: string, memory: CardMemory): void {
  // Unlike renaming, linking never replaces a file.
  orCardError(path, 'written', () => place(resolve(path), memory, linkSync))
}

function place(target: string, memory: CardMemory, put: (draft: string, target: string) => void): void {
  const draft = `${target}.${toHex(randomBytes(4))}.new`
  try {
    writeDurably(draft, saveCard(memory))
    put(draft, target)
  } finally {
    rmSync(draft, { force: true })
  }
  // A name is on the disk when its folder is.
  durably(openSync(dirname(target), 'r'))
}

function writeDurably(path: string, text: string): void {
  durably(openSync(path, 'wx', 0o600), (file) => writeFileSync(file, text))
}

function durably(file: number, write?: (file: number) => void): void {
  try {
    write?.(file)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** The file that a path stands for, behind links, so that a link is not replaced by a file. */
export function followLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return resolve(path)
    throw error
  }
}

/** What the work gives; a failure of the system becomes ERR_CARD with its code. */
export function orCardError<T>(path: string, done: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const code = codeOf(error)
    if (error instanceof IssuerkitError || code === undefined) throw error
    throw cardError(path, `a file that can be ${done}`, code)
  }
}

/** The code that Node gives a system error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function cardError(path: string, expected: string, got: string): IssuerkitError {
  return new IssuerkitError('ERR_CARD', { label: path, expected, got })
}
