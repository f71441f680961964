/** Each invariant finds the ledger that breaks it. */
import { describe, expect, it } from 'vitest'
import { violations } from '../src/ledger/invariants.js'
import type { CardLedger, Delivery, Entry } from '../src/ledger/model.js'
import { afterDelivery, BLOCK, LOAD, limit } from './support/ledger-run.js'

function broken(change: {
  readonly entry?: Partial<Entry>
  readonly delivery?: Partial<Delivery>
  readonly ledger?: (ledger: CardLedger) => Partial<CardLedger>
}): string[] {
  const { ledger } = afterDelivery([LOAD, limit('9F58')])
  const [first, ...others] = ledger.entries
  const next = {
    ...ledger,
    entries: [{ ...(first as Entry), ...change.entry }, ...others],
    deliveries: ledger.deliveries.map((one) => ({ ...one, ...change.delivery })),
  }
  return violations({ ...next, ...change.ledger?.(next) })
}

const attempt = { delivery: 'd9', outcome: 'not-executed', rank: 'card', contradiction: false } as const
const other = (one: Delivery | undefined, change: Partial<Delivery>): Delivery => ({
  ...(one as Delivery),
  id: 'd11',
  atc: 11,
  scripts: [{ template: '72', identifier: 'CAFEBABE', entries: ['e2'] }],
  counted: 1,
  ...change,
})

describe('a ledger', () => {
  it('as the reducer leaves it has nothing to find', () => expect(broken({})).toEqual([]))

  it.each([
    ['attempts', { attempts: 4, history: [attempt, attempt, attempt] }, 'entry e1: sent more often than allowed'],
    ['attempts that do not add up', { attempts: 2 }, 'entry e1: attempts and deliveries do not add up'],
    ['queued', { state: 'queued' }, 'entry e1: queued although it was sent'],
    ['confirmed', { state: 'confirmed' }, 'entry e1: confirmed without evidence'],
    ['final', { final: true }, 'entry e1: final without having failed'],
    ['held', { hold: 'expired' }, 'entry e1: held in an end state'],
    [
      'sent again after unknown',
      { attempts: 2, history: [{ ...attempt, outcome: 'unknown', rank: null }] },
      'entry e1: sent again without proof that it was not executed',
    ],
    [
      'sent again on the word of a terminal',
      { attempts: 2, history: [{ ...attempt, rank: 'terminal' }] },
      'entry e1: sent again without proof that it was not executed',
    ],
  ] as const)('%s', (_, entry, violation) => expect(broken({ entry })).toEqual([violation]))

  it.each([
    ['sent without a delivery', { delivery: null, attempts: 0 }],
    ['failed without a delivery', { delivery: null, attempts: 0, state: 'failed' }],
    ['its delivery is missing', { delivery: 'd9' }],
  ] as const)('%s', (_, entry) => expect(broken({ entry }).length).toBeGreaterThan(0))

  it.each([
    ['closed under a sent entry', { state: 'closed' }, 'entry e1: sent, but not in exactly one open delivery'],
    ['counts', { counted: 1 }, 'delivery d10: counts other commands than it carries'],
    [
      'an entry twice',
      { counted: 3, scripts: [{ template: '72', identifier: 'A', entries: ['e1', 'e2', 'e2'] }] },
      'delivery d10: carries an entry twice',
    ],
    [
      'an entry that is missing',
      { counted: 3, scripts: [{ template: '72', identifier: 'A', entries: ['e1', 'e2', 'x'] }] },
      'delivery d10: carries an entry that is missing',
    ],
    [
      'an empty script',
      {
        scripts: [
          { template: '72', identifier: 'A', entries: ['e1', 'e2'] },
          { template: '71', identifier: 'B', entries: [] },
        ],
      },
      'script B is empty',
    ],
    [
      'an identifier twice',
      {
        counted: 2,
        scripts: [
          { template: '72', identifier: 'A', entries: ['e1'] },
          { template: '72', identifier: 'A', entries: ['e2'] },
        ],
      },
      'script identifier A is there twice',
    ],
  ] as const)('%s', (_, delivery, violation) => expect(broken({ delivery })).toContain(violation))

  it('a reading from before', () => {
    const run = afterDelivery([BLOCK])
    run.seen(11)
    const { reading } = run.delivery(10).evidence
    const evidence = { ...run.delivery(10).evidence, reading: { ...(reading as NonNullable<typeof reading>), atc: 10 } }
    const deliveries = [{ ...run.delivery(10), evidence }]
    expect(violations({ ...run.ledger, deliveries })).toEqual(['delivery d10: is judged by an earlier transaction'])
  })

  it.each([
    ['two open deliveries', {}, 'open deliveries: d10, d11'],
    ['a later carrier', { state: 'closed' }, 'entry e2: another delivery carries it later'],
    ['a delivery twice', { id: 'd10' }, 'delivery d10 is there twice'],
    ['two at one ATC', { atc: 10 }, 'two deliveries at ATC 10'],
  ] as const)('%s', (_, change, violation) => {
    expect(
      broken({ ledger: ({ deliveries }) => ({ deliveries: [...deliveries, other(deliveries[0], change)] }) }),
    ).toContain(violation)
  })

  it('entries and authorizations that are there twice', () => {
    const found = broken({
      ledger: ({ entries, authorizations }) => ({
        entries: [...entries, ...entries.slice(0, 1)],
        authorizations: [...authorizations, ...authorizations],
      }),
    })
    expect(found).toContain('entry e1 is there twice')
    expect(found).toContain('sequence 1 is there twice')
    expect(found).toContain('authorization a10 is there twice')
  })

  it('two commands for one target with the card', () => {
    const target = 'data/9F58'
    expect(broken({ entry: { target } })).toEqual([`two commands for ${target} are with the card`])
  })
})
