import { describe, expect, it, vi } from 'vitest'
import { connectReader, listReaders } from '../src/pcsc.js'
import { fake, NAME } from './pcsc-fake.js'
import { ATR_T0, ATR_T1, rejected, text } from './readers-support.js'

describe('the list of readers', () => {
  it('has their names, and the answers to reset of the cards in them', async () => {
    const { module, calls } = fake()
    expect(await listReaders({ module })).toEqual([{ name: NAME, atr: ATR_T0 }, { name: 'Reader 01' }])
    expect(calls).toEqual(['close'])
  })
  it('needs the service', async () => {
    const { module } = fake({ context: 'PC/SC service not running' })
    const error = await rejected(listReaders({ module }))
    const message = 'ERR_READER: PC/SC: expected the PC/SC service (start pcscd), got PC/SC service not running'
    expect(error).toMatchObject({ code: 'ERR_READER', message })
  })
  it('lets go of the service when it fails', async () => {
    const { module, calls } = fake({ list: 'Communication error' })
    expect(await rejected(listReaders({ module }))).toMatchObject({ expected: 'an answer', got: 'Communication error' })
    expect(calls).toEqual(['close'])
  })
  it('needs the package', async () => {
    const found = await listReaders().catch((error: unknown) => error)
    if (found instanceof Error) expect(found).toMatchObject({ code: 'ERR_READER' })
    else expect(found).toEqual(expect.any(Array))
  })
})

describe('a connection', () => {
  it.each([
    [undefined, 1],
    ['exclusive', 1],
    ['shared', 2],
  ] as const)('is exclusive unless shared is asked for: %s', async (share, number) => {
    const { options, calls } = fake()
    const card = await connectReader(NAME, { ...options, ...(share && { share }) })
    expect(card).toMatchObject({ name: NAME, protocol: 'T=0', atr: ATR_T0 })
    expect(calls).toEqual([`connect ${number} 3`])
  })
  it('is of no third kind', async () => {
    const { options, calls } = fake()
    const share = 'direct' as 'shared'
    expect(await rejected(connectReader(NAME, { ...options, share }))).toMatchObject({ code: 'ERR_OPTION' })
    expect(calls).toEqual([])
  })
  it('is of T=1 when the card is', async () => {
    const { options } = fake({ connects: [2], atr: ATR_T1 })
    const card = await connectReader(NAME, options)
    expect(card).toMatchObject({ protocol: 'T=1', atr: ATR_T1 })
    card.atr.fill(0)
    expect(card.atr).toEqual(ATR_T1)
  })
  it('is there without an answer to reset, too', async () => {
    const { options } = fake({ atr: null })
    const card = await connectReader(NAME, options)
    expect(text(card.atr)).toBe('')
    expect(text(await card.reset('warm'))).toBe('')
  })

  it('is tried again when another program has the card, each time later', async () => {
    const timer = vi.spyOn(globalThis, 'setTimeout')
    const busy = 'Sharing violation'
    const { options, calls } = fake({ connects: [busy, busy, busy, 1] })
    await connectReader(NAME, { ...options, backoff: 1, timeout: 70_000 })
    expect(calls).toEqual(Array(4).fill('connect 1 3'))
    expect(timer.mock.calls.map(([, time]) => time).filter((time) => time !== 70_000)).toEqual([1, 2, 4])
    timer.mockRestore()
  })
  it.each([
    [undefined, 5],
    [0, 1],
    [2, 3],
    [Number.NaN, 1],
  ])('gives up after %s retries', async (retries, attempts) => {
    const { options, calls } = fake({ connects: Array(9).fill('Sharing violation') })
    const error = await rejected(connectReader(NAME, { ...options, ...(retries !== undefined && { retries }) }))
    const message = `ERR_READER: ${NAME}: expected a card that no other program uses, got Sharing violation`
    expect(error.message).toBe(message)
    expect(calls.filter((call) => call !== 'close')).toEqual(Array(attempts).fill('connect 1 3'))
    await vi.waitFor(() => expect(calls).toContain('close'))
  })

  it.each([
    ['No smart card present', 'a card in the reader'],
    ['Card is unresponsive', 'a card of T=0 or T=1, its contacts forward'],
    ['Protocol mismatch', 'a card of T=0 or T=1, its contacts forward'],
    ['Reader unavailable', 'a reader that is plugged in'],
    ['PC/SC service stopped', 'the PC/SC service (start pcscd)'],
    ['Internal error', 'an answer'],
  ])('is not tried again after %s', async (message, expected) => {
    const { options, calls } = fake({ connects: [message, 1] })
    const error = await rejected(connectReader(NAME, options))
    expect(error).toMatchObject({ code: 'ERR_READER', expected, got: message, cause: { message } })
    expect(calls[0]).toBe('connect 1 3')
    expect(calls).toHaveLength(calls.includes('close') ? 2 : 1)
  })
  it('needs a reader of that name', async () => {
    const error = await rejected(connectReader('Reader 7', fake().options))
    expect(error).toMatchObject({ label: 'Reader 7', got: 'Reader 00, Reader 01' })
  })
  it('needs any reader', async () => {
    class Context {
      listReaders() {
        return []
      }
      close() {}
    }
    expect((await rejected(connectReader(NAME, { module: { Context } }))).got).toBe('no reader')
  })
  it('needs the package', async () => {
    expect(await rejected(connectReader('no such reader'))).toMatchObject({ code: 'ERR_READER' })
  })

  it('that comes after its deadline is let go of', async () => {
    let late = (_: 1): void => undefined
    const { options, calls } = fake({ connects: [new Promise<1>((resolve) => (late = resolve))] })
    const error = await rejected(connectReader(NAME, { ...options, timeout: 5 }))
    expect(error).toMatchObject({ code: 'ERR_READER', expected: 'a connection', got: 'none in 5 ms' })
    expect(calls).toEqual(['connect 1 3'])
    late(1)
    await vi.waitFor(() => expect(calls).toEqual(['connect 1 3', 'disconnect 0', 'close']))
  })
  it('is not tried again after its deadline', async () => {
    const { options, calls } = fake({ connects: ['Sharing violation', 'Sharing violation', 1] })
    await rejected(connectReader(NAME, { ...options, backoff: 30, timeout: 5 }))
    await vi.waitFor(() => expect(calls).toEqual(['connect 1 3', 'close']))
  })
  it('that is lost before it is let go of harms nobody', async () => {
    let late = (_: 1): void => undefined
    const connects = [new Promise<1>((resolve) => (late = resolve))]
    const { options, calls } = fake({ connects, disconnect: 'Card was removed' })
    await rejected(connectReader(NAME, { ...options, timeout: 5 }))
    late(1)
    await vi.waitFor(() => expect(calls).toEqual(['connect 1 3', 'disconnect 0', 'close']))
  })
})
