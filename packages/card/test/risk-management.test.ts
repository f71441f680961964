/** Card action analysis: what is asked for, what the card knows, what it gives. [EMV-B3] 10.8, [PBOC] 5 */
import { describe, expect, it } from 'vitest'
import type { StateName } from '../src/debit-credit-model.js'
import { application, generate, type TestApplication } from './support/application.js'

const KINDS = ['AAC', 'ARQC', 'TC'] as const
type Kind = (typeof KINDS)[number]
/** By [EMV-B3] 9: the analysis' own word, with TC the best. */
const worse = (a: Kind, b: Kind): Kind => (KINDS.indexOf(a) < KINDS.indexOf(b) ? a : b)

const ADA = (byte1: number, byte2: number): Record<string, string> => ({
  'data/9F52': [byte1, byte2].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
})
const bit = (n: number): number => 1 << (n - 1)
const PIN_BLOCKED = { objects: { 'data/9F17': '00' }, transaction: { pinBlockedBefore: true } } as const

interface Row {
  readonly name: string
  readonly card: TestApplication
  readonly says: Kind
  /** Bytes 2 to 4 of the CVR without the kinds, for an ARQC. */
  readonly cvr: string
  readonly terminal?: Record<string, string>
}
const row = (name: string, says: Kind, cvr: string, card: TestApplication, terminal = {}): Row => ({
  name,
  card,
  says,
  cvr,
  terminal,
})
const state = (name: StateName, value = 1): TestApplication => ({ state: { [name]: value } })

const ROWS: readonly Row[] = [
  row('nothing to say', 'TC', '000000', {}),
  row('a blocked application', 'AAC', '000000', state('blocked')),
  row('an application blocked by the PIN', 'AAC', '000200', state('blocked', 2)),
  row('last online transaction not completed', 'ARQC', '008000', state('onlineAuthorisation')),
  row('go online asked for', 'ARQC', '000000', state('goOnlineNext')),
  row('a new card, no rule', 'TC', '001000', { objects: { 'data/9F13': '0000' } }),
  row('a new card, ADA 1.2', 'ARQC', '001000', { objects: { 'data/9F13': '0000', ...ADA(bit(2), 0) } }),
  row('a card with a history, ADA 1.2', 'TC', '000000', { objects: ADA(bit(2), 0) }),
  row('issuer authentication failed last time, no rule', 'TC', '000800', state('issuerAuthenticationFailed')),
  row('the same, ADA 1.8', 'ARQC', '000800', { ...state('issuerAuthenticationFailed'), objects: ADA(bit(8), 0) }),
  row('ADA 1.8 alone', 'TC', '000000', { objects: ADA(bit(8), 0) }),
  row('a script failed last time, no rule', 'TC', '000008', state('scriptFailed')),
  row('the same, ADA 2.4', 'ARQC', '000008', { ...state('scriptFailed'), objects: ADA(0, bit(4)) }),
  row('three script commands, ADA 2.4', 'TC', '000030', { ...state('scriptCounter', 3), objects: ADA(0, bit(4)) }),
  row('SDA failed last time', 'TC', '000100', state('sdaFailed')),
  row('DDA failed last time', 'TC', '000004', state('ddaFailed')),
  row('DDA performed', 'TC', '000002', { transaction: { dynamicAuthentication: true } }),
  row('an offline PIN that was right', 'TC', '040000', { transaction: { pin: 'succeeded' } }),
  row('an offline PIN that was wrong', 'TC', '060000', { transaction: { pin: 'failed' } }),
  row('PIN try limit exceeded before, no rule', 'TC', '004000', PIN_BLOCKED),
  row('the same, ADA 2.7', 'AAC', '004000', { ...PIN_BLOCKED, objects: { 'data/9F17': '00', ...ADA(0, bit(7)) } }),
  row('the same, ADA 2.3', 'AAC', '004000', { ...PIN_BLOCKED, objects: { 'data/9F17': '00', ...ADA(0, bit(3)) } }),
  row('the same, ADA 2.6', 'ARQC', '004000', { ...PIN_BLOCKED, objects: { 'data/9F17': '00', ...ADA(0, bit(6)) } }),
  row('PIN try limit exceeded now, all rules for before', 'TC', '064000', {
    objects: { 'data/9F17': '00', ...ADA(0, bit(7) | bit(6) | bit(3)) },
    transaction: { pin: 'failed' },
  }),
  row('PIN tries left, all rules', 'TC', '000000', {
    objects: { 'data/9F17': '01', ...ADA(0, bit(7) | bit(6) | bit(3)) },
  }),
  row('tries given back in this transaction, all rules', 'TC', '000000', {
    objects: { 'data/9F17': '03', ...ADA(0, bit(7) | bit(6) | bit(3)) },
    transaction: { pinBlockedBefore: true },
  }),
]

