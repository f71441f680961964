import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openSession } from '../src/session.js'
import { connectVirtualReader } from '../src/virtual-reader.js'
import {
  type ListeningReader,
  type ListenOptions,
  listenVirtualReader,
  protocolOf,
} from '../src/virtual-reader-server.js'
import { ATR_T0, ATR_T1, FCI, hex, rejected, SELECT, simpleCard, text } from './readers-support.js'

const open: ListeningReader[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const reader of open.splice(0)) await reader.close()
})

async function listen(options: ListenOptions = {}): Promise<ListeningReader> {
  const reader = await listenVirtualReader({ port: 0, ...options })
  open.push(reader)
  return reader
}

/** A card by hand: answers each message that begins with a key of the table by its value, and keeps what it got. */
async function dialIn(port: number, answers: Readonly<Record<string, string>> = {}) {
  const socket = connect({ port, host: '127.0.0.1' })
  sockets.push(socket)
  const got: string[] = []
  socket.on('error', () => undefined)
  socket.on('data', (piece: Buffer) => {
    for (let at = 0; at < piece.length; ) {
      const end = at + 2 + piece.readUInt16BE(at)
      const body = text(piece.subarray(at + 2, end))
      got.push(body)
      const answer = answers[body]
      if (answer !== undefined) socket.write(hex(answer))
      at = end
    }
  })
  await once(socket, 'connect')
  return { socket, got }
}
const framed = (body: string): string => (body.length / 2).toString(16).padStart(4, '0') + body
const ATR = framed(text(ATR_T0))

describe('a card that dials in', () => {
  it.each(['T=0', 'T=1'] as const)('is a connected card of %s', async (protocol) => {
    const reader = await listen()
    const card = simpleCard({ protocol })
    const inserted = await connectVirtualReader(card, { port: reader.port })
    const connection = await reader.accept()
    expect(connection).toMatchObject({ name: `virtual reader 127.0.0.1:${reader.port}`, protocol })
    expect(connection.atr).toEqual(protocol === 'T=0' ? ATR_T0 : ATR_T1)
    const session = await openSession(connection, { reset: 'cold' })
    expect(text(await session.exchange(SELECT))).toBe(`${text(FCI)}9000`)
    expect(await session.exchange(hex('00B2010C00'))).toHaveLength(258)
    await session.close()
    await inserted.closed
    expect(card.powered).toBe(false)
  })

  it('may come before or after it is accepted', async () => {
    const reader = await listen()
    const waiting = reader.accept()
    expect(await rejected(reader.accept())).toMatchObject({ expected: 'one caller that waits for a card' })
    const first = await dialIn(reader.port, { '04': ATR })
    const card = await waiting
    await card.disconnect()
    await once(first.socket, 'close')
    expect(first.got).toEqual(['01', '04', '00'])
    await dialIn(reader.port, { '04': ATR })
    expect((await reader.accept()).atr).toEqual(ATR_T0)
  })

  it('is turned away while another is in the reader', async () => {
    const reader = await listen()
    await dialIn(reader.port, { '04': ATR })
    await reader.accept()
    const second = await dialIn(reader.port)
    await once(second.socket, 'close')
    expect(second.got).toEqual([])
  })

  it('and leaves again makes room, before it was accepted, too', async () => {
    const reader = await listen()
    const first = await dialIn(reader.port)
    first.socket.end()
    await once(first.socket, 'close')
    await dialIn(reader.port, { '04': ATR })
    expect((await reader.accept()).protocol).toBe('T=0')
  })

  it.each([
    ['warm', ['02', '04']],
    ['cold', ['00', '01', '04']],
  ] as const)('is reset %s', async (kind, controls) => {
    const reader = await listen()
    const { got } = await dialIn(reader.port, { '04': ATR })
    const card = await reader.accept()
    const atr = await card.reset(kind)
    expect(atr).toEqual(ATR_T0)
    atr.fill(0)
    expect(card.atr).toEqual(ATR_T0)
    expect(got.slice(2)).toEqual(controls)
  })

  it('gets one command at a time', async () => {
    const reader = await listen()
    const { got } = await dialIn(reader.port, { '04': ATR, '00A4': framed('6110'), '00C0': framed('6D00') })
    const card = await reader.accept()
    const command = hex('00A4')
    const both = [card.transmit(command), card.transmit(hex('00C0'))]
    command.fill(0)
    expect((await Promise.all(both)).map(text)).toEqual(['6110', '6D00'])
    expect(got.slice(2)).toEqual(['00A4', '00C0'])
  })

  it.each([0, 1, 65_536])('gets no command of %d bytes', async (length) => {
    const reader = await listen()
    await dialIn(reader.port, { '04': ATR, '00A4': framed('9000') })
    const card = await reader.accept()
    expect(await rejected(card.transmit(new Uint8Array(length)))).toMatchObject({ code: 'ERR_COMMAND' })
    expect(text(await card.transmit(hex('00A4')))).toBe('9000')
  })
})

