/**
 * A virtual card in the reader list of a real machine: the card's end of the protocol of vpcd, a driver of pcscd.
 *
 * The card dials in, and is inserted by that; it is removed when the connection ends. The reader powers it, asks for its
 * answer to reset several times a second, and sends commands one at a time.
 */
import { connect, type Socket } from 'node:net'
import type { VirtualCard } from '@issuerkit/card'
import { inTurn, readerError } from './connection.js'
import { createDeframer, frameMessage, VPCD } from './vpcd-framing.js'

/** Where the reader listens, and what to be told. */
export interface VirtualReaderOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 35963, the first of vpcd's two. */
  readonly port?: number
  /** Takes the card out, or ends the attempt to dial in. */
  readonly signal?: AbortSignal
  /** The reader has powered the card up, or down. */
  readonly onPowered?: (powered: boolean) => void
  /**
   * The card has carried out a command, and its answer waits until this has returned: what is saved here is never older
   * than what the reader has seen. When it fails the card is taken out without an answer.
   */
  readonly afterCommand?: (command: Uint8Array, response: Uint8Array) => void | Promise<void>
}

/** A card in a virtual reader. */
export interface VirtualReader {
  /**
   * Fulfilled when the card is out: by {@link close}, the signal or the reader. Rejected with ERR_POWER when the card lost
   * its power, with ERR_READER when the connection broke or the reader left the protocol, with what afterCommand threw.
   */
  readonly closed: Promise<void>
  /** Takes the card out. Fulfilled when it is out, whatever the reason was. */
  close(): Promise<void>
}

/** Dials in; the signal destroys the socket then and later. */
function dial(host: string, port: number, signal?: AbortSignal): Promise<Socket> {
  const expected = `a virtual reader (pcscd with vpcd) at ${host}:${port}`
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, ...(signal && { signal }) })
    const refused = (error: NodeJS.ErrnoException): void => {
      const got = isAbort(error) ? 'a signal to stop' : String(error.code)
      reject(readerError('virtual reader', expected, got, error))
    }
    socket.once('error', refused)
    socket.once('connect', () => {
      socket.off('error', refused)
      resolve(socket)
    })
  })
}

function isAbort(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ABORT_ERR'
}

/**
 * Puts a virtual card into a virtual reader.
 *
 * A card that loses its power in a command answers nothing, as a real one, and leaves the reader: the driver has no
 * deadline of its own and would wait for ever. Put it in again to power it up.
 * @throws ERR_READER when no virtual reader listens there; ERR_POWER when the card's fuse cuts its first power-up
 */
export async function connectVirtualReader(
  card: VirtualCard,
  options: VirtualReaderOptions = {},
): Promise<VirtualReader> {
  const { host = '127.0.0.1', port = 35963, signal, onPowered, afterCommand } = options
  const atr = card.powerUp()
  card.powerDown()
  const socket = await dial(host, port, signal)
  const deframe = createDeframer()
  const queue = inTurn()
  let failed: unknown
  let waiting = 0

  const leave = (error: unknown): void => {
    failed ??= error
    socket.destroy()
  }
  const send = (body: Uint8Array): void => {
    if (socket.writable) socket.write(frameMessage(body))
  }
  const control = (code: number): void => {
    if (code === VPCD.atr) send(atr)
    else if (code === VPCD.off) card.powerDown()
    else if (code === VPCD.on || code === VPCD.reset) card.powerUp()
    if (code !== VPCD.atr) onPowered?.(card.powered)
  }
  const command = async (bytes: Uint8Array): Promise<void> => {
    const response = await card.exchange(bytes)
    await afterCommand?.(bytes, response)
    send(response)
  }
  const serve = async (body: Uint8Array): Promise<void> => {
    const [code] = body
    if (code === undefined) throw readerError('virtual reader', 'a control or a command', 'an empty message')
    if (body.length === 1) control(code)
    else await command(body)
  }

  const closed = new Promise<void>((resolve, reject) => {
    socket.on('close', () => {
      card.powerDown()
      if (failed === undefined) resolve()
      else reject(failed)
    })
  })
  // Who does not watch `closed` must not be stopped by it.
  closed.catch(() => undefined)
  const stop = (): void => void socket.end(() => socket.destroy())

  socket.on('error', (error) => {
    if (!isAbort(error)) leave(readerError('virtual reader', 'a connection', error.message, error))
  })
  socket.on('end', () => socket.destroy())
  socket.on('data', (piece) => {
    for (const body of deframe(piece)) {
      waiting += 1
      // Nothing more is read while commands wait, so that a flood of them stays in the network.
      socket.pause()
      void queue(() => serve(body))
        .catch(leave)
        .finally(() => {
          waiting -= 1
          if (waiting === 0) socket.resume()
        })
    }
  })
  return {
    closed,
    close: async () => {
      stop()
      await closed.catch(() => undefined)
    },
  }
}
