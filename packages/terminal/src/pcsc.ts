/**
 * Cards in real readers, through PC/SC.
 *
 * The card is ours alone unless shared mode is asked for: a command of another program between 61XX and GET RESPONSE
 * takes the answer away. PC/SC calls may block for as long as another program holds the card, so each has a deadline.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import {
  ANSWER_TIMEOUT,
  type CardConnection,
  inTurn,
  pause,
  type ResetKind,
  readerError,
  withDeadline,
} from './connection.js'
import { loadPcsc, type PcscCard, type PcscContext, type PcscModule } from './pcsc-module.js'

/** A reader in the machine's list. */
export interface ReaderInfo {
  readonly name: string
  /** The answer to reset of the card in it; absent when there is none, or it is mute. */
  readonly atr?: Uint8Array
}

/** How to connect. */
export interface ReaderOptions {
  /** Default exclusive. Shared only where another program must have the card, too: it may tear our answers apart. */
  readonly share?: 'exclusive' | 'shared'
  /** Milliseconds for the connection, for each answer and for each reset. Default 30000. */
  readonly timeout?: number
  /** How many times more to try when another program has the card. Default 4. */
  readonly retries?: number
  /** Milliseconds before the first of them; each waits twice as long as the one before. Default 100. */
  readonly backoff?: number
  /** The package to use; loaded unless given. */
  readonly module?: PcscModule
}

/** Numbers of the PC/SC interface, the same on all platforms. */
const SHARE = { exclusive: 1, shared: 2 } as const
const T0 = 1
const T1 = 2
const LEAVE = 0
const RESET = 1
const UNPOWER = 2

const DISCONNECTED = 'disconnected'

/** The longest answer: 65536 bytes of data and the status. A shorter buffer makes PC/SC refuse a long one. */
const BUFFER = 65_538

/**
 * The readers of this machine, in the order of PC/SC.
 * @throws ERR_READER when PC/SC is not there (its message says what to install or start)
 */
export async function listReaders(options: Pick<ReaderOptions, 'module'> = {}): Promise<ReaderInfo[]> {
  const context = await establish(options.module)
  try {
    const readers = guarded('PC/SC', () => context.listReaders())
    return readers.map(({ name, atr }) => (atr === null ? { name } : { name, atr: Uint8Array.from(atr) }))
  } finally {
    context.close()
  }
}

/**
 * Connects the card in a reader, T=0 or T=1 as its answer to reset says. It is not reset; `openSession` does that.
 *
 * When another program has the card the connection is tried again, `retries` times. A card that is reset by another
 * program or removed, a failed or a late answer end the connection: it refuses every later use, a reset, too.
 * @param name as `listReaders` gives it
 * @throws ERR_READER when PC/SC, the reader or a card is not there, another program keeps the card, or time is over;
 * ERR_OPTION
 */
export async function connectReader(name: string, options: ReaderOptions = {}): Promise<CardConnection> {
  const { share = 'exclusive', timeout = ANSWER_TIMEOUT, retries = 4, backoff = 100 } = options
  if (!Object.hasOwn(SHARE, share)) {
    throw new IssuerkitError('ERR_OPTION', { label: 'share', expected: 'exclusive or shared', got: String(share) })
  }
  const context = await establish(options.module)
  let abandoned = false
  const connecting = connect(context, name, share, retries, backoff, () => abandoned)
  try {
    const card = await withDeadline(connecting, timeout, name, 'a connection')
    return connection(context, name, card, SHARE[share], timeout)
  } catch (error) {
    abandoned = true
    // A connection that comes too late would keep the card from everybody. The context must outlive the attempt.
    void connecting
      .then((card) => card.disconnect(LEAVE))
      .catch(() => undefined)
      .then(() => context.close())
    throw error
  }
}

async function establish(module: PcscModule | undefined): Promise<PcscContext> {
  const { Context } = await (module ?? loadPcsc())
  return guarded('PC/SC', () => new Context())
}

