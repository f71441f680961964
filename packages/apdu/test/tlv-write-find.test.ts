import { describe, expect, it } from 'vitest'
import { encodeTlv, findTlv, parseTlv, requireTlv } from '../src/index.js'
import { hex, text, thrown } from './support.js'

describe('encodeTlv', () => {
  it.each([
    [0, '00'],
    [1, '01'],
    [127, '7F'],
    [128, '8180'],
    [255, '81FF'],
    [256, '820100'],
    [0x1234, '821234'],
    [65535, '82FFFF'],
    [65536, '83010000'],
    [0x123456, '83123456'],
    [0xffffff, '83FFFFFF'],
    [0x1000000, '8401000000'],
  ])('writes %d bytes behind the length %s', (length, field) => {
    const encoded = encodeTlv('9F10', new Uint8Array(length).fill(0xcd))
    expect(text(encoded.subarray(0, 2 + field.length / 2))).toBe(`9F10${field}`)
    expect(encoded.length).toBe(2 + field.length / 2 + length)
    expect(encoded.at(-1)).toBe(length === 0 ? 0 : 0xcd)
  })

  it('writes the parts of a template one after another', () => {
    const script = encodeTlv('72', [encodeTlv('9F18', hex('00000001')), encodeTlv('86', hex('841E000004'))])
    expect(text(script)).toBe('720E9F1804000000018605841E000004')
    expect(text(encodeTlv('70', []))).toBe('7000')
  })

  it('leaves the value it is given alone', () => {
    const value = hex('0102')
    const encoded = encodeTlv('DF8101', value)
    value[0] = 9
    expect(text(encoded)).toBe('DF8101020102')
  })

  it.each(['', '9F', '5A5A', '5a', '00'])('refuses the tag %j', (tag) => {
    expect(thrown(() => encodeTlv(tag, hex('00')))).toMatchObject({ code: 'ERR_TAG', label: 'tag' })
  })
})

const TREE = parseTlv(hex('5A0111 6F0B 84020102 A505 870101 5000 7003 5A0122 7003 5A0133'))

describe('findTlv', () => {
  it('follows the path downward', () => {
    expect(findTlv(TREE, '6F', 'A5', '87')).toMatchObject({ offset: 11, value: hex('01') })
    expect(findTlv(TREE, '6F')).toMatchObject({ tag: '6F', offset: 3 })
  })

  it('takes the first of several', () => {
    expect(findTlv(TREE, '70', '5A')?.value).toEqual(hex('22'))
  })

  it.each([[['84']], [['6F', '87']], [['6F', 'A5', '84']], [['5A', '5A']], [['99', '5A']], [[]]])(
    'finds nothing at %j',
    (path) => {
      expect(findTlv(TREE, ...path)).toBeUndefined()
    },
  )
})

describe('requireTlv', () => {
  it('gives the one object at the path', () => {
    expect(requireTlv(TREE, '6F', 'A5', '50')).toMatchObject({ offset: 14 })
    expect(requireTlv(TREE, '5A').value).toEqual(hex('11'))
  })

  it.each([
    [['9F38'], ['9F38'], '0 times'],
    [['6F', 'A5', '84'], ['6F', 'A5', '84'], '0 times'],
    [['6F', '9F38', '50'], ['6F', '9F38'], '0 times'],
    [['5A', '5A'], ['5A', '5A'], '0 times'],
    [['70', '5A'], ['70'], '2 times'],
    [[], [], 'an empty path'],
  ])('refuses %j at %j: %s', (path, at, got) => {
    const error = thrown(() => requireTlv(TREE, ...path))
    expect(error).toMatchObject({ code: 'ERR_TAG', path: at, got, expected: 'exactly one' })
    expect(error.label).toBe(`tag ${at.at(-1) ?? ''}`)
  })
})
