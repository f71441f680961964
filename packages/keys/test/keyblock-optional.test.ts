/** Reading optional blocks and key data. Most of the malformed ones are modelled on those of psec's tests. */
import { peekKeyBlockHeader } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { KEY_DATA, refusal, sized, withBlocks } from './support/key-block-texts.js'

const read = (count: string, blocks: string) => peekKeyBlockHeader(withBlocks(count, blocks)).optionalBlocks
/** A whole key block that ends within its optional blocks. */
const ending = (blocks: string): string => sized(`B####E0TX00E0100${blocks}`)

describe('optional blocks', () => {
  it.each([
    ['one', '01', 'KS1800604B120F9292800000', 'KS', '00604B120F9292800000'],
    ['the padding block left out', '02', 'KS1200604B120F9292PB0600', 'KS', '00604B120F9292'],
    ['a numeric identifier, printable data', '01', '1008 A~z', '10', ' A~z'],
    ['a length in lower case', '02', 'LB0aabcdefPB0600', 'LB', 'abcdef'],
    ['an extended length in bytes', '01', `CT00020108${'x'.repeat(254)}`, 'CT', 'x'.repeat(254)],
    ['an extended length in characters', '01', `CT00040108${'x'.repeat(254)}`, 'CT', 'x'.repeat(254)],
    ['an extended length in lower case', '01', `CT000201a0${'x'.repeat(406)}`, 'CT', 'x'.repeat(406)],
    ['an extended length where a short one would do', '01', 'LB00020010ABCDEF', 'LB', 'ABCDEF'],
    ['an extended length of nothing', '02', 'LB0002000APB0600', 'LB', ''],
  ])('are read: %s', (_, count, blocks, id, data) => {
    expect(read(count, blocks)).toEqual([{ id, data }])
  })

  it('are read in their order, empty ones too', () => {
    expect(read('04', 'T206zzKS1800604B120F9292800000T104PB0600')).toEqual([
      { id: 'T2', data: 'zz' },
      { id: 'KS', data: '00604B120F9292800000' },
      { id: 'T1', data: '' },
    ])
  })

  it('may be the padding block alone', () => {
    expect(read('01', 'PB080000')).toEqual([])
  })

  it('are 99 at most, the padding block counted', () => {
    const ids = Array.from({ length: 98 }, (_, i) => String(i).padStart(2, '0'))
    const blocks = read('99', `${ids.map((id) => `${id}04`).join('')}PB080000`)
    expect(blocks).toEqual(ids.map((id) => ({ id, data: '' })))
  })

  it.each([
    ['there is none', ''],
    ['only an identifier', 'KS1     '],
    ['a lower-case identifier', 'kS080000'],
    ['a blank in the identifier', 'K 080000'],
    ['a star in the identifier', '*K080000'],
    ['a length with another letter', 'KSY80000'],
    ['a length with another letter behind', 'KS0G0000'],
  ])('are refused when %s', (_, blocks) => {
    const expected = 'identifier and length'
    expect(refusal(ending(blocks))).toEqual({ label: 'optional block', offset: 16, expected, got: 'other characters' })
  })

  it.each([
    ['does not cover its prefix', 'KS030000', '3', 4],
    ['is two', 'KS020000', '2', 4],
    ['is longer than the rest', 'KS090000', '9', 4],
    ['has an extended length of one byte', 'KS000108', '0', 4],
    ['has an extended length of no bytes', 'KS000008', '0', 4],
    ['has an extended length of three bytes', 'KS00030000100000', '0', 4],
    ['has an extended length of five bytes', 'KS00050000001000', '0', 4],
    ['has an extended length that is none', 'KS0002010H000000', '0', 4],
    ['has an extended length cut short', 'KS000201', '0', 4],
    ['has an extended length that does not cover its prefix', 'KS00020009000000', '9', 10],
    ['has an extended length beyond the rest', 'KS00020011000000', '17', 10],
  ])('are refused when one %s', (_, blocks, got, least) => {
    const expected = `a length of ${least} to ${blocks.length}`
    expect(refusal(ending(blocks))).toEqual({ label: 'optional block KS', offset: 16, expected, got })
  })

  it('may reach to the end, but then no key data follow', () => {
    expect(refusal(ending('KS080000'))).toMatchObject({ label: 'key data', got: '0 characters', offset: 24 })
    expect(refusal(ending('KS00020010000000'))).toMatchObject({ label: 'key data', got: '0 characters', offset: 32 })
  })

  it('are refused when the second is malformed', () => {
    expect(refusal(sized('B####E0TX00E0200KS060000'))).toMatchObject({ label: 'optional block', offset: 22 })
    expect(refusal(sized('B####E0TX00E0200KS04TT03'))).toMatchObject({ label: 'optional block TT', offset: 20 })
  })

  it('are refused when an identifier comes again', () => {
    const repeated = refusal(withBlocks('04', 'T104KS06aaKS06bbPB080000'))
    expect(repeated).toEqual({ label: 'optional block KS', offset: 26, expected: 'once', got: 'again' })
  })

  it.each([
    ['PB04KS04', '02', 16],
    ['KS04PB04LB04PB04', '04', 20],
    ['PB04PB04', '02', 16],
  ])('are refused when the padding block is not the last: %s', (blocks, count, offset) => {
    const expected = 'the last one'
    expect(refusal(withBlocks(count, blocks))).toEqual({
      label: 'optional block PB',
      offset,
      expected,
      got: 'another after it',
    })
  })
})

