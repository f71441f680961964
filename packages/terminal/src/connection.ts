/**
 * A card that is connected, whatever the reader: a virtual card in this process, one behind TCP, a real one behind PC/SC.
 *
 * A connection carries raw TPDUs and knows nothing of 61XX and 6CXX; `openSession` puts the rules on top of it. It dies at
 * the first failure of the transport, because nobody can tell what the card has done by then: every later use is refused,
 * and no command is ever sent again by itself.
 */
import { type Exchange, IssuerkitError } from '@issuerkit/apdu'

/** Warm: the contacts stay powered. Cold: power off and on. [EMV-B1] 6.1.3 */
export type ResetKind = 'warm' | 'cold'

/** One connected card. */
export interface CardConnection {
  /** The reader, for messages. */
  readonly name: string
  /** The answer to the last reset, 2 to 33 bytes. */
  readonly atr: Uint8Array
  readonly protocol: 'T=0' | 'T=1'
  /** Sends one TPDU, as it is, and gives the answer as it is. Rejects with ERR_READER when there is none. */
  readonly transmit: Exchange
  /** @returns the answer to reset; rejects with ERR_READER when the card does not give one */
  reset(kind: ResetKind): Promise<Uint8Array>
  /** Lets go of the card. Never refused; a second time it does nothing. */
  disconnect(): Promise<void>
}

/** The milliseconds that a card has for an answer unless told otherwise: more than the longest command of a slow card. */
export const ANSWER_TIMEOUT = 30_000

/** An error of a reader, or of the card in it. */
export function readerError(label: string, expected: string, got: string, cause?: unknown): IssuerkitError {
  const error = new IssuerkitError('ERR_READER', { label, expected, got })
  if (cause !== undefined) error.cause = cause
  return error
}

/**
 * The result of the work, or ERR_READER when it takes longer. The work itself cannot be stopped: it goes on, and its end,
 * good or bad, is nobody's any more.
 * @param timeout milliseconds
 * @param label names the reader in the error
 * @param expected what did not come in time
 */
export async function withDeadline<T>(work: Promise<T>, timeout: number, label: string, expected: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(readerError(label, expected, `none in ${timeout} ms`)), timeout)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Lets one piece of work run at a time, in the order of the calls; a failed one lets the next run. */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
}

/** Waits. @param time milliseconds */
export function pause(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time))
}