describe.each(ROWS)('$name', ({ card, says, cvr, terminal }) => {
  it.each(KINDS)(`asked for %s: at most ${says}`, (asked) => {
    const context = application(card)
    const answer = generate(context, asked, terminal)
    const given = worse(asked, says)
    expect(answer.kind).toBe(given)
    const kinds = { AAC: 0x80, TC: 0x90, ARQC: 0xa0 }[given]
    const first = (kinds | Number.parseInt(cvr.slice(0, 2), 16)).toString(16).toUpperCase()
    expect(answer.cvr).toBe(`${first}${cvr.slice(2)}`)
    expect(context.transaction.firstKind).toBe(given)
    const pinBlocked = context.memory.has('data/9F17') && context.memory.readNumber('data/9F17') === 0
    expect(context.transaction.scriptsAfterAac).toBe(
      given === 'AAC' && ((card.state?.blocked ?? 0) !== 0 || pinBlocked),
    )
    expect(context.memory.state('onlineAuthorisation')).toBe(
      given === 'ARQC' ? 1 : (card.state?.onlineAuthorisation ?? 0),
    )
    expect(context.memory.state('consecutiveOffline')).toBe(given === 'TC' ? 1 : 0)
  })
})

describe('the script counter in the CVR', () => {
  it.each([
    [0, '00'],
    [1, '10'],
    [15, 'F0'],
    [16, 'F0'],
  ])('%i commands: byte 4 %s', (scriptCounter, byte4) => {
    expect(generate(application({ state: { scriptCounter } }), 'TC').cvr.slice(4)).toBe(byte4)
  })
})

describe('failed offline data authentication is remembered when declined offline', () => {
  it.each<[string, string, 'AAC' | 'TC' | 'ARQC', number, number]>([
    ['SDA', '4000000000', 'AAC', 1, 0],
    ['DDA', '0800000000', 'AAC', 0, 1],
    ['CDA', '0400000000', 'AAC', 0, 1],
    ['both', '4800000000', 'AAC', 1, 1],
    ['none', '8000000000', 'AAC', 0, 0],
    ['SDA, approved', '4000000000', 'TC', 0, 0],
    ['SDA, online', '4000000000', 'ARQC', 0, 0],
  ])('%s', (_, tvr, asked, sda, dda) => {
    const context = application()
    expect(generate(context, asked, { '95': tvr }).kind).toBe(asked)
    expect([context.memory.state('sdaFailed'), context.memory.state('ddaFailed')]).toEqual([sda, dda])
  })
  it('not without a TVR in CDOL1', () => {
    const context = application({ scheme: 'pboc-cvn17', config: { cdol1: '9F02069F3704' } })
    expect(generate(context, 'AAC')).toMatchObject({ status: '9000', kind: 'AAC' })
    expect([context.memory.state('sdaFailed'), context.memory.state('ddaFailed')]).toEqual([0, 0])
  })
})

describe('an advice in the CID of an AAC [EMV-B3] table 14', () => {
  it.each<[string, TestApplication, number]>([
    ['no rule', {}, 0x00],
    ['ADA 1.5', { objects: ADA(bit(5), 0) }, 0x08],
    [
      'PIN try limit exceeded now, ADA 1.4',
      { objects: { 'data/9F17': '00', ...ADA(bit(4), 0) }, transaction: { pin: 'failed' } },
      0x0a,
    ],
    ['PIN try limit not exceeded, ADA 1.4', { objects: { 'data/9F17': '01', ...ADA(bit(4), 0) } }, 0x00],
    [
      'PIN try limit exceeded before, ADA 1.4',
      { ...PIN_BLOCKED, objects: { 'data/9F17': '00', ...ADA(bit(4), 0) } },
      0x00,
    ],
    [
      'PIN try limit exceeded before, ADA 2.3',
      { ...PIN_BLOCKED, objects: { 'data/9F17': '00', ...ADA(0, bit(3)) } },
      0x0a,
    ],
    ['a short ADA', { objects: { 'data/9F52': '' } }, 0x00],
  ])('%s', (_, card, cid) => {
    expect(generate(application(card), 'AAC').cid).toBe(cid)
  })
  it('none in a TC or ARQC', () => {
    expect(generate(application({ objects: ADA(bit(5), 0) }), 'TC').cid).toBe(0x40)
    expect(generate(application({ objects: ADA(bit(5), 0) }), 'ARQC').cid).toBe(0x80)
  })
})
