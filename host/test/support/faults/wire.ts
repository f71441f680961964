/**
 * The wire between a node and its database, with a hand on it: every statement that the node sends passes by, numbered, and
 * may be held, refused, or lost, before the server has seen it or after it has done it. The node and the server are the real
 * ones, and so are their sockets.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { DatabaseAddress } from '../../../src/database.js'
import { messageReader, queryMessage, textsOf, type WireMessage } from './postgres-messages.js'

/** One statement; `begin` and `commit` are statements, too. */
export interface Statement {
  readonly text: string
  /** Which connection, from 1. */
  readonly connection: number
}

/**
 * | fault | |
 * |---|---|
 * | none | it goes on |
 * | throw | the server refuses the statement, as when it was cancelled; only before |
 * | drop | the connection is lost: before, the server never hears of the statement; after, the node never hears of its end |
 */
export type WireFault = 'none' | 'throw' | 'drop'
export type Side = 'before' | 'after'

/** Judges a statement on one side of it. A promise holds the statement, or the server's word on it. */
export type WireHand = (statement: Statement, side: Side) => WireFault | Promise<WireFault>

export interface Wire {
  /** What the node takes for its database. */
  readonly address: DatabaseAddress
  /** Who judges statements; undefined lets everything pass. */
  hand: WireHand | undefined
  /** Breaks every connection. */
  cut(): void
  close(): Promise<void>
}

/** A wire to the server at `target`, which may move. */
export async function openWire(target: () => DatabaseAddress): Promise<Wire> {
  const sockets = new Set<Socket>()
  let connections = 0
  const wire = { hand: undefined as WireHand | undefined }
  const server = createServer((client) => {
    const { host, port } = partsOf(target())
    const database = connect(port, host)
    for (const socket of [client, database]) {
      sockets.add(socket)
      // Whatever ends one side ends the other.
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket)
          client.destroy()
          database.destroy()
        })
    }
    client.setNoDelay(true)
    database.setNoDelay(true)
    connections += 1
    pass(client, database, connections, (statement, side) => wire.hand?.(statement, side) ?? 'none')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return Object.assign(wire, {
    address: { ...partsOf(target()), port: (server.address() as AddressInfo).port },
    cut,
    async close() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

function partsOf(address: DatabaseAddress): Exclude<DatabaseAddress, { connectionString: string }> {
  if ('connectionString' in address) throw new TypeError('an address in its parts is needed')
  return address
}

/** What the server is sent in the place of a statement that it shall refuse: it ends the transaction as any error does. */
const REFUSED = queryMessage(`do $$ begin raise 'an injected fault' using errcode = '57014'; end $$`)

function pass(client: Socket, database: Socket, connection: number, hand: WireHand): void {
  const fromClient = messageReader(true)
  const fromDatabase = messageReader(false)
  const prepared = new Map<string, string>()
  let text = ''
  let waiting: Buffer[] = []
  /** The statement that the server works on, and what it has said so far. */
  let running: { readonly statement: Statement; readonly said: Buffer[] } | undefined
  const drop = () => {
    client.destroy()
    database.destroy()
  }
  /** Statements of a connection are judged one after the other. */
  let turn: Promise<void> = Promise.resolve()
  const inTurn = (work: () => Promise<void>) => {
    turn = turn.then(work).catch(drop)
  }
  const take = (message: WireMessage) => {
    waiting.push(message.bytes)
    if (message.type === 'P') {
      const [name = '', query = ''] = textsOf(message, 2)
      prepared.set(name, query)
      text = query
    }
    if (message.type === 'B') text = prepared.get(textsOf(message, 2)[1] ?? '') ?? ''
    if (message.type === 'Q') text = textsOf(message, 1)[0] ?? ''
    const bytes = Buffer.concat(waiting)
    const isStatement = message.type === 'S' || message.type === 'Q'
    const isOther = message.type === '' || message.type === 'p' || message.type === 'X'
    if (isStatement || isOther) waiting = []
    if (isOther) database.write(bytes)
    if (!isStatement) return
    const statement = { text: text.replaceAll(/\s+/g, ' ').trim(), connection }
    inTurn(async () => {
      const fault = await hand(statement, 'before')
      if (fault === 'drop') return drop()
      running = { statement, said: [] }
      database.write(fault === 'throw' ? REFUSED : bytes)
    })
  }
  client.on('data', (chunk) => fromClient(chunk).forEach(take))
  database.on('data', (chunk) => {
    for (const { type, bytes } of fromDatabase(chunk)) {
      if (running === undefined) {
        client.write(bytes)
        continue
      }
      running.said.push(bytes)
      if (type !== 'Z') continue
      const { statement, said } = running
      running = undefined
      inTurn(async () => {
        if ((await hand(statement, 'after')) === 'drop') drop()
        else client.write(Buffer.concat(said))
      })
    }
  })
}
