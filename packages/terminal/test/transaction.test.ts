/** A transaction with a card written by hand: what each of its answers leads to. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { Secret } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { runTransaction } from '../src/transaction.js'
import { answered, scriptedCard, tags } from './scripted-card.js'
import {
  AID,
  APPROVE,
  ac,
  arc,
  bits,
  CARD,
  FCI,
  generateAcs,
  OPTIONS,
  RECORD,
  run,
  SCRIPT_71,
  SCRIPT_72,
  TERMINAL,
  without,
  ZERO,
} from './transaction-support.js'

describe('online', () => {
  it('request, EXTERNAL AUTHENTICATE, 71, second GENERATE AC, 72, report', async () => {
    const result = await run({}, { ...APPROVE, scripts: [SCRIPT_72, SCRIPT_71] })
    expect(result.decision).toBe('approved')
    expect(result.end).toBeUndefined()
    expect(result.sent).toEqual([
      `00A4040008${AID}00`,
      '80A8000002830000',
      '00B2010C00',
      // Amount, TVR (offline data authentication not performed), unpredictable number.
      '80AE80000F0000000100008000000000A1B2C3D400',
      '008200000A01020304050607083030',
      '04DA9F580100',
      '80AE400007' + '3030' + '8000000000' + '00',
      '04DA9F590100',
    ])
    expect(bits(result)).toBe('8000000000 7C00')
    expect(toHex(result.scriptResults.DF31)).toBe('20000000712000000072')
    expect(result.first).toMatchObject({ requested: 'ARQC', type: 'ARQC', cid: 0x80 })
    expect(toHex(result.second?.cryptogram ?? new Uint8Array())).toBe('8877665544332211')
    expect(result.actionAnalysis).toEqual({ requested: 'ARQC', rule: 'online' })
    expect(result.externalAuthenticate).toBe('9000')
    expect(result.authentication).toBeUndefined()
    expect(result.steps.map(({ phase }) => phase)).toEqual([
      'application-selection',
      'initiate-application',
      'read-application',
      'first-generate-ac',
      'external-authenticate',
      'script-71',
      'second-generate-ac',
      'script-72',
    ])
    expect(result.steps.every(({ status }) => status === '9000')).toBe(true)
    expect(result.requests).toMatchObject([{ pan: '6200000000000005', panSequence: '01', kind: 'ARQC' }])
    expect(result.requests[0]?.onlinePin).toBeUndefined()
    expect(result.reports).toEqual([result.advice])
    for (const [tag, value] of [
      ['9F26', '8877665544332211'],
      ['9F36', '0001'],
      ['9F34', '1F0002'],
      ['91', '01020304050607083030'],
      ['DF31', '20000000712000000072'],
    ]) {
      expect(toHex(result.values.get(tag as string) ?? new Uint8Array()), tag).toBe(value)
    }
  })

  it('a card without a sequence number, a PAN of odd length', async () => {
    const record = answered('70', { ...without('5F34'), '5A': '620000000000000F' })
    expect((await run({ '00B2': record })).requests).toMatchObject([{ pan: '620000000000000', panSequence: '00' }])
  })

  it.each([
    ['3030', 'TC', 'approved'],
    ['3130', 'TC', 'approved'],
    ['3131', 'TC', 'approved'],
    ['3031', 'AAC', 'declined'],
    ['3531', 'AAC', 'declined'],
  ])('ARC %s asks for %s', async (code, requested, decision) => {
    const answers = { '80AE': [ac('80'), ac(requested === 'TC' ? '40' : '00')] }
    const result = await run(answers, { arc: fromHex(code) })
    expect(result).toMatchObject({ decision, second: { requested } })
    expect(generateAcs(result)[1]).toBe(`80AE${requested === 'TC' ? '40' : '00'}0007${code}800000000000`)
  })

  it('the card may decline what the issuer approves', async () => {
    expect(await run({ '80AE': [ac('80'), ac('00')] })).toMatchObject({ decision: 'declined', second: { type: 'AAC' } })
  })

  it('no tag 91: nothing is authenticated', async () => {
    const result = await run({}, { arc: fromHex('3030') })
    expect(result.sent.some((command) => command.startsWith('0082'))).toBe(false)
    expect(bits(result)).toBe('8000000000 6800')
  })

  it('an AIP without EXTERNAL AUTHENTICATE: tag 91 goes with the second GENERATE AC where CDOL2 asks', async () => {
    const record = answered('70', { ...RECORD, '8D': '910A8A02' })
    const result = await run({ '80A8': OPTIONS('1800'), '00B2': record })
    expect(result.sent.some((command) => command.startsWith('0082'))).toBe(false)
    expect(generateAcs(result)[1]).toBe('80AE40000C01020304050607083030303000')
  })

  it('issuer authentication fails: it shows in the TVR, and the transaction goes on', async () => {
    const result = await run({ '0082': '6300' })
    expect(result.externalAuthenticate).toBe('6300')
    expect(generateAcs(result)[1]).toBe('80AE4000073030800000004000')
    expect(result.decision).toBe('approved')
  })

  it('a script of 71 that fails shows in the TVR that the second GENERATE AC covers', async () => {
    const result = await run({ '04DA': '6985' }, { ...APPROVE, scripts: [SCRIPT_71] })
    expect(generateAcs(result)[1]).toBe('80AE4000073030800000002000')
  })

  it('the online PIN goes to the link as a secret', async () => {
    const record = answered('70', { ...RECORD, '8E': '00000000000000000200' })
    const text = await run({ '00B2': record }, APPROVE, { pins: ['1234'] })
    expect(text.requests[0]?.onlinePin?.expose()).toEqual(new TextEncoder().encode('1234'))
    expect(`${text.requests[0]?.onlinePin}`).toBe('Secret(PIN, 4 bytes)')
    const pin = Secret.of(new TextEncoder().encode('987654'), 'PIN')
    const secret = await run({ '00B2': record }, APPROVE, { pins: [pin] })
    expect(secret.requests[0]?.onlinePin).toBe(pin)
  })

  it('what the link rejects with is not hidden', async () => {
    const issuer = () => Promise.reject(new Error('the link is broken'))
    await expect(run({}, APPROVE, { issuer })).rejects.toThrow('the link is broken')
  })
})

describe('unable to go online', () => {
  it.each([
    ['the default rules approve', { '9F0D': ZERO }, '40', '5933', 'approved'],
    ['the default rules decline', { '9F0D': 'FFFFFFFFFF' }, '00', '5A33', 'declined'],
  ])('%s', async (_, change, p1, code, decision) => {
    const answers = { '00B2': answered('70', { ...RECORD, ...change }), '80AE': [ac('80'), ac(p1)] }
    const result = await run(answers, 'unable-to-go-online')
    expect(result).toMatchObject({ decision, response: 'unable-to-go-online' })
    expect(generateAcs(result)[1]).toBe(`80AE${p1}0007${code}800000000000`)
    expect(arc(result)).toBe(code)
    expect(result.advice).toBeUndefined()
    expect(result.reports).toEqual([])
  })
  it('without a link, too', async () => {
    const { exchange } = scriptedCard(CARD)
    const result = await runTransaction(exchange, { terminal: tags(TERMINAL), aid: fromHex(AID) })
    expect(result).toMatchObject({ decision: 'approved', response: 'unable-to-go-online' })
  })
})

describe('offline', () => {
  const OFFLINE = { '9F0F': ZERO }
  const record = answered('70', { ...RECORD, ...OFFLINE })
  it.each([
    ['the card approves', '40', 'approved', '5931'],
    ['the card declines', '00', 'declined', '5A31'],
  ])('%s', async (_, cid, decision, code) => {
    const result = await run({ '00B2': record, '80AE': ac(cid) })
    expect(result).toMatchObject({ decision, first: { requested: 'TC' } })
    expect(arc(result)).toBe(code)
    expect(result.requests).toEqual([])
    expect(generateAcs(result)).toHaveLength(1)
  })
  it('the card goes online though a TC would do', async () => {
    expect(await run({ '00B2': record })).toMatchObject({
      decision: 'approved',
      first: { requested: 'TC', type: 'ARQC' },
    })
  })
  it('the terminal denies', async () => {
    const denied = answered('70', { ...RECORD, '9F0E': 'FFFFFFFFFF' })
    const result = await run({ '00B2': denied, '80AE': ac('00') })
    expect(result).toMatchObject({ decision: 'declined', first: { requested: 'AAC' } })
  })
})

describe('a special device [PBOC-SCRIPT] 5, 11', () => {
  const special = { specialDevice: true }
  const BLOCKED = { '00A4': FCI().replace(/9000$/, '6283'), '80AE': ac('00') }
  it('selects a blocked application and runs its scripts, without a second GENERATE AC', async () => {
    const response = { ...APPROVE, scripts: [SCRIPT_72, SCRIPT_71] }
    const result = await run(BLOCKED, response, special)
    expect(result).toMatchObject({ decision: 'declined', first: { type: 'AAC' }, requests: [{ kind: 'AAC' }] })
    expect(result.sent.slice(-3)).toEqual(['008200000A01020304050607083030', '04DA9F580100', '04DA9F590100'])
    expect(result.second).toBeUndefined()
    expect(result.advice?.kind).toBe('completed')
  })
  it('without scripts, and when it cannot go online', async () => {
    expect(await run(BLOCKED, { arc: fromHex('3035') }, special)).toMatchObject({ decision: 'declined', scripts: [] })
    const unable = await run(BLOCKED, 'unable-to-go-online', special)
    expect(unable.decision).toBe('declined')
    expect(arc(unable)).toBe('5A33')
  })
  it('fetches the FCI of an application that answers 6A81', async () => {
    const answers = { ...BLOCKED, '00A4': '6A81', '00C0': FCI() }
    const result = await run(answers, { arc: fromHex('3035') }, special)
    expect(result.sent.slice(0, 3)).toEqual([`00A4040008${AID}00`, '00C0000000', '80A8000002830000'])
    expect(result.decision).toBe('declined')
  })
  it.each([['6A81'], ['9000'], ['6D00']])('a card that is blocked gives none (%s)', async (status) => {
    const result = await run({ '00A4': '6A81', '00C0': status }, APPROVE, special)
    expect(result.end).toEqual({ reason: 'card-status', phase: 'application-selection', status: '6A81' })
  })
  it('any other terminal ends there', async () => {
    const result = await run(BLOCKED)
    expect(result.end).toEqual({ reason: 'application-blocked', phase: 'application-selection', status: '6283' })
    expect(result.decision).toBe('terminated')
  })
  it('and does not go online with an AAC', async () => {
    expect(await run({ '80AE': ac('00') })).toMatchObject({ decision: 'declined', requests: [] })
  })
})
