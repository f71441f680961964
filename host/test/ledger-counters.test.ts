/** How each family's CVR tells script counter and failure, from bytes of real and of computed messages. */
import { fromHex } from '@issuerkit/apdu'
import { CVR_CCD, CVR_MCHIP, CVR_VIS, CVR_VISA_5, decodeFlags, TVR } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { COUNTER_RULES, cvrFacts } from '../src/ledger/scheme-evidence.js'
import { afterDelivery, limit, QUIET } from './support/ledger-run.js'

const THREE = [limit('9F58'), limit('9F59'), limit('9F53')]
const IDS = ['e1', 'e2', 'e3'] as const

describe('a CVR', () => {
  it.each([
    // The chain of vectors/unionpay-field55-chain.json.
    ['unionpay, two commands ran', CVR_VIS, '03A00020', { counter: 2 }],
    ['unionpay, one of two failed', CVR_VIS, '03A00028', { counter: 2, failed: true }],
    // Captured: the TC of a notification, one command before it.
    ['unionpay, second GENERATE AC', CVR_VIS, '03602010', { counter: 1, generateAc: 'second' }],
    [
      'unionpay, not completed, authentication failed',
      CVR_VIS,
      '03A08800',
      { lastOnlineNotCompleted: true, lastIssuerAuthenticationFailed: true },
    ],
    [
      'unionpay, authentication failed in this one',
      CVR_VIS,
      '03680000',
      { generateAc: 'second', issuerAuthenticationFailed: true },
    ],
    ['unionpay, PIN try limit', CVR_VIS, '03A04000', { pinTryLimitExceeded: true }],
    ['visa format 2', CVR_VISA_5, '00A080F800', { counter: 15, failed: true, lastOnlineNotCompleted: true }],
    ['M/Chip, received', CVR_MCHIP, 'A00023000200', { counter: 2, received: true }],
    ['M/Chip, received and failed', CVR_MCHIP, 'A00013000300', { counter: 1, received: true, failed: true }],
    [
      'M/Chip, none',
      CVR_MCHIP,
      'A00003880400',
      { received: false, lastOnlineNotCompleted: true, pinTryLimitExceeded: true, issuerAuthenticationFailed: true },
    ],
    [
      'CCD',
      CVR_CCD,
      'A101002800',
      { counter: 2, failed: true, lastOnlineNotCompleted: true, issuerAuthenticationFailed: true },
    ],
  ])('%s', (_, table, hex, facts) => {
    expect(cvrFacts(decodeFlags(table, fromHex(hex)))).toEqual({ ...QUIET, ...facts })
  })
  it('of a table without a script counter says nothing', () => {
    expect(cvrFacts(decodeFlags(TVR, fromHex('0000000000')))).toBeUndefined()
  })
})

describe('a common core card counts successes', () => {
  it.each([
    ['all', { counter: 3 }, ['confirmed card', 'confirmed card', 'confirmed card']],
    ['two, the third failed', { counter: 2, failed: true }, ['confirmed card', 'confirmed card', 'failed card']],
    ['none, the first failed', { counter: 0, failed: true }, ['failed card', 'pending card', 'pending card']],
    ['one, then the card was gone', { counter: 1 }, ['confirmed card', 'pending card', 'pending card']],
  ] as const)('%s', (_, cvr, expected) => {
    const run = afterDelivery(THREE, { more: { family: 'ccd' } })
    run.seen(11, cvr, { family: 'ccd' })
    expect(run.state(...IDS)).toEqual(expected)
  })
  it('all of them, and a failure of somebody else', () => {
    const run = afterDelivery(THREE, { more: { family: 'ccd' } })
    run.seen(11, { counter: 3, failed: true })
    expect(run.entry('e1')).toMatchObject({ state: 'confirmed', rank: 'card', contradiction: true })
  })
  it('with an old failure bit: those that it counted ran', () => {
    const run = afterDelivery(THREE, { more: { family: 'ccd' }, cvr: { counter: 1, failed: true } })
    run.seen(11, { counter: 3, failed: true, lastOnlineNotCompleted: true })
    expect(run.state(...IDS)).toEqual(['confirmed card', 'confirmed card', 'unknown'])
  })
})

describe('M/Chip has a bit that a script was received', () => {
  it.each([
    ['received, three', { counter: 3, received: true }, 'confirmed card'],
    ['not received', { counter: 0, received: false }, 'pending card'],
    ['received, but none counted', { counter: 0, received: true }, 'unknown'],
    ['counted, but not received', { counter: 3, received: false }, 'unknown'],
  ])('%s', (_, cvr, state) => {
    const run = afterDelivery(THREE, { more: { family: 'mastercard' } })
    run.seen(11, cvr, { family: 'mastercard' })
    expect(run.state(...IDS)).toEqual([state, state, state])
  })
})

describe('four bits', () => {
  const kept = { counter: 14, lastOnlineNotCompleted: true }
  it.each([
    ['saturate', 15, 'unknown', 'confirmed card at 14 + 1, or more'],
    ['saturate', 14, 'pending card', '14 + 0'],
    ['saturate', 1, 'unknown', 'no count fits'],
    ['wrap', 1, 'confirmed card', '14 + 3'],
    ['wrap', 15, 'confirmed card, pending card', '14 + 1'],
    ['either', 15, 'unknown', '14 + 1, 14 + 2 or 14 + 3'],
    ['either', 1, 'confirmed card', '14 + 3, wrapped'],
  ] as const)('that %s, at %i: %s (%s)', (overflow, counter, expected, _reason) => {
    const counters = { unionpay: { counts: 'maced', overflow, resets: 'online-completion' } } as const
    const run = afterDelivery(THREE, { cvr: kept, policy: { counters } })
    run.seen(11, { counter, lastOnlineNotCompleted: true })
    expect([...new Set(run.state(...IDS))].join(', ')).toBe(expected)
  })
})

describe('counts add up over deliveries', () => {
  it('that no completed transaction has reset', () => {
    const run = afterDelivery([limit('9F58')])
    run.queue('e2', limit('9F59'))
    const failedAuthentication = { lastOnlineNotCompleted: true, lastIssuerAuthenticationFailed: true }
    expect(run.transaction(11, { counter: 1, ...failedAuthentication })).toMatchObject({ counterBefore: 1 })
    run.now += 300_000
    run.seen(12, { counter: 2, ...failedAuthentication })
    expect(run.state('e1', 'e2')).toEqual(['confirmed card', 'confirmed card'])
  })
  it('and after a gap either may be true: two counts fit', () => {
    const run = afterDelivery(THREE, { cvr: { counter: 1 } })
    run.seen(12, { counter: 2 })
    expect(run.state(...IDS)).toEqual(['unknown', 'unknown', 'unknown'])
  })
  it('a policy may say otherwise of a family', () => {
    expect(COUNTER_RULES.ccd.counts).toBe('executed')
    const counters = { ccd: { counts: 'maced', overflow: 'wrap', resets: 'never' } } as const
    const run = afterDelivery([limit('9F58')], { policy: { counters }, more: { family: 'ccd' }, cvr: { counter: 15 } })
    run.seen(11, { counter: 0, failed: true })
    expect(run.state('e1')).toEqual(['failed card'])
  })
})
