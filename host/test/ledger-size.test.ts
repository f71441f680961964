/** How much an answer carries: bytes, commands, templates and their identifiers. */
import { describe, expect, it } from 'vitest'
import {
  afterDelivery,
  BLOCK,
  DAY,
  identifier,
  ledgerRun,
  limit,
  NEW_PIN,
  PIN_UNBLOCK,
  record,
  result,
} from './support/ledger-run.js'

describe('size', () => {
  // 86 LL, header 5, data, MAC 4; template 72 LL 9F18 04 and four bytes: 9.
  const data = (bytes: number): string => 'AB'.repeat(bytes)
  it.each([
    [108, true],
    [109, false],
  ])('128 bytes of scripts: a record of %i bytes alone: %s', (bytes, fits) => {
    const run = ledgerRun()
    run.queue('e1', record(1, 1, data(bytes)))
    run.seen(10)
    const { delivery, withheld } = run.plan(10)
    expect(delivery !== null).toBe(fits)
    expect(withheld).toEqual(fits ? [] : [{ entry: 'e1', reason: 'too-large' }])
  })
  it('what does not fit waits, and so does what comes after it', () => {
    const run = ledgerRun()
    run.queue('e1', record(1, 1, data(80)))
    run.queue('e2', record(1, 2, data(60)))
    run.queue('e3', BLOCK)
    run.seen(10)
    const { delivery, withheld } = run.plan(10)
    expect(delivery?.scripts[0]?.entries).toEqual(['e1'])
    expect(withheld).toEqual([
      { entry: 'e2', reason: 'no-room' },
      { entry: 'e3', reason: 'no-room' },
    ])
    expect(run.transaction(11, { counter: 1 })?.scripts[0]?.entries).toEqual(['e2', 'e3'])
  })
  it('what is too large by itself does not hold up the others', () => {
    const run = ledgerRun()
    run.queue('e1', record(1, 1, data(200)))
    run.queue('e2', BLOCK)
    expect(run.transaction(10)?.scripts[0]?.entries).toEqual(['e2'])
  })
  it.each([
    [128 + 17, false],
    [128 + 16, false],
    [127, true],
  ])('255 bytes of the field, %i of them taken', (otherBytes, fits) => {
    const run = ledgerRun()
    run.queue('e1', record(1, 1, data(108)))
    run.seen(10)
    expect(run.plan(10, { otherBytes }).delivery !== null).toBe(fits)
  })
  it('a longer MAC and an Le count', () => {
    const run = ledgerRun({ trailer: 1 })
    run.queue('e1', record(1, 1, data(104)))
    run.seen(10, {}, { macLength: 8 })
    expect(run.plan(10).delivery).toBeNull()
  })
  it('fourteen commands, the most that a result can tell apart', () => {
    const run = ledgerRun({ scriptBytes: 1000, fieldBytes: 1000 })
    for (let i = 0; i < 16; i += 1) run.queue(`e${i}`, record(1, i))
    expect(run.transaction(10)?.counted).toBe(14)
  })
})

