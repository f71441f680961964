/**
 * A card is one function: command bytes in, answer bytes out. Queueing, GET RESPONSE and tracing are decorators of it.
 *
 * ```
 * const card = withGetResponse(withTrace(reader, print))     // print sees every 61XX and GET RESPONSE
 * ```
 */
import { toHex } from './bytes.js'
import { IssuerkitError } from './errors.js'

/** Sends one command APDU and resolves to the answer APDU: data and the two status bytes. Rejects when none came. */
export type Exchange = (command: Uint8Array) => Promise<Uint8Array>

/**
 * An exchange of several commands that broke off after it had begun. What the card has sent by then stays readable: a
 * cryptogram must not be lost because the chain behind it broke.
 */
export class ExchangeError extends IssuerkitError {
  readonly #received: Uint8Array

  constructor(expected: string, got: string, received: Uint8Array, cause?: unknown) {
    super('ERR_EXCHANGE', { label: 'GET RESPONSE', expected, got })
    this.#received = received
    if (cause !== undefined) this.cause = cause
  }

  /** The response data received so far. An accessor, so that a logger which copies an error's fields leaves it out. */
  get received(): Uint8Array {
    return this.#received
  }
}

/**
 * Lets one exchange pass at a time, in the order of the calls; a failed one lets the next pass.
 *
 * Two commands under way at once on one card tear each other's GET RESPONSE chains, even with exclusive access.
 */
export function withQueue(exchange: Exchange): Exchange {
  let last: Promise<unknown> = Promise.resolve()
  return (command) => {
    // The caller may use its buffer for something else while the command waits.
    const sent = command.slice()
    const answer = last.then(() => exchange(sent))
    last = answer.catch(() => undefined)
    return answer
  }
}

/** One command as a trace sees it. */
export interface TraceEvent {
  readonly command: Uint8Array
  /** Absent when the exchange failed. */
  readonly response?: Uint8Array
  /** Why the exchange failed, as it was thrown. */
  readonly error?: unknown
  /** From the call to the answer, in milliseconds. An answer after seconds is a sign that another program uses the card. */
  readonly duration: number
}

// A global of browsers and Node alike; the language's own library does not declare it.
declare const performance: { now(): number }

/**
 * Tells `sink` each command with its answer or error and its duration, after the answer and before it is passed on.
 * The bytes are those of the exchange, PINs included: masking is the sink's duty. What the sink throws, the call throws.
 * @param clock milliseconds, monotonic
 */
export function withTrace(
  exchange: Exchange,
  sink: (event: TraceEvent) => void,
  clock: () => number = () => performance.now(),
): Exchange {
  return async (command) => {
    const start = clock()
    let response: Uint8Array
    try {
      response = await exchange(command)
    } catch (error) {
      sink({ command, error, duration: clock() - start })
      throw error
    }
    sink({ command, response, duration: clock() - start })
    return response
  }
}

/** The header of a command in hexadecimal and its length: what an error may show of it, never its data field. */
export function commandSummary(command: Uint8Array): string {
  return `${toHex(command.subarray(0, 4))}, ${command.length} bytes in all`
}
