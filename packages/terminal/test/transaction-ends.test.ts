/** The card ends a transaction, or an answer of it is lost: a result all the same. */
import { fromHex, IssuerkitError, replay, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { runTransaction } from '../src/transaction.js'
import { type Answers, answered, objects, tags } from './scripted-card.js'
import {
  AID,
  APPROVE,
  ac,
  generateAcs,
  RECORD,
  run,
  SCRIPT_71,
  SCRIPT_72,
  sha1Of,
  TERMINAL,
  without,
} from './transaction-support.js'

describe('the card ends it', () => {
  const EARLY = answered('77', { '82': '1C00', '94': '08010100', '9F26': '1122334455667788' })
  const records = (change: Record<string, string>, base: Record<string, string> = RECORD): Answers => ({
    '00B2': answered('70', { ...base, ...change }),
  })
  it.each<[string, Answers, Record<string, unknown>]>([
    [
      'GPO 6985',
      { '80A8': '6985' },
      { reason: 'conditions-not-satisfied', status: '6985', phase: 'initiate-application' },
    ],
    ['GPO 6D00', { '80A8': '6D00' }, { reason: 'card-status', status: '6D00', phase: 'initiate-application' }],
    ['GPO without AIP', { '80A8': '80009000' }, { reason: 'card-data', phase: 'initiate-application' }],
    [
      'a PDOL that is none',
      { '00A4': answered('6F', { '84': AID, A5: toHex(objects({ '9F38': '9F' })) }) },
      { reason: 'card-data', phase: 'initiate-application' },
    ],
    ['a record is missing', { '00B2': '6A83' }, { reason: 'card-data', phase: 'read-application' }],
    ['a record is no template', { '00B2': '71009000' }, { reason: 'card-data' }],
    ['no PAN', records({}, without('5A')), { reason: 'card-data', phase: 'read-application' }],
    ['no CDOL1', records({}, without('8C')), { reason: 'card-data', phase: 'read-application' }],
    ['a PAN with letters', records({ '5A': '62000000000000A5' }), { reason: 'card-data', detail: 'tag 5A is no PAN' }],
    [
      'no PAN, of a card that gives its cryptogram with GPO',
      { ...records({}, without('5A')), '80A8': EARLY },
      { reason: 'card-data', detail: 'tag 5A missing' },
    ],
    [
      'no CDOL1, of such a card',
      { ...records({}, without('8C')), '80A8': EARLY },
      { reason: 'card-data', detail: 'tag 8C missing', phase: 'first-generate-ac' },
    ],
    [
      'a CDOL1 that is none',
      records({ '8C': '9F' }),
      { reason: 'card-data', code: 'ERR_DOL', phase: 'first-generate-ac' },
    ],
    [
      'a CDOL1 that asks for too much',
      records({ '8C': '9F02FF9F0301' }),
      { reason: 'card-data', phase: 'first-generate-ac' },
    ],
    [
      'first GENERATE AC 6985',
      { '80AE': '6985' },
      { reason: 'conditions-not-satisfied', status: '6985', phase: 'first-generate-ac' },
    ],
    ['first GENERATE AC 6700', { '80AE': '6700' }, { reason: 'card-status', status: '6700' }],
    ['an answer that is no TLV', { '80AE': '80059000' }, { reason: 'card-data', code: 'ERR_TLV' }],
    ['an answer of another template', { '80AE': '70009000' }, { reason: 'card-data', code: 'ERR_LENGTH' }],
    [
      'an answer cut short',
      { '80AE': '800A80000111223344556677' + '9000' },
      { reason: 'card-data', code: 'ERR_LENGTH' },
    ],
    [
      'an answer without CID',
      { '80AE': answered('77', { '9F36': '0001', '9F26': '1122334455667788' }) },
      { reason: 'card-data', code: 'ERR_LENGTH' },
    ],
    [
      'an answer without ATC',
      { '80AE': answered('77', { '9F27': '80', '9F26': '1122334455667788' }) },
      { reason: 'card-data', code: 'ERR_LENGTH' },
    ],
    [
      'an answer without cryptogram',
      { '80AE': answered('77', { '9F27': '80', '9F36': '0001' }) },
      { reason: 'card-data', detail: 'tag 9F26 missing' },
    ],
    ['a TC where an ARQC was asked for', { '80AE': ac('40') }, { reason: 'card-data', phase: 'first-generate-ac' }],
    ['a kind that is reserved', { '80AE': ac('C0') }, { reason: 'card-data' }],
    [
      'second GENERATE AC 6985',
      { '80AE': [ac('80'), '6985'] },
      { reason: 'conditions-not-satisfied', phase: 'second-generate-ac' },
    ],
    ['a second ARQC', { '80AE': [ac('80'), ac('80')] }, { reason: 'card-data', phase: 'second-generate-ac' }],
  ])('%s', async (_, answers, end) => {
    const result = await run(answers)
    expect(result.decision).toBe('terminated')
    expect(result.end).toMatchObject(end)
  })
  it('format 2, without issuer application data', async () => {
    const answer = answered('77', { '9F27': '80', '9F36': '0001', '9F26': '1122334455667788' })
    const result = await run({ '80AE': [answer, ac('40')] })
    expect(result.decision).toBe('approved')
    expect(toHex(result.requests[0]?.field55 ?? new Uint8Array())).not.toContain('9F10')
  })
  it('a transaction certificate hash in CDOL1, by the TDOL and without one', async () => {
    const withTdol = await run(records({ '8C': '9814', '97': '9F0206' }))
    expect(generateAcs(withTdol)[0]).toBe(`80AE800014${sha1Of('000000010000')}00`)
    expect(toHex(withTdol.tvr).slice(8)).toBe('00')
    const withDefault = await run(records({ '8C': '9814' }))
    expect(generateAcs(withDefault)[0]).toBe(`80AE800014${sha1Of('')}00`)
    expect(toHex(withDefault.tvr).slice(8)).toBe('80')
    expect(await run(records({ '8C': '9814', '97': '9F' }))).toMatchObject({
      end: { reason: 'card-data', code: 'ERR_DOL' },
    })
  })
})

describe('an answer is lost', () => {
  it.each<[string, Answers, string, string | undefined]>([
    ['SELECT', { '00A4': 'none' }, 'application-selection', undefined],
    ['GET PROCESSING OPTIONS', { '80A8': 'none' }, 'initiate-application', undefined],
    ['READ RECORD', { '00B2': 'none' }, 'read-application', undefined],
    ['first GENERATE AC', { '80AE': 'none' }, 'first-generate-ac', undefined],
    ['EXTERNAL AUTHENTICATE', { '0082': 'none' }, 'external-authenticate', 'interrupted'],
    ['a command of 71', { '04DA9F58': 'none' }, 'script-71', 'interrupted'],
    ['second GENERATE AC', { '80AE': [ac('80'), 'none'] }, 'second-generate-ac', 'interrupted'],
  ])('%s', async (_, answers, phase, told) => {
    const result = await run(answers, { ...APPROVE, scripts: [SCRIPT_71, SCRIPT_72] })
    expect(result.decision).toBe('interrupted')
    expect(result.end).toEqual({ reason: 'no-answer', phase, code: 'ERR_EXCHANGE' })
    expect(result.steps.at(-1)?.status).toBeUndefined()
    expect(result.advice?.kind).toBe(told)
  })
  it('after the TC: approved, and not known what the script did', async () => {
    const result = await run({ '04DA': 'none' }, { ...APPROVE, scripts: [SCRIPT_72] })
    expect(result).toMatchObject({
      decision: 'approved',
      end: { phase: 'script-72' },
      scripts: [{ outcome: 'unknown' }],
    })
    expect(result.scripts[0]?.commands).toEqual([{ header: '04DA9F59', status: 'no-answer' }])
    expect(result.advice?.kind).toBe('completed')
    expect(toHex(result.advice?.field55 ?? new Uint8Array())).toContain('9F5B051000000072')
  })
  it('the reversal has the tags of a reversal', async () => {
    const { advice } = await run({ '80AE': [ac('80'), 'none'] }, { ...APPROVE, scripts: [SCRIPT_72] })
    expect(toHex(advice?.field55 ?? new Uint8Array())).toBe(
      '950580000000009F1007' + '06010A03A00000' + '9F36020001' + 'DF310500000000' + '00',
    )
  })
  it.each(['ERR_POWER', 'ERR_READER', 'ERR_EXCHANGE'] as const)('by %s', async (code) => {
    const exchange = () => Promise.reject(new IssuerkitError(code))
    expect(await runTransaction(exchange, { terminal: tags(TERMINAL), aid: fromHex(AID) })).toMatchObject({
      decision: 'interrupted',
      end: { reason: 'no-answer', code },
    })
  })
  it('an answer without a status is none', async () => {
    expect(await run({ '80AE': '90' })).toMatchObject({ end: { reason: 'no-answer', code: 'ERR_RESPONSE' } })
  })
  it("any other fault of the exchange is the caller's", async () => {
    const options = { terminal: tags(TERMINAL), aid: fromHex(AID) }
    const other = replay([{ command: fromHex('00A4040000'), response: fromHex('9000') }])
    await expect(runTransaction(other, options)).rejects.toThrow('ERR_TRANSCRIPT')
    await expect(runTransaction(() => Promise.reject(new Error('a bug')), options)).rejects.toThrow('a bug')
  })
})
