import { describe, expect, it, vi } from 'vitest'
import { connectReader, listReaders } from '../src/pcsc.js'
import { fake, NAME, never } from './pcsc-fake.js'
import { ATR_T1, hex, rejected, SELECT, text } from './readers-support.js'

describe('a connected card', () => {
  it('gets TPDUs as they are, one at a time', async () => {
    let first = (_: string): void => undefined
    const { options, calls } = fake({ answers: [new Promise<string>((resolve) => (first = resolve)), '6D00'] })
    const card = await connectReader(NAME, options)
    const command = SELECT.slice()
    const both = [card.transmit(command), card.transmit(hex('00C0000010'))]
    command.fill(0)
    await vi.waitFor(() => expect(calls).toHaveLength(2))
    expect(calls[1]).toBe(`transmit ${text(SELECT)}`)
    first('6110')
    expect((await Promise.all(both)).map(text)).toEqual(['6110', '6D00'])
    expect(calls[2]).toBe('transmit 00C0000010')
  })
  it('gives plain bytes', async () => {
    const card = await connectReader(NAME, fake({ answers: [`${'AA'.repeat(256)}9000`] }).options)
    const answer = await card.transmit(SELECT)
    expect(answer.constructor).toBe(Uint8Array)
    expect(answer).toHaveLength(258)
  })
  it.each([
    ['warm', 1],
    ['cold', 2],
  ] as const)('is reset %s in its protocol', async (kind, number) => {
    const { options, calls } = fake({ connects: [2], atr: ATR_T1 })
    const card = await connectReader(NAME, options)
    expect(await card.reset(kind)).toEqual(ATR_T1)
    expect(calls.at(-1)).toBe(`reconnect 1 2 ${number}`)
  })

  it.each([
    ['Card was reset', 'a card that no other program resets'],
    ['Card was removed', 'a card in the reader'],
    ['Transaction failed', 'an answer'],
  ])('is dead after %s: nothing is sent any more', async (message, expected) => {
    const { options, calls } = fake({ answers: [`!${message}`, '9000'] })
    const card = await connectReader(NAME, options)
    const waiting = [card.transmit(SELECT), card.transmit(SELECT)].map((answer) => rejected(answer))
    const [first, second] = await Promise.all(waiting)
    expect(first).toMatchObject({ code: 'ERR_READER', expected, got: message })
    expect(second).toMatchObject({ code: 'ERR_READER', got: `a connection that ended: ${message}` })
    expect(await rejected(card.transmit(SELECT))).toMatchObject({ code: 'ERR_READER' })
    expect(await rejected(card.reset('cold'))).toMatchObject({ code: 'ERR_READER' })
    expect(calls).toEqual(['connect 1 3', `transmit ${text(SELECT)}`])
  })
  it.each(['', '90'])('is dead after an answer without a status (%s)', async (answer) => {
    const card = await connectReader(NAME, fake({ answers: [answer, '9000'] }).options)
    expect(await rejected(card.transmit(SELECT))).toMatchObject({
      code: 'ERR_READER',
      got: 'an answer without a status',
    })
    expect(await rejected(card.transmit(SELECT))).toMatchObject({ code: 'ERR_READER' })
  })
  it('is dead after a failed reset', async () => {
    const card = await connectReader(NAME, fake({ reconnect: 'Card is unresponsive' }).options)
    expect(await rejected(card.reset('cold'))).toMatchObject({ got: 'Card is unresponsive' })
    expect(await rejected(card.transmit(SELECT))).toMatchObject({ code: 'ERR_READER' })
  })
  it('is dead after a deadline', async () => {
    const { options, calls } = fake({ answers: [never, '9000'] })
    const card = await connectReader(NAME, { ...options, timeout: 5 })
    expect(await rejected(card.transmit(SELECT))).toMatchObject({ code: 'ERR_READER', got: 'none in 5 ms' })
    const got = 'a connection that ended: none in 5 ms'
    expect(await rejected(card.transmit(SELECT))).toMatchObject({ code: 'ERR_READER', got })
    expect(calls).toHaveLength(2)
  })
  it('tells a failure that is no error', async () => {
    class Context {
      constructor() {
        throw 7
      }
      listReaders() {
        return []
      }
      close() {}
    }
    expect((await rejected(listReaders({ module: { Context } }))).got).toBe('an unknown failure')
  })
})

describe('letting go', () => {
  it.each([
    ['exclusive', ['connect 1 3', 'reconnect 1 3 1', 'disconnect 0', 'close']],
    ['shared', ['connect 2 3', 'disconnect 0', 'close']],
  ] as const)('of a card had %s', async (share, expected) => {
    const { options, calls } = fake()
    const card = await connectReader(NAME, { ...options, share })
    await card.disconnect()
    await card.disconnect()
    expect(calls).toEqual(expected)
    expect(await rejected(card.transmit(SELECT))).toMatchObject({ code: 'ERR_READER', got: 'disconnected' })
  })
  it('of a card that is gone', async () => {
    const { options, calls } = fake({ reconnect: 'Card was removed' })
    const card = await connectReader(NAME, options)
    await card.disconnect()
    expect(calls.at(-1)).toBe('close')
  })
  it('waits for the command under way', async () => {
    let answer = (_: string): void => undefined
    const { options, calls } = fake({ answers: [new Promise<string>((resolve) => (answer = resolve))] })
    const card = await connectReader(NAME, options)
    const last = card.transmit(SELECT)
    const gone = card.disconnect()
    await vi.waitFor(() => expect(calls).toHaveLength(2))
    answer('9000')
    expect(text(await last)).toBe('9000')
    await gone
    expect(calls.slice(2)).toEqual(['reconnect 1 3 1', 'disconnect 0', 'close'])
  })
  it('does not wait for ever', async () => {
    const { options } = fake({ answers: [never] })
    const card = await connectReader(NAME, { ...options, timeout: 5 })
    await rejected(card.transmit(SELECT))
    const error = await rejected(card.disconnect())
    expect(error).toMatchObject({ code: 'ERR_READER', expected: 'the end of the call under way' })
  })
})