describe('templates', () => {
  it('71 is refused where the issuer does not allow it', () => {
    const run = ledgerRun()
    expect(run.queue('e1', BLOCK, { template: '71' })).toEqual({ type: 'refused', refusal: 'template-not-allowed' })
  })
  it('71 waits where it is not allowed any more', () => {
    const run = ledgerRun({ templates: ['71', '72'] })
    run.queue('e1', BLOCK, { template: '71' })
    Object.assign(run.policy, { templates: ['72'] })
    run.seen(10)
    expect(run.plan(10).withheld).toEqual([{ entry: 'e1', reason: 'template' }])
  })
  it('one script in an answer unless the policy says more', () => {
    const run = ledgerRun({ templates: ['71', '72'] })
    run.queue('e1', BLOCK)
    run.queue('e2', PIN_UNBLOCK, { template: '71' })
    run.seen(10)
    expect(run.plan(10).withheld).toEqual([{ entry: 'e2', reason: 'script-limit' }])
  })
  it('two scripts have an identifier each, 71 first, and only 72 is counted', () => {
    const run = ledgerRun({ templates: ['71', '72'], maxScripts: 2 })
    run.queue('e1', BLOCK)
    run.queue('e2', PIN_UNBLOCK, { template: '71' })
    const delivery = run.transaction(10)
    expect(delivery).toMatchObject({
      counted: 1,
      scripts: [
        { template: '71', entries: ['e2'], identifier: identifier(10, 1) },
        { template: '72', entries: ['e1'], identifier: identifier(10, 0) },
      ],
    })
  })
  it('71 leaves no trace on the counter: without a result it stays unknown', () => {
    const run = ledgerRun({ templates: ['71', '72'], maxScripts: 2 })
    run.queue('e1', BLOCK)
    run.queue('e2', limit('9F58'), { template: '71' })
    run.transaction(10)
    run.seen(11, { lastOnlineNotCompleted: true })
    expect(run.state('e1', 'e2')).toEqual(['pending card', 'unknown'])
  })
  it('a used identifier is not used again', () => {
    const run = afterDelivery([BLOCK])
    run.seen(11)
    const scriptIdentifiers = [identifier(10), '00000000', 'CAFEBABE']
    expect(run.plan(11, { scriptIdentifiers }).delivery?.scripts[0]?.identifier).toBe('CAFEBABE')
  })
  it('without a fresh one nothing is sent', () => {
    const run = afterDelivery([BLOCK])
    run.seen(11)
    const { delivery, withheld } = run.plan(11, { scriptIdentifiers: [identifier(10)] })
    expect(delivery).toBeNull()
    expect(withheld).toEqual([{ entry: 'e1', reason: 'no-script-identifier' }])
  })
})

describe('several scripts of template 72 in one delivery', () => {
  it('a count that does not cover all leaves them to the terminal', () => {
    const run = ledgerRun({ templates: ['71', '72'], maxScripts: 2 })
    run.queue('e1', limit('9F58'))
    run.queue('e2', limit('9F59'))
    run.transaction(10)
    const [delivery] = run.ledger.deliveries
    if (delivery === undefined) throw new Error('no delivery')
    // Not planned so by this host; a ledger from a host that was may hold it.
    const scripts = ['e1', 'e2'].map((id, i) => ({
      template: '72' as const,
      identifier: identifier(10, i),
      entries: [id],
    }))
    run.ledger = { ...run.ledger, deliveries: [{ ...delivery, scripts }] }
    run.now += DAY
    run.advise(10, { results: [result('11', identifier(10, 0)), result('20', identifier(10, 1))] })
    run.seen(11, { counter: 2, failed: true })
    expect(run.state('e1', 'e2')).toEqual(['failed terminal', 'confirmed terminal'])
  })
  it.each([
    [{ counter: 1 }, ['unknown', 'unknown']],
    [{ counter: 1, failed: true }, ['unknown', 'unknown']],
    [{ counter: 2 }, ['confirmed card', 'confirmed card']],
    [{ counter: 0 }, ['pending card', 'pending card']],
  ] as const)('%j', (cvr, expected) => {
    const run = afterDelivery([limit('9F58'), limit('9F59')])
    const scripts = ['e1', 'e2'].map((id, i) => ({
      template: '72' as const,
      identifier: identifier(10, i),
      entries: [id],
    }))
    run.ledger = { ...run.ledger, deliveries: run.ledger.deliveries.map((one) => ({ ...one, scripts })) }
    run.seen(11, cvr)
    expect(run.state('e1', 'e2')).toEqual(expected)
  })
})

describe('what goes with a delivery', () => {
  it('is what the store and the evidence need', () => {
    const run = ledgerRun()
    run.queue('e1', NEW_PIN)
    expect(run.transaction(10, { counter: 2, failed: true, pinTryLimitExceeded: true })).toMatchObject({
      id: 'd10',
      authorization: 'a10',
      reference: 'ref-10',
      atc: 10,
      fingerprint: 'f10',
      family: 'unionpay',
      answer: 'bytes-10',
      counterBefore: 2,
      failedBefore: true,
      pinTryLimitExceededBefore: true,
      counted: 1,
      pinCommands: 1,
      state: 'open',
    })
  })
  it('a PIN change goes at most once in an answer', () => {
    const run = ledgerRun()
    run.queue('e1', NEW_PIN)
    expect(run.queue('e2', { type: 'pin-change', newPin: { wrapped: 'pin-2' } })).toMatchObject({ superseded: ['e1'] })
    expect(run.transaction(10)?.scripts[0]?.entries).toEqual(['e2'])
  })
})