describe('a card is lost', () => {
  const command = hex('00A4')
  it.each([
    ['is removed', 'a card that was removed', (socket: Socket) => socket.end()],
    [
      'speaks without being asked',
      'a card that spoke without being asked',
      (socket: Socket) => socket.write(hex('00029000')),
    ],
    ['breaks its connection', 'a connection that broke', (socket: Socket) => socket.resetAndDestroy()],
  ])('when it %s, and every later use is refused', async (_, got, leave) => {
    const reader = await listen()
    const { socket } = await dialIn(reader.port, { '04': ATR })
    const card = await reader.accept()
    leave(socket)
    await once(socket, 'close')
    const error = await rejected(card.transmit(command))
    expect(error).toMatchObject({ code: 'ERR_READER', got })
    expect(await rejected(card.reset('cold'))).toMatchObject({ code: 'ERR_READER', got })
    await card.disconnect()
  })

  it('when it is removed in the middle of a command; what waits is not sent', async () => {
    const reader = await listen()
    const { socket, got } = await dialIn(reader.port, { '04': ATR })
    const card = await reader.accept()
    const both = [card.transmit(command), card.transmit(hex('00C0'))].map((answer) => rejected(answer))
    await expect.poll(() => got.length).toBe(3)
    socket.end()
    for (const error of await Promise.all(both)) expect(error).toMatchObject({ code: 'ERR_READER' })
    expect(got).toHaveLength(3)
  })

  it.each(['', '90'])('when it answers %s', async (answer) => {
    const reader = await listen()
    await dialIn(reader.port, { '04': ATR, '00A4': framed(answer) })
    const card = await reader.accept()
    const both = [card.transmit(command), card.transmit(command)].map((one) => rejected(one))
    const got = `${answer.length / 2} bytes as an answer`
    for (const error of await Promise.all(both)) expect(error).toMatchObject({ code: 'ERR_READER', got })
    expect(await rejected(card.transmit(command))).toMatchObject({ code: 'ERR_READER' })
  })

  it('when it gives two answers', async () => {
    const reader = await listen()
    await dialIn(reader.port, { '04': ATR, '00A4': framed('9000') + framed('9000') })
    const card = await reader.accept()
    await card.transmit(command).catch(() => undefined)
    expect(await rejected(card.transmit(command))).toMatchObject({ got: 'a card that spoke without being asked' })
  })

  it('when it is late', async () => {
    const reader = await listen({ timeout: 20 })
    const { socket } = await dialIn(reader.port, { '04': ATR })
    const card = await reader.accept()
    expect(await rejected(card.transmit(command))).toMatchObject({ expected: 'an answer', got: 'none in 20 ms' })
    await once(socket, 'close')
    expect(await rejected(card.transmit(command))).toMatchObject({ got: 'a card that did not answer' })
  })

  it.each([
    ['6B00', '2 bytes that are none'],
    ['3B80', '2 bytes that are none'],
    [`3B${'00'.repeat(33)}`, '34 bytes that are none'],
    ['3B', '1 bytes as an answer'],
  ])('before it is one: an answer to reset %s', async (atr, got) => {
    const reader = await listen()
    const { socket } = await dialIn(reader.port, { '04': framed(atr) })
    expect(await rejected(reader.accept())).toMatchObject({ code: 'ERR_READER', got })
    await once(socket, 'close')
  })

  it('when it was disconnected', async () => {
    const reader = await listen()
    await dialIn(reader.port, { '04': ATR })
    const card = await reader.accept()
    await card.disconnect()
    await card.disconnect()
    expect(await rejected(card.transmit(command))).toMatchObject({ code: 'ERR_READER', got: 'disconnected' })
  })
})

describe('the reader', () => {
  it('can be closed with a card in it, and while one is waited for', async () => {
    const reader = await listen()
    await dialIn(reader.port, { '04': ATR })
    const card = await reader.accept()
    const waiting = rejected(reader.accept())
    await reader.close()
    expect(await waiting).toMatchObject({ code: 'ERR_READER', got: 'none: the reader was closed' })
    expect(await rejected(card.transmit(SELECT))).toMatchObject({ got: 'a reader that was closed' })
    expect(await rejected(reader.accept())).toMatchObject({ got: 'a closed one' })
  })
  it('needs a free port', async () => {
    const { port } = await listen()
    const error = await rejected(listenVirtualReader({ port }))
    expect(error).toMatchObject({ code: 'ERR_READER', expected: `a free port at 127.0.0.1:${port}`, got: 'EADDRINUSE' })
  })
})

it.each([
  ['3B6800000073C84000009000', 'T=0'],
  ['3BE000008131204535', 'T=1'],
  ['3F00', 'T=0'],
  ['3B8000', 'T=0'],
  ['3B8001', 'T=1'],
  ['3BF0000000810000', 'T=1'],
  ['3B9000810000', 'T=1'],
  ['3B8081', 'T=1'],
  ['3B80', undefined],
  ['3BF0000000', undefined],
  ['3B', undefined],
  ['', undefined],
  ['3A00', undefined],
  [`3B00${'00'.repeat(32)}`, undefined],
])('an answer to reset %s is of %s', (atr, protocol) => expect(protocolOf(hex(atr))).toBe(protocol))
