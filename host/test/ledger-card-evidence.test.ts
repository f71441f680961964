/** The rows of the practice document's table 2.1 on what cards say, on silence, on re-issue and on change of keys. */
import { describe, expect, it } from 'vitest'
import {
  afterDelivery,
  BLOCK,
  DAY,
  identifier,
  type LedgerRun,
  LOAD,
  ledgerRun,
  limit,
  PIN_UNBLOCK,
  QUIET,
  result,
} from './support/ledger-run.js'

const THREE = [limit('9F58'), limit('9F59'), limit('9F53')]
const IDS = ['e1', 'e2', 'e3'] as const
const OURS = identifier(10)
const three = (options?: Parameters<typeof afterDelivery>[1]): LedgerRun => afterDelivery(THREE, options)
const states = (run: LedgerRun): string[] => run.state(...IDS)

describe('the counter of the next verified cryptogram', () => {
  it.each([
    ['c + m without failure: all ran', { counter: 3 }, ['confirmed card', 'confirmed card', 'confirmed card']],
    ['c + k without failure: the rest did not', { counter: 2 }, ['confirmed card', 'confirmed card', 'pending card']],
    ['c + 1 with failure', { counter: 1, failed: true }, ['failed card', 'pending card', 'pending card']],
    ['c + k with failure', { counter: 2, failed: true }, ['confirmed terminal', 'failed terminal', 'pending card']],
    ['c + m with failure and no result', { counter: 3, failed: true }, ['unknown', 'unknown', 'unknown']],
    ['c, completed, no transaction between', { counter: 0 }, ['pending card', 'pending card', 'pending card']],
    [
      'c, last online transaction not completed',
      { counter: 0, lastOnlineNotCompleted: true },
      ['pending card', 'pending card', 'pending card'],
    ],
    ['a failure that nothing was counted for', { counter: 0, failed: true }, ['unknown', 'unknown', 'unknown']],
    ['above c + m: of somebody else', { counter: 4 }, ['unknown', 'unknown', 'unknown']],
  ] as const)('%s', (_, cvr, expected) => {
    const run = three()
    run.seen(11, cvr)
    expect(states(run)).toEqual(expected)
    expect(run.delivery(10).state).toBe('closed')
  })
  it('c + m with failure takes the result that explains it', () => {
    const run = three()
    run.seen(11, { counter: 3, failed: true }, { results: [result('13', OURS)] })
    expect(states(run)).toEqual(['confirmed terminal', 'confirmed terminal', 'failed terminal'])
    expect(run.entry('e3').contradiction).toBe(false)
  })
  it.each(['11', '00', '20'])('c + m with failure does not take the result %s', (code) => {
    const run = three()
    run.seen(11, { counter: 3, failed: true }, { results: [result(code, OURS)] })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(run.entry('e1').contradiction).toBe(true)
  })
  it('of a TC of a later offline transaction says the same', () => {
    const run = three()
    run.advise(11, {
      advice: 'cryptogram',
      cryptogram: { atc: 11, kind: 'TC', contactless: false, cvr: { ...QUIET, counter: 3 } },
    })
    expect(states(run)).toEqual(['confirmed card', 'confirmed card', 'confirmed card'])
  })
  it('of the TC of the same transaction says nothing', () => {
    const run = three()
    const cvr = { ...QUIET, generateAc: 'second' as const }
    run.advise(10, { cryptogram: { atc: 10, kind: 'TC', contactless: false, cvr } })
    expect(states(run)).toEqual(['sent', 'sent', 'sent'])
  })
  it('of a later second GENERATE AC says nothing when it is zero, the card may have reset it', () => {
    const run = three()
    const cvr = { ...QUIET, generateAc: 'second' as const }
    run.advise(11, { cryptogram: { atc: 11, kind: 'TC', contactless: false, cvr } })
    expect(states(run)).toEqual(['sent', 'sent', 'sent'])
    run.advise(11, { cryptogram: { atc: 11, kind: 'TC', contactless: false, cvr: { ...cvr, counter: 3 } } })
    expect(states(run)).toEqual(['confirmed card', 'confirmed card', 'confirmed card'])
  })
  it('is judged by the first transaction after the delivery, whichever comes first', () => {
    const run = three()
    run.seen(13, { counter: 0 })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
    run.advise(11, {
      advice: 'clearing',
      cryptogram: { atc: 11, kind: 'TC', contactless: false, cvr: { ...QUIET, counter: 3 } },
    })
    expect(states(run)).toEqual(['confirmed card', 'confirmed card', 'confirmed card'])
  })
})

