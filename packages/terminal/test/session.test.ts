import { ExchangeError } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { connectCard } from '../src/card-connection.js'
import { openSession } from '../src/session.js'
import { FCI, hex, rejected, SELECT, scripted, simpleCard, text } from './readers-support.js'

const SELECTED = `${text(FCI)}9000`
const GENERATE_AC = hex('80AE80000411223344')
const never = new Promise<string>(() => undefined)

describe('guarantee 1: a command with all that it takes is one piece', () => {
  it('20 SELECTs at once are each followed by their own GET RESPONSE', async () => {
    const session = await openSession(connectCard(simpleCard()))
    const answers = await Promise.all(Array.from({ length: 20 }, () => session.exchange(SELECT)))
    expect(answers.map(text)).toEqual(Array(20).fill(SELECTED))
    const sent = session.transcript().map(({ command }) => text(command))
    expect(sent).toEqual(
      Array(20)
        .fill([text(SELECT), '00C0000010'])
        .flat(),
    )
  })

  it('a failed one lets the next pass, and a reset waits its turn', async () => {
    const { connection, sent, resets } = scripted('6102', '6D00', '6102', 'AABB9000')
    const session = await openSession(connection)
    const torn = session.exchange(SELECT)
    const reset = session.reset('cold').then(() => sent.length)
    const whole = session.exchange(SELECT)
    expect(await rejected(torn)).toMatchObject({ code: 'ERR_EXCHANGE' })
    expect(await reset).toBe(2)
    expect(text(await whole)).toBe('AABB9000')
    expect(resets).toEqual(['warm', 'cold'])
  })

  it('a command is what it was when the call was made', async () => {
    const { connection, sent } = scripted('9000', '9000')
    const session = await openSession(connection)
    const buffer = hex('00A40000')
    const both = [session.exchange(buffer), session.exchange(buffer)]
    buffer.fill(0)
    await Promise.all(both)
    expect(sent).toEqual(['00A40000', '00A40000'])
  })

  it('a connection has one session at a time', async () => {
    const { connection } = scripted()
    const first = await openSession(connection)
    expect(await rejected(openSession(connection))).toMatchObject({ code: 'ERR_READER', expected: 'no open session' })
    await first.close()
    await openSession(connection)
  })

  it('the next session waits for what a lost one has under way', async () => {
    const { connection, resets } = scripted(never, '9000')
    const lost = await openSession(connection, { timeout: 5 })
    expect(await rejected(lost.exchange(SELECT))).toMatchObject({ code: 'ERR_READER' })
    expect(await rejected(openSession(connection, { timeout: 5 }))).toMatchObject({
      expected: 'the end of the session before',
    })
    expect(resets).toEqual(['warm'])
  })

  it('and goes on when that has ended', async () => {
    let answer = (_: string): void => undefined
    const late = new Promise<string>((resolve) => {
      answer = resolve
    })
    const { connection } = scripted(late, '9000')
    const lost = await openSession(connection, { timeout: 5 })
    await rejected(lost.exchange(SELECT))
    answer('6110')
    const next = await openSession(connection)
    expect(text(await next.exchange(SELECT))).toBe('9000')
  })
})

