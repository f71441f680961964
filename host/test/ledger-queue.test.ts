/** Queuing, cancelling, moving to another chip, counters of the card, and what is told of it all. */
import { describe, expect, it } from 'vitest'
import { archive } from '../src/ledger/archive.js'
import { OUTBOX_TYPES } from '../src/ledger/events.js'
import { isEnded } from '../src/ledger/model.js'
import { afterDelivery, BLOCK, DAY, LOAD, ledgerRun, limit, PIN_UNBLOCK, UNBLOCK } from './support/ledger-run.js'

describe('queue', () => {
  it('fills in what the policy says', () => {
    const run = ledgerRun({ maxAttempts: 5, lifetime: 30 * DAY })
    expect(run.queue('e1', BLOCK)).toEqual({ type: 'queued', entry: 'e1', superseded: [] })
    expect(run.entry('e1')).toMatchObject({
      state: 'pending',
      template: '72',
      condition: 'any',
      origin: 'operator',
      priority: 0,
      maxAttempts: 5,
      expiry: run.now + 30 * DAY,
      operator: 'o',
      reason: 'r',
    })
    expect(run.heard('e1')).toEqual(['created', 'queued'])
  })
  it.each([
    ['an id twice', 'e1', {}, 'repeated-id'],
    ['an expiry in the past', 'e2', { expiry: 1_000_000 }, 'expiry-passed'],
    ['an expiry before the earliest date', 'e2', { earliest: 3_000_000, expiry: 2_000_000 }, 'expiry-passed'],
  ])('refuses %s', (_, id, more, refusal) => {
    const run = ledgerRun()
    run.queue('e1', BLOCK)
    expect(run.queue(id, PIN_UNBLOCK, more)).toEqual({ type: 'refused', refusal })
    expect(run.ledger.entries).toHaveLength(1)
  })
  it.each([
    ['the same limit', limit('9F58'), limit('9F58', '07'), ['e1']],
    ['another limit', limit('9F58'), limit('9F59'), []],
    ['unblock and block', UNBLOCK, BLOCK, ['e1']],
    ['block and unblock', BLOCK, UNBLOCK, ['e1']],
    ['loads', LOAD, LOAD, []],
  ])('a newer intent takes the place of one that waits: %s', (_, old, intent, superseded) => {
    const run = ledgerRun()
    run.queue('e1', old)
    expect(run.queue('e2', intent)).toMatchObject({ superseded })
    expect(run.heard('e1').includes('superseded')).toBe(superseded.length > 0)
  })
  it('one that is held for later takes the place, too', () => {
    const run = ledgerRun()
    run.queue('e1', limit('9F58'))
    run.queue('e2', limit('9F58', '07'), { earliest: run.now + DAY })
    expect(run.state('e1', 'e2')).toEqual(['superseded', 'queued'])
  })
  it('a confirmed one is not superseded', () => {
    const run = afterDelivery([limit('9F58')])
    run.seen(11, { counter: 1 })
    expect(run.queue('e2', limit('9F58', '07'))).toMatchObject({ superseded: [] })
    expect(run.state('e1')).toEqual(['confirmed card'])
  })
})

describe('cancel', () => {
  it.each([
    ['pending', {}],
    ['queued', { earliest: 2_000_000 }],
  ])('a %s entry', (_, more) => {
    const run = ledgerRun()
    run.queue('e1', BLOCK, more)
    expect(run.apply({ type: 'cancel', now: run.now, entry: 'e1' })).toEqual({ type: 'done' })
    expect(run.state('e1')).toEqual(['cancelled'])
    expect(run.heard('e1')).toContain('cancelled')
    expect(run.transaction(10)).toBeNull()
  })
  it('a failed one that would go again', () => {
    const run = afterDelivery([limit('9F58')])
    run.seen(11, { counter: 1, failed: true })
    run.apply({ type: 'cancel', now: run.now, entry: 'e1' })
    expect(run.entry('e1').state).toBe('cancelled')
  })
  it('an unknown one: it stays unknown, and is not sent again', () => {
    const run = afterDelivery([limit('9F58')])
    run.seen(13)
    run.apply({ type: 'cancel', now: run.now, entry: 'e1' })
    const { ledger } = run
    expect(run.apply({ type: 'cancel', now: run.now, entry: 'e1' })).toEqual({ type: 'done' })
    expect(run.ledger).toBe(ledger)
    expect(run.entry('e1')).toMatchObject({ state: 'unknown', hold: 'cancelled' })
    expect(run.transaction(14)).toBeNull()
    run.apply({ type: 'proof', now: run.now, entry: 'e1', executed: false, rank: 'card' })
    expect(run.entry('e1')).toMatchObject({ state: 'cancelled', hold: null })
  })
  it.each([
    ['an unknown id', 'x', 'unknown-entry'],
    ['one that is with the card', 'e1', 'delivery-open'],
    ['one that has ended', 'e2', 'ended'],
  ])('refuses %s', (_, entry, refusal) => {
    const run = afterDelivery([BLOCK])
    run.queue('e2', PIN_UNBLOCK)
    run.apply({ type: 'cancel', now: run.now, entry: 'e2' })
    expect(run.apply({ type: 'cancel', now: run.now, entry })).toEqual({ type: 'refused', refusal })
  })
  it('is contradicted by news that it ran', () => {
    const run = afterDelivery([limit('9F58')])
    run.seen(12, { lastOnlineNotCompleted: true })
    run.apply({ type: 'cancel', now: run.now, entry: 'e1' })
    run.seen(11, { counter: 1 })
    expect(run.entry('e1')).toMatchObject({ state: 'cancelled', contradiction: true })
  })
})

