import { type ExchangeError, formatTranscript, parseTranscript, replay } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { connectCard } from '../src/card-connection.js'
import { openSession } from '../src/session.js'
import { ATR_T0, FCI, hex, rejected, SELECT, scripted, simpleCard, text } from './readers-support.js'

const SELECTED = `${text(FCI)}9000`
const GENERATE_AC = hex('80AE80000411223344')
const never = new Promise<string>(() => undefined)

it.each(['84CA9F3600', '80AE80000411223344', '0CB2010C00'])(
  'guarantee 5: GET RESPONSE has class 00 after %s, and nothing of secure messaging',
  async (command) => {
    const { connection, sent } = scripted('6102', 'AABB9000')
    await (await openSession(connection)).exchange(hex(command))
    expect(sent).toEqual([command, '00C0000002'])
  },
)

it.each(['T=0', 'T=1'] as const)('guarantee 6: 256 bytes and the status arrive whole, %s', async (protocol) => {
  const session = await openSession(connectCard(simpleCard({ protocol })))
  expect(text(await session.exchange(hex('00B2AA0C00')))).toBe(`${'AA'.repeat(256)}9000`)
})

describe('guarantee 7: reset first, and no life after a loss', () => {
  it.each([undefined, 'warm', 'cold'] as const)('reset %s comes before the first command', async (reset) => {
    const { connection, sent, resets } = scripted('9000')
    const opening = openSession(connection, { settle: 1, ...(reset && { reset }) })
    expect(resets).toEqual([])
    const session = await opening
    expect(resets).toEqual([reset ?? 'warm'])
    expect(session.atr).toEqual(ATR_T0)
    expect(session.connection).toBe(connection)
    expect(sent).toEqual([])
  })

  it('what another program has left in the card is gone', async () => {
    const card = simpleCard()
    const connection = connectCard(card)
    await connection.transmit(SELECT)
    const session = await openSession(connection)
    expect(text(await session.exchange(hex('00C0000010')))).toBe('6D00')
  })

  it.each(['Card was reset', 'Card was removed'])(
    '%s: the session is over, nothing is sent any more',
    async (message) => {
      const { connection, sent, resets } = scripted('9000', new Error(message), '9000')
      const session = await openSession(connection)
      await session.exchange(SELECT)
      await expect(session.exchange(GENERATE_AC)).rejects.toThrow(message)
      const got = 'one that ended: the transport failed'
      expect(await rejected(session.exchange(SELECT))).toMatchObject({ code: 'ERR_READER', got })
      expect(await rejected(session.reset())).toMatchObject({ code: 'ERR_READER', got })
      expect(sent).toHaveLength(2)
      expect(resets).toEqual(['warm'])
    },
  )

  it('a loss in the middle of an answer keeps what has come', async () => {
    const { connection } = scripted('6104', 'AABB6102', new Error('Card was removed'))
    const session = await openSession(connection)
    const error = await rejected(session.exchange(GENERATE_AC))
    expect(error.cause).toMatchObject({ message: 'Card was removed' })
    expect(text((error as ExchangeError).received)).toBe('AABB')
    expect(await rejected(session.exchange(SELECT))).toMatchObject({ code: 'ERR_READER' })
  })

  it('a virtual card that lost its power ends the session; a new one goes on', async () => {
    const card = simpleCard()
    const connection = connectCard(card)
    const session = await openSession(connection)
    card.memory.arm({ write: 1, at: 'before' })
    expect(await rejected(session.exchange(hex('00DA9F5801AA')))).toMatchObject({ code: 'ERR_POWER' })
    const over = await rejected(session.exchange(SELECT))
    expect(over).toMatchObject({ code: 'ERR_READER', got: 'one that ended: ERR_POWER, none' })
    const next = await openSession(connection)
    expect(text(await next.exchange(SELECT))).toBe(SELECTED)
  })

  it('a reset that fails at the beginning opens nothing, and leaves the connection free', async () => {
    const { connection } = scripted()
    let fails = true
    const mute = {
      ...connection,
      reset: async () => {
        if (fails) throw new Error('mute')
        return ATR_T0
      },
    }
    await expect(openSession(mute)).rejects.toThrow('mute')
    fails = false
    expect((await openSession(mute)).atr).toEqual(ATR_T0)
  })

  it('a closed session is over, and its card disconnected', async () => {
    const { connection, sent, disconnects } = scripted('9000', '9000')
    const session = await openSession(connection)
    const last = session.exchange(SELECT)
    await session.close()
    expect(text(await last)).toBe('9000')
    expect(disconnects()).toBe(1)
    expect(await rejected(session.exchange(SELECT))).toMatchObject({ code: 'ERR_READER', got: 'one that was closed' })
    expect(sent).toHaveLength(1)
  })
})

describe('guarantee 8: deadlines', () => {
  it('an answer that does not come', async () => {
    const { connection, sent } = scripted(never)
    const session = await openSession(connection, { timeout: 5 })
    const error = await rejected(session.exchange(SELECT))
    expect(error.message).toBe('ERR_READER: scripted: expected an answer, got none in 5 ms')
    const got = 'one that ended: ERR_READER, none in 5 ms'
    expect(await rejected(session.exchange(SELECT))).toMatchObject({ code: 'ERR_READER', got })
    expect(sent).toHaveLength(1)
  })
  it('a GET RESPONSE that is not answered', async () => {
    const { connection } = scripted('6102', never)
    const error = await rejected((await openSession(connection, { timeout: 5 })).exchange(SELECT))
    expect(error).toMatchObject({ code: 'ERR_EXCHANGE', cause: { code: 'ERR_READER' } })
  })
  it('a reset that is not answered', async () => {
    const { connection } = scripted()
    const mute = { ...connection, reset: () => new Promise<never>(() => undefined) }
    const error = await rejected(openSession(mute, { timeout: 5 }))
    expect(error).toMatchObject({ code: 'ERR_READER', expected: 'an answer to reset' })
  })
})

describe('guarantee 9: everything is written down', () => {
  it('the trace has every TPDU, 61XX and 6CXX too', async () => {
    const lines: string[] = []
    const session = await openSession(connectCard(simpleCard()), { trace: (line) => lines.push(line) })
    await session.exchange(SELECT)
    await session.exchange(hex('0084000007'))
    expect(lines.map((line) => line.replace(/ \(\d+ ms\)$/, ''))).toEqual([
      `> ${text(SELECT)}`,
      '< 6110',
      '> 00C0000010',
      `< ${SELECTED}`,
      '> 0084000007',
      '< 6C08',
      '> 0084000008',
      '< 01020304050607089000',
    ])
  })

  it('the transcript plays the session again, and tells of resets', async () => {
    const session = await openSession(connectCard(simpleCard()))
    await session.exchange(SELECT)
    await session.reset()
    await session.exchange(hex('0084000007'))
    const entries = session.transcript()
    expect(entries.map(({ note }) => note)).toEqual([undefined, undefined, 'warm reset', undefined])
    const card = replay(parseTranscript(formatTranscript(entries)))
    const again = await openSession({ ...scripted().connection, transmit: card })
    expect(text(await again.exchange(SELECT))).toBe(SELECTED)
    expect(text(await again.exchange(hex('0084000007')))).toBe('01020304050607089000')
  })

  it('the transcript is a copy', async () => {
    const session = await openSession(scripted('9000').connection)
    await session.exchange(SELECT)
    session.transcript()[0]?.command.fill(0)
    expect(text(session.transcript()[0]?.command ?? new Uint8Array(0))).toBe(text(SELECT))
  })
})
