/** The rows of the practice document's table 2.1 on what terminals say: repeats, script results, reversals. */
import { describe, expect, it } from 'vitest'
import { afterDelivery, DAY, identifier, type LedgerRun, ledgerRun, limit, result } from './support/ledger-run.js'

const THREE = [limit('9F58'), limit('9F59'), limit('9F53')]
const IDS = ['e1', 'e2', 'e3'] as const
const OURS = identifier(10)
const three = (options?: Parameters<typeof afterDelivery>[1]): LedgerRun => afterDelivery(THREE, options)
const states = (run: LedgerRun): string[] => run.state(...IDS)

describe('the same request again', () => {
  it('gives the same delivery and changes nothing', () => {
    const run = three()
    const { ledger } = run
    expect(run.seen(10)).toEqual({ type: 'authorization', authorization: 'a10', repeat: true, findings: [] })
    const again = run.plan(10, { delivery: 'other', answer: 'other' })
    expect(again).toMatchObject({ repeat: true, delivery: { id: 'd10', answer: 'bytes-10' } })
    expect(run.ledger).toBe(ledger)
  })
  it('is answered without scripts again when it had none', () => {
    const run = three()
    run.seen(11, { counter: 3 })
    expect(run.plan(11).delivery).toBeNull()
    run.queue('e4', limit('9F54'))
    run.now += DAY
    expect(run.plan(11)).toMatchObject({ repeat: true, delivery: null })
  })
  it.each([
    ['another reference', { reference: 'other' }],
    ['another cryptogram', { fingerprint: 'other' }],
  ])('is a replay with %s, and proves nothing', (_, more) => {
    const run = three()
    const outcome = run.seen(10, { counter: 3 }, { authorization: 'other', ...more })
    expect(outcome).toMatchObject({ repeat: false, findings: ['E'] })
    expect(states(run)).toEqual(['sent', 'sent', 'sent'])
    expect(run.plan(10, { authorization: 'other', delivery: 'x' }).delivery).toBeNull()
  })
})

describe('a result 2x with our identifier', () => {
  const messages: readonly (readonly [string, (run: LedgerRun) => unknown])[] = [
    ['a notification', (run) => run.advise(10, { results: [result('20', OURS)] })],
    ['a reversal', (run) => run.advise(10, { advice: 'reversal', results: [result('20', OURS)] })],
    ['a clearing line', (run) => run.advise(10, { advice: 'clearing', results: [result('20', OURS)] })],
    [
      'the next request, whose CVR tells nothing',
      (run) => run.seen(11, null, { contactlessCryptogram: true, results: [result('20', OURS)] }),
    ],
  ]
  it.each(messages)('confirms on the word of the terminal, in %s', (_, send) => {
    const run = three()
    send(run)
    expect(states(run)).toEqual(['confirmed terminal', 'confirmed terminal', 'confirmed terminal'])
    expect(run.delivery(10).state).toBe('open')
  })
  it('is upgraded by the next CVR', () => {
    const run = three()
    run.advise(10, { results: [result('20', OURS)] })
    run.seen(11, { counter: 3 })
    expect(states(run)).toEqual(['confirmed card', 'confirmed card', 'confirmed card'])
    expect(run.told.filter(({ type, entry }) => type === 'applied' && entry === 'e1').map(({ rank }) => rank)).toEqual([
      'terminal',
      'card',
    ])
  })
  it.each([
    ['the reference of another transaction', { reference: 'ref-99' }],
    ['another ATC', { atc: 9 }],
  ])('is not believed with %s', (_, more) => {
    const run = three()
    run.advise(10, { results: [result('20', OURS)], ...more })
    expect(states(run)).toEqual(['sent', 'sent', 'sent'])
  })
})

describe('a result 1n', () => {
  it('fails command n, and gives the rest back', () => {
    const run = three()
    run.advise(10, { results: [result('12', OURS)] })
    expect(states(run)).toEqual(['confirmed terminal', 'failed terminal', 'pending terminal'])
    expect(run.heard('e2')).toContain('failed-will-retry')
    expect(run.heard('e3')).toContain('not-performed')
  })
  it.each(['10', '1F', '19'])('%s leaves all unknown until the CVR', (code) => {
    const run = three()
    run.advise(10, { results: [result(code, OURS)] })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
    run.seen(11, { counter: 2, failed: true })
    expect(states(run)).toEqual(['confirmed terminal', 'failed terminal', 'pending card'])
  })
})

