/** Reading: what is wrong with a key block is said by field and offset, before any key is needed. */
import { peekKeyBlockHeader } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { KEY_DATA, refusal, sized, withBlocks } from './support/key-block-texts.js'

describe('a key block as text', () => {
  it.each([
    ['a number', 12, 'number'],
    ['nothing', undefined, 'undefined'],
  ])('is refused when it is %s', (_, value, got) => {
    expect(refusal(value as unknown as string)).toEqual({
      label: 'key block',
      offset: undefined,
      expected: 'text',
      got,
    })
  })

  it.each([
    ['a line feed after it', `${sized(`B####E0TX00E0000${KEY_DATA.B}`)}\n`, 80],
    ['a letter beyond ASCII', 'B0016E0TX00E0é00', 13],
    ['DEL', '\u007f0016E0TX00E0000', 0],
    ['a control character', 'B0016E0T\u001f00E0000', 8],
  ])('is refused with %s', (_, text, offset) => {
    expect(refusal(text)).toEqual({ label: 'key block', offset, expected: 'printable ASCII', got: 'another character' })
  })

  it.each([
    ['', 'nothing'],
    ['A0016E0TX00E0000', 'A (key variant binding of 2005, withdrawn)'],
    ['E0016E0TX00E0000', 'E'],
    ['0', '0'],
    ['b', 'b'],
    ['~', '~'],
    [' B', ' '],
  ])('%j is refused by its version', (text, got) => {
    expect(refusal(text)).toEqual({ label: 'version', offset: 0, expected: 'B, C, D', got })
  })
})

describe('the length field', () => {
  it.each([
    ['one too many', `B0081E0TX00E0000${KEY_DATA.B}`, '0081', '0080, as many as there are'],
    ['one too few', `B0079E0TX00E0000${KEY_DATA.B}`, '0079', '0080, as many as there are'],
    ['no number', `BX080E0TX00E0000${KEY_DATA.B}`, 'X080', '0080, as many as there are'],
    ['cut short', 'B00', '00', '0003, as many as there are'],
    ['no multiple of 8 in version B', 'B0017E0TX00E00001', '0017', 'a multiple of 8'],
    ['no multiple of 8 in version C', 'C0020E0TX00E00001234', '0020', 'a multiple of 8'],
    ['no multiple of 16 in version D', 'D0024E0TX00E000012345678', '0024', 'a multiple of 16'],
    ['shorter than a header', 'B0008E0T', '0008', 'at least 16'],
  ])('is refused when it is %s', (_, text, got, expected) => {
    expect(refusal(text)).toEqual({ label: 'key block length', offset: 1, expected, got })
  })

  it('has no room for 10,000 characters', () => {
    const text = `B1000E0TX00E0000${'A'.repeat(9984)}`
    expect(refusal(text)).toMatchObject({ label: 'key block length', expected: '10000, as many as there are' })
  })
})

describe('the header', () => {
  it.each([
    ['B####_0TX00E0000', 5, '_'],
    ['B####E0T 00E0000', 8, ' '],
    ['B####E0TX00E000*', 15, '*'],
    ['B####E0TX00E-000', 12, '-'],
  ])('%s has another character than letters and digits', (header, offset, got) => {
    const text = sized(header + KEY_DATA.B)
    expect(refusal(text)).toEqual({ label: 'header', offset, expected: 'letters and digits', got })
  })

  it.each(['X0', '0X', 'AA'])('has no number %s of optional blocks', (got) => {
    expect(refusal(withBlocks(got, ''))).toEqual({
      label: 'number of optional blocks',
      offset: 12,
      expected: 'two decimal digits',
      got,
    })
  })

  it('keeps what the tables do not know', () => {
    expect(peekKeyBlockHeader(sized(`D####99zqc190017${KEY_DATA.D}`))).toEqual({
      version: 'D',
      usage: '99',
      algorithm: 'z',
      modeOfUse: 'q',
      keyVersion: 'c1',
      exportability: '9',
      reserved: '17',
      optionalBlocks: [],
    })
  })
})