describe('guarantee 2: a torn answer is told as one', () => {
  it("another program's command between SELECT and GET RESPONSE", async () => {
    const card = simpleCard()
    const other = connectCard(card)
    const ours = connectCard(card)
    let meddle = false
    const shared = {
      ...ours,
      transmit: async (command: Uint8Array) => {
        const response = await ours.transmit(command)
        if (meddle && command[1] === 0xa4) await other.transmit(hex('0084000008'))
        return response
      },
    }
    const session = await openSession(shared)
    meddle = true
    const error = await rejected(session.exchange(SELECT))
    expect(error).toBeInstanceOf(ExchangeError)
    expect(error.message).toMatch(/6D00: another program's command came between, or the card lost its answer/)
    expect(session.transcript()).toHaveLength(2)
    meddle = false
    expect(text(await session.exchange(SELECT))).toBe(SELECTED)
  })

  it.each(['6D00', '6985', '6986', '69FF'])('%s: never tried again, what came before stays', async (status) => {
    const { connection, sent } = scripted('6104', 'AABB6102', status)
    const error = await rejected((await openSession(connection)).exchange(SELECT))
    expect(error).toMatchObject({ code: 'ERR_EXCHANGE', got: expect.stringMatching(`^${status}: another program`) })
    expect(text((error as ExchangeError).received)).toBe('AABB')
    expect(sent).toHaveLength(3)
  })

  it.each(['6F00', '6A86', '6700'])('%s is another failure', async (status) => {
    const { connection } = scripted('6104', status)
    const error = await rejected((await openSession(connection)).exchange(SELECT))
    expect(error.got).toMatch(new RegExp(`^${status} \\(`))
  })

  it.each(['6D00', '6985'])('%s to the command itself is its answer', async (status) => {
    const { connection } = scripted(status)
    expect(text(await (await openSession(connection)).exchange(SELECT))).toBe(status)
  })
})

describe('guarantee 3: what is sent again', () => {
  it('a command with Le after 6CXX, once', async () => {
    const { connection, sent } = scripted('6C02', '6C03')
    expect(text(await (await openSession(connection)).exchange(hex('80CA9F3600')))).toBe('6C03')
    expect(sent).toEqual(['80CA9F3600', '80CA9F3602'])
  })
  it('a command of case 3 never: its last byte may be of a MAC', async () => {
    const { connection, sent } = scripted('6C10')
    expect(text(await (await openSession(connection)).exchange(hex('84DA9F5803AABBCC')))).toBe('6C10')
    expect(sent).toEqual(['84DA9F5803AABBCC'])
  })
  it('after 6CXX to GET RESPONSE the GET RESPONSE, not the GENERATE AC', async () => {
    const { connection, sent } = scripted('6120', '6C02', 'AABB9000')
    expect(text(await (await openSession(connection)).exchange(GENERATE_AC))).toBe('AABB9000')
    expect(sent).toEqual([text(GENERATE_AC), '00C0000020', '00C0000002'])
  })
  it.each([
    ['GENERATE AC', '80AE80000411223344'],
    ['VERIFY', '0020008008241234FFFFFFFFFF'],
    ['EXTERNAL AUTHENTICATE', '008200000AAABBCCDD112233443030'],
    ['APPLICATION BLOCK', '841E000004AABBCCDD'],
  ])('%s never after a failure of the transport', async (_, command) => {
    const failure = new Error('Transaction failed')
    const { connection, sent } = scripted(failure, '9000')
    const session = await openSession(connection)
    await expect(session.exchange(hex(command))).rejects.toBe(failure)
    await rejected(session.exchange(hex(command)))
    expect(sent).toEqual([command])
  })
})

describe('guarantee 4: long answers', () => {
  it('6100 asks for 256 bytes, pieces are joined', async () => {
    const { connection, sent } = scripted('6100', `${'AA'.repeat(256)}6102`, 'BBBB9000')
    const answer = await (await openSession(connection)).exchange(SELECT)
    expect(text(answer)).toBe(`${'AA'.repeat(256)}BBBB9000`)
    expect(sent.slice(1)).toEqual(['00C0000000', '00C0000002'])
  })
  it('pieces are bounded', async () => {
    const { connection } = scripted('6101', 'AA6101', 'AA6101')
    const error = await rejected((await openSession(connection, { chunks: 2 })).exchange(SELECT))
    expect(error).toMatchObject({ code: 'ERR_EXCHANGE', expected: 'at most 2 answers' })
  })
  it('bytes are bounded', async () => {
    const { connection, sent } = scripted('6100', ...Array(300).fill(`${'AA'.repeat(256)}6100`))
    const error = await rejected((await openSession(connection, { chunks: 1000 })).exchange(SELECT))
    expect(error).toMatchObject({ code: 'ERR_EXCHANGE', expected: 'at most 65536 bytes' })
    expect(sent).toHaveLength(1 + 257)
  })
  it.each(['6283', '6300', '63C2'])('the warning %s is handed on', async (status) => {
    const { connection } = scripted('6101', `AA${status}`)
    expect(text(await (await openSession(connection)).exchange(SELECT))).toBe(`AA${status}`)
  })
})
