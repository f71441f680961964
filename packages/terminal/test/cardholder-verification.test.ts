import { constants, createPrivateKey, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import { Secret } from '@issuerkit/keys'
import type { Pin } from '@issuerkit/scripts'
import { describe, expect, it } from 'vitest'
import { cardholderVerification } from '../src/cardholder-verification.js'
import type { PinEntry } from '../src/offline-pin.js'
import { type Answers, stateOf, tsiOf, tvrOf } from './scripted-card.js'

const TERMINAL = {
  '9F33': 'E0F8C8',
  '9F35': '22',
  '9C': '00',
  '9F02': '000000010000',
  '9F03': '000000000000',
  '5F2A': '0156',
}
const AMOUNTS = '0000271000004E20'

interface Case {
  readonly list?: string
  readonly terminal?: Record<string, string>
  readonly card?: Record<string, string>
  readonly answers?: Answers
  readonly pins?: readonly Pin[]
  readonly key?: PinEntry['key']
}

async function verify({ list, terminal, card, answers, pins = ['1234'], key = () => undefined }: Case) {
  const rules = list === undefined ? {} : { '8E': AMOUNTS + list }
  const { state, sent } = stateOf({ ...TERMINAL, ...terminal }, { '82': '1000', ...rules, ...card }, answers)
  const result = await cardholderVerification(state, { pins, key })
  const shown = `${toHex(result.cvmResults)} ${tvrOf(state)} ${tsiOf(state)}`
  return { ...result, shown, sent, state }
}

/** [EMV-B4] 6.3.4.5, the table of CVM results, TVR and TSI. */
describe('CVM results', () => {
  it.each<[string, Case, string]>([
    [
      'the card does not support cardholder verification',
      { list: '1F00', card: { '82': '0000' } },
      '3F0000 0000000000 0000',
    ],
    ['it says so and has no list', {}, '3F0000 2000000000 0000'],
    ['a list without rules', { card: { '8E': AMOUNTS } }, '3F0000 0000000000 0000'],
    ['no condition met', { list: '1F04' }, '3F0001 0000800000 4000'],
    ['no method supported', { list: '5E001F00', terminal: { '9F33': 'E080C8' } }, '3F0001 0000800000 4000'],
    ['no method recognised', { list: '6A003B00' }, '3F0001 0000C00000 4000'],
    ['fail CVM', { list: '0000' }, '000001 0000800000 4000'],
    ['fail CVM, and go on to nothing', { list: '4000' }, '400001 0000800000 4000'],
    ['no CVM', { list: '1F00' }, '1F0002 0000000000 4000'],
    ['signature', { list: '5E031F00' }, '5E0300 0000000000 4000'],
    ['online PIN', { list: '0200' }, '020000 0000040000 4000'],
    ['online PIN, nothing entered', { list: '0200', pins: [] }, '020001 0000880000 4000'],
    ['nothing entered, and the next rule', { list: '42001F00', pins: [] }, '1F0002 0000080000 4000'],
    ['a method not recognised, and the next rule', { list: '6A001F00' }, '1F0002 0000400000 4000'],
    ['a method not recognised, and no next rule without bit 7', { list: '2A001F00' }, '3F0001 0000C00000 4000'],
    ['online PIN without a PIN pad', { list: '42001F00', terminal: { '9F33': 'E028C8' } }, '1F0002 0000100000 4000'],
    ['offline PIN without a PIN pad', { list: '0100', terminal: { '9F33': 'E068C8' } }, '3F0001 0000900000 4000'],
    ['plain PIN where the pad enciphers', { list: '0100', terminal: { '9F33': 'E018C8' } }, '3F0001 0000800000 4000'],
    ['half a rule at the end', { list: '5E041F0001' }, '1F0002 0000000000 4000'],
  ])('%s', async (_, given, expected) => {
    // The last case: 5E only for manual cash, then no CVM, then one byte too many.
    expect((await verify(given)).shown).toBe(expected)
  })
  it('are noted as tag 9F34', async () => {
    const { state, attempts } = await verify({ list: '6A001F00' })
    expect(toHex(state.computed.get('9F34') ?? new Uint8Array())).toBe('1F0002')
    expect(state.phase).toBe('cardholder-verification')
    expect(attempts).toEqual([
      { code: 0x6a, condition: 0, outcome: 'not-recognised' },
      { code: 0x1f, condition: 0, outcome: 'successful' },
    ])
  })
  it('say whether a PIN goes online', async () => {
    expect((await verify({ list: '0200' })).onlinePin).toBe(true)
    expect((await verify({ list: '1F00' })).onlinePin).toBe(false)
    expect((await verify({ list: '0200', pins: [] })).onlinePin).toBe(false)
  })
  it('a card without AIP supports none', async () => {
    const { state } = stateOf(TERMINAL, { '8E': `${AMOUNTS}1F00` })
    await cardholderVerification(state, { pins: [], key: () => undefined })
    expect(tsiOf(state)).toBe('0000')
  })
})

/** Whether a rule under the condition is looked at: signature, which then holds. [EMV-B3] C3 */
describe('conditions', () => {
  const CASH = { '9C': '01' }
  const UNATTENDED = { '9F35': '25' }
  const CASHBACK = { '9F03': '000000000100' }
  const SAME = { '9F42': '0156' }
  it.each<[string, string, Record<string, string>, Record<string, string>, boolean]>([
    ['always', '00', {}, {}, true],
    ['unattended cash', '01', { ...CASH, ...UNATTENDED }, {}, true],
    ['unattended cash, attended', '01', CASH, {}, false],
    ['unattended cash, a purchase', '01', UNATTENDED, {}, false],
    ['neither cash nor cashback', '02', {}, {}, true],
    ['neither cash nor cashback: cash', '02', CASH, {}, false],
    ['neither cash nor cashback: cashback', '02', CASHBACK, {}, false],
    ['supported', '03', {}, {}, true],
    ['not supported', '03', { '9F33': 'E0D8C8' }, {}, false],
    ['manual cash', '04', CASH, {}, true],
    ['manual cash, unattended', '04', { ...CASH, ...UNATTENDED }, {}, false],
    ['cashback', '05', CASHBACK, {}, true],
    ['cashback by type', '05', { '9C': '09' }, {}, true],
    ['no cashback', '05', {}, {}, false],
    ['under X', '06', { '9F02': '000000009999' }, SAME, true],
    ['X itself is not under X', '06', { '9F02': '000000010000' }, SAME, false],
    ['over X', '07', { '9F02': '000000010001' }, SAME, true],
    ['X itself is not over X', '07', { '9F02': '000000010000' }, SAME, false],
    ['under Y', '08', { '9F02': '000000019999' }, SAME, true],
    ['not under Y', '08', { '9F02': '000000020000' }, SAME, false],
    ['over Y', '09', { '9F02': '000000020001' }, SAME, true],
    ['not over Y', '09', { '9F02': '000000020000' }, SAME, false],
    ['another currency', '06', { '9F02': '000000000001' }, { '9F42': '0840' }, false],
    ['no currency of the card', '08', { '9F02': '000000000001' }, {}, false],
    ['reserved', '0A', {}, {}, false],
  ])('%s', async (_, condition, terminal, card, met) => {
    const { attempts } = await verify({ list: `1E${condition}`, terminal, card })
    expect(attempts).toHaveLength(met ? 1 : 0)
  })
  it('no currency of the terminal', async () => {
    const { state } = stateOf({ '9F33': 'E0F8C8' }, { '82': '1000', '8E': `${AMOUNTS}1E08`, '9F42': '0156' })
    expect((await cardholderVerification(state, { pins: [], key: () => undefined })).attempts).toEqual([])
  })
  it('a method that is not recognised is not supported by any terminal', async () => {
    expect((await verify({ list: '2A03' })).shown).toBe('3F0001 0000800000 4000')
  })
  it('a terminal that says nothing of its capabilities has none', async () => {
    const { state } = stateOf({}, { '82': '1000', '8E': `${AMOUNTS}1F00` })
    expect((await cardholderVerification(state, { pins: [], key: () => undefined })).attempts).toEqual([
      { code: 0x1f, condition: 0, outcome: 'not-supported' },
    ])
  })
})

describe('plain offline PIN', () => {
  const VERIFY = '0020008008'
  it('goes to the card as an ISO 9564 block of format 2', async () => {
    const { sent, shown } = await verify({ list: '0100', answers: { '0020': '9000' } })
    expect(sent).toEqual(['80CA9F1700', '0020008008241234FFFFFFFFFF'])
    expect(shown).toBe('010002 0000000000 4000')
  })
  it('given as a secret', async () => {
    const pins = [Secret.of(new TextEncoder().encode('123456'), 'PIN')]
    const { sent } = await verify({ list: '0100', answers: { '0020': '9000' }, pins })
    expect(sent[1]).toBe('002000800826123456FFFFFFFF')
  })
  it('with a signature', async () => {
    expect((await verify({ list: '0300', answers: { '0020': '9000' } })).shown).toBe('030000 0000000000 4000')
    expect((await verify({ list: '0300', answers: { '0020': '63C1' } })).shown).toBe('030001 0000800000 4000')
  })
  it.each<[string, Answers, readonly Pin[], number, string]>([
    ['the second try', { [VERIFY]: ['63C2', '9000'] }, ['0000', '1234'], 2, '010002 0000000000 4000'],
    ['no more tries of the holder', { [VERIFY]: '63C2' }, ['0000'], 1, '010001 0000800000 4000'],
    [
      'no more tries of the card',
      { [VERIFY]: ['63C1', '63C0', '9000'] },
      ['1', '2', '3'].map((d) => d.repeat(4)),
      2,
      '010001 0000A00000 4000',
    ],
    ['blocked', { [VERIFY]: '6983' }, ['0000', '1111'], 1, '010001 0000A00000 4000'],
    ['blocked before', { [VERIFY]: '6984' }, ['0000', '1111'], 1, '010001 0000A00000 4000'],
    ['another status', { [VERIFY]: '6985' }, ['0000', '1111'], 1, '010001 0000800000 4000'],
    ['a try counter of 0', { '80CA9F17': '9F1701009000' }, ['1234'], 0, '010001 0000A00000 4000'],
    ['a try counter of 1', { '80CA9F17': '9F1701019000', [VERIFY]: '9000' }, ['1234'], 1, '010002 0000000000 4000'],
    ['nothing entered', {}, [], 0, '010001 0000880000 4000'],
  ])('%s', async (_, answers, pins, tries, expected) => {
    const { sent, shown } = await verify({ list: '0100', answers, pins })
    expect(sent.filter((command) => command.startsWith('0020'))).toHaveLength(tries)
    expect(shown).toBe(expected)
  })
  it('a card that always has one more try is not asked without end', async () => {
    const pins = Array.from({ length: 40 }, () => '0000')
    const { sent } = await verify({ list: '0100', answers: { '0020': '63CF' }, pins })
    expect(sent).toHaveLength(16)
  })
  it('after it failed the next rule applies, and the last method counts', async () => {
    expect((await verify({ list: '41035E03', answers: { '0020': '63C0' } })).shown).toBe('5E0300 0000200000 4000')
    expect((await verify({ list: '41035E04', answers: { '0020': '63C0' } })).shown).toBe('410301 0000A00000 4000')
  })
  it('refuses a PIN that is none, without a command that holds it', async () => {
    const { state, sent } = stateOf(TERMINAL, { '82': '1000', '8E': `${AMOUNTS}0100` })
    const entry = { pins: ['12a4'], key: () => undefined }
    await expect(cardholderVerification(state, entry)).rejects.toThrow('ERR_PIN')
    expect(sent).toEqual(['80CA9F1700'])
  })
})

describe('enciphered offline PIN', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 3 })
  const jwk = publicKey.export({ format: 'jwk' })
  const bytes = (text: string | undefined): Uint8Array => Uint8Array.from(Buffer.from(text ?? '', 'base64url'))
  const key = () => ({ modulus: bytes(jwk.n), exponent: bytes(jwk.e) })
  const CHALLENGE = '1122334455667788'
  const answers = { '0084': `${CHALLENGE}9000`, '0020': '9000' }

  it('is deciphered by the card: 7F, PIN block, challenge', async () => {
    const { sent, shown } = await verify({ list: '0400', answers, key })
    expect(shown).toBe('040002 0000000000 4000')
    expect(sent[1]).toBe('0084000000')
    const data = fromHex(sent[2]?.slice(10) ?? '')
    expect(sent[2]?.slice(0, 10)).toBe('0020008880')
    const rsa = {
      key: createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
      padding: constants.RSA_NO_PADDING,
    }
    expect(toHex(privateDecrypt(rsa, data)).slice(0, 34)).toBe(`7F241234FFFFFFFFFF${CHALLENGE}`)
  })
  it('asks for a new challenge each time', async () => {
    const given = { ...answers, '0020': ['63C1', '9000'] }
    const { sent, shown } = await verify({ list: '0500', answers: given, key, pins: ['0000', '1234'] })
    expect(sent.map((command) => command.slice(0, 4))).toEqual(['80CA', '0084', '0020', '0084', '0020'])
    expect(shown).toBe('050000 0000000000 4000')
  })
  it.each<[string, Answers, PinEntry['key']]>([
    ['without a key', answers, () => undefined],
    ['without a challenge', { '0084': '6D00' }, key],
    ['with a challenge of another length', { '0084': '112233445566779000' }, key],
  ])('fails %s, and sends no PIN', async (_, given, ofCard) => {
    const { sent, shown } = await verify({ list: '0400', answers: given, key: ofCard })
    expect(shown).toBe('040001 0000800000 4000')
    expect(sent.some((command) => command.startsWith('0020'))).toBe(false)
  })
})
