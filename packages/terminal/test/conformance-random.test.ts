/**
 * Random transactions against the model, and what becomes of a sequence that fails. The long run, a million transactions or
 * so, is asked for by the environment: PURSE_TRANSACTIONS=1000000, PURSE_SEED=1 to begin with another seed.
 */
import type { CardMemory } from '@issuerkit/card'
import { describe, expect, test } from 'vitest'
import { CASES_6 } from '../src/conformance/cases-6.js'
import type { PurseAction } from '../src/conformance/random-actions.js'
import { replaySequence, runRandomSequence, shrinkSequence } from '../src/conformance/random-transactions.js'
import { runConformance } from '../src/conformance/runner.js'
import type { CaseRecord } from '../src/conformance/step.js'
import { PurseTester } from '../src/conformance/tester.js'
import { cardWithFiles, etcCard, inReader, notPassed, withAnswers, withMemory } from './support/purse-cards.js'

const TRANSACTIONS = Number(process.env['PURSE_TRANSACTIONS'] ?? 2000)
const FIRST_SEED = Number(process.env['PURSE_SEED'] ?? 1)
/** Commands of a sequence of the long run: its card's serials do not come to their end. Shorter ones are enough elsewhere. */
const LONG = 4000
const SHORT = 500
/** Of the long run, milliseconds for a transaction at the worst. */
const SLOWEST = 20

/** A sequence on a card of its own, its protocol dropped. */
async function sequence(seed: number, card = etcCard(), actions = SHORT) {
  const records: CaseRecord[] = []
  return await runRandomSequence(new PurseTester(card, records), seed, actions, () => void records.splice(0))
}

test(
  `${TRANSACTIONS} random transactions, from seed ${FIRST_SEED} on`,
  async () => {
    let [transactions, cuts] = [0, 0]
    for (let seed = FIRST_SEED; transactions < TRANSACTIONS; seed++) {
      const { failed, ...done } = await sequence(seed, etcCard(), LONG)
      // The seed belongs to the message: with it the sequence comes again.
      expect(failed && `seed ${seed}: ${failed.error.message} behind ${failed.actions.length} commands`).toBeUndefined()
      transactions += done.transactions
      cuts += done.cuts
    }
    expect(cuts).toBeGreaterThan(TRANSACTIONS / 100)
  },
  Math.max(30_000, TRANSACTIONS * SLOWEST),
)

test('the same seed gives the same sequence', async () => {
  const [one, other] = [await sequence(7), await sequence(7)]
  expect(one).toEqual(other)
  expect(await sequence(8)).not.toEqual(one)
}, 60_000)

test('a card without composite purchase, whose PIN has one try', async () => {
  const card = cardWithFiles(({ records: _, ...files }) => files, { pinTryLimit: 1 })
  const { failed, transactions } = await sequence(1, card)
  expect(failed).toBeUndefined()
  expect(transactions).toBeGreaterThan(50)
})

test('a card that has seen transactions before: the model begins with what it holds', async () => {
  const card = etcCard()
  await sequence(1, card, 100)
  expect(await sequence(2, card, 100)).not.toHaveProperty('failed')
})

test('a cut while the PIN is blocked, in a purchase that needs none', async () => {
  const purchase = { do: 'initialize', kind: 'purchase', purse: 'ep', amount: 5, key: 1 } as const
  for (const write of [1, 100]) {
    const actions: PurseAction[] = [
      { do: 'verify', good: false },
      purchase,
      { do: 'complete', limit: 0, mac: 'good', cut: { write, at: 'before' } },
    ]
    await replaySequence(new PurseTester(etcCard({ pinTryLimit: 1 })), actions)
  }
})

test.each([
  ['every switch the other way', { balanceNeedsPin: false, verifyEndsTransaction: false, zeroLoad: '6A80' }],
  ['composite purchase only with a record', { cappWithoutUpdate: '6901', pinFlagAfterTransaction: 'clear' }],
])('a card with %s', async (_name, switches) => {
  const { failed } = await sequence(3, etcCard({ switches, pinTryLimit: 2, maximumBalance: 20_000 }))
  expect(failed).toBeUndefined()
})

