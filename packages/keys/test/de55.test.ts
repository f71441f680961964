import { concat, encodeTlv, fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isUnionPayOrder } from '../src/de55.js'
import { type Field55, parseField55 } from '../src/index.js'
import { CAPTURED } from './support/captured.js'
import { coded } from './support/errors.js'

const parse = (hex: string): Field55 => parseField55(fromHex(hex))
const text = (characters: string): Uint8Array => Uint8Array.from(characters, (c) => c.charCodeAt(0))
const FIELD = fromHex('9F2608E89051379F080D149F36020064')
const BARE = parseField55(FIELD)

describe('the field', () => {
  it('is tags and their values', () => {
    expect([...BARE.tags.keys()]).toEqual(['9F26', '9F36'])
    expect(toHex(BARE.tags.get('9F36') ?? FIELD)).toBe('0064')
    expect(BARE.tolerances).toEqual([])
    expect(BARE.list.map(({ tag, offset }) => [tag, offset])).toEqual([
      ['9F26', 0],
      ['9F36', 11],
    ])
  })

  it('may be empty', () => expect(parse('')).toEqual({ tags: new Map(), list: [], tolerances: [] }))

  it.each(Object.entries(CAPTURED))('is read as captured: %s', (_, hex) => {
    const { tags, list, tolerances } = parse(hex)
    expect(tolerances).toEqual([])
    expect(toHex(concat(...list.map(({ bytes }) => bytes)))).toBe(hex)
    expect(tags.size).toBe(list.filter(({ children }) => children === undefined).length)
  })

  it('keeps templates out of the values, however often they stand', () => {
    const { tags, list } = parse(CAPTURED.answerTwo72)
    expect([...tags.keys()]).toEqual(['91'])
    expect(list.map(({ tag }) => tag)).toEqual(['91', '71', '72'])
    const twice = parse('72009F3602006472009F36020064')
    expect(twice.list.map(({ tag }) => tag)).toEqual(['72', '9F36', '72', '9F36'])
    expect(twice.tolerances).toEqual([{ name: 'repeated-tag', tag: '9F36' }])
  })

  it('keeps unknown tags and says so, templates too', () => {
    const { tags, tolerances } = parse('DFEE0101AA9F36020064FFEE0100')
    expect(toHex(tags.get('DFEE01') ?? FIELD)).toBe('AA')
    expect(tolerances).toEqual([
      { name: 'unknown-tag', tag: 'DFEE01' },
      { name: 'unknown-tag', tag: 'FFEE01' },
    ])
  })

  it('refuses a tag with two values, and says where', () => {
    expect(() => parse('9F360200649F36020065')).toThrow(coded('ERR_TAG', { label: 'tag 9F36', offset: 5 }))
  })

  it.each([
    ['ERR_TLV', '9F36030064', { path: ['9F36'], offset: 2 }],
    ['ERR_TLV', '9F36', { path: ['9F36'], offset: 2 }],
    ['ERR_TAG', '9F', { offset: 0 }],
    ['ERR_TAG', '009F36020064', { offset: 0 }],
    ['ERR_TAG', '00069F36020064', { offset: 0 }],
    ['ERR_TAG', '9F3602006400', { offset: 5 }],
    ['ERR_TAG', '000000', { offset: 0 }],
  ] as const)('refuses with %s: %s', (code, hex, details) => {
    expect(() => parse(hex)).toThrow(coded(code, details))
  })
})

