/** Power cuts at every write: the virtual card passes, cards whose memory does otherwise fail. */
import type { CardMemory } from '@issuerkit/card'
import { describe, expect, test } from 'vitest'
import type { CardUnderTest } from '../src/conformance/case.js'
import { CASES_8, tornTransaction } from '../src/conformance/cases-8.js'
import { tearRelease } from '../src/conformance/cases-8-grey.js'
import { tear } from '../src/conformance/tearing.js'
import { maintenanceTries, whichPin } from '../src/conformance/tearing-observers.js'
import { PurseTester } from '../src/conformance/tester.js'
import { etcCard, inReader, notPassed, withAnswers, withMemory } from './support/purse-cards.js'

test('chapter 8 is passed by the virtual card', async () => {
  expect(await notPassed(etcCard(), CASES_8)).toEqual([])
}, 60_000)

test('a load with every recovery cut at each of its writes, in all ways', async () => {
  const t = new PurseTester(etcCard())
  await tear(t, tornTransaction({ kind: 'load', purse: 'ep', amount: 1 }), 'all')
  const last = t.records.at(-1)?.label ?? ''
  const [, writes = 0, cuts = 0, more = 0] = (/: (\d+) writes, (\d+) cuts, (\d+) more/.exec(last) ?? []).map(Number)
  expect(cuts).toBe(3 * writes)
  expect(more).toBeGreaterThan(cuts)
}, 60_000)

test('a card in a reader is not cut, and the reason is told', async () => {
  const lines = await notPassed(inReader(etcCard()), CASES_8)
  expect(lines).toHaveLength(CASES_8.length)
  for (const line of lines) expect(line).toMatch(/ skipped: .*clone, fuse/)
})

test('a scenario wants copies and a memory', async () => {
  const scenario = tornTransaction({ kind: 'load', purse: 'ep', amount: 1 })
  const card = etcCard()
  await expect(tear(new PurseTester(inReader(card)), scenario)).rejects.toMatchObject({ code: 'ERR_CARD' })
  const copies = { connection: card.connection, profile: card.profile, clone: async () => inReader(etcCard()) }
  await expect(tear(new PurseTester(copies), scenario)).rejects.toMatchObject({ code: 'ERR_CARD' })
})

describe('what is seen from outside', () => {
  test('a PIN that is none of those expected', async () => {
    expect(await whichPin(['8888', '7777'])(new PurseTester(etcCard()))).toBe('another PIN')
    expect(await whichPin(['8888', '1234'])(new PurseTester(etcCard()))).toBe('1234')
  })

  test('a counter that has no end', async () => {
    const endless = withAnswers(etcCard(), (_command, answer) => (answer === '9303' ? '6988' : answer))
    expect(await maintenanceTries(new PurseTester(endless))).toBe(20)
    expect(await maintenanceTries(new PurseTester(etcCard()))).toBe(3)
  })

  test('no grey lock where the card has no key of one', async () => {
    const card = etcCard()
    const [first, second] = card.profile.applications
    const keys = first.keys.filter(({ name }) => name !== 'grey')
    const t = new PurseTester({ ...card, profile: { ...card.profile, applications: [{ ...first, keys }, second] } })
    await tearRelease(t)
    expect(t.records).toHaveLength(1)
  })
})

describe('cards that fail', { timeout: 60_000 }, () => {
  const onWrite =
    (change: (memory: CardMemory, name: string, value: Uint8Array, write: CardMemory['write']) => void) =>
    (memory: CardMemory): Partial<CardMemory> => {
      const write = memory.write.bind(memory)
      return { write: (name, value) => change(memory, name, value, write) }
    }

  test.each<[fault: string, id: string, patch: (memory: CardMemory) => Partial<CardMemory>]>([
    [
      'each object by a commit of its own',
      '8.2.10-1',
      onWrite((memory, name, value, write) => {
        write(name, value)
        memory.commit()
      }),
    ],
    [
      'records of a composite purchase before its money',
      '8.2.12-1',
      onWrite((memory, name, value, write) => {
        write(name, value)
        if (name.includes('record/19')) memory.commit()
      }),
    ],
    ['a fuse that does not blow', '8.2.2-1', () => ({ arm: () => undefined })],
    ['a journal that is never used', '8.2.8-1', (memory) => ({ recover: () => memory.rollback() })],
    [
      'a balance by a commit of its own',
      '8.2.9-1',
      onWrite((memory, name, value, write) => {
        const alone = name.endsWith('/balance')
        if (alone) memory.commit()
        write(name, value)
        if (alone) memory.commit()
      }),
    ],
    [
      'PIN tries that a good PIN does not bring back',
      '8.2.2-1',
      onWrite((_, name, value, write) => {
        if (!(name.endsWith('pin-tries') && value[0] === 3)) write(name, value)
      }),
    ],
    [
      'PIN tries that a wrong PIN does not use up',
      '8.2.2-2',
      onWrite((_, name, value, write) => {
        if (!name.endsWith('pin-tries')) write(name, value)
      }),
    ],
    [
      'a PIN in two pieces: its tries, then itself',
      '8.2.3-1',
      onWrite((memory, name, value, write) => {
        write(name, value)
        if (name.endsWith('/pin')) memory.commit()
      }),
    ],
  ])('%s', async (_fault, id, patch) => {
    expect(await notPassed(withMemory(etcCard(), patch), CASES_8, [id])).toEqual([
      expect.stringMatching(new RegExp(`^${id.replaceAll('.', '\\.')} failed: .*expected`)),
    ])
  })

  test('a card that gives money away once it has recovered', async () => {
    const patch = (memory: CardMemory): Partial<CardMemory> => {
      const [write, recover] = [memory.write.bind(memory), memory.recover.bind(memory)]
      let recovered = false
      return {
        recover: () => {
          const before = memory.writes
          recover()
          recovered ||= memory.writes > before
        },
        write: (name, value) => (recovered && name.endsWith('/balance') ? undefined : write(name, value)),
      }
    }
    expect(await notPassed(withMemory(etcCard(), patch), CASES_8, ['8.2.10-1'])).toEqual([
      expect.stringMatching(/^8\.2\.10-1 failed: balance: expected/),
    ])
  })

  test('an error that is not the loss of power is not taken for it', async () => {
    const broken = (card: CardUnderTest): CardUnderTest => {
      const transmit = async (command: Uint8Array): Promise<Uint8Array> => {
        return await card.connection.transmit(command).catch(() => {
          throw new RangeError('broken')
        })
      }
      const connection = { ...card.connection, atr: card.connection.atr, transmit }
      return { ...card, connection, clone: async () => broken(etcCard()) }
    }
    expect(await notPassed(broken(etcCard()), CASES_8, ['8.2.2-1'])).toEqual(['8.2.2-1 failed: ERR_INTERNAL: broken'])
  })
})
