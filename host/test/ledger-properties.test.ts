/** Any events in any order: what must hold does, what came before changes nothing, and the order of advices is free. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { archive } from '../src/ledger/archive.js'
import type { OutboxEvent, ReportedResult } from '../src/ledger/events.js'
import { violations } from '../src/ledger/invariants.js'
import { isEnded } from '../src/ledger/model.js'
import { reduce } from '../src/ledger/reduce.js'
import { actions, advice, cvr, policy } from './support/ledger-arbitraries.js'
import { afterDelivery, BLOCK, LOAD, ledgerRun, limit, PIN_UNBLOCK, QUIET } from './support/ledger-run.js'

const RUNS = Number(process.env['LEDGER_RUNS'] ?? 1)
const some = (numRuns: number): { numRuns: number } => ({ numRuns: numRuns * RUNS })

describe('any events', () => {
  it('leave a ledger in which everything holds, and which is plain JSON', () => {
    fc.assert(
      fc.property(actions, policy, (list, chosen) => {
        // The run itself checks the invariants after each event.
        const run = ledgerRun(chosen)
        for (const one of list) one(run)
        expect(JSON.parse(JSON.stringify(run.ledger))).toStrictEqual(run.ledger)
        expect(violations(archive(run.ledger, { ...run.policy, deliveriesKept: 2 }).ledger)).toEqual([])
      }),
      some(40),
    )
  })

  it('are never lost: what has ended stays ended, and an entry is told of with each change of its state', () => {
    fc.assert(
      fc.property(actions, policy, (list, chosen) => {
        const run = ledgerRun(chosen)
        for (const one of list) {
          const before = run.ledger.entries
          const heard = run.told.length
          one(run)
          for (const was of before) {
            const is = run.entry(was.id)
            const news = run.told.slice(heard).filter(({ entry }: OutboxEvent) => entry === was.id)
            if (is.state !== was.state) expect(news.length, `${was.state} to ${is.state}`).toBeGreaterThan(0)
            if (['superseded', 'cancelled', 'expired'].includes(was.state)) expect(is.state).toBe(was.state)
            // Better evidence may correct what a terminal said, and never what a card said, but by an earlier reading.
            if (isEnded(was) && was.state === 'confirmed' && was.rank === 'card' && is.state !== 'confirmed') {
              const reading = (id: string | null): number =>
                run.ledger.deliveries.find((delivery) => delivery.id === id)?.evidence.reading?.atc ?? 0
              expect(reading(is.delivery)).toBeGreaterThan(0)
            }
          }
        }
      }),
      some(30),
    )
  })

  it('give the same from a stored ledger', () => {
    fc.assert(
      fc.property(actions, policy, (list, chosen) => {
        const kept = ledgerRun(chosen)
        const stored = ledgerRun(chosen)
        for (const one of list) {
          one(kept)
          stored.ledger = JSON.parse(JSON.stringify(stored.ledger))
          one(stored)
        }
        expect(stored.ledger).toStrictEqual(kept.ledger)
        expect(stored.told).toEqual(kept.told)
      }),
      some(30),
    )
  })
})

describe('the same again', () => {
  it('advice: nothing changes', () => {
    fc.assert(
      fc.property(actions, policy, fc.array(advice, { minLength: 1, maxLength: 4 }), (list, chosen, said) => {
        const run = ledgerRun(chosen)
        for (const one of list) one(run)
        for (const { of, ...more } of said) {
          run.advise(of, more)
          const { ledger } = run
          const told = run.told.length
          run.advise(of, more)
          expect(run.ledger).toBe(ledger)
          expect(run.told).toHaveLength(told)
        }
      }),
      some(40),
    )
  })
  it('authorization and answer: nothing changes', () => {
    fc.assert(
      fc.property(actions, policy, (list, chosen) => {
        const run = ledgerRun({ ...chosen, authorizationsKept: 100 })
        for (const one of list) one(run)
        const { ledger } = run
        for (const { id, reference, atc: n, kind: of, fingerprint, answered } of ledger.authorizations) {
          run.seen(n, { counter: 9 }, { authorization: `again-${id}`, reference, kind: of, fingerprint })
          if (answered) expect(run.plan(n, { authorization: id, delivery: 'again' })).toMatchObject({ repeat: true })
        }
        expect(run.ledger).toBe(ledger)
      }),
      some(30),
    )
  })
})

describe('the order of advices', () => {
  it('does not matter for the state that they leave', () => {
    // A result without identifier is taken only while the delivery is open: of those alone the order does matter.
    const isNamed = ({ scriptIdentifier }: ReportedResult): boolean => scriptIdentifier !== '00000000'
    const about10 = advice.map((said) => ({ ...said, of: 10, results: (said.results ?? []).filter(isNamed) }))
    const later = fc.record({ n: fc.integer({ min: 11, max: 13 }), cvr }).map(({ n, cvr: facts }) => ({
      of: n,
      advice: 'clearing' as const,
      cryptogram: { atc: n, kind: 'TC' as const, contactless: false, cvr: facts },
    }))
    // One card gives one CVR at one ATC and GENERATE AC.
    const oneByAtc = fc.uniqueArray(fc.oneof(about10, later, later), {
      minLength: 2,
      maxLength: 5,
      selector: (said) => `${said.cryptogram?.atc ?? JSON.stringify(said)}`,
    })
    const shuffled = oneByAtc.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(shuffled, cvr, ([list, other], before) => {
        const [one, two] = [list, other].map((order) => {
          const run = afterDelivery([limit('9F58'), LOAD, PIN_UNBLOCK], { cvr: { ...before, generateAc: 'first' } })
          for (const { of, ...more } of order) run.advise(of, more)
          return run.ledger
        })
        const states = one?.entries.map(({ id, state, rank, final, hold, contradiction }) => ({
          id,
          state,
          rank,
          final,
          hold,
          contradiction,
        }))
        expect(two?.entries).toMatchObject(states ?? [])
        expect(two?.deliveries[0]?.evidence.reading).toEqual(one?.deliveries[0]?.evidence.reading)
      }),
      some(80),
    )
  })
})

describe('an event', () => {
  it('changes nothing of the ledger that it is given', () => {
    const freeze = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      Object.freeze(value)
      for (const each of Object.values(value)) freeze(each)
    }
    fc.assert(
      fc.property(actions, policy, (list, chosen) => {
        const run = ledgerRun(chosen)
        for (const one of list) {
          freeze(run.ledger)
          one(run)
        }
      }),
      some(20),
    )
  })
  it('that finds nothing to do leaves the very same ledger', () => {
    const run = afterDelivery([BLOCK])
    const { ledger } = reduce(run.ledger, { type: 'tick', now: run.now }, run.policy)
    expect(ledger).toBe(run.ledger)
    run.advise(10, { cryptogram: { atc: 9, kind: 'TC', contactless: false, cvr: QUIET } })
    expect(run.state('e1')).toEqual(['sent'])
  })
})
