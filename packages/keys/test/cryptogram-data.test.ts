import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { type CryptogramDataOptions, cryptogramData, missingElements } from '../src/index.js'
import { coded } from './support/errors.js'
import { SCHEME_NAMES, transaction } from './support/transactions.js'

const without = (name: Parameters<typeof transaction>[0], ...tags: string[]): Map<string, Uint8Array> => {
  const map = transaction(name)
  for (const tag of tags) map.delete(tag)
  return map
}
const COMMON = '00000001000000000000000001560000048000015626112100A1B2C3D47C000064'

describe('the data', () => {
  it.each([
    ['visa-cvn10', `${COMMON}03A06010`],
    ['visa-cvn18', `${COMMON}06011203A0B800`],
    ['mastercard-cvn20', `${COMMON}A00003220000`],
    ['mastercard-cvn21', `${COMMON}A0000322000000000000000322FF`],
    ['pboc', `${COMMON}03A00000`],
    ['pboc-cvn17', '000000010000A1B2C3D40064A0'],
    ['interac-cvn133', `${COMMON}1501850440B100000000B00000000000000000000000`],
  ] as const)('of %s', (name, expected) => {
    const covered = cryptogramData(name, transaction(name))
    expect(toHex(covered.data)).toBe(expected)
    expect(covered.tolerances).toEqual([])
  })

  it('are named value by value, with their source', () => {
    const tags = without('mastercard-cvn21', '9F03')
    tags.set('COUNTERS', fromHex('0102030405060708'))
    const { parts, tolerances } = cryptogramData('mastercard-cvn21', tags)
    expect(parts.map(({ element, value, from }) => `${element} ${toHex(value)} ${from}`)).toEqual([
      '9F02 000000010000 tag',
      '9F03 000000000000 default',
      '9F1A 0156 tag',
      '95 0000048000 tag',
      '5F2A 0156 tag',
      '9A 261121 tag',
      '9C 00 tag',
      '9F37 A1B2C3D4 tag',
      '82 7C00 tag',
      '9F36 0064 tag',
      'CVR A00003220000 9F10',
      'COUNTERS 0102030405060708 part',
    ])
    expect(tolerances).toEqual([{ name: 'amount-other-absent', tag: '9F03' }])
  })

  it('take 16 bytes of counters as they take 8', () => {
    const counters = '00112233445566778899AABBCCDDEEFF'
    const long = transaction('mastercard-cvn17', { '9F10': `0111A00003220000AABB${counters}` })
    expect(toHex(cryptogramData('mastercard-cvn17', long).data)).toBe(`${COMMON}A00003220000${counters}`)
    const part = transaction('mastercard-cvn17', { COUNTERS: counters })
    expect(toHex(cryptogramData('mastercard-cvn17', part).data)).toBe(`${COMMON}A00003220000${counters}`)
  })

  it('take byte 5 of 9F10 from a CVR given by itself', () => {
    const tags = without('pboc-cvn17', '9F10')
    tags.set('CVR', fromHex('03B10000'))
    const { data, parts } = cryptogramData('pboc-cvn17', tags)
    expect(toHex(data)).toBe('000000010000A1B2C3D40064B1')
    expect(parts.at(-1)).toMatchObject({ element: 'IAD5', from: 'part' })
  })

  it('put a part before tag 9F10', () => {
    const { data, parts } = cryptogramData('pboc', transaction('pboc', { CVR: '03FFFFFF' }))
    expect(toHex(data)).toBe(`${COMMON}03FFFFFF`)
    expect(parts.at(-1)).toMatchObject({ from: 'part' })
  })

  it('bring codes to two bytes', () => {
    const { data, tolerances } = cryptogramData('pboc', transaction('pboc', { '9F1A': '000156', '5F2A': '000156' }))
    expect(toHex(data)).toBe(`${COMMON}03A00000`)
    expect(tolerances).toEqual([
      { name: 'numeric-code-digits', tag: '9F1A' },
      { name: 'numeric-code-digits', tag: '5F2A' },
    ])
  })

  it('are other elements where the CDOL of a common core application asks for them', () => {
    const options: CryptogramDataOptions = { elements: ['9F37', '9F35', '82', '9F36', 'IAD'] }
    const tags = transaction('emv-ccd', { '9F35': '22' })
    expect(toHex(cryptogramData('emv-ccd', tags, options).data)).toBe(
      `A1B2C3D4227C000064${toHex(tags.get('9F10') ?? new Uint8Array(0))}`,
    )
    expect(missingElements('emv-ccd', without('emv-ccd', '9F37'), options)).toEqual(['9F37', '9F35'])
  })
})

