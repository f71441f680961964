import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { expectTagLength, numericCode } from '../src/de55-tolerances.js'
import { tagsFromText } from '../src/index.js'
import { coded } from './support/errors.js'

describe('values from text', () => {
  it('are bytes by tag, and the two parts of 9F10', () => {
    const { tags, tolerances } = tagsFromText({ '9F36': '0064', CVR: '03a00000', COUNTERS: '', '9C': '00' })
    expect([...tags].map(([tag, value]) => [tag, toHex(value)])).toEqual([
      ['9F36', '0064'],
      ['CVR', '03A00000'],
      ['COUNTERS', ''],
      ['9C', '00'],
    ])
    expect(tolerances).toEqual([])
  })

  it('may be codes of three digits', () => {
    const { tags, tolerances } = tagsFromText({ '9F1A': '156', '5F2A': '702' })
    expect([...tags.values()].map(toHex)).toEqual(['0156', '0702'])
    expect(tolerances).toEqual([
      { name: 'numeric-code-digits', tag: '9F1A' },
      { name: 'numeric-code-digits', tag: '5F2A' },
    ])
  })

  it.each([
    ['three digits of another tag', { '9A': '261' }, 'ERR_HEX', { label: 'tag 9A' }],
    ['three digits that are not decimal', { '9F1A': '15A' }, 'ERR_HEX', { label: 'tag 9F1A' }],
    ['five digits', { '9F1A': '00156' }, 'ERR_HEX', { label: 'tag 9F1A' }],
    ['one digit', { '5F2A': '1' }, 'ERR_HEX', { label: 'tag 5F2A' }],
    ['other text', { CVR: '03A0000G' }, 'ERR_HEX', { label: 'CVR' }],
    ['a tag in small letters', { '9f36': '0064' }, 'ERR_TAG', {}],
    ['a name that is no tag', { IAD: '00' }, 'ERR_TAG', {}],
    ['half a tag', { '9F': '00' }, 'ERR_TAG', {}],
  ] as const)('are refused: %s', (_, record, code, details) => {
    expect(() => tagsFromText(record as unknown as Record<string, string>)).toThrow(coded(code, details))
  })
})

describe('a code in three bytes', () => {
  it.each([
    ['9F1A', '000156', '0156', true],
    ['5F2A', '000702', '0702', true],
    ['9F1A', '0156', '0156', false],
    ['9F1A', '010156', '010156', false],
    ['9F1A', '00000156', '00000156', false],
    ['9A', '000156', '000156', false],
  ])('%s %s is %s', (tag, given, value, changed) => {
    const read = numericCode(tag, fromHex(given))
    expect([toHex(read.value), read.changed]).toEqual([value, changed])
  })
})

describe('the length of a value', () => {
  it.each([
    ['9F36', 2],
    ['9F10', 0],
    ['9F10', 32],
    ['84', 5],
    ['84', 16],
    ['DFEE01', 99],
  ])('%s may have %i bytes', (tag, length) => {
    const value = new Uint8Array(length)
    expect(expectTagLength(tag, value)).toBe(value)
  })

  it.each([
    ['9F36', 1],
    ['9F36', 3],
    ['9F10', 33],
    ['84', 4],
    ['84', 17],
  ])('%s may not have %i', (tag, length) => {
    expect(() => expectTagLength(tag, new Uint8Array(length))).toThrow(coded('ERR_LENGTH', { label: `tag ${tag}` }))
  })
})
