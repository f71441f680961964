/** A card's chip is replaced: what the old ledger gives away, and what the new one takes. */
import { describe, expect, it } from 'vitest'
import { afterDelivery, BLOCK, DAY, LOAD, ledgerRun, limit, NEW_PIN, PIN_UNBLOCK } from './support/ledger-run.js'

describe('a new chip', () => {
  it('adopts what the old one gave away, in order, once', () => {
    const old = ledgerRun()
    old.queue('e1', limit('9F58'))
    old.queue('e2', NEW_PIN, { earliest: old.now + DAY })
    const outcome = old.apply({ type: 'reissue', now: old.now, waiting: 'move' })
    if (outcome.type !== 'reissued') throw new Error(outcome.type)
    expect(old.state('e1', 'e2')).toEqual(['cancelled', 'cancelled'])

    const run = ledgerRun()
    run.queue('e0', PIN_UNBLOCK)
    const told = run.told.length
    for (let times = 0; times < 2; times++) run.apply({ type: 'adopt', now: run.now, entries: outcome.moved })
    expect(run.ledger.entries.map(({ id, state, sequence }) => [id, state, sequence])).toEqual([
      ['e0', 'pending', 1],
      ['e1', 'pending', 2],
      ['e2', 'queued', 3],
    ])
    expect(run.told.slice(told).map(({ type, entry }) => `${type} ${entry}`)).toEqual([
      'created e1',
      'queued e1',
      'created e2',
    ])
  })
  it('with another PAN gets no PINs', () => {
    const old = ledgerRun()
    old.queue('e1', limit('9F58'))
    old.queue('e2', NEW_PIN)
    const outcome = old.apply({ type: 'reissue', now: old.now, waiting: 'move', otherPan: true })
    expect(outcome).toMatchObject({ moved: [{ id: 'e1' }] })
    expect(old.heard('e2')).toEqual(['created', 'queued', 'cancelled'])
  })
  it('keeps what it was told later, and gives way to nothing older', () => {
    const old = ledgerRun()
    old.queue('e1', limit('9F58', '01'))
    old.queue('e2', limit('9F59', '01'))
    old.queue('e3', LOAD)
    const run = ledgerRun()
    run.now = old.now - 1
    run.queue('n0', limit('9F59', '00'))
    run.now = old.now + 1
    run.queue('n1', limit('9F58', '02'))
    run.queue('n2', LOAD)
    const outcome = old.apply({ type: 'reissue', now: run.now, waiting: 'move' })
    if (outcome.type !== 'reissued') throw new Error(outcome.type)
    expect(run.apply({ type: 'adopt', now: run.now, entries: outcome.moved })).toEqual({ type: 'done' })
    expect(Object.fromEntries(run.ledger.entries.map(({ id, state }) => [id, state]))).toEqual({
      ...{ n0: 'superseded', n1: 'pending', n2: 'pending' },
      ...{ e1: 'superseded', e2: 'pending', e3: 'pending' },
    })
    expect(run.heard('e1')).toEqual(['created', 'superseded'])
  })
  it('that was replaced itself takes nothing', () => {
    const run = ledgerRun()
    run.apply({ type: 'reissue', now: run.now, waiting: 'cancel' })
    const before = run.ledger
    const outcome = run.apply({ type: 'adopt', now: run.now, entries: [] })
    expect(outcome).toEqual({ type: 'refused', refusal: 'card-reissued' })
    expect(run.ledger).toBe(before)
  })
  it('comes once', () => {
    const run = ledgerRun()
    run.apply({ type: 'reissue', now: run.now, waiting: 'cancel' })
    const again = run.apply({ type: 'reissue', now: run.now, waiting: 'move' })
    expect(again).toEqual({ type: 'refused', refusal: 'card-reissued' })
  })
  it('leaves final failures and confirmed entries alone', () => {
    const run = afterDelivery([LOAD, limit('9F58')])
    run.seen(11, { counter: 1, failed: true })
    run.apply({ type: 'reissue', now: run.now, waiting: 'cancel' })
    expect(run.state('e1', 'e2')).toEqual(['failed card', 'cancelled card'])
  })
  it('a transaction of the old one after that gets nothing', () => {
    const run = ledgerRun()
    run.queue('e1', BLOCK)
    run.seen(10)
    run.apply({ type: 'reissue', now: run.now, waiting: 'cancel' })
    expect(run.plan(10)).toMatchObject({ delivery: null, withheld: [] })
    expect(run.transaction(11)).toBeNull()
  })
})
