import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Exchange, ExchangeError, IssuerkitError, type TraceEvent, withQueue, withTrace } from '../src/index.js'
import { hex, scripted, text } from './support.js'

/** A card whose answers come when the test says so. */
function manual() {
  const waiting: { command: string; answer: (response: string) => void; fail: (error: Error) => void }[] = []
  const exchange: Exchange = (command) =>
    new Promise((resolve, reject) => {
      waiting.push({ command: text(command), answer: (response) => resolve(hex(response)), fail: reject })
    })
  return { exchange, waiting }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('withQueue', () => {
  it('sends a command only when the one before is answered, in the order of the calls', async () => {
    const { exchange, waiting } = manual()
    const queued = withQueue(exchange)
    const answers = ['01', '02', '03'].map((command) => queued(hex(command)))
    await settled()
    expect(waiting.map(({ command }) => command)).toEqual(['01'])
    waiting[0]?.answer('A19000')
    await settled()
    expect(waiting.map(({ command }) => command)).toEqual(['01', '02'])
    waiting[1]?.answer('A29000')
    await settled()
    waiting[2]?.answer('A39000')
    expect((await Promise.all(answers)).map(text)).toEqual(['A19000', 'A29000', 'A39000'])
  })

  it('lets the next pass after a failure, which only its own call sees', async () => {
    const queued = withQueue(scripted(new Error('card removed'), '9000').exchange)
    const [first, second] = [queued(hex('01')), queued(hex('02'))]
    await expect(first).rejects.toThrow('card removed')
    expect(text(await second)).toBe('9000')
  })

  it('sends the command as it was at the call', async () => {
    const { exchange, sent } = scripted('9000')
    const command = hex('00A40400')
    const answer = withQueue(exchange)(command)
    command.fill(0xff)
    await answer
    expect(sent).toEqual(['00A40400'])
  })

  it('takes an exchange that throws at once for one that rejects', async () => {
    const queued = withQueue(() => {
      throw new Error('no reader')
    })
    await expect(queued(hex('01'))).rejects.toThrow('no reader')
  })
})

describe('withTrace', () => {
  const clock =
    (...times: number[]): (() => number) =>
    () =>
      times.shift() ?? Number.NaN

  it('tells command, answer and duration, and passes the answer on', async () => {
    const events: TraceEvent[] = []
    const traced = withTrace(scripted('6113').exchange, (event) => events.push(event), clock(1000, 1042.5))
    const command = hex('00A40400')
    const response = await traced(command)
    expect(events).toEqual([{ command, response, duration: 42.5 }])
    expect(text(response)).toBe('6113')
  })

  it('tells an error, and throws it on', async () => {
    const events: TraceEvent[] = []
    const error = new Error('card was reset')
    const traced = withTrace(scripted(error).exchange, (event) => events.push(event), clock(7, 9))
    await expect(traced(hex('00A40400'))).rejects.toBe(error)
    expect(events).toEqual([{ command: hex('00A40400'), error, duration: 2 }])
  })

  it('throws what the sink throws', async () => {
    const traced = withTrace(scripted('9000').exchange, () => {
      throw new Error('disk full')
    })
    await expect(traced(hex('00A40400'))).rejects.toThrow('disk full')
  })

  it('measures milliseconds of its own', async () => {
    const slow: Exchange = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return hex('9000')
    }
    let duration = 0
    await withTrace(slow, (event) => {
      duration = event.duration
    })(hex('00A40400'))
    expect(duration).toBeGreaterThan(10)
    expect(duration).toBeLessThan(5000)
  })
})

describe('ExchangeError', () => {
  it('is a coded error that keeps what was received', () => {
    const error = new ExchangeError('an answer', 'none', hex('7708'))
    expect(error).toBeInstanceOf(IssuerkitError)
    expect(error).toMatchObject({ code: 'ERR_EXCHANGE', label: 'GET RESPONSE', expected: 'an answer', got: 'none' })
    expect(error.received).toEqual(hex('7708'))
    expect(error).not.toHaveProperty('cause')
  })

  it('does not show it to a logger', () => {
    const error = new ExchangeError('an answer', 'none', hex('5A086214830100237436'), new Error('why'))
    expect(error.cause).toMatchObject({ message: 'why' })
    expect(Object.keys(error)).not.toContain('received')
    expect(JSON.stringify(error) + inspect(error)).not.toMatch(/62, ?0x14|98, ?20|6214/)
  })
})
