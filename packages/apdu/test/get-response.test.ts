import { describe, expect, it } from 'vitest'
import { type Exchange, ExchangeError, withGetResponse } from '../src/index.js'
import { hex, rejected, scripted, text } from './support.js'

const GET = '00C00000'
const SELECT = '00A4040007A0000003330101'

/** Sends one command to a card with these answers; gives what comes back and what the card was sent. */
async function send(command: string, ...answers: (string | Error)[]) {
  const { exchange, sent } = scripted(...answers)
  return { answer: text(await withGetResponse(exchange)(hex(command))), sent }
}

async function refused(command: string, answers: (string | Error)[], chunks?: number) {
  const { exchange, sent } = scripted(...answers)
  const card = withGetResponse(exchange, chunks === undefined ? {} : { chunks })
  const error = await rejected(card(hex(command)))
  expect(error).toBeInstanceOf(ExchangeError)
  expect(error).toMatchObject({ code: 'ERR_EXCHANGE', label: 'GET RESPONSE' })
  return { error: error as ExchangeError, sent, received: text((error as ExchangeError).received) }
}

describe('61XX', () => {
  it('is followed by GET RESPONSE of class 00, whatever the class', async () => {
    const { answer, sent } = await send('84A80000028300', '6104', '7702AABB9000')
    expect(answer).toBe('7702AABB9000')
    expect(sent).toEqual(['84A80000028300', `${GET}04`])
  })

  it('is followed until there is no more, data joined', async () => {
    const { answer, sent } = await send(SELECT, '016100', '026101', '036102', '049000')
    expect(answer).toBe('010203049000')
    expect(sent.slice(1)).toEqual([`${GET}00`, `${GET}01`, `${GET}02`])
  })

  it.each(['6281', '6300', '63C2', '9000', '9302'])('keeps the last status, %s', async (status) => {
    expect((await send(SELECT, '6101', `AA${status}`)).answer).toBe(`AA${status}`)
  })

  it.each(['9000', '6A82', '6283', 'AABB9000', '6D00'])('is not seen in %s', async (answer) => {
    expect(await send(SELECT, answer)).toEqual({ answer, sent: [SELECT] })
  })

  it.each(['6D00', '6985', '6F00', '6400', '6581', '6700', '6A86'])(
    'and %s to GET RESPONSE is an error',
    async (status) => {
      const { error, received, sent } = await refused(SELECT, ['AABB6113', status])
      expect(error.got).toMatch(new RegExp(`^${status} \\(.+\\)$`))
      expect(received).toBe('AABB')
      expect(sent).toEqual([SELECT, `${GET}13`])
    },
  )

  it('and a lost card: the error has what came before, and the cause', async () => {
    const cause = new Error('card was removed')
    const { error, received } = await refused(SELECT, ['6102', 'AABB6101', cause])
    expect(error).toMatchObject({ expected: 'an answer', got: 'none', cause })
    expect(received).toBe('AABB')
  })

  it('and an answer without a status', async () => {
    const { error, received } = await refused(SELECT, ['6102', 'AABB6101', '90'])
    expect(error.cause).toMatchObject({ code: 'ERR_RESPONSE' })
    expect(received).toBe('AABB')
  })

  it('without end stops after 256 answers', async () => {
    const { error, received, sent } = await refused(SELECT, Array(300).fill('AA6101'))
    expect(error).toMatchObject({ expected: 'at most 256 answers', got: '6101' })
    expect(sent).toHaveLength(1 + 256)
    expect(received).toBe('AA'.repeat(257))
  })

  it.each([0, 1, 2, 3])('may be bounded by %d answers', async (chunks) => {
    const answers = [...Array(chunks).fill('6101'), 'AA9000']
    const { exchange } = scripted('6101', ...answers)
    if (chunks > 0) expect((await send(SELECT, ...answers)).answer).toBe('AA9000')
    expect((await rejected(withGetResponse(exchange, { chunks })(hex(SELECT)))).code).toBe('ERR_EXCHANGE')
  })

  it('may be answered as often as the bound says', async () => {
    const { exchange, sent } = scripted('6101', 'AA6101', 'BB9000')
    expect(text(await withGetResponse(exchange, { chunks: 2 })(hex(SELECT)))).toBe('AABB9000')
    expect(sent).toHaveLength(3)
  })

  it('is refused at a bound that is no number', async () => {
    const { sent } = await refused(SELECT, ['6101', 'AA9000'], Number.NaN)
    expect(sent).toHaveLength(1)
  })

  it('brings 65536 bytes and no more', async () => {
    const chunk = 'AB'.repeat(256)
    const most = [...Array(256).fill(`${chunk}6100`)]
    expect((await send(SELECT, '6100', ...most.slice(1), `${chunk}9000`)).answer.length).toBe(2 * 65538)
    const { error, received } = await refused(SELECT, ['CC6100', ...most.slice(1), `${chunk}9000`])
    expect(error).toMatchObject({ expected: 'at most 65536 bytes', got: '65537 bytes' })
    expect(received.length).toBe(2 * 65537)
  })
})

