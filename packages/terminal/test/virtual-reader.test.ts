import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { connectVirtualReader, type VirtualReader, type VirtualReaderOptions } from '../src/virtual-reader.js'
import { ATR_T0, FCI, hex, rejected, SELECT, simpleCard, text } from './readers-support.js'

/** The reader's end, written from the protocol alone: two bytes of length, most significant first, then the body. */
class Peer {
  readonly server: Server
  readonly #socket: Promise<Socket>
  #received = Buffer.alloc(0)
  #wake: () => void = () => undefined
  ended = false

  constructor() {
    this.server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    this.#socket = once(this.server, 'connection').then(([socket]: Socket[]) => {
      if (socket === undefined) throw new Error('no socket')
      socket.on('data', (piece: Buffer) => {
        this.#received = Buffer.concat([this.#received, piece])
        this.#wake()
      })
      socket.on('close', () => {
        this.ended = true
        this.#wake()
      })
      socket.on('error', () => undefined)
      return socket
    })
  }

  async port(): Promise<number> {
    if (!this.server.listening) await once(this.server, 'listening')
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async send(...bytes: string[]): Promise<void> {
    const socket = await this.#socket
    for (const piece of bytes) {
      await new Promise<void>((resolve) => socket.write(hex(piece), () => resolve()))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** The next message in hexadecimal; `end` when the card has left. */
  async next(): Promise<string> {
    for (;;) {
      if (this.#received.length >= 2) {
        const end = 2 + this.#received.readUInt16BE(0)
        if (this.#received.length >= end) {
          const body = this.#received.subarray(2, end)
          this.#received = this.#received.subarray(end)
          return text(body)
        }
      }
      if (this.ended) return 'end'
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async hangUp(how: 'end' | 'reset'): Promise<void> {
    const socket = await this.#socket
    if (how === 'end') socket.end()
    else socket.resetAndDestroy()
  }
}

const peers: Peer[] = []
const readers: VirtualReader[] = []
afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.close()
  for (const peer of peers.splice(0)) await new Promise((resolve) => peer.server.close(resolve))
})

async function insert(card = simpleCard(), options: VirtualReaderOptions = {}) {
  const peer = new Peer()
  peers.push(peer)
  const reader = await connectVirtualReader(card, { port: await peer.port(), ...options })
  readers.push(reader)
  return { card, peer, reader }
}

const ON = '000101'
const OFF = '000100'
const RESET = '000102'
const GET_ATR = '000104'
const frame = (body: Uint8Array): string => body.length.toString(16).padStart(4, '0') + text(body)

describe('a card in a virtual reader', () => {
  it('goes through the power-on that vpcd is seen to do: 4, 4, 1, 4', async () => {
    const powered: boolean[] = []
    const { card, peer } = await insert(simpleCard(), { onPowered: (on) => powered.push(on) })
    expect(card.powered).toBe(false)
    await peer.send(GET_ATR, GET_ATR)
    expect([await peer.next(), await peer.next()]).toEqual([text(ATR_T0), text(ATR_T0)])
    expect(powered).toEqual([])
    await peer.send(ON, GET_ATR)
    expect(await peer.next()).toBe(text(ATR_T0))
    expect(card.powered).toBe(true)
    await peer.send(OFF, GET_ATR)
    await peer.next()
    expect(card.powered).toBe(false)
    expect(powered).toEqual([true, false])
  })

  it('answers commands in their order, however they are cut', async () => {
    const { peer } = await insert()
    const stream = ON + frame(SELECT) + frame(hex('00C0000010')) + GET_ATR + frame(hex('0084000007'))
    await peer.send(...(stream.match(/.{1,6}/g) ?? []))
    const answers = [await peer.next(), await peer.next(), await peer.next(), await peer.next()]
    expect(answers).toEqual(['6110', `${text(FCI)}9000`, text(ATR_T0), '6C08'])
  })

  it('forgets its answer at a reset, and stays powered', async () => {
    const { card, peer } = await insert()
    await peer.send(ON, frame(SELECT), RESET, frame(hex('00C0000010')))
    expect([await peer.next(), await peer.next()]).toEqual(['6110', '6D00'])
    expect(card.powered).toBe(true)
  })

  it('does not mind a control that nobody knows', async () => {
    const { peer } = await insert()
    await peer.send('000177', GET_ATR)
    expect(await peer.next()).toBe(text(ATR_T0))
  })

  it('takes a flood of commands', async () => {
    const { peer } = await insert()
    await peer.send(ON + frame(SELECT).repeat(500))
    for (let i = 0; i < 500; i++) expect(await peer.next()).toBe('6110')
  })

  it('has been saved before its answer is seen', async () => {
    const order: string[] = []
    const { peer } = await insert(simpleCard(), {
      afterCommand: async (command, response) => {
        await new Promise((resolve) => setTimeout(resolve, 2))
        order.push(`${text(command)} ${text(response)}`)
      },
    })
    await peer.send(ON + frame(SELECT))
    expect(await peer.next()).toBe('6110')
    expect(order).toEqual([`${text(SELECT)} 6110`])
  })
})

describe('a card leaves', () => {
  it('when it is taken out, without power', async () => {
    const { card, peer, reader } = await insert()
    await peer.send(ON, GET_ATR)
    await peer.next()
    await reader.close()
    await reader.closed
    expect(await peer.next()).toBe('end')
    expect(card.powered).toBe(false)
    await reader.close()
  })

  it.each([
    ['the reader hangs up', 'end'],
    ['the connection breaks', 'reset'],
  ] as const)('when %s', async (_, how) => {
    const { peer, reader } = await insert()
    await peer.send(GET_ATR)
    await peer.next()
    await peer.hangUp(how)
    if (how === 'end') await reader.closed
    else
      expect(await rejected(reader.closed)).toMatchObject({
        code: 'ERR_READER',
        got: expect.stringMatching('ECONNRESET'),
      })
  })

  it('when the signal comes', async () => {
    const controller = new AbortController()
    const { peer, reader } = await insert(simpleCard(), { signal: controller.signal })
    await peer.send(GET_ATR)
    await peer.next()
    controller.abort()
    await reader.closed
    expect(await peer.next()).toBe('end')
  })

  it('and gives no answer when its fuse cuts the power: the reader would wait for ever', async () => {
    const { card, peer, reader } = await insert()
    await peer.send(ON, GET_ATR)
    await peer.next()
    card.memory.arm({ write: 1, at: 'torn' })
    await peer.send(frame(hex('00DA9F5801AA')) + GET_ATR)
    expect(await peer.next()).toBe('end')
    expect(await rejected(reader.closed)).toMatchObject({ code: 'ERR_POWER' })
  })

  it('when it gets a command without power', async () => {
    const { peer, reader } = await insert()
    await peer.send(frame(SELECT))
    expect(await peer.next()).toBe('end')
    expect(await rejected(reader.closed)).toMatchObject({ code: 'ERR_POWER' })
  })

  it('when a message is empty', async () => {
    const { peer, reader } = await insert()
    await peer.send('0000')
    expect(await peer.next()).toBe('end')
    expect(await rejected(reader.closed)).toMatchObject({ code: 'ERR_READER', got: 'an empty message' })
  })

  it('without an answer when it cannot be saved', async () => {
    const { peer, reader } = await insert(simpleCard(), {
      afterCommand: () => {
        throw new Error('disk full')
      },
    })
    await peer.send(ON + frame(SELECT))
    expect(await peer.next()).toBe('end')
    await expect(reader.closed).rejects.toThrow('disk full')
  })

  it('while a command is under way: its answer goes nowhere', async () => {
    let go = (): void => undefined
    const saving = new Promise<void>((resolve) => (go = resolve))
    let begun = (): void => undefined
    const started = new Promise<void>((resolve) => (begun = resolve))
    const { peer, reader } = await insert(simpleCard(), {
      afterCommand: () => {
        begun()
        return saving
      },
    })
    await peer.send(ON + frame(SELECT))
    await started
    await reader.close()
    go()
    expect(await peer.next()).toBe('end')
    await reader.closed
  })
})

describe('a card stays outside', () => {
  it('when no reader listens', async () => {
    const peer = new Peer()
    const port = await peer.port()
    await new Promise((resolve) => peer.server.close(resolve))
    const error = await rejected(connectVirtualReader(simpleCard(), { port }))
    expect(error.message).toBe(
      `ERR_READER: virtual reader: expected a virtual reader (pcscd with vpcd) at 127.0.0.1:${port}, got ECONNREFUSED`,
    )
  })
  it('when the signal came before', async () => {
    const error = await rejected(insert(simpleCard(), { signal: AbortSignal.abort() }))
    expect(error).toMatchObject({ code: 'ERR_READER', got: 'a signal to stop' })
  })
  it('when the signal comes while it dials', async () => {
    const controller = new AbortController()
    const inserting = insert(simpleCard(), { signal: controller.signal })
    queueMicrotask(() => controller.abort())
    expect(await rejected(inserting)).toMatchObject({ code: 'ERR_READER', got: 'a signal to stop' })
  })
  it('when its fuse cuts the first power-up', async () => {
    const card = simpleCard()
    card.memory.arm({ write: 2, at: 'after' })
    await rejected(card.exchange(hex('00DA9F5801AA')))
    card.memory.arm({ write: 1, at: 'before' })
    expect(await rejected(connectVirtualReader(card, { port: 1 }))).toMatchObject({ code: 'ERR_POWER' })
  })
})
