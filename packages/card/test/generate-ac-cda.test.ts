/** GENERATE AC with CDA: the signature taken apart by hand, and where there is none. [EMV-B2] 6.6 */
import { createHash } from 'node:crypto'
import { concat, fromHex, toHex } from '@issuerkit/apdu'
import { RsaPrivateKey, rsaPublic } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { encodeRsaKey } from '../src/card-json.js'
import { withCardKeys } from '../src/card-keys.js'
import { answerCryptogram } from '../src/cryptogram-answer.js'
import {
  application,
  authenticate,
  CDOL1,
  generate,
  listData,
  send,
  type TestApplication,
} from './support/application.js'

const CDA = 0x10
const ICC = RsaPrivateKey.generate(1024, 3)
const OBJECTS = { 'rsa/icc': toHex(encodeRsaKey(ICC)) }

function card(more: TestApplication = {}) {
  return application({
    ...more,
    objects: { ...OBJECTS, ...more.objects },
    config: { aip: '7D00', pdol: '9F7A01', ...more.config },
    transaction: { pdolData: fromHex('01') },
  })
}
const sha1 = (...parts: readonly Uint8Array[]): string =>
  createHash('sha1')
    .update(concat(...parts))
    .digest('hex')
    .toUpperCase()
const NONE = new Uint8Array(0)

/** [EMV-B2] 6.6.2 by hand: the answer is template 77 with 9F4B, 128 bytes behind 9F4B8180, at its end. */
function recover(
  data: string,
  unpredictableNumber = '1E78EEBC',
  cdol2Data: Uint8Array = NONE,
  cdol1Data: Uint8Array = listData(CDOL1),
) {
  const bytes = fromHex(data)
  const answer = bytes.subarray(3, -132)
  expect(data.slice(0, 2)).toBe('77')
  expect(toHex(bytes.subarray(-132, -128))).toBe('9F4B8180')
  const block = rsaPublic(ICC.publicKey, bytes.subarray(-128))
  const dynamic = block.subarray(4, 4 + (block[3] as number))
  return {
    head: toHex(block.subarray(0, 5)),
    padding: toHex(block.subarray(4 + dynamic.length, -21)),
    trailer: toHex(block.subarray(-1)),
    number: toHex(dynamic.subarray(1, 9)),
    cid: toHex(dynamic.subarray(9, 10)),
    cryptogram: dynamic.slice(10, 18),
    isSignatureRight: toHex(block.subarray(-21, -1)) === sha1(block.subarray(1, -21), fromHex(unpredictableNumber)),
    isTransactionRight: toHex(dynamic.subarray(18)) === sha1(fromHex('01'), cdol1Data, cdol2Data, answer),
  }
}
const RIGHT = { isSignatureRight: true, isTransactionRight: true }

