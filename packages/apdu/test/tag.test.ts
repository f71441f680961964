import { describe, expect, it } from 'vitest'
import { isConstructed, parseTlv, tagBytes } from '../src/index.js'
import { hex, text, thrown } from './support.js'

const WELL_FORMED = [
  '01',
  '1E',
  '3E',
  '5A',
  '9F00',
  '9F1A',
  '9F7F',
  '5F24',
  'BF0C',
  'DF8101',
  'FF01',
  'FF7F',
  'FF8105',
  '1FFF7F',
  'FF817F',
  'FFFE00',
]
const ILL_FORMED = [
  ['00', 'padding 00'],
  ['0001', 'padding 00'],
  ['FF', 'a tag cut short'],
  ['FF00', 'padding FF'],
  ['FFFF', 'padding FF'],
  ['FFFF01', 'padding FF'],
  ['9F', 'a tag cut short'],
  ['1F', 'a tag cut short'],
  ['9F81', 'a tag cut short'],
  ['9F80', 'a tag with a leading zero digit (80)'],
  ['9F8001', 'a tag with a leading zero digit (80)'],
  ['9F8180', 'a tag of more than 3 bytes'],
  ['DFFFFF', 'a tag of more than 3 bytes'],
] as const

describe('tagBytes', () => {
  it.each(WELL_FORMED)('takes %s', (tag) => expect(text(tagBytes(tag))).toBe(tag))

  it.each(ILL_FORMED)('refuses %s: %s', (tag, got) => {
    expect(thrown(() => tagBytes(tag))).toMatchObject({ code: 'ERR_TAG', label: 'tag', got })
  })

  it.each(['', '5', '9F1', '9f1a', '5A5A', '9F1A00', 'DF8101FF', '9F 1A', 'GG', '0x5A', '5A\n'])(
    'refuses %j',
    (tag) => {
      expect(thrown(() => tagBytes(tag)).code).toBe('ERR_TAG')
    },
  )
})

describe('a tag in a sequence', () => {
  it.each(WELL_FORMED)('%s is read whole', (tag) => {
    const [tlv] = parseTlv(hex(`${tag} 00`))
    expect(tlv?.tag).toBe(tag)
  })

  it.each(ILL_FORMED)('%s is refused: %s', (tag, got) => {
    const error = thrown(() => parseTlv(hex(`8A023030 ${tag}`)))
    expect(error).toMatchObject({ code: 'ERR_TAG', label: 'tag', got, offset: 4, path: [] })
  })
})

describe('isConstructed', () => {
  it.each([
    ['70', true],
    ['6F', true],
    ['BF0C', true],
    ['FF8105', true],
    ['50', false],
    ['9F20', false],
    ['DF8129', false],
    ['5F20', false],
  ])('%s: %j', (tag, constructed) => expect(isConstructed(tag)).toBe(constructed))

  it('refuses what is no tag', () => expect(thrown(() => isConstructed('')).code).toBe('ERR_TAG'))
})
