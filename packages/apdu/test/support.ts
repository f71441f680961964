import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { IssuerkitError } from '../src/index.js'

/** For tests that take a second or more, so that a busy machine does not fail them. */
export const SLOW = { timeout: 120_000 }

/** Bytes from hexadecimal text with blanks, by Node, not by the code under test. */
export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s+/g, ''), 'hex'))

/** Upper-case hexadecimal text, by Node. */
export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()

/** The coded error that the call throws. */
export function thrown(call: () => unknown): IssuerkitError {
  let error: unknown
  try {
    call()
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(IssuerkitError)
  return error as IssuerkitError
}

/** The coded error that the promise rejects with. */
export async function rejected(promise: Promise<unknown>): Promise<IssuerkitError> {
  const error: unknown = await promise.then(
    () => undefined,
    (caught) => caught,
  )
  expect(error).toBeInstanceOf(IssuerkitError)
  return error as IssuerkitError
}

/** A recorded session of vectors/transcripts. */
export const transcript = (name: string): string =>
  readFileSync(new URL(`../../../vectors/transcripts/${name}`, import.meta.url), 'utf8')

/** `toEqual`, but fast while they are equal. */
export function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected)
}

/**
 * The milliseconds of processor time that the call took: a busy machine does not make it longer. The limits of the tests
 * stand far above what is measured, and far below what a quadratic algorithm or an endless loop would take.
 */
export function cpu(call: () => void): number {
  const before = process.cpuUsage()
  call()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** A card that answers from a list and keeps the commands it was sent. */
export function scripted(...answers: readonly (string | Error)[]) {
  const sent: string[] = []
  const exchange = async (command: Uint8Array): Promise<Uint8Array> => {
    const answer = answers[sent.length]
    sent.push(text(command))
    if (answer === undefined) throw new Error('asked once too often')
    if (answer instanceof Error) throw answer
    return hex(answer)
  }
  return { exchange, sent }
}