describe('the request of a later message', () => {
  const original = transaction('pboc', { '9F36': '9999', '9F03': '000000000777', '9F10': '07010103FFFFFF01' })

  it('lends what the message lacks, and says so', () => {
    const tags = without('pboc', '9F02', '9F03', '9C')
    const { data, parts, tolerances } = cryptogramData('pboc', tags, { original })
    expect(toHex(data)).toBe(`${COMMON.slice(0, 12)}000000000777${COMMON.slice(24)}03A00000`)
    expect(parts.filter(({ from }) => from === 'original').map(({ element }) => element)).toEqual([
      '9F02',
      '9F03',
      '9C',
    ])
    expect(tolerances).toEqual([
      { name: 'from-original', tag: '9F02' },
      { name: 'from-original', tag: '9F03' },
      { name: 'from-original', tag: '9C' },
    ])
  })

  it.each(['9F10', '9F36'])('does not lend %s', (tag) => {
    expect(missingElements('pboc', without('pboc', tag), { original })).toEqual([tag === '9F10' ? 'CVR' : tag])
    expect(() => cryptogramData('pboc', without('pboc', tag), { original })).toThrow(coded('ERR_TAG'))
  })

  it.each(['9F26', '9F27'])('does not lend %s', (tag) => {
    const lender = new Map([...original, [tag, new Uint8Array(8)]])
    expect(missingElements('pboc', transaction('pboc'), { original: lender, elements: [tag] })).toEqual(
      tag === '9F27' ? [] : [tag],
    )
    expect(missingElements('pboc', without('pboc', '9F27'), { original: lender, elements: [tag] })).toEqual([tag])
  })
})

describe('what is missing', () => {
  it.each([
    ['pboc', ['9F02', '9F37', '9F36'], ['9F02', '9F37', '9F36']],
    ['pboc', ['9F10'], ['CVR']],
    ['mastercard-cvn17', ['9F10'], ['CVR', 'COUNTERS']],
    ['visa-cvn18', ['9F10', '95'], ['95', 'IAD']],
    ['pboc-cvn17', ['9F10', '95'], ['IAD5']],
    ['pboc', ['9F03'], []],
  ] as const)('of %s without %j is %j', (name, absent, missing) => {
    expect(missingElements(name, without(name, ...absent))).toEqual(missing)
  })

  it.each([
    ['9F37', 'tag 9F37', 'pboc'],
    ['95', 'tag 95', 'pboc'],
    ['9F10', 'CVR', 'pboc'],
    ['9F10', 'tag 9F10', 'visa-cvn18'],
    ['9F10', 'tag 9F10', 'pboc-cvn17'],
  ] as const)('is said: %s as %s', (tag, label, name) => {
    expect(() => cryptogramData(name, without(name, tag))).toThrow(coded('ERR_TAG', { label }))
  })

  it('is the counters, of a layout without any', () => {
    const elements = ['COUNTERS'] as const
    expect(missingElements('visa-cvn10', transaction('visa-cvn10'), { elements })).toEqual(['COUNTERS'])
    expect(() => cryptogramData('visa-cvn10', transaction('visa-cvn10'), { elements })).toThrow(
      coded('ERR_TAG', { label: 'COUNTERS' }),
    )
  })

  it.each(SCHEME_NAMES)('of %s is nothing when all is there', (name) => {
    expect(missingElements(name, transaction(name))).toEqual([])
  })
})

describe('refuses', () => {
  it.each([
    ['pboc', '9F02', '0000000100', 'tag 9F02'],
    ['pboc', '9F37', 'A1B2C3', 'tag 9F37'],
    ['pboc', '95', '000004800000', 'tag 95'],
    ['pboc', '9F1A', '010156', 'tag 9F1A'],
    ['pboc', 'CVR', 'A00000', 'CVR'],
    ['pboc', 'CVR', '03A0000000', 'CVR'],
    ['visa-cvn10', 'CVR', 'A00000', 'CVR'],
    ['mastercard-cvn16', 'CVR', 'A000032200', 'CVR'],
    ['mastercard-cvn17', 'COUNTERS', '00000000000322', 'COUNTERS'],
    ['mastercard-cvn17', 'COUNTERS', '00000000000322FFFF', 'COUNTERS'],
    ['visa-cvn18', '9F10', '06'.repeat(33), 'tag 9F10'],
  ] as const)('in %s a %s of %s', (name, tag, hex, label) => {
    expect(() => cryptogramData(name, transaction(name, { [tag]: hex }))).toThrow(coded('ERR_LENGTH', { label }))
  })

  it('a CVR of Interac, whose layout is not public', () => {
    const tags = transaction('interac-cvn133', { CVR: '40B10000' })
    expect(() => cryptogramData('interac-cvn133', tags, { elements: ['CVR'] })).toThrow(
      coded('ERR_LENGTH', { label: 'CVR' }),
    )
  })

  it('a 9F10 of another family, and an unknown scheme', () => {
    const tags = transaction('pboc', { '9F10': '06010A03A06010' })
    expect(() => cryptogramData('pboc', tags)).toThrow(coded('ERR_SCHEME', { label: 'tag 9F10' }))
    expect(() => missingElements('pboc', tags)).toThrow(coded('ERR_SCHEME', { label: 'tag 9F10' }))
    expect(() => cryptogramData('pboc-99', tags)).toThrow(coded('ERR_SCHEME', { label: 'scheme' }))
    expect(() => missingElements('pboc-99', tags)).toThrow(coded('ERR_SCHEME', { label: 'scheme' }))
  })
})