describe('a card with a fault', () => {
  /** While there is a credit, a purchase of EP does not count its serial. */
  const forgetful = () =>
    withMemory(etcCard(), (memory) => {
      const write = memory.write.bind(memory)
      const credit = () => memory.readNumber('adf/0/ed/limit') > 0
      return {
        write: (name, value) => (name.endsWith('ep/offlineSerial') && credit() ? undefined : write(name, value)),
      }
    })

  test('is found, and the sequence shrinks to what the fault needs', async () => {
    const { failed } = await sequence(1, forgetful())
    const fails = async (actions: readonly PurseAction[]): Promise<boolean> => {
      return await replaySequence(new PurseTester(forgetful()), actions).then(
        () => false,
        () => true,
      )
    }
    const shortest = await shrinkSequence(failed?.actions ?? [], fails)
    // A limit (2), a purchase (2), and the INITIALIZE or the end that shows it.
    expect(shortest.length).toBeGreaterThanOrEqual(4)
    expect(shortest.length).toBeLessThanOrEqual(5)
    expect(shortest).toContainEqual(expect.objectContaining({ do: 'initialize', kind: 'overdraft' }))
    for (const left of shortest) expect(await fails(shortest.filter((one) => one !== left))).toBe(false)
  }, 60_000)

  test('fails case 6-1, whose protocol has the seed and the shortest sequence, and what it did', async () => {
    const { cases } = await runConformance(forgetful(), CASES_6, { only: ['6-1'] })
    const [{ verdict, reason, steps = [] } = {}] = cases
    expect({ verdict, reason }).toEqual({ verdict: 'failed', reason: expect.stringContaining('expected') })
    const actions = steps.map(({ action }) => action)
    expect(actions[0]).toMatch(/^seed 20080101: \d+ commands/)
    expect(actions[1]).toMatch(/^the shortest sequence that fails: \[\{"do":"initialize"/)
    expect(steps.at(-1)).toMatchObject({ ok: false })
    expect(steps.length).toBeGreaterThan(20)
    expect(steps.length).toBeLessThan(120)
  })

  test('that shows once and never again fails, too', async () => {
    let answers = 0
    const once = withAnswers(etcCard(), (_command, answer) => {
      answers += 1
      return answers === 3000 ? '6F00' : answer
    })
    expect(await notPassed(once, CASES_6, ['6-1'])).toEqual([expect.stringMatching(/^6-1 failed: .*6F00/)])
  }, 60_000)

  test('in a reader, where nothing is shrunk', async () => {
    expect(await notPassed(inReader(forgetful()), CASES_6, ['6-1'])).toEqual([
      expect.stringMatching(/^6-1 failed: .*expected/),
    ])
  })

  test.each<[fault: string, patch: (memory: CardMemory) => Partial<CardMemory>]>([
    [
      'a commit in pieces',
      (memory) => {
        const [write, commit] = [memory.write.bind(memory), memory.commit.bind(memory)]
        return {
          write: (name, value) => {
            write(name, value)
            commit()
          },
        }
      },
    ],
    ['a recovery that forgets', (memory) => ({ recover: () => memory.rollback() })],
  ])('is found by the power cuts: %s', async (_fault, patch) => {
    const { failed } = await sequence(5, withMemory(etcCard(), patch))
    expect(failed?.error.message).toMatch(/expected/)
  })

  test('from its first answer: nothing is counted', async () => {
    const dead = withAnswers(etcCard(), () => '6F00')
    expect(await sequence(1, dead)).toMatchObject({ actions: 0, transactions: 0, cuts: 0, failed: { actions: [] } })
  })

  test('while its power is to be cut: that is not taken for the cut', async () => {
    const patch = (memory: CardMemory): Partial<CardMemory> => {
      const commit = memory.commit.bind(memory)
      let armed = false
      return {
        arm: (fuse) => {
          armed = fuse !== undefined
        },
        commit: () => {
          if (armed) throw new RangeError('broken')
          commit()
        },
      }
    }
    const { failed } = await sequence(1, withMemory(etcCard(), patch))
    expect(failed?.error).toBeInstanceOf(RangeError)
    expect(failed?.actions.at(-1)).toMatchObject({ do: 'complete', cut: {} })
  })

  test('other than a wrong answer ends the sequence as well', async () => {
    const card = etcCard()
    const { connection } = card
    let left = 200
    const transmit = async (command: Uint8Array): Promise<Uint8Array> => {
      left -= 1
      if (left === 0) throw new RangeError('the reader is gone')
      return await connection.transmit(command)
    }
    const { failed } = await sequence(1, { ...card, connection: { ...connection, atr: connection.atr, transmit } })
    expect(failed?.error).toBeInstanceOf(RangeError)
    // A completion that throws something else than the loss of power is not taken for one.
    expect(failed?.actions.length).toBeGreaterThan(0)
  })
})

test('chapter 6 is passed by the virtual card, with copies and without', async () => {
  expect(await notPassed(etcCard(), CASES_6)).toEqual([])
  expect(await notPassed(inReader(etcCard()), CASES_6)).toEqual([])
}, 60_000)

test('an old record of the log that changes ends the sequence', async () => {
  const second = (command: string, answer: string): string =>
    command === '00B202C417' && answer.endsWith('9000') ? `${'11'.repeat(23)}9000` : answer
  const { failed } = await sequence(1, withAnswers(etcCard(), second))
  expect(failed?.error.message).toMatch(/^record 2 of the log: expected as told, got 1111/)
})

test('a log in another order fails', async () => {
  const second = (command: string, answer: string): string =>
    command.startsWith('00B202C417') ? `${'00'.repeat(23)}9000` : answer
  expect(await notPassed(withAnswers(etcCard(), second), CASES_6, ['6-2'])).toEqual([
    expect.stringMatching(/^6-2 failed/),
  ])
})
