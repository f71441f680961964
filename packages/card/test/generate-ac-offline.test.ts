/** The second GENERATE AC of a terminal that was unable to go online. [EMV-B3] 10.8, 10.11 */
import { describe, expect, it } from 'vitest'
import {
  application,
  CDOL1,
  generate,
  KEPT,
  PAST,
  states,
  type TestApplication,
  withAda,
} from './support/application.js'

describe('the terminal was unable to go online', () => {
  const finish = (card: TestApplication, asked: 'TC' | 'AAC' = 'TC', values: Record<string, string> = {}) => {
    const context = application(card)
    generate(context, 'ARQC')
    return { context, answer: generate(context, asked, { '8A': '5933', ...values }) }
  }
  it.each(['5933', '5A33'])('by ARC %s', (arc) => {
    const { context, answer } = finish({ state: PAST }, 'TC', { '8A': arc })
    expect(answer).toMatchObject({ kind: 'TC', cvr: '61013C' })
    expect(states(context)).toEqual({ ...KEPT, consecutiveOffline: 6 })
    expect(context.memory.readNumber('data/9F13')).toBe(0x0f)
  })
  it.each(['5931', '5A31', '3030', '3933', '5A00'])('not by ARC %s', (arc) => {
    expect(finish({}, 'TC', { '8A': arc }).answer.cvr.slice(0, 2)).toBe('60')
  })
  it('is not known without the ARC in CDOL2: the issuer has answered', () => {
    const context = application({ config: { cdol2: CDOL1 } })
    generate(context, 'ARQC')
    expect(generate(context, 'TC')).toMatchObject({ kind: 'TC', cvr: '600400' })
  })
  const limits = (tags: Record<string, string>): TestApplication => ({ objects: { 'data/9F51': '0156', ...tags } })
  it.each<[string, TestApplication, 'TC' | 'AAC']>([
    ['9F58 exceeded', limits({ 'data/9F58': '00' }), 'TC'],
    ['9F59 reached', limits({ 'data/9F59': '01' }), 'TC'],
    ['9F59 exceeded', limits({ 'data/9F59': '00' }), 'AAC'],
    ['9F54 exceeded', limits({ 'data/9F54': '000000000000' }), 'TC'],
    ['9F5C reached', limits({ 'data/9F5C': '000000010000' }), 'TC'],
    ['9F5C exceeded', limits({ 'data/9F5C': '000000009999' }), 'AAC'],
    [
      '9F5C exceeded with 9F75',
      { ...limits({ 'data/9F75': '000000009999', 'data/9F5C': '000000010000' }), state: { cumulativeAmountDual: 1 } },
      'AAC',
    ],
    ['9F53 and 9F72 exceeded', limits({ 'data/9F53': '00', 'data/9F72': '00', 'data/9F57': '0840' }), 'TC'],
    ['a new card', { objects: { 'data/9F13': '0000' } }, 'TC'],
    ['a new card, ADA 1.1', { objects: { 'data/9F13': '0000', 'data/9F52': '0100' } }, 'AAC'],
    ['a used card, ADA 1.1', withAda('0100'), 'TC'],
    [
      'PIN try limit exceeded before',
      { objects: { 'data/9F17': '00' }, transaction: { pinBlockedBefore: true } },
      'TC',
    ],
    [
      'the same, ADA 2.5',
      { objects: { 'data/9F17': '00', 'data/9F52': '0010' }, transaction: { pinBlockedBefore: true } },
      'AAC',
    ],
    ['PIN try limit exceeded now, ADA 2.5', { objects: { 'data/9F17': '00', 'data/9F52': '0010' } }, 'TC'],
    ['PIN tries left, ADA 2.5', { objects: { 'data/9F17': '01', 'data/9F52': '0010' } }, 'TC'],
  ])('%s: asked for a TC', (_, card, kind) => {
    const { context, answer } = finish(card)
    expect(answer.kind).toBe(kind)
    expect(context.memory.state('consecutiveOffline')).toBe(kind === 'TC' ? 1 : 0)
  })
  it('asked for an AAC it declines, with advice and what failed', () => {
    const { context, answer } = finish(withAda('1000'), 'AAC', { '95': '4800000000' })
    expect(answer.cid).toBe(0x08)
    expect(context.memory.state('sdaFailed')).toBe(1)
    expect(context.memory.state('ddaFailed')).toBe(1)
    expect(context.memory.state('onlineAuthorisation')).toBe(1)
  })
  it('declines for an application blocked meanwhile', () => {
    const context = application()
    generate(context, 'ARQC')
    context.memory.setState('blocked', 1)
    expect(generate(context, 'TC', { '8A': '5933' }).kind).toBe('AAC')
  })
})
