/** Velocity checking: limits of the card, limits in records, and what counts. [PBOC] 5, [PBOC-SCRIPT] 5 */
import { describe, expect, it } from 'vitest'
import { application, generate, type TestApplication } from './support/application.js'

const SMALL = '000000000001'
const USD = { '5F2A': '0840' }
const ABROAD = { '9F1A': '0840' }
const HOME = { 'data/9F51': '0156', 'data/9F57': '0156' }

describe('limits: at the limit approved, above it online', () => {
  it.each<[string, TestApplication, Record<string, string>, 'TC' | 'ARQC']>([
    ['9F58', { objects: { 'data/9F58': '02' }, state: { consecutiveOffline: 1 } }, {}, 'TC'],
    ['9F58', { objects: { 'data/9F58': '02' }, state: { consecutiveOffline: 2 } }, {}, 'ARQC'],
    ['9F59 alone', { objects: { 'data/9F59': '02' }, state: { consecutiveOffline: 1 } }, {}, 'TC'],
    ['9F59 alone', { objects: { 'data/9F59': '02' }, state: { consecutiveOffline: 2 } }, {}, 'ARQC'],
    ['9F72', { objects: { ...HOME, 'data/9F72': '02' }, state: { consecutiveInternationalCountry: 1 } }, ABROAD, 'TC'],
    [
      '9F72',
      { objects: { ...HOME, 'data/9F72': '02' }, state: { consecutiveInternationalCountry: 2 } },
      ABROAD,
      'ARQC',
    ],
    ['9F72 at home', { objects: { ...HOME, 'data/9F72': '00' } }, USD, 'TC'],
    ['9F72 without 9F57', { objects: { 'data/9F72': '00' } }, ABROAD, 'TC'],
    ['9F53', { objects: { ...HOME, 'data/9F53': '02' }, state: { consecutiveInternationalCurrency: 1 } }, USD, 'TC'],
    ['9F53', { objects: { ...HOME, 'data/9F53': '02' }, state: { consecutiveInternationalCurrency: 2 } }, USD, 'ARQC'],
    ['9F53 in the own currency', { objects: { ...HOME, 'data/9F53': '00' } }, ABROAD, 'TC'],
    ['9F54', { objects: { ...HOME, 'data/9F54': '000000010001' }, state: { cumulativeAmount: 1 } }, {}, 'TC'],
    ['9F54', { objects: { ...HOME, 'data/9F54': '000000010000' }, state: { cumulativeAmount: 1 } }, {}, 'ARQC'],
    ['9F54 in another currency', { objects: { ...HOME, 'data/9F54': SMALL } }, USD, 'TC'],
    ['9F54 without 9F51', { objects: { 'data/9F54': SMALL } }, {}, 'TC'],
    ['9F5C alone', { objects: { ...HOME, 'data/9F5C': '000000010000' } }, {}, 'TC'],
    ['9F5C alone', { objects: { ...HOME, 'data/9F5C': '000000009999' } }, {}, 'ARQC'],
    // 100.00 of the second currency at 7.1234 are 712.34.
    [
      '9F75',
      { objects: { ...HOME, 'data/9F76': '0840', 'data/9F73': '40071234', 'data/9F75': '000000071234' } },
      USD,
      'TC',
    ],
    [
      '9F75',
      { objects: { ...HOME, 'data/9F76': '0840', 'data/9F73': '40071234', 'data/9F75': '000000071233' } },
      USD,
      'ARQC',
    ],
    ['9F75 in the own currency', { objects: { ...HOME, 'data/9F75': '000000010000' } }, {}, 'TC'],
    ['9F75 in the own currency', { objects: { ...HOME, 'data/9F75': '000000009999' } }, {}, 'ARQC'],
    ['9F75 without 9F73', { objects: { ...HOME, 'data/9F76': '0840', 'data/9F75': '000000010000' } }, USD, 'TC'],
    ['9F75 without 9F73', { objects: { ...HOME, 'data/9F76': '0840', 'data/9F75': '000000009999' } }, USD, 'ARQC'],
    [
      '9F75 in a third currency',
      { objects: { ...HOME, 'data/9F76': '0840', 'data/9F75': SMALL } },
      { '5F2A': '0978' },
      'TC',
    ],
    [
      '9F5C without 9F75 for the second currency',
      { objects: { ...HOME, 'data/9F76': '0840', 'data/9F5C': SMALL } },
      USD,
      'TC',
    ],
  ])('%s %#', (_, card, terminal, kind) => {
    const answer = generate(application(card), 'TC', terminal)
    expect(answer.kind).toBe(kind)
    // Byte 3 bit 6.
    expect(Number.parseInt(answer.cvr.slice(2, 4), 16) & 0x20).toBe(kind === 'TC' ? 0 : 0x20)
  })

  it('hold where the terminal says neither amount nor currency: nothing is added up', () => {
    const config = { cdol1: '95059C01', cdol2: '8A0295059C01' }
    const context = application({ config, scheme: 'pboc', objects: { ...HOME, 'data/9F54': SMALL, 'data/9F58': '05' } })
    expect(() => generate(context, 'TC')).toThrow(expect.objectContaining({ code: 'ERR_CARD' }))
  })
})