describe('CDA in the first GENERATE AC', () => {
  it.each(['ARQC', 'TC'] as const)('signs an %s', (asked) => {
    const context = card()
    const { data } = generate(context, asked, {}, CDA)
    expect(recover(data)).toEqual({
      // Header 6A, format 05, SHA-1, 38 bytes of dynamic data that begin with a number of 8.
      head: '6A05012608',
      padding: 'BB'.repeat(65),
      trailer: 'BC',
      number: '0102030405060708',
      cid: asked === 'ARQC' ? '80' : '40',
      cryptogram: context.transaction.cryptogram,
      ...RIGHT,
    })
    // The cryptogram stands in the signature alone, and the CVR says that there is one.
    expect(data).not.toContain(toHex(context.transaction.cryptogram))
    expect(data).toContain(asked === 'ARQC' ? '07010103A00002' : '0701010390000201'.slice(0, 14))
    expect(context.transaction.dynamicAuthentication).toBe(true)
  })
  it('signs the same cryptogram as without, but for the CVR', () => {
    const context = card({ scheme: 'pboc-cvn17' })
    generate(context, 'ARQC', {}, CDA)
    expect(toHex(context.transaction.cryptogram)).toBe(generate(card({ scheme: 'pboc-cvn17' }), 'ARQC').cryptogram)
  })
  it('covers what the terminal sent', () => {
    const { data } = generate(card(), 'ARQC', { '9F02': '000000020000' }, CDA)
    expect(recover(data)).toMatchObject({ isSignatureRight: true, isTransactionRight: false })
    const sent = listData(CDOL1, { '9F02': '000000020000' })
    expect(recover(data, '1E78EEBC', NONE, sent)).toMatchObject(RIGHT)
  })
  it('covers the unpredictable number', () => {
    const { data } = generate(card(), 'ARQC', {}, CDA)
    expect(recover(data, '1E78EEBD')).toMatchObject({ isSignatureRight: false, isTransactionRight: true })
  })
  it('does not sign an AAC', () => {
    const context = card({ state: { blocked: 1 } })
    const { data, kind, cvr } = generate(context, 'TC', {}, CDA)
    expect(data.slice(0, 2)).toBe('80')
    expect(kind).toBe('AAC')
    expect(cvr).toBe('800000')
    expect(context.transaction.dynamicAuthentication).toBe(false)
  })
  it('signs an AAC by the switch', () => {
    const { data } = generate(card({ switches: { signAac: true } }), 'AAC', {}, CDA)
    expect(data.slice(0, 2)).toBe('77')
    expect(data).toContain('07010103800002')
    expect(data).toContain('9F4B8180')
  })
  it('refuses P1 without a kind of cryptogram', () => {
    expect(send(card(), 0xd0, listData(CDOL1)).status).toBe('6A86')
  })
  it('needs an unpredictable number', () => {
    const context = card({ scheme: 'pboc-cvn17', config: { cdol1: '9F0206' } })
    expect(() => generate(context, 'TC', {}, CDA)).toThrow(expect.objectContaining({ code: 'ERR_CARD' }))
  })
  it('tells a key that went missing', () => {
    const context = card()
    generate(context, 'ARQC')
    const facts = context.transaction.verification as NonNullable<typeof context.transaction.verification>
    const values = new Map([['9F37', fromHex('00000000')]])
    const decision = { kind: 'TC', advice: 0, facts, values, cdol1Data: fromHex(''), isSigned: true } as const
    const bare = application({ scheme: 'pboc-cvn17', config: { cdol1: '9F0206' } })
    const amounts = new Map([...values, ['9F02', fromHex('000000000000')]])
    expect(() => answerCryptogram(bare, { ...decision, values: amounts })).toThrow(
      expect.objectContaining({ code: 'ERR_CARD', label: 'rsa/icc' }),
    )
  })
})

describe('CDA in the second GENERATE AC', () => {
  it('covers CDOL1 and CDOL2 data', () => {
    const context = card()
    const values = { '9F37': 'A1A2A3A4' }
    generate(context, 'ARQC', {}, CDA)
    const { data } = generate(context, 'TC', values, CDA)
    expect(recover(data, 'A1A2A3A4', listData(context.config.cdol2, values))).toMatchObject({ cid: '40', ...RIGHT })
    expect(recover(data, 'A1A2A3A4')).toMatchObject({ isTransactionRight: false })
  })
  it('is for the second alone, too', () => {
    const context = card({ scheme: 'mastercard-cvn20' })
    generate(context, 'ARQC')
    const { data } = generate(context, 'TC', {}, CDA)
    expect(recover(data, '1E78EEBC', listData(context.config.cdol2))).toMatchObject(RIGHT)
    // CVR byte 2 bit 6.
    expect(data).toContain('0114602000')
    expect(context.transaction.dynamicAuthentication).toBe(true)
  })
  it('does not sign an AAC', () => {
    const context = card()
    generate(context, 'ARQC', {}, CDA)
    expect(generate(context, 'AAC', {}, CDA)).toMatchObject({ kind: 'AAC', data: expect.stringMatching(/^80/) })
  })
  it('answers without where it is not asked for', () => {
    const context = card()
    generate(context, 'ARQC', {}, CDA)
    expect(generate(context, 'TC')).toMatchObject({ kind: 'TC', cvr: '600402' })
  })
  it('is no hindrance to issuer authentication', () => {
    const context = card()
    generate(context, 'ARQC', {}, CDA)
    expect(authenticate(context, '00'.repeat(10))).toBe('6300')
  })
})