describe('key data and MAC', () => {
  it.each([
    ['B', 'nothing', ''],
    ['B', 'half a MAC', '12345678'],
    ['B', 'the MAC alone', '1'.repeat(16)],
    ['B', 'half a block and the MAC', '1'.repeat(8 + 16)],
    ['B', 'a block and a half and the MAC', '1'.repeat(24 + 16)],
    ['C', 'nothing', ''],
    ['C', 'the MAC alone', '1'.repeat(8)],
    ['C', 'half a block and the MAC', '1'.repeat(8 + 8)],
    ['D', 'the MAC alone', '1'.repeat(32)],
    ['D', 'half a block and the MAC', '1'.repeat(16 + 32)],
    ['D', 'a block and a half and the MAC', '1'.repeat(48 + 32)],
  ] as const)('of version %s are refused when there is %s', (version, _, body) => {
    const expected = {
      B: 'whole blocks of 16 characters and a MAC of 16',
      C: 'whole blocks of 16 characters and a MAC of 8',
      D: 'whole blocks of 32 characters and a MAC of 32',
    }[version]
    const text = sized(`${version}####E0TX00E0000${body}`)
    expect(refusal(text)).toEqual({ label: 'key data', offset: 16, expected, got: `${body.length} characters` })
  })

  it.each([
    ['B', 16 + 16],
    ['C', 16 + 8],
    ['D', 32 + 32],
  ])('of version %s are one block at least', (version, digits) => {
    expect(peekKeyBlockHeader(sized(`${version}####E0TX00E0000${'1'.repeat(digits)}`))).toMatchObject({ version })
  })

  it.each([
    ['a letter beyond F', `G${KEY_DATA.B.slice(1)}`],
    ['a letter beyond F at the end', `${KEY_DATA.B.slice(1)}g`],
    ['a blank', `${KEY_DATA.B.slice(0, 9)} ${KEY_DATA.B.slice(10)}`],
    ['one digit in lower case', `a${KEY_DATA.B.slice(1)}`],
    ['one digit in upper case', `${KEY_DATA.B.slice(1).toLowerCase()}A`],
  ])('are refused with %s', (_, body) => {
    const expected = 'hexadecimal digits of one case'
    const found = refusal(sized(`B####E0TX00E0100KS080000${body}`))
    expect(found).toEqual({ label: 'key data', offset: 24, expected, got: 'other characters' })
  })

  it.each([KEY_DATA.B, KEY_DATA.B.toLowerCase(), '01234567'.repeat(8)])('may be %s', (body) => {
    expect(peekKeyBlockHeader(sized(`B####E0TX00E0000${body}`))).toMatchObject({ usage: 'E0' })
  })

  it('take what a number of optional blocks too small leaves over', () => {
    const text = sized(`B####E0TX00E0000KS080000LB080000${KEY_DATA.B}`)
    expect(refusal(text)).toMatchObject({ label: 'key data', expected: 'hexadecimal digits of one case', offset: 16 })
  })
})