describe('counter = c with online transactions in the gap', () => {
  it('stays unknown: it may have been reset', () => {
    const run = three()
    run.seen(12, { counter: 0 })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(run.heard('e1')).toContain('unknown')
  })
  it('is settled when the gap was contactless', () => {
    const run = three()
    run.seen(11, null, { contact: false })
    run.seen(12, { counter: 0 })
    expect(states(run)).toEqual(['pending card', 'pending card', 'pending card'])
  })
  it.each([
    [12, 'pending card'],
    [13, 'unknown'],
  ])('with the last one not completed, at ATC %i: %s', (atc, state) => {
    const run = three()
    run.seen(atc, { counter: 0, lastOnlineNotCompleted: true })
    expect(states(run)).toEqual([state, state, state])
  })
  it('is settled where the card never resets', () => {
    const counters = { unionpay: { counts: 'maced', overflow: 'wrap', resets: 'never' } } as const
    const run = three({ policy: { counters }, cvr: { counter: 14 } })
    run.seen(20, { counter: 1 })
    expect(states(run)).toEqual(['confirmed card', 'confirmed card', 'confirmed card'])
  })
})

describe('scripts of somebody else', () => {
  it('stop the automatic retry', () => {
    const run = three()
    run.seen(11, { counter: 9 })
    expect(run.entry('e1')).toMatchObject({ state: 'unknown', hold: 'foreign-script' })
    expect(run.heard('e1')).toContain('foreign-script')
    expect(run.transaction(12)).toBeNull()
  })
  it('leave the terminal its word', () => {
    const run = three()
    run.seen(11, { counter: 9 }, { results: [result('20', OURS)] })
    expect(states(run)).toEqual(['confirmed terminal', 'confirmed terminal', 'confirmed terminal'])
  })
})

describe('no evidence', () => {
  it.each([
    ['an invalid cryptogram', { verified: false }],
    ['a stand-in', { verified: false, standIn: true }],
    ['a counter out of range', { atc: 5000 }],
  ])('of %s', (_, more) => {
    const run = three()
    run.seen(11, { counter: 3 }, { ...more, results: [result('20', OURS)] })
    expect(states(run)).toEqual(['sent', 'sent', 'sent'])
  })
  it('remembers the counter of a stand-in', () => {
    const run = three()
    run.seen(11, {}, { verified: false, standIn: true })
    expect(run.seen(11, {}, { authorization: 'x', reference: 'y' })).toMatchObject({ findings: ['E'] })
  })
})

describe('a contactless transaction or an offline TC in between', () => {
  it('is evidence, and is not delivered to', () => {
    const run = three()
    run.seen(11, { counter: 1 }, { contact: false })
    expect(states(run)).toEqual(['confirmed card', 'pending card', 'pending card'])
    run.now += DAY
    expect(run.plan(11)).toMatchObject({ delivery: null, withheld: [{ reason: 'no-chip-contact' }, {}] })
  })
})

describe('a terminal that lies', () => {
  it('2x with the failure bit: the card wins', () => {
    const run = afterDelivery([limit('9F58')])
    run.advise(10, { results: [result('20', OURS)] })
    run.seen(11, { counter: 1, failed: true })
    expect(run.entry('e1')).toMatchObject({ state: 'failed', rank: 'card', contradiction: true })
    expect(run.heard('e1')).toEqual(['created', 'queued', 'sent', 'applied', 'failed-will-retry', 'contradiction'])
  })
  it('is found out by a late result, too', () => {
    const run = afterDelivery([limit('9F58')])
    run.seen(11, { counter: 1 })
    run.advise(10, { results: [result('11', OURS)] })
    expect(run.entry('e1')).toMatchObject({ state: 'confirmed', rank: 'card', contradiction: true })
  })
  it('is remembered when the command goes again', () => {
    const run = afterDelivery([limit('9F58')])
    run.advise(10, { results: [result('20', OURS)] })
    run.transaction(11, { lastOnlineNotCompleted: true })
    run.seen(12, { counter: 1 })
    expect(run.entry('e1')).toMatchObject({ state: 'confirmed', attempts: 2, contradiction: true })
  })
  it('is marked when an earlier delivery is said to have run after the command was sent again', () => {
    const run = afterDelivery([limit('9F58')])
    run.transaction(12, { counter: 0, lastOnlineNotCompleted: true })
    const cvr = { ...QUIET, counter: 1 }
    run.advise(11, { cryptogram: { atc: 11, kind: 'TC', contactless: false, cvr } })
    expect(run.entry('e1')).toMatchObject({ state: 'sent', delivery: 'd12', contradiction: true })
  })
})