describe('6CXX', () => {
  it('leaves the command that was given as it was', async () => {
    const command = hex('00B2010C00')
    await withGetResponse(scripted('6C2A', '9000').exchange)(command)
    expect(text(command)).toBe('00B2010C00')
  })

  it.each([
    ['00B2010C00', '6C2A', '00B2010C2A'],
    ['00B2010C10', '6C00', '00B2010C00'],
    ['80CA9F3600', '6C05', '80CA9F3605'],
    ['80AE400002AABB00', '6C1E', '80AE400002AABB1E'],
    ['80AE400000 0002 AABB 0000', '6C1E', '80AE4000000002AABB001E'],
    ['80AE400000 0002 AABB 0001', '6C00', '80AE4000000002AABB0100'],
    ['00B2010C 00 FFFF', '6C2A', '00B2010C00002A'],
    ['00B2010C 00 FFFF', '6C00', '00B2010C000100'],
  ])('%s, %s: sent again as %s, once', async (command, first, again) => {
    const { answer, sent } = await send(command, first, 'AABB9000')
    expect(answer).toBe('AABB9000')
    expect(sent).toEqual([command.replaceAll(' ', ''), again])
  })

  it.each([
    ['case 1', '00B2010C'],
    ['case 3', '84DA9F5803AABBCC'],
    ['case 3 that ends like an Le', '84DA9F58030000CC'],
    ['case 3, extended', '84DA9F58000003AABBCC'],
    ['a malformed command', '84DA9F5805AABB00'],
    ['bytes that are no command', '00'],
  ])('is handed on for %s', async (_, command) => {
    expect(await send(command, '6C10')).toEqual({ answer: '6C10', sent: [command] })
  })

  it('is handed on the second time', async () => {
    const { answer, sent } = await send('00B2010C00', '6C2A', '6C2B')
    expect(answer).toBe('6C2B')
    expect(sent).toEqual(['00B2010C00', '00B2010C2A'])
  })

  it('leaves the command that it corrects as it is', async () => {
    const command = hex('00B2010C00')
    await withGetResponse(scripted('6C2A', '9000').exchange)(command)
    expect(text(command)).toBe('00B2010C00')
  })

  it('and 61XX after it', async () => {
    const { answer, sent } = await send('00B2010C00', '6C2A', '6102', 'AABB9000')
    expect(answer).toBe('AABB9000')
    expect(sent).toEqual(['00B2010C00', '00B2010C2A', `${GET}02`])
  })

  it('to GET RESPONSE repeats GET RESPONSE, never GENERATE AC', async () => {
    const { answer, sent } = await send('80AE400002AABB00', '6120', '6C1E', 'AABB9000')
    expect(answer).toBe('AABB9000')
    expect(sent).toEqual(['80AE400002AABB00', `${GET}20`, `${GET}1E`])
  })

  it('to GET RESPONSE twice is an error', async () => {
    const { error, sent } = await refused('80AE400002AABB00', ['6120', '6C1E', '6C1D'])
    expect(error.got).toMatch(/^6C1D /)
    expect(sent).toEqual(['80AE400002AABB00', `${GET}20`, `${GET}1E`])
  })
})

describe('the answer to the command itself', () => {
  it('is passed on as an error when it did not come', async () => {
    const error = new Error('reader gone')
    await expect(withGetResponse(scripted(error).exchange)(hex(SELECT))).rejects.toBe(error)
  })

  it('must have a status', async () => {
    expect((await rejected(withGetResponse(scripted('90').exchange)(hex(SELECT)))).code).toBe('ERR_RESPONSE')
  })
})

describe('many commands at once', () => {
  it('get their own answers from a card that forgets on every other command', async () => {
    let waiting: string | undefined
    const card: Exchange = async (command) => {
      const sent = text(command)
      await new Promise((resolve) => setImmediate(resolve))
      if (!sent.startsWith(GET)) {
        waiting = sent.slice(-2)
        return hex('6101')
      }
      const answer = waiting === undefined ? '6D00' : `${waiting}9000`
      waiting = undefined
      return hex(answer)
    }
    const exchange = withGetResponse(card)
    const names = Array.from({ length: 20 }, (_, i) => (i + 16).toString(16).toUpperCase())
    const answers = await Promise.all(names.map((name) => exchange(hex(`00A4040001${name}`))))
    expect(answers.map(text)).toEqual(names.map((name) => `${name}9000`))
  })
})