describe('a length in front', () => {
  const prefixed = (...prefix: Uint8Array[]): Field55 => parseField55(concat(...prefix, FIELD))

  it.each([
    ['LLLVAR, characters', text('016')],
    ['LLLVAR, BCD', fromHex('0016')],
    ['one byte', fromHex('10')],
    ['two bytes', fromHex('0010')],
  ])('is tolerated: %s', (detail, prefix) => {
    const read = prefixed(prefix)
    expect(read.tags).toEqual(BARE.tags)
    expect(read.tolerances).toEqual([{ name: 'length-prefix', detail }])
  })

  it.each([
    ['characters that count one too many', text('017')],
    ['characters that count one too few', text('015')],
    ['characters that are no digits', text('01G')],
    ['characters with a sign', text('+16')],
    ['four characters', text('0016')],
    ['BCD that counts the prefix too', fromHex('0018')],
    ['BCD with letters', fromHex('001A')],
    ['one byte that counts itself', fromHex('11')],
    ['two bytes that count themselves', fromHex('0012')],
    ['three bytes', fromHex('000010')],
  ])('is refused: %s', (_, prefix) => {
    expect(() => prefixed(prefix)).toThrow(expect.objectContaining({ name: 'IssuerkitError' }))
  })

  it('is not seen where the field holds without it', () => {
    // 5A 08: the PAN of 8 bytes; as a length, 5A would count 90 bytes.
    const field = concat(encodeTlv('5A', new Uint8Array(8)), encodeTlv('9F1E', new Uint8Array(8)))
    expect(parseField55(field).tolerances).toEqual([])
  })

  it.each([
    ['1F', 31],
    ['9F', 159],
  ])('is not mistaken for the beginning of a tag: %s', (_, length) => {
    // 9F9F26 and 1F9F26 are tags too.
    const rest = encodeTlv('84', new Uint8Array(length - 11 - 2 - (length > 130 ? 1 : 0)))
    const field = concat(encodeTlv('9F26', new Uint8Array(8)), rest)
    expect(field).toHaveLength(length)
    const read = parseField55(concat(Uint8Array.of(length), field))
    expect([...read.tags.keys()]).toEqual(['9F26', '84'])
    expect(read.tolerances).toEqual([{ name: 'length-prefix', detail: 'one byte' }])
  })

  it('is not read into the beginning of a tag', () => {
    // 160 bytes that begin with 9F1A: without their first byte, 1A would be a tag, and 9F their length.
    const field = concat(encodeTlv('9F1A', fromHex('0156')), encodeTlv('72', new Uint8Array(0)))
    const rest = encodeTlv('84', new Uint8Array(160 - field.length - 3))
    const whole = concat(field, rest)
    expect(whole).toHaveLength(160)
    const read = parseField55(whole)
    expect([...read.tags.keys()]).toEqual(['9F1A', '84'])
    expect(read.tolerances).toEqual([])
  })

  it('does not hide what is wrong behind it', () => {
    expect(() => prefixed(text('017'))).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_T/) }))
    expect(() => parseField55(concat(text('005'), fromHex('9F36030064')))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_T/) }),
    )
  })

  it('may stand before lengths that are not minimal', () => {
    const field = fromHex('9F3681020064')
    expect(parseField55(field)).toMatchObject({ tolerances: [{ name: 'non-minimal-length' }] })
    expect(parseField55(concat(text('006'), field)).tolerances).toEqual([
      { name: 'length-prefix', detail: 'LLLVAR, characters' },
      { name: 'non-minimal-length' },
    ])
  })

  it('changes no value of any field', () => {
    const values = fc.uniqueArray(
      fc.tuple(
        fc.constantFrom('9F26', '9F10', '95', '9A', '82', '5F2A', '84', '9F1E', 'DF31'),
        fc.uint8Array({ maxLength: 40 }),
      ),
      { selector: ([tag]) => tag },
    )
    fc.assert(
      fc.property(values, fc.constantFrom(3, 2, 1, 0), (entries, kind) => {
        const field = concat(...entries.map(([tag, value]) => encodeTlv(tag, value)))
        const length = String(field.length).padStart(3, '0')
        const prefix = [new Uint8Array(0), Uint8Array.of(field.length), fromHex(`0${length}`), text(length)][kind]
        fc.pre(kind !== 1 || field.length < 256)
        const read = parseField55(concat(prefix ?? field, field))
        expect(read.tags).toEqual(new Map(entries))
        expect(read.tolerances.length).toBe(kind === 0 ? 0 : 1)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the order of UnionPay', () => {
  const ordered = (tags: string): boolean =>
    isUnionPayOrder(parseField55(concat(...tags.split(' ').map((tag) => encodeTlv(tag, new Uint8Array(1))))).list)

  it.each([
    ['a request', '9F26 9F27 9F10 9F37 9F36 95 9A 9C 9F02 5F2A 82 9F1A 9F03 9F33'],
    ['a request with gaps and what the order does not name', '9F26 9F10 DF01 95 82 9F6C 8A'],
    ['a reversal', '95 9F1E 9F10 9F36 DF31'],
    ['a script result', '9F33 95 9F37 9F1E 9F10 9F26 9F36 82 DF31 9F1A 9A'],
  ])('is that of %s', (_, tags) => expect(ordered(tags)).toBe(true))

  it.each([
    ['a request that begins otherwise', '9F35 9C 9F33 9F02'],
    ['a request with two tags exchanged', '9F26 9F27 9F37 9F10'],
    ['a request as a script result orders it', '9F33 95 9F37 9F1E 9F10 9F26 9F36 82'],
    ['a reversal as a request orders it', '9F10 9F36 95 9F1E DF31'],
    ['a script result as a request orders it', '9F26 9F10 9F37 9F36 95 DF31'],
  ])('is not that of %s', (_, tags) => expect(ordered(tags)).toBe(false))

  it('is asked of the outermost tags in their places', () => {
    expect(isUnionPayOrder([])).toBe(true)
    expect(ordered('9F26')).toBe(true)
  })
})
