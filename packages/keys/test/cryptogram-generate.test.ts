import { concat, fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { deriveIccMasterKey, generateApplicationCryptogram, TdesKey } from '../src/index.js'
import { coded } from './support/errors.js'
import { CARD, field55, IMK, issuerKey, SCHEME_NAMES, transaction } from './support/transactions.js'

const imk = TdesKey.create('issuer', 'AC', fromHex(IMK))

describe('a cryptogram by scheme', () => {
  it('is that of the published chain, from tags and from DE55', () => {
    const tags = transaction('pboc')
    const made = generateApplicationCryptogram({ scheme: 'pboc', imk, card: CARD, tags })
    expect(toHex(made.cryptogram)).toBe('E89051379F080D14')
    expect(made).toMatchObject({ scheme: 'pboc', padding: 2, tolerances: [] })
    expect(toHex(made.data)).toBe('00000001000000000000000001560000048000015626112100A1B2C3D47C00006403A00000')
    expect(made.parts.map(({ element }) => element).join(' ')).toBe('9F02 9F03 9F1A 95 5F2A 9A 9C 9F37 82 9F36 CVR')

    const again = generateApplicationCryptogram({ imk, card: CARD, field55: field55(tags) })
    expect(again).toEqual(made)
  })

  it('may begin at the ICC master key', () => {
    const iccKey = deriveIccMasterKey(imk, CARD)
    const made = generateApplicationCryptogram({ scheme: 'pboc', iccKey, tags: transaction('pboc') })
    expect(toHex(made.cryptogram)).toBe('E89051379F080D14')
  })

  it.each(SCHEME_NAMES)('of %s is read from 9F10 unless given', (name) => {
    const source = { imk: issuerKey(name), card: CARD, tags: transaction(name) }
    const read = generateApplicationCryptogram(source)
    expect(read.scheme).toBe(name)
    expect(read).toEqual(generateApplicationCryptogram({ ...source, scheme: name }))
  })

  it('is that of the explicit choice, not of 9F10', () => {
    const tags = transaction('pboc')
    const made = generateApplicationCryptogram({ scheme: 'pboc-cvn17', imk, card: CARD, tags })
    expect(made.parts).toHaveLength(4)
  })

  it('names what was tolerated in the field and in its values', () => {
    const tags = transaction('pboc', { '9F1A': '000156' })
    tags.delete('9F03')
    const field = field55(tags)
    const made = generateApplicationCryptogram({ imk, card: CARD, field55: concat(Uint8Array.of(field.length), field) })
    expect(toHex(made.cryptogram)).toBe('E89051379F080D14')
    expect(made.tolerances.map(({ name }) => name)).toEqual([
      'length-prefix',
      'amount-other-absent',
      'numeric-code-digits',
    ])
  })

  it('takes other elements, and values of the request', () => {
    const tags = transaction('pboc')
    tags.delete('9F02')
    const original = transaction('pboc')
    const input = { scheme: 'pboc', imk, card: CARD, tags, original }
    expect(toHex(generateApplicationCryptogram(input).cryptogram)).toBe('E89051379F080D14')
    expect(generateApplicationCryptogram({ ...input, elements: ['9F37', '9F36'] }).data).toEqual(
      fromHex('A1B2C3D40064'),
    )
  })

  // 18 bytes that are UnionPay's CVN 01 by their pattern, and CVN 17 of M/Chip by the AID.
  it.each(['84', '9F06', '4F'])('asks the AID in tag %s', (tag) => {
    const iad = '07110103A00000010A010000005000F2DE37'
    const made = (more: Record<string, string>): unknown =>
      generateApplicationCryptogram({ imk, card: CARD, tags: transaction('pboc', { '9F10': iad, ...more }) }).scheme
    expect(made({})).toBe('pboc')
    expect(made({ [tag]: 'A0000000041010' })).toBe('mastercard-cvn17')
  })

  it('asks the DF name before the AID of the terminal, and that before the AID of the card', () => {
    const iad = '07010103A00000010A010000005000F2DE37'
    const made = (aids: Record<string, string>): unknown =>
      generateApplicationCryptogram({ imk, card: CARD, tags: transaction('pboc', { '9F10': iad, ...aids }) }).scheme
    const [unionpay, mastercard] = ['A000000333010101', 'A0000000041010']
    expect(made({ '84': unionpay, '9F06': mastercard, '4F': mastercard })).toBe('pboc')
    expect(made({ '9F06': unionpay, '4F': mastercard })).toBe('pboc')
    expect(() => made({ '84': mastercard, '9F06': unionpay })).toThrow(coded('ERR_SCHEME'))
    expect(() => made({ '9F06': mastercard, '4F': unionpay })).toThrow(coded('ERR_SCHEME'))
  })
})

describe('refused are', () => {
  it.each([
    ['an unknown scheme', { scheme: 'pboc-cvn02' }, 'ERR_SCHEME', 'scheme'],
    ['a key of another cipher', { scheme: 'pboc-sm4' }, 'ERR_KEY', 'pboc-sm4'],
    ['a PAN with letters', { card: { ...CARD, pan: '620000000000000F' } }, 'ERR_PAN', 'pan'],
    ['a sequence number of one digit', { card: { ...CARD, panSequence: '1' } }, 'ERR_PAN_SEQUENCE', 'panSequence'],
  ] as const)('%s', (_, change, code, label) => {
    const input = { scheme: 'pboc', imk, card: CARD, tags: transaction('pboc'), ...change }
    expect(() => generateApplicationCryptogram(input)).toThrow(coded(code, { label }))
  })

  it('tags that do not say the scheme', () => {
    const tags = transaction('pboc')
    tags.delete('9F10')
    const source = { imk, card: CARD }
    expect(() => generateApplicationCryptogram({ ...source, tags })).toThrow(coded('ERR_SCHEME', { label: 'tag 9F10' }))
    const unknown = transaction('pboc', { '9F10': '06011103A00000' })
    expect(() => generateApplicationCryptogram({ ...source, tags: unknown })).toThrow(
      coded('ERR_SCHEME', { label: 'tag 9F10' }),
    )
  })

  it('a field that is no DE55, and values that are missing or of another length', () => {
    const source = { scheme: 'pboc', imk, card: CARD }
    const field = Uint8Array.of(0x9f, 0x36, 3, 0)
    expect(() => generateApplicationCryptogram({ ...source, field55: field })).toThrow(coded('ERR_TLV'))
    const short = transaction('pboc', { '9F36': '64' })
    expect(() => generateApplicationCryptogram({ ...source, tags: short })).toThrow(coded('ERR_LENGTH'))
    const absent = transaction('pboc')
    absent.delete('95')
    expect(() => generateApplicationCryptogram({ ...source, tags: absent })).toThrow(
      coded('ERR_TAG', { label: 'tag 95' }),
    )
  })
})