describe('counters of the card', () => {
  it.each([
    ['the same kind again', 10, {}, ['E']],
    ['the TC of the same transaction', 10, { kind: 'TC' }, []],
    ['as far ahead as allowed', 1010, {}, []],
    ['further', 1011, {}, ['A']],
    ['a late ARQC', 8, {}, []],
    ['a later one', 7, {}, ['A']],
    ['a late TC', 0, { kind: 'TC' }, []],
    ['not verified', 10, { verified: false }, []],
  ] as const)('%s', (_, atc, more, findings) => {
    const run = ledgerRun({ atc: { seen: 3, ahead: 1000, behindOnline: 2, behindOffline: 20 } })
    run.seen(10)
    expect(run.seen(atc, {}, { authorization: 'x', reference: 'x', ...more })).toMatchObject({ findings })
  })
  it('as many are remembered as the policy says', () => {
    const run = ledgerRun({ atc: { seen: 3, ahead: 1000, behindOnline: 100, behindOffline: 20 } })
    for (const atc of [1, 2, 3, 4]) run.seen(atc)
    expect(run.seen(1, {}, { authorization: 'x', reference: 'x' })).toMatchObject({ findings: [] })
    expect(run.seen(4, {}, { authorization: 'y', reference: 'y' })).toMatchObject({ findings: ['E'] })
  })
  it('a reset opens the window, and forgets only when asked to', () => {
    const run = ledgerRun()
    run.seen(10)
    run.apply({ type: 'atc-reset', now: run.now })
    expect(run.ledger.highestAtc).toBeNull()
    expect(run.seen(60_000)).toMatchObject({ findings: [] })
    run.apply({ type: 'atc-reset', now: run.now, atc: 9 })
    expect(run.seen(10, {}, { authorization: 'x', reference: 'x' })).toMatchObject({ findings: ['E'] })
    run.apply({ type: 'atc-reset', now: run.now, atc: 9, forget: true })
    expect(run.seen(10, {}, { authorization: 'y', reference: 'y' })).toMatchObject({ findings: [] })
    const before = run.ledger
    run.apply({ type: 'atc-reset', now: run.now, atc: 10 })
    expect(run.ledger).toBe(before)
  })
  it('an advice far out of range proves nothing', () => {
    const run = afterDelivery([BLOCK])
    run.advise(5000, { cryptogram: { atc: 5000, kind: 'TC', contactless: false } })
    expect(run.ledger.highestAtc).toBe(10)
  })
})

describe('authorizations that are remembered', () => {
  it('are as many as the policy says; forged ones do not push out real ones', () => {
    const run = ledgerRun({ authorizationsKept: 3 })
    for (const atc of [1, 2]) run.seen(atc)
    for (const atc of [3, 4, 5, 6]) run.seen(atc, {}, { verified: false })
    expect(run.ledger.authorizations.map(({ id }) => id)).toEqual(['a1', 'a2', 'a6'])
    expect(run.seen(1)).toMatchObject({ repeat: true })
  })
  it('one with an open delivery stays', () => {
    const run = ledgerRun({ authorizationsKept: 1 })
    run.queue('e1', BLOCK)
    run.transaction(10)
    for (const atc of [11, 12, 13]) run.seen(atc, null)
    expect(run.ledger.authorizations.map(({ id }) => id)).toEqual(['a10', 'a13'])
  })
})

describe('advices', () => {
  it.each([
    ['of a transaction that was seen', 'ref-10', true, 'd10'],
    ['of one without scripts', 'ref-9', true, null],
    ['of one that nobody knows', 'x', false, null],
  ])('%s', (_, reference, matched, delivery) => {
    const run = ledgerRun()
    run.seen(9)
    run.queue('e1', BLOCK)
    run.transaction(10)
    expect(run.advise(10, { reference })).toEqual({ type: 'advice', matched, delivery })
  })
})

describe('an archive', () => {
  it('takes out what has ended and is not of late', () => {
    const run = ledgerRun({ deliveriesKept: 1 })
    for (const [i, atc] of [10, 11, 12].entries()) {
      run.queue(`e${i}`, limit('9F58', `0${i}`))
      run.transaction(atc, { counter: i > 0 ? 1 : 0 })
    }
    expect(run.state('e0', 'e1', 'e2')).toEqual(['confirmed card', 'confirmed card', 'sent'])
    const { ledger, entries, deliveries } = archive(run.ledger, run.policy)
    expect({ entries, deliveries }).toEqual({ entries: ['e0', 'e1'], deliveries: ['d10', 'd11'] })
    expect(ledger.entries.map(({ id }) => id)).toEqual(['e2'])
    expect(archive(ledger, run.policy).ledger).toBe(ledger)
  })
  it('keeps what hangs together with an entry that waits', () => {
    const run = afterDelivery([limit('9F58'), limit('9F59')], { policy: { deliveriesKept: 0 } })
    run.seen(11, { counter: 1 })
    expect(run.state('e1', 'e2')).toEqual(['confirmed card', 'pending card'])
    expect(archive(run.ledger, run.policy).entries).toEqual([])
  })
})

describe('the end of an entry', () => {
  it.each([
    ['queued', false, false],
    ['pending', false, false],
    ['sent', false, false],
    ['unknown', false, false],
    ['failed', false, false],
    ['failed', true, true],
    ['confirmed', false, true],
    ['superseded', false, true],
    ['cancelled', false, true],
    ['expired', false, true],
  ] as const)('%s, final %s: %s', (state, final, expected) => {
    const run = ledgerRun()
    run.queue('e1', BLOCK)
    expect(isEnded({ ...run.entry('e1'), state, final })).toBe(expected)
  })
})

it('what is told is of a closed set without doubles', () => {
  expect(new Set(OUTBOX_TYPES).size).toBe(OUTBOX_TYPES.length)
  expect(OUTBOX_TYPES).toHaveLength(17)
})
