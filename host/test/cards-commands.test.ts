/** Commands and times as the domain judges them, whoever has looked at them before. */
import { describe, expect, it } from 'vitest'
import { type CommandText, type DataCommand, expectDeliverable, intentOf } from '../src/cards/commands.js'
import { expectSibling } from '../src/cards/find.js'
import { entryJson } from '../src/cards/json.js'
import { expectReason } from '../src/cards/operation.js'
import { prepareEntry } from '../src/cards/queue.js'
import { expectTaken } from '../src/cards/refusals.js'
import { timeOf, timeText } from '../src/cards/times.js'
import type { Intent } from '../src/ledger/intent.js'
import { DEFAULT_POLICY } from '../src/ledger/policy.js'
import { ledgerRun, NEW_PIN, PIN_WITH_CURRENT } from './support/ledger-run.js'

const refused = (code: string) => expect.objectContaining({ code })
const RULES = { family: 'unionpay', scheme: 'pboc', schemes: ['pboc'], keySet: 'default' } as const
const put = (value: string): DataCommand => ({ type: 'put-data', tag: '9F58', value })

describe('an intent', () => {
  it.each([
    [{ type: 'card-block' }, { type: 'card-block' }],
    [
      { type: 'put-data', tag: '9f6d', value: 'ab' },
      { type: 'put-data', tag: '9F6D', value: 'AB' },
    ],
    [
      { type: 'put-data', tag: 'c3', value: '00' },
      { type: 'put-data', tag: 'C3', value: '00' },
    ],
    [
      { type: 'update-record', sfi: 10, record: 254, value: '7000' },
      { type: 'update-record', sfi: 10, record: 254, data: '7000' },
    ],
    [
      { type: 'load', tag: 'DF79', amount: 1 },
      { type: 'load', tag: 'DF79', amount: 1 },
    ],
  ])('of %j', (command, intent) => expect(intentOf(command as DataCommand)).toEqual(intent))

  it.each([
    [{ type: 'put-data', tag: '', value: '00' }, 'ERR_TAG'],
    [{ type: 'put-data', tag: '9F', value: '00' }, 'ERR_TAG'],
    [{ type: 'put-data', tag: 'DF8101', value: '00' }, 'ERR_TAG'],
    [{ type: 'put-data', tag: '9F58', value: '' }, 'ERR_SCRIPT'],
    [{ type: 'put-data', tag: '9F58', value: '0' }, 'ERR_HEX'],
    [{ type: 'put-data', tag: '9F58', value: '00'.repeat(252) }, 'ERR_SCRIPT'],
    [{ type: 'update-record', sfi: 0, record: 1, value: '70' }, 'ERR_SCRIPT'],
    [{ type: 'update-record', sfi: 31, record: 1, value: '70' }, 'ERR_SCRIPT'],
    [{ type: 'update-record', sfi: 1.5, record: 1, value: '70' }, 'ERR_SCRIPT'],
    [{ type: 'update-record', sfi: 1, record: 0, value: '70' }, 'ERR_SCRIPT'],
    [{ type: 'update-record', sfi: 1, record: 255, value: '70' }, 'ERR_SCRIPT'],
    [{ type: 'update-record', sfi: 1, record: 1, value: '' }, 'ERR_SCRIPT'],
    [{ type: 'load', tag: '9F78', amount: 1 }, 'ERR_SCRIPT'],
    [{ type: 'load', tag: '9F79', amount: 0 }, 'ERR_SCRIPT'],
    [{ type: 'load', tag: '9F79', amount: -5 }, 'ERR_SCRIPT'],
    [{ type: 'load', tag: '9F79', amount: 0.1 }, 'ERR_SCRIPT'],
    [{ type: 'load', tag: '9F79', amount: Number.NaN }, 'ERR_SCRIPT'],
    // 5 bytes of BCD hold ten digits.
    [{ type: 'load', tag: '9F79', amount: 10_000_000_000 }, 'ERR_SCRIPT'],
    [{ type: 'external-authenticate' }, 'ERR_SCRIPT'],
  ])('is none of %j', (command, code) => expect(() => intentOf(command as DataCommand)).toThrow(refused(code)))
})

describe('an answer', () => {
  it.each([
    // 128 = 72 and its length 2, 9F18 7, 86 and its length 2, header 5, MAC 4, and the value.
    [108, 128, 0, true],
    [109, 128, 0, false],
    [107, 128, 1, true],
    [108, 128, 1, false],
    // Above 127 bytes a length has two.
    [233, 255, 0, true],
    [234, 255, 0, false],
  ] as const)('%i bytes of data in %i, with %i for Le: %s', (bytes, scriptBytes, trailer, fits) => {
    const check = () =>
      expectDeliverable(intentOf(put('AB'.repeat(bytes))), { ...DEFAULT_POLICY, scriptBytes, trailer }, [RULES])
    if (fits) expect(check).not.toThrow()
    else expect(check).toThrow(refused('ERR_SCRIPT'))
  })
  it.each([
    ['a load', { type: 'load', tag: '9F79', amount: 1 }, 'mastercard', ['mastercard-cvn16'], false],
    ['a load', { type: 'load', tag: '9F79', amount: 1 }, 'unionpay', ['pboc'], true],
    ['P2 = 01', PIN_WITH_CURRENT, 'mastercard', ['mastercard-cvn16'], false],
    ['P2 = 01', PIN_WITH_CURRENT, 'visa', ['visa-cvn10'], true],
    ['P2 = 02', NEW_PIN, 'mastercard', ['mastercard-cvn16'], true],
  ] as const)('carries %s of %s for %s: %s', (_, intent, family, schemes, isPossible) => {
    const rules = { family, scheme: schemes[0], schemes, keySet: 'default' } as const
    const check = () => expectDeliverable(intent as Intent, DEFAULT_POLICY, [rules])
    if (isPossible) expect(check).not.toThrow()
    else expect(check).toThrow(refused('ERR_SCHEME'))
    // One range of the issuer that has it is enough.
    expect(() => expectDeliverable(intent as Intent, DEFAULT_POLICY, [rules, RULES])).not.toThrow()
  })
})

