import { describe, expect, it } from 'vitest'
import { type DolEntry, dolLength, encodeDol, fillDol, parseDol } from '../src/index.js'
import { hex, text, thrown } from './support.js'

// CDOL1 of vectors/transcripts/unionpay-debit.txt.
const CDOL1 = '9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14'

describe('parseDol', () => {
  it('reads tags and lengths', () => {
    expect(parseDol(hex('9F0206 9A03 DF810101 8300'))).toEqual([
      { tag: '9F02', length: 6 },
      { tag: '9A', length: 3 },
      { tag: 'DF8101', length: 1 },
      { tag: '83', length: 0 },
    ])
    expect(parseDol(hex(CDOL1))).toHaveLength(10)
    expect(parseDol(hex(''))).toEqual([])
  })

  it('reads a length as one byte, whatever its value', () => {
    expect(parseDol(hex('9F4BFF 5A81'))).toEqual([
      { tag: '9F4B', length: 255 },
      { tag: '5A', length: 129 },
    ])
  })

  it.each([
    ['9F02', 2, 'the end'],
    ['9F0206 9A', 4, 'the end'],
    ['9F', 0, 'a tag cut short'],
    ['9F0206 9F', 3, 'a tag cut short'],
    ['9A03 00', 2, 'padding 00'],
    ['9A03 FFFF', 2, 'padding FF'],
    ['9A03 9F8001', 2, 'a tag with a leading zero digit (80)'],
  ])('refuses %s at %d: %s', (input, offset, got) => {
    expect(thrown(() => parseDol(hex(input)))).toMatchObject({ code: 'ERR_DOL', label: 'dol', offset, got })
  })

  it('takes 252 bytes and no more', () => {
    expect(parseDol(hex('9F0206'.repeat(84)))).toHaveLength(84)
    const error = thrown(() => parseDol(hex('9F0206'.repeat(84).concat('9A'))))
    expect(error).toMatchObject({ code: 'ERR_DOL', got: '253 bytes', expected: 'at most 252 bytes', offset: 252 })
  })
})

describe('encodeDol', () => {
  it('writes what parseDol reads', () => {
    expect(text(encodeDol(parseDol(hex(CDOL1))))).toBe(CDOL1)
    expect(text(encodeDol([{ tag: 'DF8101', length: 255 }]))).toBe('DF8101FF')
    expect(text(encodeDol([{ tag: '9A', length: 0 }]))).toBe('9A00')
  })

  it.each([-1, 256, 1.5, Number.NaN])('refuses the length %d', (length) => {
    const error = thrown(() => encodeDol([{ tag: '9A', length }]))
    expect(error).toMatchObject({ code: 'ERR_DOL', label: 'tag 9A', got: `${length}` })
  })

  it('refuses a tag that is none', () => {
    expect(thrown(() => encodeDol([{ tag: '9a', length: 3 }])).code).toBe('ERR_TAG')
  })

  it('writes 252 bytes and no more', () => {
    const entries: DolEntry[] = Array.from({ length: 126 }, () => ({ tag: '9A', length: 3 }))
    expect(encodeDol(entries).length).toBe(252)
    const error = thrown(() => encodeDol([...entries, { tag: '9A', length: 3 }]))
    expect(error).toMatchObject({ code: 'ERR_DOL', label: 'dol', got: '254 bytes' })
  })
})

describe('dolLength', () => {
  it('adds the lengths up', () => {
    expect(dolLength(parseDol(hex(CDOL1)))).toBe(52)
    expect(dolLength([])).toBe(0)
  })
})

describe('fillDol', () => {
  const fill = (tag: string, length: number, value?: string): string =>
    text(fillDol([{ tag, length }], new Map(value === undefined ? [] : [[tag, hex(value)]])))

  // [EMV-B3] 5.4: expectations by the rules of the standard, worked out by hand.
  it.each([
    ['9F02', 6, '000000001234', '000000001234', 'n that fits'],
    ['9F02', 4, '000000001234', '00001234', 'n loses on the left'],
    ['9F02', 8, '000000001234', '0000000000001234', 'n gains zeros on the left'],
    ['9F02', 0, '000000001234', '', 'n of length 0'],
    ['5F2A', 1, '0156', '56', 'n of one byte'],
    ['5A', 10, '6214830100237436', '6214830100237436FFFF', 'cn gains FF on the right'],
    ['5A', 8, '6214830100237436', '6214830100237436', 'cn that fits'],
    ['5A', 3, '6214830100237436', '621483', 'cn loses on the right'],
    ['9F4E', 6, '41424344', '414243440000', 'ans gains zeros on the right'],
    ['9F4E', 2, '41424344', '4142', 'ans loses on the right'],
    ['95', 5, '0000008000', '0000008000', 'b that fits'],
    ['95', 6, '0000008001', '000000800100', 'b gains zeros on the right'],
    ['95', 4, '0000008001', '00000080', 'b loses on the right'],
    ['5F55', 3, '434E', '434E00', 'a gains zeros on the right'],
    ['DF01', 3, 'AABB', 'AABB00', 'a tag of no dictionary is treated as b'],
    ['70', 2, 'AABB', '0000', 'a template is zeros'],
    ['BF0C', 3, 'AABBCC', '000000', 'a template of two tag bytes is zeros'],
    ['9F02', 6, undefined, '000000000000', 'n that is missing'],
    ['5A', 3, undefined, '000000', 'cn that is missing'],
  ])('%s in %d bytes, %s: %s (%s)', (tag, length, value, filled, _) => {
    expect(fill(tag, length, value)).toBe(filled)
  })

  it('fills one after another, a repeated tag each time', () => {
    const values = new Map([
      ['9F02', hex('000000000900')],
      ['9A', hex('161004')],
      ['9C', hex('00')],
    ])
    const dol = parseDol(hex('9F0206 9F0306 9A03 9C01 9F0203'))
    expect(text(fillDol(dol, values))).toBe('000000000900 000000000000 161004 00 000900'.replaceAll(' ', ''))
  })

  it('gives the GENERATE AC data of a real session', () => {
    const values = new Map(
      Object.entries({
        '9F02': '000000000009',
        '9F03': '00',
        '9F1A': '0156',
        '95': '0000800000',
        '5F2A': '0156',
        '9A': '100410',
        '9C': '00',
        '9F37': '0B84FBA0',
        '9F21': '720190',
      }).map(([tag, value]) => [tag, hex(value)]),
    )
    expect(text(fillDol(parseDol(hex(CDOL1)), values))).toBe(
      `000000000009 000000000000 0156 0000800000 0156 100410 00 0B84FBA0 720190 ${'00'.repeat(20)}`.replaceAll(' ', ''),
    )
  })

  it('refuses an entry whose tag is none', () => {
    expect(thrown(() => fill('5a', 1, '00')).code).toBe('ERR_TAG')
  })
})
