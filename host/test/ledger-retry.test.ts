/** The rows of the practice document's table 2.2: what may be sent again after an unknown outcome, and what proves it. */
import { describe, expect, it } from 'vitest'
import { retryOf } from '../src/ledger/intent.js'
import {
  afterDelivery,
  BLOCK,
  DAY,
  identifier,
  type LedgerRun,
  LOAD,
  limit,
  NEW_PIN,
  PIN_UNBLOCK,
  PIN_WITH_CURRENT,
  QUIET,
  record,
  result,
  UNBLOCK,
} from './support/ledger-run.js'

/** The delivery at ATC 10 has ended without anybody knowing what ran: the counter may have been reset since. */
function afterReset(...[intents, options]: Parameters<typeof afterDelivery>): LedgerRun {
  const run = afterDelivery(intents, options)
  run.seen(15, { ...options?.cvr }, { kind: 'AAC' })
  // A card that goes on is not blocked; of everything else nothing is known.
  expect(run.entry('e1').state).toBe(run.entry('e1').target === 'card' ? 'pending' : 'unknown')
  run.now += DAY
  return run
}

describe('the class of a command', () => {
  it.each([
    ['card-block', 'repeatable', { type: 'card-block' }],
    ['application-block', 'repeatable', BLOCK],
    ['application-unblock', 'repeatable', UNBLOCK],
    ['pin-unblock', 'with-check', PIN_UNBLOCK],
    ['pin-change P2=02', 'repeatable', NEW_PIN],
    ['pin-change P2=01', 'never', PIN_WITH_CURRENT],
    ['PUT DATA of a limit', 'repeatable', limit('9F58')],
    ['PUT DATA of a balance', 'never', limit('9F79', '000000005000')],
    ['PUT DATA of the second balance', 'never', limit('DF79', '000000005000')],
    ['a load', 'never', LOAD],
    ['update-record', 'with-check', record(1, 1)],
  ] as const)('%s is %s', (_, again, intent) => expect(retryOf(intent)).toBe(again))
})

describe('after unknown', () => {
  it.each([
    ['CARD BLOCK', { type: 'card-block' }],
    ['APPLICATION BLOCK', BLOCK],
    ['APPLICATION UNBLOCK', UNBLOCK],
    ['PIN UNBLOCK', PIN_UNBLOCK],
    ['PIN CHANGE P2=02', NEW_PIN],
    ['PUT DATA of a limit', limit('9F59')],
    ['UPDATE RECORD', record(1, 4)],
  ] as const)('%s is sent again', (_, intent) => {
    const run = afterReset([intent], { policy: { scriptsAfterAac: true } })
    expect(run.transaction(16, { counter: 0 })?.scripts[0]?.entries).toEqual(['e1'])
    expect(run.entry('e1')).toMatchObject({ attempts: 2, history: [{ delivery: 'd10' }] })
  })

  it.each([
    ['PIN CHANGE P2=01', PIN_WITH_CURRENT],
    ['PUT DATA of a balance', limit('9F79', '000000005000')],
    ['a load', LOAD],
  ] as const)('%s is not', (_, intent) => {
    const run = afterReset([intent])
    expect(run.entry('e1')).toMatchObject({ state: 'unknown', hold: 'never-again' })
    run.seen(16)
    expect(run.plan(16)).toMatchObject({ delivery: null, withheld: [{ entry: 'e1', reason: 'hold' }] })
  })

  it.each([
    [true, 'confirmed card'],
    [false, 'pending card'],
  ])('a proof decides: executed %s', (executed, state) => {
    const run = afterReset([LOAD])
    run.apply({ type: 'proof', now: run.now, entry: 'e1', executed, rank: 'card' })
    expect(run.state('e1')).toEqual([state])
    expect(run.transaction(16) === null).toBe(executed)
    expect(run.entry('e1').proof === null).toBe(!executed)
  })

  it('somebody’s word is weaker than the card’s, stronger than a terminal’s', () => {
    const run = afterDelivery([PIN_WITH_CURRENT])
    run.advise(10, { results: [result('00', identifier(10))] })
    run.apply({ type: 'proof', now: run.now, entry: 'e1', executed: true, rank: 'operator' })
    expect(run.entry('e1')).toMatchObject({ state: 'confirmed', rank: 'operator', contradiction: true })
    run.seen(11, { counter: 0 })
    expect(run.entry('e1')).toMatchObject({ state: 'pending', rank: 'card' })
  })

  it.each([
    ['an entry that is not there', 'x', 'unknown-entry'],
    ['one that was never sent', 'e2', 'not-sent'],
  ])('no proof of %s', (_, entry, refusal) => {
    const run = afterDelivery([LOAD])
    run.queue('e2', NEW_PIN)
    const event = { type: 'proof', now: run.now, entry, executed: true, rank: 'card' } as const
    expect(run.apply(event)).toEqual({ type: 'refused', refusal })
  })

  it('the same proof again changes nothing', () => {
    const run = afterReset([LOAD])
    const event = { type: 'proof', now: run.now, entry: 'e1', executed: true, rank: 'card' } as const
    run.apply(event)
    const { ledger } = run
    expect(run.apply(event)).toEqual({ type: 'done' })
    expect(run.ledger).toBe(ledger)
  })
})

