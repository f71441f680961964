/** The card status update of ARPC method 2. [EMV-B3] Annex C10 */
import { describe, expect, it } from 'vitest'
import type { StateName } from '../src/debit-credit-model.js'
import {
  application,
  authenticate,
  CDOL1,
  generate,
  issuerData,
  PAST,
  states,
  type TestApplication,
  ZEROS,
} from './support/application.js'

describe.each(['visa-cvn18', 'visa-cvn22', 'emv-ccd'] as const)('the card status update under %s', (scheme) => {
  const finish = (csu: string, card: TestApplication = {}, asked: 'TC' | 'AAC' = 'TC') => {
    const inline = scheme === 'emv-ccd'
    const config = inline ? { cdol2: `91088A02${CDOL1}`, aip: '7800' } : {}
    const context = application({ ...card, scheme, state: PAST, config })
    generate(context, 'ARQC')
    const data = issuerData(context, csu)
    if (!inline) expect(authenticate(context, data)).toBe('9000')
    const answer = generate(context, asked, { '91': data })
    return { context, answer, blocked: context.memory.state('blocked') }
  }
  const RESET = { ...ZEROS, ...PAST, scriptCounter: 0, scriptFailed: 0, sdaFailed: 0, ddaFailed: 0, goOnlineNext: 0 }
  const LIMITS = {
    'data/9F59': '09',
    'data/9F72': '07',
    'data/9F53': '06',
    'data/9F5C': '000000123456',
    'data/9F51': '0156',
  }
  it('byte 2 bit 8: approved, counters as they were', () => {
    const { context, answer } = finish('00800000')
    expect(answer.kind).toBe('TC')
    expect(states(context)).toEqual(RESET)
    expect(context.memory.readNumber('data/9F13')).toBe(0x10)
  })
  it('without it: declined, whatever the terminal says', () => expect(finish('00000000').answer.kind).toBe('AAC'))
  it('with it: still declined when the terminal asks so', () => {
    expect(finish('00800000', {}, 'AAC').answer.kind).toBe('AAC')
  })
  it('byte 2 bit 6: application blocked, after the transaction', () => {
    expect(finish('00A00000')).toMatchObject({ answer: { kind: 'TC' }, blocked: 1 })
  })
  it('byte 2 bit 7: card blocked, the application is not', () => {
    const { context, blocked } = finish('00C00000')
    expect(blocked).toBe(0)
    expect(context.card.readNumber('blocked')).toBe(1)
    expect(finish('00A00000').context.card.readNumber('blocked')).toBe(0)
  })
  const pin = { objects: { 'data/9F17': '01', 'pin-try-limit': '03' } }
  it.each([
    ['02900000', 2],
    ['00900000', 0],
    ['03900000', 3],
    ['0F900000', 3],
    ['02800000', 1],
  ])('byte 2 bit 5: %s leaves %i PIN tries of 3', (csu, tries) => {
    expect(finish(csu, pin).context.memory.readNumber('data/9F17')).toBe(tries)
  })
  it('byte 2 bit 5 without a PIN', () => expect(finish('02900000').context.memory.has('data/9F17')).toBe(false))
  it('byte 2 bit 4: go online next', () => {
    const { context } = finish('00880000')
    expect(context.memory.state('goOnlineNext')).toBe(1)
  })
  it.each([
    ['00800000', [5, 2, 2, 500, 500]],
    ['00810000', [9, 7, 6, 123_456, 123_456]],
    ['00820000', [0, 0, 0, 0, 0]],
    ['00830000', [6, 2, 2, 10_500, 10_500]],
  ])('byte 2 bits 2 and 1: %s', (csu, counters) => {
    const { memory } = finish(csu, { objects: LIMITS }).context
    const names = Object.keys(PAST).filter((name) => /^(cons|cumu)/.test(name)) as StateName[]
    expect(names.map((name) => memory.state(name))).toEqual(counters)
  })
  it('01 without limits leaves the counters', () => {
    expect(states(finish('00810000').context)).toEqual(RESET)
  })
  it('is not obeyed when its MAC is wrong', () => {
    const context = application({ scheme, config: { cdol2: `91088A02${CDOL1}` }, ...pin })
    generate(context, 'ARQC')
    const answer = generate(context, 'TC', { '91': issuerData(context, '02F80000').replace('02F80000', '03F80000') })
    expect(answer.kind).toBe('TC')
    expect(context.memory.state('blocked')).toBe(0)
    expect(context.card.readNumber('blocked')).toBe(0)
    expect(context.memory.readNumber('data/9F17')).toBe(1)
  })
})
