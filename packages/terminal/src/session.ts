/**
 * A session with a card: its commands one at a time, 61XX and 6CXX answered, everything traced and written down.
 *
 * What it guarantees, whatever the connection is:
 *
 * 1. A command with all that it takes (GET RESPONSE, a second try after 6CXX) is one piece: nothing comes between.
 * 2. GET RESPONSE refused is told as what it mostly is, another program's command in between, and never tried again.
 * 3. After 6CXX a command is sent again once, and only with another Le; after a failed transport none ever is.
 * 4. 6100 stands for 256 bytes and more; pieces are joined, bounded in number and length; warnings are handed on.
 * 5. GET RESPONSE has class 00 and is no part of secure messaging.
 * 6. Answers of 256 bytes and the status arrive whole.
 * 7. The card settles and is reset first. A session whose card was reset, removed, or lost is over: no second SELECT.
 * 8. Every answer and every reset has a deadline.
 * 9. Every TPDU is in the trace (masked) and in the transcript (not masked).
 *
 * @see [ISO7816-4] 5.1.3, [EMV-B1] 9.3.1
 */
import {
  type Exchange,
  ExchangeError,
  IssuerkitError,
  record,
  type TranscriptEntry,
  withGetResponse,
  withTrace,
} from '@issuerkit/apdu'
import {
  ANSWER_TIMEOUT,
  type CardConnection,
  inTurn,
  pause,
  type ResetKind,
  readerError,
  withDeadline,
} from './connection.js'
import { traceLines } from './trace.js'

/** How a session begins and goes on. */
export interface SessionOptions {
  /** Milliseconds from here to the first reset. Default 0; Windows talks to a card itself for some time after insertion. */
  readonly settle?: number
  /** The reset to begin with. Default warm. */
  readonly reset?: ResetKind
  /** Milliseconds for each answer and each reset. Default 30000. */
  readonly timeout?: number
  /** Takes the lines of the trace, masked. */
  readonly trace?: (line: string) => void
  /** How many answers to GET RESPONSE one command may take. Default 256. */
  readonly chunks?: number
}

/** A session, open until the card is lost or {@link close} is called. */
export interface CardSession {
  readonly connection: CardConnection
  /** The answer to the last reset. */
  readonly atr: Uint8Array
  /**
   * One command and its whole answer. Rejects with ERR_READER when the session is over or its end is this, with ERR_EXCHANGE
   * (an ExchangeError with `received`) when an answer broke off, with ERR_RESPONSE when it has no status.
   */
  readonly exchange: Exchange
  /** Every TPDU so far, as it was: PINs and the holder's data included. `replay` plays it; a note tells a later reset. */
  transcript(): TranscriptEntry[]
  /** Resets the card, after the command under way. @throws ERR_READER; ERR_POWER of a virtual card */
  reset(kind?: ResetKind): Promise<Uint8Array>
  /** Ends the session after the command under way, and disconnects the card. */
  close(): Promise<void>
}

/** The sessions that are open, and what the last one of a connection still has under way. */
const owners = new WeakMap<CardConnection, { over: () => boolean; drained: () => Promise<unknown> }>()

/**
 * Begins a session: waits for the card to settle and for what a lost session still had under way, and resets the card.
 * @throws ERR_READER when another session of this connection is open, or the card gives no answer to reset; ERR_POWER of a
 * virtual card
 */
export async function openSession(connection: CardConnection, options: SessionOptions = {}): Promise<CardSession> {
  const { settle = 0, timeout = ANSWER_TIMEOUT, chunks, trace } = options
  const { name } = connection
  const before = owners.get(connection)
  if (before?.over() === false) throw readerError(name, 'no open session', 'one')

  let dead: string | undefined
  let underWay: Promise<unknown> = Promise.resolve()
  owners.set(connection, { over: () => dead !== undefined, drained: () => underWay })
  const queue = inTurn()
  /** A piece of work with the card: the last one of the session when it fails. */
  const alive = async <T>(expected: string, work: () => Promise<T>): Promise<T> => {
    if (dead !== undefined) throw readerError(name, 'an open session', dead)
    const working = work()
    underWay = working.catch(() => undefined)
    try {
      return await withDeadline(working, timeout, name, expected)
    } catch (error) {
      dead = `one that ended: ${error instanceof IssuerkitError ? `${error.code}, ${error.got}` : 'the transport failed'}`
      throw error
    }
  }
  const recorded = record((command) => alive('an answer', () => connection.transmit(command)))
  const traced = trace === undefined ? recorded.exchange : withTrace(recorded.exchange, traceLines(trace))
  const whole = withGetResponse(traced, chunks === undefined ? {} : { chunks })
  const resets = new Map<number, ResetKind>()
  const reset = async (kind: ResetKind): Promise<Uint8Array> => {
    const atr = await alive('an answer to reset', () => connection.reset(kind))
    if (recorded.entries.length > 0) resets.set(recorded.entries.length, kind)
    return atr
  }

  await alive('the end of the session before', () => before?.drained() ?? Promise.resolve())
  await pause(settle)
  await reset(options.reset ?? 'warm')
  return {
    connection,
    get atr() {
      return connection.atr
    },
    exchange: (command) => {
      const sent = command.slice()
      return queue(() => whole(sent).catch(interleaved))
    },
    transcript: () =>
      recorded.entries.map((entry, i) => {
        const kind = resets.get(i)
        const copy = { command: entry.command.slice(), response: entry.response.slice() }
        return kind === undefined ? copy : { ...copy, note: `${kind} reset` }
      }),
    reset: (kind = 'warm') => queue(() => reset(kind)),
    close: () =>
      queue(async () => {
        dead ??= 'one that was closed'
        await connection.disconnect()
      }),
  }
}

/** Guarantee 2. [ISO7816-4] 5.1.3: only the very next command may fetch an answer; 6D00, 6985 and 69XX say it is gone. */
function interleaved(error: unknown): never {
  const status = error instanceof ExchangeError ? /^(6D00|69[0-9A-F]{2})/.exec(String(error.got))?.[1] : undefined
  if (!(error instanceof ExchangeError) || status === undefined) throw error
  const got = `${status}: another program's command came between, or the card lost its answer`
  throw new ExchangeError('the rest of the answer', got, error.received, error)
}
