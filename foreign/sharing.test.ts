/**
 * Two programs at one card: what happens to an answer between 61XX and GET RESPONSE when the other one sends a command,
 * and that exclusive access keeps the other one out.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../packages/apdu/src/index.js'
import {
  type CardConnection,
  connectReader,
  listReaders,
  openSession,
  readCard,
  type VirtualReader,
} from '../packages/terminal/src/index.js'
import { exampleCard, insert, pyscard, READERS, remove } from './support.js'

const NAME = READERS[0].name
const SELECT = fromHex('00A4040007A000000333010100')
const GET_CHALLENGE = fromHex('0084000008')

/** Whether the binding to PC/SC could be installed here. */
const hasBinding = existsSync(join(process.cwd(), 'node_modules', 'smartcard'))

let inserted: VirtualReader
beforeAll(async () => {
  inserted = await insert(exampleCard('pboc', { protocol: 'T=0' }))
})
afterAll(() => remove(inserted))

describe.runIf(hasBinding)('two programs at one card', () => {
  it('finds the readers and the card', async () => {
    const readers = await listReaders()
    expect(readers.map(({ name }) => name)).toEqual(READERS.map(({ name }) => name))
    expect(toHex(readers[0]?.atr ?? new Uint8Array())).toBe('3B6800000073C84000009000')
    expect(readers[1]?.atr).toBeUndefined()
  })

  it('shared: the fault of the seed, by hand', async () => {
    const ours = await connectReader(NAME, { share: 'shared' })
    const other = await pyscard(NAME, 'shared')
    try {
      expect(toHex(await ours.transmit(SELECT))).toMatch(/^61/)
      expect(toHex(await other.transmit(GET_CHALLENGE))).toMatch(/9000$/)
      expect(toHex(await ours.transmit(fromHex('00C0000010')))).toBe('6D00')
    } finally {
      await other.disconnect()
      await ours.disconnect()
    }
  })

  it('shared: our session reports it, and sends nothing again', async () => {
    const ours = await connectReader(NAME, { share: 'shared' })
    let between: () => Promise<unknown> = async () => undefined
    const session = await openSession(interleaved(ours, () => between()))
    // A session resets the card when it opens; the other program comes after that.
    const other = await pyscard(NAME, 'shared')
    between = () => other.transmit(GET_CHALLENGE)
    try {
      await expect(session.exchange(SELECT)).rejects.toMatchObject({
        code: 'ERR_EXCHANGE',
        message: expect.stringContaining('6D00'),
      })
      const sent = session.transcript().map(({ command }) => toHex(command.subarray(0, 2)))
      expect(sent).toEqual(['00A4', '00C0'])
    } finally {
      await other.disconnect()
      await session.close()
    }
  })

  it('exclusive: the other program is kept out, ours reads the whole card', async () => {
    const ours = await connectReader(NAME)
    const session = await openSession(ours)
    try {
      const other = await pyscard(NAME, 'shared').then(
        () => 'connected',
        () => 'refused',
      )
      expect(other).toBe('refused')
      const tree = await readCard(session.exchange)
      expect(tree.ended).toBeUndefined()
      expect(tree.applications[0]?.reading?.records.length).toBeGreaterThan(5)
    } finally {
      await session.close()
    }
  })

  it('exclusive: twenty exchanges at once within one program', async () => {
    const session = await openSession(await connectReader(NAME))
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, () => session.exchange(SELECT)))
      for (const answer of answers) expect(toHex(answer)).toMatch(/^6F.*9000$/)
    } finally {
      await session.close()
    }
  })

  it('another program that keeps the card: a coded error after the retries', async () => {
    const other = await pyscard(NAME, 'exclusive')
    try {
      await expect(connectReader(NAME, { retries: 2, backoff: 10 })).rejects.toMatchObject({
        code: 'ERR_READER',
        expected: 'a card that no other program uses',
      })
    } finally {
      await other.disconnect()
    }
  })

  it('a card that is taken out ends the session', async () => {
    const session = await openSession(await connectReader(NAME))
    await session.exchange(SELECT)
    await remove(inserted)
    await expect(session.exchange(SELECT)).rejects.toMatchObject({ code: 'ERR_READER' })
    await expect(session.exchange(SELECT)).rejects.toMatchObject({ code: 'ERR_READER' })
    await session.close()
    inserted = await insert(exampleCard('pboc', { protocol: 'T=0' }))
  })
})

/** The connection, with another program's command after each of its commands. */
function interleaved(connection: CardConnection, between: () => Promise<unknown>): CardConnection {
  return {
    ...connection,
    atr: connection.atr,
    transmit: async (command) => {
      const answer = await connection.transmit(command)
      await between()
      return answer
    },
  }
}
