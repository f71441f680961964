/** What an answer carries: where it can arrive, in which order, and one delivery at a time (table 2.3). */
import { describe, expect, it } from 'vitest'
import { DEFAULT_POLICY } from '../src/ledger/policy.js'
import { afterDelivery, BLOCK, DAY, LOAD, ledgerRun, limit, MINUTE, UNBLOCK } from './support/ledger-run.js'

describe('it is delivered only where it can arrive', () => {
  it.each([
    ['not-verified', { verified: false }],
    ['stand-in', { standIn: true, verified: false }],
    ['no-chip-contact', { contact: false }],
    ['contactless-cryptogram', { contactlessCryptogram: true }],
    ['not-an-arqc', { kind: 'TC' }],
    ['not-an-arqc', { kind: 'AAC' }],
  ] as const)('%s', (reason, more) => {
    const run = ledgerRun()
    run.queue('e1', BLOCK)
    run.seen(10, {}, more)
    expect(run.plan(10)).toMatchObject({ delivery: null, withheld: [{ entry: 'e1', reason }] })
  })
  it('replay and out of range', () => {
    const run = ledgerRun()
    run.queue('e1', BLOCK)
    run.seen(10, {}, { contact: false })
    run.seen(10, {}, { authorization: 'x', reference: 'x' })
    run.seen(2000)
    expect(run.plan(10, { authorization: 'x' }).withheld).toEqual([{ entry: 'e1', reason: 'replay' }])
    expect(run.plan(2000).withheld).toEqual([{ entry: 'e1', reason: 'atc-out-of-range' }])
  })
  it('not to a transaction that is over: a later one was seen', () => {
    const run = ledgerRun()
    run.queue('e1', BLOCK)
    run.seen(10)
    run.seen(12)
    run.seen(11)
    expect(run.plan(11).withheld).toEqual([{ entry: 'e1', reason: 'late' }])
    expect(run.plan(10).withheld).toEqual([{ entry: 'e1', reason: 'late' }])
    expect(run.plan(12).delivery).not.toBeNull()
  })
  it('a blocked application takes unblocking commands on a device for it', () => {
    const run = ledgerRun({ scriptsAfterAac: true })
    run.queue('e1', limit('9F58'))
    run.queue('e2', UNBLOCK)
    run.seen(10, {}, { kind: 'AAC' })
    const { delivery, withheld } = run.plan(10)
    expect(delivery?.scripts).toMatchObject([{ entries: ['e2'] }])
    expect(withheld).toEqual([{ entry: 'e1', reason: 'needs-unblocking-device' }])
  })
})

describe('two authorizations in flight', () => {
  it('the second gets no scripts while the first may still arrive', () => {
    const run = ledgerRun()
    run.queue('e1', BLOCK)
    run.queue('e2', limit('9F58'))
    run.seen(10)
    run.plan(10)
    run.queue('e3', limit('9F59'))
    run.now += DEFAULT_POLICY.answerTimeout - 1
    // The card says that nothing ran. It may be asked again, in the transaction after.
    run.seen(11, { lastOnlineNotCompleted: true })
    expect(run.plan(11).withheld.map(({ reason }) => reason)).toEqual(Array(3).fill('delivery-in-flight'))
    expect(run.state('e1', 'e2', 'e3')).toEqual(['pending card', 'pending card', 'pending'])
    run.seen(12, { lastOnlineNotCompleted: true })
    expect(run.plan(12).delivery?.scripts[0]?.entries).toEqual(['e1', 'e2', 'e3'])
  })
  it('seen both before either is answered: the later transaction of the card is', () => {
    const run = ledgerRun()
    run.queue('e1', BLOCK)
    run.seen(10)
    run.seen(11)
    expect(run.plan(11).delivery?.id).toBe('d11')
    expect(run.plan(10).delivery).toBeNull()
    expect(run.ledger.deliveries).toHaveLength(1)
  })
  it('contactless and contact at once: the contact one is answered with scripts', () => {
    const run = ledgerRun()
    run.queue('e1', BLOCK)
    run.seen(10, null, { contact: false })
    run.seen(11)
    expect(run.plan(11).delivery).not.toBeNull()
    expect(run.plan(10).delivery).toBeNull()
  })
  it('after the timeout the next one gets what is left', () => {
    const run = afterDelivery([BLOCK, limit('9F58')])
    run.now += MINUTE
    expect(run.transaction(11, { counter: 1 })?.scripts[0]?.entries).toEqual(['e2'])
  })
})