/** A record of SFI 1 with limits 2 (9F14) and 4 (9F23). */
const RECORD = '70089F1401029F230104'

describe('limits in records, where the card has none of its own [PBOC-SCRIPT] 5', () => {
  const card = (consecutiveOffline: number, more: TestApplication = {}): TestApplication => ({
    objects: { 'record/1/1': RECORD, ...more.objects },
    state: { consecutiveOffline },
    ...(more.switches === undefined ? {} : { switches: more.switches }),
    config: more.config ?? {},
  })
  const broken = '70059F14'
  it.each<[string, TestApplication, 'TC' | 'ARQC']>([
    ['EMV: 9F14 is the lower one', card(1), 'TC'],
    ['EMV: 9F14 is the lower one', card(2), 'ARQC'],
    [
      'the article: 9F23 is the lower one',
      card(3, { switches: { offlineLimitTags: 'pboc-script' }, objects: { 'record/1/1': '70089F14010F9F230104' } }),
      'TC',
    ],
    [
      'the article: 9F23 is the lower one',
      card(4, { switches: { offlineLimitTags: 'pboc-script' }, objects: { 'record/1/1': '70089F14010F9F230104' } }),
      'ARQC',
    ],
    ['9F58 and 9F59 come first', card(2, { objects: { 'data/9F58': '09', 'data/9F59': '0A' } }), 'TC'],
    [
      "files above 10 are not EMV's",
      card(9, { objects: { 'record/11/1': RECORD, 'record/1/1': '7000' }, config: { afl: '5801010008010100' } }),
      'TC',
    ],
    ['a record that is none', card(9, { objects: { 'record/1/1': broken } }), 'TC'],
    ['a limit without a value', card(9, { objects: { 'record/1/1': '70069F14009F2300' } }), 'TC'],
    [
      'a second record',
      card(2, { objects: { 'record/1/1': '7000', 'record/1/2': RECORD }, config: { afl: '08010200' } }),
      'ARQC',
    ],
    [
      'a record that the card does not have',
      card(2, { objects: { 'record/1/1': '7000' }, config: { afl: '08010200' } }),
      'TC',
    ],
  ])('%s %#', (_, given, kind) => {
    expect(generate(application(given), 'TC').kind).toBe(kind)
  })
})

describe('counting approvals', () => {
  const counters = [
    'consecutiveOffline',
    'consecutiveInternationalCountry',
    'consecutiveInternationalCurrency',
    'cumulativeAmount',
    'cumulativeAmountDual',
  ] as const
  const counted = (card: TestApplication, terminal: Record<string, string>): number[] => {
    const context = application(card)
    expect(generate(context, 'TC', terminal).kind).toBe('TC')
    return counters.map((name) => context.memory.state(name))
  }
  it.each<[string, TestApplication, Record<string, string>, number[]]>([
    ['at home', { objects: HOME }, {}, [1, 0, 0, 10_000, 10_000]],
    ['abroad', { objects: HOME }, { ...ABROAD, ...USD }, [1, 1, 1, 0, 0]],
    ['abroad in the own currency', { objects: HOME }, ABROAD, [1, 1, 0, 10_000, 10_000]],
    [
      'in the second currency',
      { objects: { ...HOME, 'data/9F76': '0840', 'data/9F73': '00000007' } },
      USD,
      [1, 0, 1, 0, 70_000],
    ],
    ['a card that does not know where it is at home', {}, { ...ABROAD, ...USD }, [1, 0, 0, 0, 0]],
    [
      'at their ends',
      {
        objects: HOME,
        state: {
          consecutiveOffline: 255,
          consecutiveInternationalCountry: 255,
          cumulativeAmount: 999_999_999_998,
          cumulativeAmountDual: 999_999_999_999,
        },
      },
      ABROAD,
      [255, 255, 0, 999_999_999_999, 999_999_999_999],
    ],
  ])('%s', (_, card, terminal, expected) => expect(counted(card, terminal)).toEqual(expected))

  it.each(['ARQC', 'AAC'] as const)('none for an %s', (asked) => {
    const context = application({ objects: HOME })
    generate(context, asked)
    expect(counters.map((name) => context.memory.state(name))).toEqual([0, 0, 0, 0, 0])
  })
})
