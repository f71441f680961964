/** A virtual card whose power goes, and whose program fails. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { CardMemory } from '../src/memory.js'
import { type CardProcessor, createVirtualCard } from '../src/virtual-card.js'
import { ATR, data, hex, make, send } from './support/frame.js'

const bad = (code: string): unknown => expect.objectContaining({ code })

describe('power', () => {
  it('is on when the card is made, and gives the answer to reset', () => {
    const resets = { count: 0 }
    const card = make({ resets })
    expect([card.powered, card.protocol, resets.count]).toEqual([true, 'T=0', 1])
    expect(toHex(card.powerUp())).toBe(ATR)
    expect(resets.count).toBe(2)
    card.powerUp().fill(0)
    expect(toHex(card.powerUp())).toBe(ATR)
  })
  it('off: no command is answered until it is on again', async () => {
    const card = make()
    await send(card, '00C80000', '00A4040001AA00')
    card.powerDown()
    expect(card.powered).toBe(false)
    await expect(send(card, '00A4040001AA00')).rejects.toThrow(bad('ERR_POWER'))
    await expect(send(card, '')).rejects.toThrow(bad('ERR_POWER'))
    card.powerUp()
    expect(await send(card, '00C0000013')).toBe('6D00')
    expect(card.memory.readNumber('count')).toBe(1)
  })
  it('reset forgets what is pending', async () => {
    const card = make()
    await send(card, '00A4040001AA00')
    card.powerUp()
    expect(await send(card, '00C0000013')).toBe('6D00')
  })
  it('cut at any programming of a command: no answer, then the state before or after', async () => {
    for (let write = 1; write <= 4; write++) {
      for (const at of ['before', 'torn', 'after'] as const) {
        const resets = { count: 0 }
        const card = make({ resets })
        card.memory.arm({ write, at })
        await expect(send(card, '00C80000')).rejects.toThrow(bad('ERR_POWER'))
        expect([card.powered, resets.count]).toEqual([false, 2])
        // What the command had in mind went with the power.
        if (write === 1) expect(card.memory.readNumber('count')).toBe(0)
        await expect(send(card, '00C80000')).rejects.toThrow(bad('ERR_POWER'))
        card.powerUp()
        // Journal, head, object, head: from the head on it is done.
        expect(card.memory.readNumber('count')).toBe(write > 2 || (write === 2 && at === 'after') ? 1 : 0)
        expect(await send(card, '00C80000')).toBe('9000')
      }
    }
  })
  it('cut behind a commit within the command: what was committed stays, the rest does not', async () => {
    const card = make()
    card.memory.arm({ write: 5, at: 'torn' })
    await expect(send(card, '00CA0000')).rejects.toThrow(bad('ERR_POWER'))
    card.powerUp()
    expect([card.memory.readNumber('count'), card.memory.readNumber('second')]).toEqual([1, 0])
  })
  it('cut during recovery: no answer to reset, and the next power-up ends it', async () => {
    const card = make()
    card.memory.arm({ write: 2, at: 'after' })
    await expect(send(card, '00C80000')).rejects.toThrow(bad('ERR_POWER'))
    for (const at of ['before', 'torn', 'after'] as const) {
      card.memory.arm({ write: 1, at })
      expect(() => card.powerUp()).toThrow(bad('ERR_POWER'))
      expect(card.powered).toBe(false)
      await expect(send(card, '00D60000')).rejects.toThrow(bad('ERR_POWER'))
    }
    card.powerUp()
    expect(card.memory.readNumber('count')).toBe(1)
  })
  it('cut while the card is made', () => {
    const memory = CardMemory.create([['a', { value: Uint8Array.of(0) }]])
    memory.write('a', Uint8Array.of(1))
    memory.arm({ write: 2, at: 'after' })
    expect(() => memory.commit()).toThrow('')
    memory.arm({ write: 1, at: 'torn' })
    const processor: CardProcessor = {
      atr: fromHex(ATR),
      protocol: 'T=1',
      nothingPending: '6F00',
      reset: () => undefined,
      process: () => ({ status: '9000' }),
    }
    expect(() => createVirtualCard(memory, processor)).toThrow(bad('ERR_POWER'))
    expect(createVirtualCard(memory, processor).memory.readNumber('a')).toBe(1)
  })
  it('an answer seen means that the effects last', async () => {
    const card = make()
    expect(await send(card, '00C80000', '00CA0000')).toBe('9000')
    const again = CardMemory.restore(card.memory.save())
    expect([again.readNumber('count'), again.readNumber('second')]).toEqual([2, 1])
  })
})

describe('the program', () => {
  it('that fails leaves nothing of its command, and the card goes on', async () => {
    const card = make()
    await expect(send(card, '00CC0000')).rejects.toThrow('a fault of the program')
    expect([card.powered, card.memory.readNumber('count')]).toEqual([true, 0])
    expect(await send(card, '00C80000')).toBe('9000')
    expect(card.memory.readNumber('count')).toBe(1)
  })
  it('keeps its own copy of an answer that is fetched later', async () => {
    const own = data(3)
    const card = make({ process: () => ({ status: '9000', data: own }) })
    await send(card, '00A4040001AA00')
    own.fill(0xff)
    expect(await send(card, '00C0000003')).toBe('0001029000')
    expect(toHex(own)).toBe('FFFFFF')
  })
  it('is asked one command at a time, in the order of the calls', async () => {
    const card = make()
    const both = await Promise.all([send(card, '00A4040001AA00'), send(card, '00C0000013')])
    expect(both).toEqual(['6113', `${hex(0x13)}9000`])
  })
})
