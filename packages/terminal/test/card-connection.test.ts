import { describe, expect, it } from 'vitest'
import { connectCard } from '../src/card-connection.js'
import { inTurn, withDeadline } from '../src/connection.js'
import { ATR_T0, ATR_T1, hex, rejected, SELECT, simpleCard, text } from './readers-support.js'

describe('a virtual card, connected', () => {
  it('is powered up and gives its answer to reset and its protocol', () => {
    const card = simpleCard()
    card.powerDown()
    expect(connectCard(card)).toMatchObject({ name: 'virtual card', protocol: 'T=0', atr: ATR_T0 })
    expect(card.powered).toBe(true)
    expect(connectCard(simpleCard({ protocol: 'T=1' }), 'mine')).toMatchObject({
      name: 'mine',
      protocol: 'T=1',
      atr: ATR_T1,
    })
  })

  it('gets TPDUs as they are', async () => {
    const { transmit } = connectCard(simpleCard())
    expect(text(await transmit(SELECT))).toBe('6110')
    expect(text(await transmit(hex('00C0000010')))).toBe('6F0E8407A0000003330101A5035001AA9000')
    expect(text(await transmit(hex('0084000007')))).toBe('6C08')
  })

  it.each(['warm', 'cold'] as const)('forgets its answer at a %s reset', async (kind) => {
    const connection = connectCard(simpleCard())
    await connection.transmit(SELECT)
    expect(await connection.reset(kind)).toEqual(ATR_T0)
    expect(text(await connection.transmit(hex('00C0000010')))).toBe('6D00')
  })

  it('keeps its answer to reset from being written over', () => {
    const connection = connectCard(simpleCard())
    connection.atr.fill(0)
    expect(connection.atr).toEqual(ATR_T0)
  })

  it('tells ERR_POWER when its fuse blows, and lives again after a reset', async () => {
    const card = simpleCard()
    const connection = connectCard(card)
    card.memory.arm({ write: 1, at: 'torn' })
    expect(await rejected(connection.transmit(hex('00DA9F5801AA')))).toMatchObject({ code: 'ERR_POWER' })
    expect(await rejected(connection.transmit(SELECT))).toMatchObject({ code: 'ERR_POWER' })
    await connection.reset('cold')
    expect(text(await connection.transmit(SELECT))).toBe('6110')
  })

  it('is dead when disconnected, without power, and may be disconnected twice', async () => {
    const card = simpleCard()
    const connection = connectCard(card)
    await connection.disconnect()
    expect(card.powered).toBe(false)
    expect(await rejected(connection.transmit(SELECT))).toMatchObject({ code: 'ERR_READER', got: 'disconnected' })
    expect(await rejected(connection.reset('warm'))).toMatchObject({ code: 'ERR_READER' })
    expect(card.powered).toBe(false)
    const second = connectCard(card)
    await connection.disconnect()
    expect(text(await second.transmit(SELECT))).toBe('6110')
  })
})

describe('a deadline', () => {
  it('lets the result pass, and the failure', async () => {
    expect(await withDeadline(Promise.resolve(7), 60_000, 'x', 'y')).toBe(7)
    await expect(withDeadline(Promise.reject(new Error('first')), 60_000, 'x', 'y')).rejects.toThrow('first')
  })
  it('tells what did not come', async () => {
    const never = new Promise<never>(() => undefined)
    const error = await rejected(withDeadline(never, 1, 'reader 1', 'an answer'))
    expect(error.message).toBe('ERR_READER: reader 1: expected an answer, got none in 1 ms')
  })
})

it('work in turn goes on after a failure, in the order of the calls', async () => {
  const queue = inTurn()
  const order: number[] = []
  const first = queue(async () => {
    await Promise.resolve()
    order.push(1)
    throw new Error('one')
  })
  const second = queue(async () => order.push(2))
  await expect(first).rejects.toThrow('one')
  expect(await second).toBe(2)
  expect(order).toEqual([1, 2])
})