describe('a command that must not run twice', () => {
  it('is sent again when the card shows that it did not run', () => {
    const run = afterDelivery([LOAD])
    expect(run.transaction(11, { lastOnlineNotCompleted: true })).not.toBeNull()
    expect(run.entry('e1').attempts).toBe(2)
  })
  it('is not, on the word of a terminal, when the card says nothing', () => {
    const run = afterDelivery([LOAD], { cvr: {}, more: { family: 'interac' } })
    run.advise(10, { results: [result('00', identifier(10))] })
    expect(run.state('e1')).toEqual(['pending terminal'])
    expect(run.transaction(11, null, { family: 'interac' })).toBeNull()
    expect(run.entry('e1')).toMatchObject({ state: 'unknown', hold: 'never-again' })
  })
  it('is, on that word, when it does no harm', () => {
    const run = afterDelivery([NEW_PIN], { more: { family: 'interac' } })
    run.advise(10, { results: [result('00', identifier(10))] })
    expect(run.transaction(11, null, { family: 'interac' })).not.toBeNull()
  })
  it('has failed for good when the card refused it', () => {
    const run = afterDelivery([PIN_WITH_CURRENT])
    run.seen(11, { counter: 1, failed: true })
    expect(run.entry('e1')).toMatchObject({ state: 'failed', final: true })
    expect(run.heard('e1')).toContain('failed-final')
  })
})

describe('PIN UNBLOCK', () => {
  it('gives tries each time: it goes out once more, not twice', () => {
    const run = afterReset([PIN_UNBLOCK], { policy: { maxAttempts: 9, pinUnblockResends: 1 } })
    expect(run.transaction(16)).not.toBeNull()
    run.seen(20)
    run.now += DAY
    expect(run.state('e1')).toEqual(['unknown'])
    run.seen(21)
    expect(run.plan(21).withheld).toEqual([{ entry: 'e1', reason: 'hold' }])
  })
  it.each([
    [false, 'confirmed card'],
    [true, 'unknown'],
  ])('is proven by the PIN try limit that was exceeded, and is now: %s', (pinTryLimitExceeded, state) => {
    const run = afterDelivery([PIN_UNBLOCK], { cvr: { pinTryLimitExceeded: true } })
    run.seen(15, { pinTryLimitExceeded })
    expect(run.state('e1')).toEqual([state])
  })
  it('is not proven so when a PIN change went with it', () => {
    const run = afterDelivery([PIN_UNBLOCK, NEW_PIN], { cvr: { pinTryLimitExceeded: true } })
    run.seen(15)
    expect(run.state('e1', 'e2')).toEqual(['unknown', 'unknown'])
  })
})

describe('a newer intent', () => {
  it.each([
    ['PIN', NEW_PIN, { type: 'pin-change', newPin: { wrapped: 'pin-2' } }],
    ['PIN with P2=02 after P2=01', PIN_WITH_CURRENT, NEW_PIN],
    ['record', record(1, 4), record(1, 4, '7001AA')],
    ['block after unblock', UNBLOCK, BLOCK],
  ] as const)('of the %s takes the place of an unknown one', (_, old, intent) => {
    const run = afterReset([old])
    expect(run.queue('e2', intent)).toMatchObject({ superseded: ['e1'] })
    expect(run.transaction(16)?.scripts[0]?.entries).toEqual(['e2'])
  })
  it('waits while the older is with the card, which it then replaces', () => {
    const run = afterDelivery([record(1, 4)])
    expect(run.queue('e2', record(1, 4, '7001AA'))).toMatchObject({ superseded: [] })
    run.seen(15)
    expect(run.state('e1', 'e2')).toEqual(['superseded', 'pending'])
  })
  it('adds to another load, and replaces none', () => {
    const run = afterReset([LOAD])
    expect(run.queue('e2', LOAD)).toMatchObject({ superseded: [] })
    expect(run.state('e1', 'e2')).toEqual(['unknown', 'pending'])
  })
})

describe('other traces on the card', () => {
  it('CARD BLOCK: a card that goes on is not blocked', () => {
    const run = afterDelivery([{ type: 'card-block' }])
    run.seen(15, { counter: 7 })
    expect(run.state('e1')).toEqual(['pending card'])
  })
  it('APPLICATION UNBLOCK: an ARQC after it was sent to a blocked application', () => {
    const run = afterDelivery([UNBLOCK], { policy: { scriptsAfterAac: true }, more: { kind: 'AAC' } })
    expect(run.delivery(10).counted).toBe(0)
    run.seen(11)
    expect(run.state('e1')).toEqual(['confirmed card'])
  })
  it('APPLICATION UNBLOCK: an AAC says nothing', () => {
    const run = afterDelivery([UNBLOCK], { policy: { scriptsAfterAac: true }, more: { kind: 'AAC' } })
    run.advise(11, { cryptogram: { atc: 11, kind: 'AAC', contactless: false, cvr: QUIET } })
    expect(run.state('e1')).toEqual(['unknown'])
  })
})

describe('attempts', () => {
  it('end: a command that was not performed has failed for good', () => {
    const run = afterDelivery([limit('9F58')], { policy: { maxAttempts: 2 } })
    run.transaction(11, { lastOnlineNotCompleted: true })
    run.seen(12, { lastOnlineNotCompleted: true })
    expect(run.entry('e1')).toMatchObject({ state: 'failed', final: true, attempts: 2 })
  })
  it('end: an unknown one stays unknown', () => {
    const run = afterReset([limit('9F58')], { policy: { maxAttempts: 1 } })
    run.seen(16)
    expect(run.plan(16).withheld).toEqual([{ entry: 'e1', reason: 'attempts' }])
  })
  it('go on after a failure that is not final', () => {
    const run = afterDelivery([limit('9F58')])
    expect(run.transaction(11, { counter: 1, failed: true })?.scripts[0]?.entries).toEqual(['e1'])
    expect(run.entry('e1').history).toMatchObject([{ outcome: 'failed', rank: 'card' }])
  })
})