describe('issuer authentication that failed', () => {
  it('is told once, and leaves the counter as it was', () => {
    const run = three({ cvr: { counter: 2, lastIssuerAuthenticationFailed: true, lastOnlineNotCompleted: true } })
    run.seen(11, { counter: 5, lastIssuerAuthenticationFailed: true, lastOnlineNotCompleted: true })
    expect(states(run)).toEqual(['confirmed card', 'confirmed card', 'confirmed card'])
    expect(run.told.filter(({ type }) => type === 'issuer-authentication-failed')).toHaveLength(1)
  })
  it('known from the TC of the delivery settles what c was', () => {
    const cvr = { ...QUIET, generateAc: 'second' as const, issuerAuthenticationFailed: true }
    const run = three({ cvr: { counter: 1 } })
    run.seen(12, { counter: 2 })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
    run.advise(10, { cryptogram: { atc: 10, kind: 'TC', contactless: false, cvr } })
    expect(states(run)).toEqual(['confirmed card', 'pending card', 'pending card'])
  })
  it('leaves an old failure bit, which says nothing new', () => {
    const run = three({ cvr: { counter: 1, failed: true } })
    run.seen(11, { counter: 3, failed: true, lastOnlineNotCompleted: true })
    expect(states(run)).toEqual(['unknown', 'unknown', 'pending card'])
  })
  it('holds deliveries where the card insists on it', () => {
    const run = ledgerRun({ requiresIssuerAuthentication: true })
    run.queue('e1', BLOCK)
    expect(run.transaction(11, { lastIssuerAuthenticationFailed: true })).toBeNull()
    run.seen(12)
    expect(run.plan(12, { issuerAuthentication: false }).withheld).toEqual([
      { entry: 'e1', reason: 'no-issuer-authentication' },
    ])
    expect(run.transaction(13)).not.toBeNull()
  })
})

describe('an application found blocked', () => {
  const blocked = { advice: 'cryptogram', applicationBlocked: true } as const
  it('proves its block', () => {
    const run = afterDelivery([BLOCK])
    run.advise(11, { ...blocked, cryptogram: { atc: 11, kind: 'AAC', contactless: false } })
    expect(run.state('e1')).toEqual(['confirmed card'])
  })
  it('proves none by a cryptogram from before it', () => {
    const run = afterDelivery([BLOCK])
    run.advise(9, blocked)
    expect(run.state('e1')).toEqual(['sent'])
  })
  it('an ARQC proves that it is not blocked', () => {
    const run = afterDelivery([BLOCK])
    run.seen(13, { counter: 0 })
    expect(run.state('e1')).toEqual(['pending card'])
  })
})

describe('nothing for days', () => {
  it('makes it unknown, and says so', () => {
    const run = three({ policy: { unknownAfter: 7 * DAY } })
    run.apply({ type: 'tick', now: run.now + 7 * DAY })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
    run.apply({ type: 'tick', now: run.now + 8 * DAY })
    expect(run.heard('e1').filter((type) => type === 'unknown')).toHaveLength(1)
    run.seen(11, { counter: 3 })
    expect(states(run)).toEqual(['confirmed card', 'confirmed card', 'confirmed card'])
  })
  it('is told again at the expiry, and the entry is not sent any more', () => {
    const run = three()
    run.seen(12)
    run.now += 200 * DAY
    run.apply({ type: 'tick', now: run.now })
    run.apply({ type: 'tick', now: run.now })
    expect(run.entry('e1')).toMatchObject({ state: 'unknown', hold: 'expired' })
    expect(run.heard('e1').filter((type) => type === 'expired')).toHaveLength(1)
    expect(run.transaction(13)).toBeNull()
  })
})

describe('a card that is re-issued', () => {
  it('cancels what waits', () => {
    const run = three()
    run.queue('e4', PIN_UNBLOCK)
    expect(run.apply({ type: 'reissue', now: run.now, waiting: 'cancel' })).toEqual({ type: 'reissued', moved: [] })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(run.entry('e1').hold).toBe('reissue')
    expect(run.state('e4')).toEqual(['cancelled'])
    expect(run.queue('e5', BLOCK)).toEqual({ type: 'refused', refusal: 'card-reissued' })
    expect(run.transaction(11)).toBeNull()
  })
  it('still learns what the old chip did', () => {
    const run = three()
    run.apply({ type: 'reissue', now: run.now, waiting: 'cancel' })
    run.seen(11, { counter: 1 })
    expect(states(run)).toEqual(['confirmed card', 'cancelled card', 'cancelled card'])
  })
  it('moves what may go to another chip', () => {
    const run = afterDelivery([limit('9F58'), LOAD])
    run.queue('e3', PIN_UNBLOCK)
    const outcome = run.apply({ type: 'reissue', now: run.now, waiting: 'move' })
    expect(outcome).toMatchObject({ moved: [{ id: 'e1', attempts: 0, state: 'pending' }, { id: 'e3' }] })
    expect(run.heard('e2')).not.toContain('moved')
    expect(run.state('e2')).toEqual(['unknown'])
  })
})

describe('keys that change between queue and delivery', () => {
  it('are those of the transaction: the entry holds the intent alone', () => {
    const run = three()
    expect(run.delivery(10)).toMatchObject({ dki: 1, scheme: 'pboc' })
    const delivery = run.transaction(11, { lastOnlineNotCompleted: true }, { dki: 2, scheme: 'pboc-sm4' })
    expect(delivery).toMatchObject({ dki: 2, scheme: 'pboc-sm4', scripts: [{ entries: [...IDS] }] })
    expect(run.entry('e1').intent).toEqual(THREE[0])
  })
})