describe('the answer', () => {
  it.each(['pboc', 'visa-cvn10', 'visa-cvn22', 'interac-cvn133'] as const)('format 1 under %s', (scheme) => {
    const { data, cid, cryptogram, iad } = generate(application({ scheme }), 'ARQC')
    const length = (11 + iad.length / 2).toString(16).toUpperCase().padStart(2, '0')
    expect(data).toBe(`80${length}800010${cryptogram}${iad}`)
    expect(cid).toBe(0x80)
  })
  it.each(['mastercard-cvn16', 'emv-ccd'] as const)('format 2 under %s', (scheme) => {
    const { data } = generate(application({ scheme }), 'TC')
    expect(data).toMatch(/^77..9F2701409F360200109F2608.{16}9F10(12|20)/)
  })
  it('takes 9F03 for zero where no list asks for it', () => {
    const lists = { cdol1: '9F02069F1A0295055F2A029A039C019F3704' }
    expect(generate(application({ config: lists }), 'TC').cryptogram).toBe(generate(application(), 'TC').cryptogram)
  })
  it('takes a tag that a list has twice by its first value', () => {
    const cdol1 = `${CDOL1}9F0201`
    expect(generate(application({ config: { cdol1 } }), 'TC').cryptogram).toBe(generate(application(), 'TC').cryptogram)
  })
  it('has no session key of mastercard-skd without the unpredictable number', () => {
    const context = application({ scheme: 'mastercard-cvn16' })
    expect(() => withCardKeys(context, new Map(), () => undefined)).toThrow(
      expect.objectContaining({ code: 'ERR_LENGTH' }),
    )
  })
  it('zeroes its keys', () => {
    const context = application()
    const { iccKey, key } = withCardKeys(context, new Map(), (keys) => keys)
    for (const used of [iccKey, key]) {
      expect(() => used.expose()).toThrow(expect.objectContaining({ code: 'ERR_KEY_DESTROYED' }))
    }
  })
  it('refuses a stored key that is none', () => {
    const context = application({ key: '00' })
    expect(() => generate(context, 'TC')).toThrow(expect.objectContaining({ code: 'ERR_KEY' }))
  })
  it('refuses a mastercard session key without unpredictable number', () => {
    const config = { cdol1: CDOL1.slice(0, -6) }
    expect(() => generate(application({ scheme: 'mastercard-cvn16', config }), 'TC')).toThrow(
      expect.objectContaining({ code: 'ERR_CARD' }),
    )
  })
  it.each([
    ['010000', 'succeeded', '00'],
    ['410302', 'none', '01'],
    ['440302', 'failed', '11'],
    ['430302', 'none', '01'],
    ['050302', 'none', '01'],
    ['410302', 'succeeded', '00'],
    ['410301', 'none', '00'],
    ['020302', 'none', '00'],
    ['1F0302', 'none', '00'],
  ] as const)('compares CVM results %s with the PIN (%s)', (results, pin, bits) => {
    const cdol1 = `${CDOL1}9F3403`
    const context = application({ scheme: 'mastercard-cvn20', config: { cdol1 }, transaction: { pin } })
    // CVR byte 4: bit 5 PIN failed, bit 1 the terminal wrongly considers it right.
    const byte4 = Number.parseInt(generate(context, 'ARQC', { '9F34': results }).iad.slice(10, 12), 16)
    expect((byte4 & 0x11).toString(16).padStart(2, '0')).toBe(bits)
  })
})