describe('a result 0x', () => {
  it('gives all back, the attempt counted', () => {
    const run = three()
    run.advise(10, { results: [result('00', OURS)] })
    expect(states(run)).toEqual(['pending terminal', 'pending terminal', 'pending terminal'])
    expect(run.entry('e1').attempts).toBe(1)
    expect(run.transaction(11)?.scripts[0]?.entries).toEqual([...IDS])
    expect(run.entry('e1').history).toMatchObject([{ delivery: 'd10', outcome: 'not-executed', rank: 'card' }])
  })
  it('is overruled by a CVR that counts the commands', () => {
    const run = three()
    run.advise(10, { results: [result('00', OURS)] })
    run.seen(11, { counter: 3 })
    expect(states(run)).toEqual(['confirmed card', 'confirmed card', 'confirmed card'])
    expect(run.entry('e1').contradiction).toBe(true)
    expect(run.heard('e1')).toContain('contradiction')
  })
})

describe('a result without our identifier', () => {
  it('with zeros counts for the open delivery of its transaction, and less', () => {
    const run = three()
    run.advise(10, { results: [result('20', '00000000')] })
    expect(states(run)).toEqual(['confirmed unidentified', 'confirmed unidentified', 'confirmed unidentified'])
    run.advise(10, { results: [result('12', OURS)] })
    expect(states(run)).toEqual(['confirmed terminal', 'failed terminal', 'pending terminal'])
  })
  it.each([
    ['another ATC', 10, { atc: 9 }, '00000000'],
    ['another reference', 11, {}, '00000000'],
    ['an identifier of somebody else', 10, {}, 'DEADBEEF'],
  ] as const)('is not believed with %s', (_, atc, more, scriptIdentifier) => {
    const run = three()
    run.advise(atc, { results: [result('20', scriptIdentifier)], ...more })
    expect(states(run)).toEqual(['sent', 'sent', 'sent'])
  })
  it('is not believed when the delivery is closed', () => {
    const run = three()
    run.seen(12, { counter: 0 })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
    run.advise(10, { results: [result('20', '00000000')] })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
  })
  it('is not believed when the answer had two scripts', () => {
    const policy = { templates: ['71', '72'], maxScripts: 2 } as const
    const run = ledgerRun(policy)
    run.queue('a', limit('9F58'), { template: '71' })
    run.queue('b', limit('9F59'))
    run.transaction(11)
    run.advise(11, { results: [result('20', '00000000')] })
    expect(run.state('a', 'b')).toEqual(['sent', 'sent'])
    run.advise(11, { results: [result('20', identifier(11, 1))] })
    expect(run.state('a', 'b')).toEqual(['unknown', 'confirmed terminal'])
  })
  it.each([
    [11, 'confirmed unidentified'],
    [12, 'sent'],
  ])('in the request at ATC %i is taken when no transaction lies between', (atc, state) => {
    const run = three()
    run.seen(atc, null, { results: [result('20', '00000000')] })
    expect(states(run)).toEqual([state, state, state])
  })
})

describe('results that do not agree', () => {
  it.each([
    ['20', '00'],
    ['00', '20'],
  ])('%s and %s of one script leave it unknown, marked', (first, second) => {
    const run = three()
    run.advise(10, { results: [result(first, OURS)] })
    run.advise(10, { results: [result(second, OURS)] })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(run.entry('e1').contradiction).toBe(true)
  })
})

describe('a reversal', () => {
  it('for want of an answer leaves all unknown, not pending', () => {
    const run = three()
    run.advise(10, { advice: 'reversal', noAnswer: true })
    expect(states(run)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(run.delivery(10)).toMatchObject({ state: 'open', evidence: { noAnswer: true } })
    run.seen(11, { lastOnlineNotCompleted: true })
    expect(states(run)).toEqual(['pending card', 'pending card', 'pending card'])
  })
  it('for another reason says nothing of the commands', () => {
    const run = three()
    run.advise(10, { advice: 'reversal' })
    expect(states(run)).toEqual(['sent', 'sent', 'sent'])
  })
  it('with a result that says executed tells that the card changed', () => {
    const run = three()
    run.advise(10, { advice: 'reversal', results: [result('12', OURS)] })
    expect(states(run)).toEqual(['confirmed terminal', 'failed terminal', 'pending terminal'])
    expect(run.told.filter(({ type }) => type === 'card-changed-though-reversed')).toHaveLength(1)
  })
  it('tells it later when only the next CVR shows it, and once', () => {
    const run = three()
    run.advise(10, { advice: 'reversal', noAnswer: true })
    run.seen(11, { counter: 1 })
    run.advise(10, { advice: 'reversal', noAnswer: true, results: [result('20', OURS)] })
    expect(run.told.filter(({ type }) => type === 'card-changed-though-reversed')).toHaveLength(1)
  })
  it('with a result that nothing ran does not', () => {
    const run = three()
    run.advise(10, { advice: 'reversal', results: [result('00', OURS)] })
    expect(run.told.some(({ type }) => type === 'card-changed-though-reversed')).toBe(false)
  })
})
