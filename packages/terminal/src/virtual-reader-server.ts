/**
 * A virtual reader of our own: the reader's end of the protocol of vpcd, for cards of other programs and for tests, without
 * PC/SC. One card at a time is in it; another that dials in meanwhile is turned away.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { IssuerkitError } from '@issuerkit/apdu'
import { ANSWER_TIMEOUT, type CardConnection, inTurn, type ResetKind, readerError, withDeadline } from './connection.js'
import { createDeframer, frameMessage, MAX_BODY, VPCD } from './vpcd-framing.js'

/** Where to listen, and how long to wait. */
export interface ListenOptions {
  /** Default 127.0.0.1: whoever can reach the port can be the card. */
  readonly host?: string
  /** Default 35963; 0 for any that is free. */
  readonly port?: number
  /** Milliseconds that a card has for an answer. Default 30000. */
  readonly timeout?: number
}

/** A reader that cards dial into. */
export interface ListeningReader {
  readonly port: number
  /**
   * The next card, powered up: the one that is in the reader and was not accepted yet, or the next to dial in.
   * Rejects with ERR_READER when the reader is closed first, or the card does not answer as one.
   */
  accept(): Promise<CardConnection>
  /** Takes the card out and stops listening. */
  close(): Promise<void>
}

/** Opens a reader. Rejects with ERR_READER when the port cannot be had. */
export async function listenVirtualReader(options: ListenOptions = {}): Promise<ListeningReader> {
  const { host = '127.0.0.1', port = 35963, timeout = ANSWER_TIMEOUT } = options
  const server = createServer({ noDelay: true })
  const name = await listening(server, host, port)
  let inserted: Wire | undefined
  let accepted = true
  let waiter: { resolve: (wire: Wire) => void; reject: (error: unknown) => void } | undefined
  let closed = false

  server.on('connection', (socket) => {
    if (inserted !== undefined) {
      socket.destroy()
      return
    }
    const wire = wireOf(socket, name.text, timeout)
    inserted = wire
    accepted = waiter !== undefined
    waiter?.resolve(wire)
    waiter = undefined
    socket.on('close', () => {
      inserted = undefined
    })
  })
  return {
    port: name.port,
    accept: async () => {
      if (closed) throw readerError(name.text, 'an open reader', 'a closed one')
      if (waiter !== undefined) throw readerError(name.text, 'one caller that waits for a card', 'another')
      if (inserted !== undefined && !accepted) {
        accepted = true
        return connection(inserted, name.text)
      }
      const next = new Promise<Wire>((resolve, reject) => {
        waiter = { resolve, reject }
      })
      return connection(await next, name.text)
    },
    close: async () => {
      closed = true
      waiter?.reject(readerError(name.text, 'a card', 'none: the reader was closed'))
      waiter = undefined
      inserted?.end('a reader that was closed')
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function listening(server: Server, host: string, port: number): Promise<{ port: number; text: string }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(readerError('virtual reader', `a free port at ${host}:${port}`, String(error.code), error))
    })
    server.listen(port, host, resolve)
  })
  // Of a server on TCP it is never a path.
  const { port: bound } = server.address() as AddressInfo
  return { port: bound, text: `virtual reader ${host}:${bound}` }
}

/** The messages to and from one card. */
interface Wire {
  /** One at a time: controls, which are not answered, then a body that is. Rejects with ERR_READER when no answer comes. */
  ask(expected: string, body: Uint8Array, controls?: readonly number[]): Promise<Uint8Array>
  tell(control: number): void
  /** Takes the card out; every later use is refused with the reason. */
  end(reason: string): void
}

function wireOf(socket: Socket, name: string, timeout: number): Wire {
  const queue = inTurn()
  const deframe = createDeframer()
  let dead: string | undefined
  let asked: { resolve: (body: Uint8Array) => void; reject: (error: unknown) => void } | undefined

  const gone = (): IssuerkitError => readerError(name, 'a card in the reader', String(dead))
  const end = (reason: string): void => {
    dead ??= reason
    asked?.reject(gone())
    asked = undefined
    socket.destroy()
  }
  const tell = (control: number): void => {
    if (socket.writable) socket.write(frameMessage(Uint8Array.of(control)))
  }
  socket.on('error', () => end('a connection that broke'))
  socket.on('end', () => end('a card that was removed'))
  socket.on('data', (piece) => {
    for (const body of deframe(piece)) {
      if (asked === undefined) end('a card that spoke without being asked')
      asked?.resolve(body)
      asked = undefined
    }
  })
  return {
    tell,
    end,
    ask: async (expected, body, controls = []) => {
      if (dead !== undefined) throw gone()
      const answer = queue(async () => {
        if (dead !== undefined) throw gone()
        for (const control of controls) tell(control)
        const given = await new Promise<Uint8Array>((resolve, reject) => {
          asked = { resolve, reject }
          socket.write(frameMessage(body))
        })
        if (given.length < 2) end(`${given.length} bytes as an answer`)
        return given
      })
      try {
        const given = await withDeadline(answer, timeout, name, expected)
        if (given.length < 2) throw gone()
        return given
      } catch (error) {
        end('a card that did not answer')
        throw error
      }
    },
  }
}

/** The card behind a wire, powered up. */
async function connection(wire: Wire, name: string): Promise<CardConnection> {
  const reset = (...controls: readonly number[]): Promise<Uint8Array> =>
    wire.ask('an answer to reset', Uint8Array.of(VPCD.atr), controls)
  let atr = await reset(VPCD.on)
  const protocol = protocolOf(atr)
  if (protocol === undefined) {
    wire.end('a card without an answer to reset')
    throw readerError(name, 'an answer to reset', `${atr.length} bytes that are none`)
  }
  return {
    name,
    protocol,
    get atr() {
      return atr.slice()
    },
    transmit: async (command) => {
      // A body of one byte would be a control.
      if (command.length < 2 || command.length > MAX_BODY) {
        const details = { label: 'command', expected: `2 to ${MAX_BODY} bytes`, got: `${command.length} bytes` }
        throw new IssuerkitError('ERR_COMMAND', details)
      }
      return wire.ask('an answer', command.slice())
    },
    reset: async (kind: ResetKind) => {
      atr = await reset(...(kind === 'cold' ? [VPCD.off, VPCD.on] : [VPCD.reset]))
      return atr.slice()
    },
    disconnect: async () => {
      wire.tell(VPCD.off)
      wire.end('disconnected')
    },
  }
}

/**
 * The protocol that an answer to reset offers first; `undefined` when it is none.
 * @see [EMV-B1] 8.3.2 (T0 tells which interface characters follow), 8.3.3.4 (TD1 tells the protocol)
 */
export function protocolOf(atr: Uint8Array): 'T=0' | 'T=1' | undefined {
  const [ts, t0] = atr
  if (t0 === undefined || atr.length > 33 || (ts !== 0x3b && ts !== 0x3f)) return undefined
  if ((t0 & 0x80) === 0) return 'T=0'
  // TA1, TB1, TC1 stand before TD1, each when its bit is set.
  const before = [0x10, 0x20, 0x40].filter((bit) => (t0 & bit) !== 0).length
  const td1 = atr[2 + before]
  return td1 === undefined ? undefined : (td1 & 0x0f) === 1 ? 'T=1' : 'T=0'
}