async function connect(
  context: PcscContext,
  name: string,
  share: keyof typeof SHARE,
  retries: number,
  backoff: number,
  abandoned: () => boolean,
): Promise<PcscCard> {
  for (let attempt = 0; ; attempt++) {
    const readers = guarded(name, () => context.listReaders())
    const reader = readers.find((one) => one.name === name)
    if (reader === undefined) {
      const got = readers.map((one) => one.name).join(', ')
      throw readerError(name, 'a reader of that name', got === '' ? 'no reader' : got)
    }
    try {
      return await reader.connect(SHARE[share], T0 | T1)
    } catch (error) {
      const again = isSharingViolation(error) && attempt < retries
      if (again) await pause(backoff * 2 ** attempt)
      // Nobody waits for the card any more: it must not be taken from others for nothing.
      if (!again || abandoned()) throw failure(name, error)
    }
  }
}

function connection(
  context: PcscContext,
  name: string,
  card: PcscCard,
  share: number,
  timeout: number,
): CardConnection {
  const protocol = card.protocol === T1 ? 'T=1' : 'T=0'
  let atr = Uint8Array.from(card.atr ?? [])
  let dead: string | undefined
  const queue = inTurn()
  const refuse = (reason: string): never => {
    throw readerError(name, 'a connected card', reason)
  }
  const lost = (error: unknown): IssuerkitError => {
    const told = failure(name, error)
    dead ??= `a connection that ended: ${told.got}`
    return told
  }
  /** One call at a time: PC/SC itself would let the next one wait in a thread, where no deadline reaches it. */
  const native = async <T>(expected: string, call: () => Promise<T>): Promise<T> => {
    if (dead !== undefined) refuse(dead)
    const work = queue(async () => {
      // What waited behind a failure is not sent; what waited when disconnect() was called still is.
      if (dead !== undefined && dead !== DISCONNECTED) refuse(dead)
      return call().catch((error: unknown) => {
        throw lost(error)
      })
    })
    try {
      return await withDeadline(work, timeout, name, expected)
    } catch (error) {
      throw lost(error)
    }
  }
  return {
    name,
    protocol,
    get atr() {
      return atr.slice()
    },
    transmit: (command) => {
      const sent = Buffer.from(command)
      return native('an answer', async () => {
        const answer = await card.transmit(sent, { maxRecvLength: BUFFER })
        // vpcd reports a card that is taken out in the middle of a command as an answer of no bytes.
        if (answer.length < 2) throw readerError(name, 'a card in the reader', 'an answer without a status')
        return Uint8Array.from(answer)
      })
    },
    reset: (kind: ResetKind) =>
      native('an answer to reset', async () => {
        await card.reconnect(share, protocol === 'T=1' ? T1 : T0, kind === 'cold' ? UNPOWER : RESET)
        atr = Uint8Array.from(card.atr ?? [])
        return atr.slice()
      }),
    disconnect: async () => {
      if (dead === DISCONNECTED) return
      dead = DISCONNECTED
      // A call under way keeps the handle: releasing it now would block this thread until the call returns.
      const release = queue(async () => {
        try {
          // What a PIN has opened must not stay open for the next program. In shared mode others are still at it. A reset
          // by disconnect() would stop this thread until the card has answered, and that card may live in this thread.
          if (share === SHARE.exclusive) await card.reconnect(share, T0 | T1, RESET)
          card.disconnect(LEAVE)
        } catch {
          // The card is gone already; the context takes its handle along.
        } finally {
          context.close()
        }
      })
      await withDeadline(release, timeout, name, 'the end of the call under way')
    },
  }
}

function guarded<T>(label: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw failure(label, error)
  }
}

function isSharingViolation(error: unknown): boolean {
  return error instanceof Error && /sharing violation/i.test(error.message)
}

/** What PC/SC says, and what it would have had to be. The texts are those of the package; it gives no codes. */
const EXPECTED: readonly (readonly [RegExp, string])[] = [
  [/sharing violation/i, 'a card that no other program uses'],
  [/service not running|service stopped/i, 'the PC/SC service (start pcscd)'],
  [/no smart card|was removed/i, 'a card in the reader'],
  [/was reset/i, 'a card that no other program resets'],
  [/unresponsive|unpowered|not supported|invalid ATR|protocol mismatch/i, 'a card of T=0 or T=1, its contacts forward'],
  [/unknown reader|reader unavailable|no readers/i, 'a reader that is plugged in'],
]

function failure(label: string, error: unknown): IssuerkitError {
  if (error instanceof IssuerkitError) return error
  const got = error instanceof Error ? error.message : 'an unknown failure'
  const expected = EXPECTED.find(([text]) => text.test(got))?.[1] ?? 'an answer'
  return readerError(label, expected, got, error)
}