describe('an answer that cannot be planned', () => {
  it.each([
    ['of an authorization that nobody saw', { authorization: 'x' }, 'unknown-authorization'],
    ['of a delivery that there is', { delivery: 'd10' }, 'repeated-id'],
  ])('%s', (_, more, refusal) => {
    const run = afterDelivery([BLOCK])
    run.seen(11)
    expect(() => run.plan(11, more)).toThrow(refusal)
  })
  it('an authorization id of another message', () => {
    const run = afterDelivery([BLOCK])
    expect(run.seen(11, {}, { authorization: 'a10' })).toEqual({ type: 'refused', refusal: 'repeated-id' })
  })
})

describe('the order', () => {
  it('automatic first, then priority, then as queued', () => {
    const run = ledgerRun()
    run.queue('e1', limit('9F58'))
    run.queue('e2', limit('9F59'), { priority: 5 })
    run.queue('e3', limit('9F53'), { priority: 5 })
    run.queue('e4', BLOCK, { origin: 'automatic', priority: -1 })
    expect(run.transaction(10)?.scripts[0]?.entries).toEqual(['e4', 'e2', 'e3', 'e1'])
  })
  it('two loads go one after the other: both are built from the balance before', () => {
    const run = ledgerRun()
    run.queue('e1', LOAD)
    run.queue('e2', LOAD)
    run.seen(10)
    const { delivery, withheld } = run.plan(10)
    expect(delivery?.scripts[0]?.entries).toEqual(['e1'])
    expect(withheld).toEqual([{ entry: 'e2', reason: 'same-target' }])
  })
})

describe('conditions', () => {
  it.each([
    ['approved', true, true],
    ['approved', false, false],
    ['declined', true, false],
    ['declined', false, true],
    ['any', true, true],
    ['any', false, true],
  ] as const)('%s, approved %s: %s', (condition, approved, isSent) => {
    const run = ledgerRun()
    run.queue('e1', BLOCK, { condition })
    run.seen(10)
    const { delivery, withheld } = run.plan(10, { approved })
    expect(delivery !== null).toBe(isSent)
    expect(withheld).toEqual(isSent ? [] : [{ entry: 'e1', reason: 'condition' }])
  })
  it('an earliest date holds it', () => {
    const run = ledgerRun()
    run.queue('e1', BLOCK, { earliest: run.now + DAY })
    run.seen(10)
    expect(run.plan(10).withheld).toEqual([{ entry: 'e1', reason: 'earliest' }])
    expect(run.state('e1')).toEqual(['queued'])
    run.now += DAY
    run.seen(11)
    expect(run.plan(11).delivery).not.toBeNull()
    expect(run.heard('e1')).toEqual(['created', 'queued', 'sent'])
  })
  it('an expiry that has come ends it before the answer', () => {
    const run = ledgerRun()
    run.queue('e1', BLOCK, { expiry: run.now + DAY })
    run.seen(10)
    run.now += DAY
    expect(run.plan(10)).toMatchObject({ delivery: null, withheld: [] })
    expect(run.state('e1')).toEqual(['expired'])
  })
})

describe('what cannot be built', () => {
  it.each(['no-balance', 'no-key', 'not-buildable', 'too-large'] as const)(
    '%s: it waits, and the others go',
    (reason) => {
      const run = ledgerRun()
      run.queue('e1', LOAD)
      run.queue('e2', limit('9F58'))
      run.seen(10)
      const { delivery, withheld } = run.plan(10, { unbuildable: [{ entry: 'e1', reason }] })
      expect(delivery?.scripts).toMatchObject([{ entries: ['e2'] }])
      expect(withheld).toEqual([{ entry: 'e1', reason }])
      expect(run.state('e1', 'e2')).toEqual(['pending', 'sent'])
      expect(run.entry('e1').attempts).toBe(0)
    },
  )
  it('a reason of the ledger comes before it, and nothing else is named', () => {
    const run = ledgerRun()
    run.queue('e1', LOAD, { condition: 'declined' })
    run.queue('e2', limit('9F58'))
    run.seen(10)
    const unbuildable = ['e1', 'e9'].map((entry) => ({ entry, reason: 'no-balance' }) as const)
    expect(run.plan(10, { unbuildable }).withheld).toEqual([{ entry: 'e1', reason: 'condition' }])
    expect(run.state('e2')).toEqual(['sent'])
  })
})