describe('a time', () => {
  it.each([
    ['1970-01-01T00:00Z', 0],
    ['1970-01-01T00:00:01.5Z', 1500],
    ['1970-01-01T02:00:00+02:00', 0],
    ['1969-12-31T19:00:00-05:00', 0],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000],
  ])('%s', (text, time) => expect(timeOf(text)).toBe(time))
  it.each([
    '',
    '2024-02-29',
    '2023-02-29T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-10T00:00:00Z',
    '2024-01-01T24:01:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:00',
    '2024-01-01 00:00:00Z',
    '2024-01-01T00:00:00.0001Z',
    '2024-01-01T00:00:00+24:00',
    'Mon, 01 Jan 2024 00:00:00 GMT',
    '+012024-01-01T00:00:00Z',
    '1709164800000',
  ])('is not %j', (text) => expect(() => timeOf(text)).toThrow(refused('ERR_SCRIPT_OPTION')))
  it('is written in one way', () => expect(timeText(1500)).toBe('1970-01-01T00:00:01.500Z'))
})

describe('a reason', () => {
  it.each(['lost', '客户要求', 'a'.repeat(256), '🙂'])('%s', (text) => expect(expectReason(text)).toBe(text))
  it.each([
    '',
    'a'.repeat(257),
    'card 6228000100001',
    '62280001000012345678',
    'a\tb',
    'a\u0000b',
    'a\u0085b',
    '\udc00',
  ])('is not %j', (text) => {
    expect(() => expectReason(text)).toThrow(refused('ERR_SCRIPT_OPTION'))
  })
})

describe('what tells the cards of a PAN apart', () => {
  it.each([
    ['', ''],
    ['a000000333', 'A000000333'],
    ['A0'.repeat(16), 'A0'.repeat(16)],
  ])('an application %j', (application, stored) => {
    expect(expectSibling({ panSequence: '01', application })).toEqual({ panSequence: '01', application: stored })
  })
  it.each([
    ['01', 'A0000003', 'ERR_LENGTH'],
    ['01', 'A0'.repeat(17), 'ERR_LENGTH'],
    ['01', 'A', 'ERR_HEX'],
    ['1', '', 'ERR_PAN_SEQUENCE'],
    ['0A', '', 'ERR_PAN_SEQUENCE'],
  ])('not %s, %s', (panSequence, application, code) => {
    expect(() => expectSibling({ panSequence, application })).toThrow(refused(code))
  })
})

describe('settings of a command that nobody looked at before', () => {
  const command: CommandText = { type: 'card-block' }
  it.each([
    { priority: 1.5 },
    { priority: 1001 },
    { priority: -1001 },
    { maxAttempts: 0 },
    { maxAttempts: 101 },
    { maxAttempts: '3' },
    { origin: 'campaign' },
    { condition: 'never' },
    { template: '73' },
    { earliest: 'now' },
    { expiry: '2024-02-30T00:00:00Z' },
  ])('%j', async (more) => {
    const keys = { profile: async () => RULES } as never
    const request = { command, reason: 'r', ...more } as never
    await expect(prepareEntry({ keys, devMode: true }, {} as never, request, 'me')).rejects.toThrow(
      refused('ERR_SCRIPT_OPTION'),
    )
  })
})

describe('what the ledger answers', () => {
  it.each([
    ['unknown-entry', 'ERR_NOT_FOUND'],
    ['unknown-authorization', 'ERR_NOT_FOUND'],
    ['repeated-id', 'ERR_LEDGER_STATE'],
    ['template-not-allowed', 'ERR_SCRIPT_OPTION'],
    ['expiry-passed', 'ERR_SCRIPT_OPTION'],
    ['ended', 'ERR_LEDGER_STATE'],
    ['delivery-open', 'ERR_LEDGER_STATE'],
    ['not-sent', 'ERR_LEDGER_STATE'],
    ['card-reissued', 'ERR_LEDGER_STATE'],
  ] as const)('%s is %s', (refusal, code) => {
    expect(() => expectTaken({ type: 'refused', refusal }, 'done')).toThrow(refused(code))
  })
  it('is handed on when it is what was asked', () => {
    expect(expectTaken({ type: 'done' }, 'done')).toEqual({ type: 'done' })
    expect(() => expectTaken({ type: 'done' }, 'queued')).toThrow(TypeError)
  })
})

it('no PIN is shown, not even by the name that it is kept under', () => {
  const run = ledgerRun()
  run.queue('e1', NEW_PIN)
  run.queue('e2', PIN_WITH_CURRENT)
  const shown = run.ledger.entries.map(entryJson)
  expect(shown).toMatchObject([{ command: { type: 'pin-change' } }, { command: { type: 'pin-change-with-current' } }])
  expect(JSON.stringify(shown)).not.toMatch(/pin-[01]|wrapped/)
})
