import { describe, expect, it } from 'vitest'
import { parseOneTlv, parseTlv } from '../src/index.js'
import { hex, text, thrown } from './support.js'

// The answer to SELECT of vectors/transcripts/unionpay-debit.txt.
const FCI = hex(`6F45 8408A000000333010101 A539 500A50424F43204445424954 870101 9F38099F7A019F02065F2A02 5F2D027A68
  9F110101 9F120A50424F43204445424954 BF0C059F4D020B0A`)

/** A primitive object with a length field of its own choosing. */
const withLength = (field: string, length: number): Uint8Array =>
  new Uint8Array(Buffer.concat([hex(`9F10${field}`), Buffer.alloc(length, 0xab)]))

describe('parseTlv', () => {
  it('gives tags, offsets from the start of the whole input, and children in order', () => {
    const [fci] = parseTlv(FCI)
    expect(fci).toMatchObject({ tag: '6F', offset: 0, bytes: FCI, value: FCI.subarray(2) })
    expect(fci?.children?.map(({ tag, offset }) => [tag, offset])).toEqual([
      ['84', 2],
      ['A5', 12],
    ])
    const a5 = fci?.children?.[1]
    expect(a5?.children?.map(({ tag, offset, value }) => [tag, offset, text(value)])).toEqual([
      ['50', 14, '50424F43204445424954'],
      ['87', 26, '01'],
      ['9F38', 29, '9F7A019F02065F2A02'],
      ['5F2D', 41, '7A68'],
      ['9F11', 46, '01'],
      ['9F12', 50, '50424F43204445424954'],
      ['BF0C', 63, '9F4D020B0A'],
    ])
    expect(a5?.children?.[6]?.children?.[0]).toEqual({
      tag: '9F4D',
      offset: 66,
      value: hex('0B0A'),
      bytes: hex('9F4D020B0A'),
    })
  })

  it('gives children to templates only, an empty list to an empty one', () => {
    const [template, primitive] = parseTlv(hex('7000 5A00'))
    expect(template).toMatchObject({ tag: '70', children: [] })
    expect(primitive).not.toHaveProperty('children')
  })

  it('goes back up after a template that ends with its parent', () => {
    const [outer, next] = parseTlv(hex('6F05 A503 BF0C00 5A00'))
    expect(outer?.children?.[0]?.children?.[0]).toMatchObject({ tag: 'BF0C', offset: 4, children: [] })
    expect(next).toMatchObject({ tag: '5A', offset: 7 })
  })

  it('gives views into the input, not copies', () => {
    const input = hex('70025A00 5A0112')
    const list = parseTlv(input)
    input[6] = 0x99
    expect(list[1]?.value).toEqual(hex('99'))
    expect(list[1]?.bytes.buffer).toBe(input.buffer)
  })

  it.each([
    ['00', 0],
    ['7F', 127],
    ['8180', 128],
    ['81FF', 255],
    ['820100', 256],
    ['82FFFF', 65535],
    ['83010000', 65536],
    ['83FFFFFF', 0xffffff],
    ['8401000000', 0x1000000],
  ])('reads the length %s as %d', (field, length) => {
    const [tlv] = parseTlv(withLength(field, length))
    expect(tlv?.value.length).toBe(length)
    expect(tlv?.bytes.length).toBe(2 + field.length / 2 + length)
  })

  it.each([
    ['8100', 0],
    ['817F', 127],
    ['8200FF', 255],
    ['8300FFFF', 65535],
    ['8400FFFFFF', 0xffffff],
    ['8400000001', 1],
  ])('takes the length %s, longer than it need be, only when told to', (field, length) => {
    const input = withLength(field, length)
    const error = thrown(() => parseTlv(input))
    expect(error).toMatchObject({ code: 'ERR_TLV', label: 'length', offset: 2, path: ['9F10'] })
    expect(error).toMatchObject({ expected: 'the shortest form', got: `${field.length / 2} bytes` })
    expect(parseTlv(input, { nonMinimalLengths: true })[0]?.value.length).toBe(length)
  })

  it.each(['80', '85', '850000000001', '88', 'FF', '80AB0000'])('refuses the length %s', (field) => {
    const error = thrown(() => parseTlv(hex(`9F10 ${field}`), { nonMinimalLengths: true }))
    expect(error).toMatchObject({ code: 'ERR_TLV', label: 'length', offset: 2, path: ['9F10'] })
    expect(error.got).toBe(field.slice(0, 2))
  })

  it.each([
    ['5A', 1, 'the end'],
    ['5A81', 1, 'the end'],
    ['5A8201', 1, 'the end'],
    ['5A83010000', 1, '65536 bytes'],
    ['5A84FFFFFFFF', 1, '4294967295 bytes'],
    ['5A01', 1, '1 bytes'],
    ['5A0212', 1, '2 bytes'],
    ['9F1002 12', 2, '2 bytes'],
  ])('refuses %s, which is cut short', (input, offset, got) => {
    expect(thrown(() => parseTlv(hex(input)))).toMatchObject({ code: 'ERR_TLV', label: 'length', offset, got })
  })

  it('holds a child to the end of its template, not of the input', () => {
    const error = thrown(() => parseTlv(hex('5000 7004 5A031234 5600')))
    expect(error).toMatchObject({ code: 'ERR_TLV', path: ['70', '5A'], offset: 5, got: '3 bytes' })
    expect(error.expected).toBe('at most 2 bytes of value')
  })

  it.each([
    ['7001 5A 5A00', 'ERR_TLV', 3, ['70', '5A']],
    ['7001 9F 1000', 'ERR_TAG', 2, ['70']],
    ['7002 9F81 1000', 'ERR_TAG', 2, ['70']],
    ['7003 5A8201 00', 'ERR_TLV', 3, ['70', '5A']],
    ['6F06 A504 5A00 0000', 'ERR_TAG', 6, ['6F', 'A5']],
    ['6F04 8400 FFFF', 'ERR_TAG', 4, ['6F']],
    ['7002 5A00 7003 5A00 00', 'ERR_TAG', 8, ['70']],
  ] as const)('%s: %s at %d in %j', (input, code, offset, path) => {
    expect(thrown(() => parseTlv(hex(input)))).toMatchObject({ code, offset, path })
  })
})

describe('parseOneTlv', () => {
  it('gives the object', () => {
    expect(parseOneTlv(hex('8A023030'))).toMatchObject({ tag: '8A', value: hex('3030') })
    expect(parseOneTlv(hex('8A023030'), '8A')).toMatchObject({ offset: 0 })
  })

  it('refuses an empty input', () => {
    expect(thrown(() => parseOneTlv(hex('')))).toMatchObject({ code: 'ERR_TLV', got: 'none', offset: 0 })
  })

  it('refuses a second object', () => {
    expect(thrown(() => parseOneTlv(hex('8A023030 5A00')))).toMatchObject({ code: 'ERR_TLV', offset: 4 })
  })

  it('refuses another tag', () => {
    const error = thrown(() => parseOneTlv(hex('8A023030'), '8B'))
    expect(error).toMatchObject({ code: 'ERR_TAG', label: 'tag', expected: '8B', got: '8A', offset: 0 })
  })

  it('hands its options on', () => {
    expect(thrown(() => parseOneTlv(hex('8A8100'), '8A')).code).toBe('ERR_TLV')
    expect(parseOneTlv(hex('8A8100'), '8A', { nonMinimalLengths: true }).value.length).toBe(0)
  })
})
