/** The second GENERATE AC after the issuer's answer. [EMV-B3] 10.11, [PBOC-SCRIPT] 8, 9 */
import { describe, expect, it } from 'vitest'
import {
  application,
  authenticate,
  generate,
  issuerData,
  KEPT,
  PAST,
  states,
  type TestApplication,
  withAda,
  wrong,
  ZEROS,
} from './support/application.js'

describe.each(['TC', 'AAC'] as const)('after an online transaction that ends with %s', (asked) => {
  const finish = (card: TestApplication, authentication: 'right' | 'wrong' | 'none') => {
    const context = application({ ...card, state: PAST })
    generate(context, 'ARQC')
    const data = issuerData(context, '3030')
    if (authentication !== 'none') authenticate(context, authentication === 'right' ? data : wrong(data))
    const { kind } = generate(context, asked, { '8A': asked === 'TC' ? '3030' : '3035' })
    expect(kind).toBe(asked)
    return { states: states(context), lastOnlineAtc: context.memory.readNumber('data/9F13') }
  }
  it.each<[string, TestApplication, 'right' | 'wrong' | 'none']>([
    ['issuer authentication succeeded', {}, 'right'],
    ['it succeeded and is mandatory', { objects: { 'data/9F56': '80' } }, 'right'],
    ['it is optional and was not done', {}, 'none'],
    ['it is optional (9F56 says so) and was not done', { objects: { 'data/9F56': '00' } }, 'none'],
    ['it is not supported', { config: { aip: '7800' } }, 'none'],
    ['it is not supported, though mandatory', { config: { aip: '7800' }, objects: { 'data/9F56': '80' } }, 'none'],
    ['an empty 9F56', { objects: { 'data/9F56': '' } }, 'none'],
  ])('everything is reset: %s', (_, card, authentication) => {
    expect(finish(card, authentication)).toEqual({ states: ZEROS, lastOnlineAtc: 0x10 })
  })
  it.each<[string, TestApplication, 'wrong' | 'none']>([
    ['issuer authentication failed', {}, 'wrong'],
    ['it failed and is mandatory', { objects: { 'data/9F56': '80' } }, 'wrong'],
    ['it is mandatory and was not done', { objects: { 'data/9F56': '80' } }, 'none'],
  ])('nothing is reset: %s', (_, card, authentication) => {
    expect(finish(card, authentication)).toEqual({
      states: { ...KEPT, issuerAuthenticationFailed: 1 },
      lastOnlineAtc: 0x0f,
    })
  })
  it('a card without last online ATC does not get one', () => {
    const context = application({ state: PAST, objects: { 'data/9F13': undefined } })
    generate(context, 'ARQC')
    expect(generate(context, asked).kind).toBe(asked)
    expect(states(context)).toEqual(ZEROS)
    expect(context.memory.has('data/9F13')).toBe(false)
  })
})

describe('the CVR of the second tells the past as the first did', () => {
  it('and the next transaction sees it gone', () => {
    const context = application({ state: PAST })
    expect(generate(context, 'ARQC').cvr).toBe('A0013C')
    authenticate(context, issuerData(context, '3030'))
    expect(generate(context, 'TC').cvr).toBe('60013C')
    Object.assign(context.transaction, { generateAcs: 0, firstKind: undefined, issuerAuthentication: 'none' })
    expect(generate(context, 'TC')).toMatchObject({ kind: 'TC', cvr: '900000' })
  })
})

describe('the issuer has answered, and the card declines', () => {
  const finish = (card: TestApplication, authentication: 'right' | 'wrong' | 'none') => {
    const context = application(card)
    generate(context, 'ARQC')
    const data = issuerData(context, '3030')
    if (authentication !== 'none') authenticate(context, authentication === 'right' ? data : wrong(data))
    return generate(context, 'TC')
  }
  const mandatory = (ada: string): TestApplication => ({ objects: { 'data/9F52': ada, 'data/9F56': '80' } })
  it.each<[string, TestApplication, 'right' | 'wrong' | 'none', number]>([
    ['issuer authentication failed, ADA 1.7', withAda('4000'), 'wrong', 0x00],
    ['with advice, ADA 1.3', withAda('4400'), 'wrong', 0x0b],
    ['failed, no rule', withAda('0400'), 'wrong', 0x40],
    ['failed, the rule for mandatory', mandatory('2000'), 'wrong', 0x40],
    ['mandatory and not done, ADA 1.6', mandatory('2000'), 'none', 0x00],
    ['with advice, ADA 1.3', mandatory('2400'), 'none', 0x0b],
    ['mandatory and not done, no rule', mandatory('0000'), 'none', 0x40],
    ['mandatory and done', mandatory('6400'), 'right', 0x40],
    ['optional and not done, ADA 1.6', withAda('6400'), 'none', 0x40],
  ])('%s', (_, card, authentication, cid) => {
    expect(finish(card, authentication).cid).toBe(cid)
  })
  it('an application that a script of template 71 has blocked', () => {
    const context = application()
    generate(context, 'ARQC')
    context.memory.setState('blocked', 1)
    expect(generate(context, 'TC').kind).toBe('AAC')
  })
  it("no advice for the issuer's own decline", () => {
    const context = application(withAda('FF00'))
    generate(context, 'ARQC')
    authenticate(context, wrong(issuerData(context, '3030')))
    expect(generate(context, 'AAC').cid).toBe(0x00)
  })
})
