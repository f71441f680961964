import { describe, expect, it } from 'vitest'
import { aflRecords, parseAfl } from '../src/index.js'
import { hex, thrown } from './support.js'

describe('parseAfl', () => {
  it('reads the AFL of a real card', () => {
    expect(parseAfl(hex('08010100 10010101 10030600 18010100 20010100'))).toEqual([
      { sfi: 1, first: 1, last: 1, signed: 0 },
      { sfi: 2, first: 1, last: 1, signed: 1 },
      { sfi: 2, first: 3, last: 6, signed: 0 },
      { sfi: 3, first: 1, last: 1, signed: 0 },
      { sfi: 4, first: 1, last: 1, signed: 0 },
    ])
  })

  it.each([
    ['F0010100', { sfi: 30, first: 1, last: 1, signed: 0 }],
    ['50010100', { sfi: 10, first: 1, last: 1, signed: 0 }],
    ['58010100', { sfi: 11, first: 1, last: 1, signed: 0 }],
    ['08FFFF01', { sfi: 1, first: 255, last: 255, signed: 1 }],
    ['0801FFFF', { sfi: 1, first: 1, last: 255, signed: 255 }],
    ['08020403', { sfi: 1, first: 2, last: 4, signed: 3 }],
  ])('takes %s', (input, entry) => expect(parseAfl(hex(input))).toEqual([entry]))

  it.each([
    ['00010100', 0, 'an SFI of 1 to 30', '0'],
    ['F8010100', 0, 'an SFI of 1 to 30', '31'],
    ['09010100', 0, 'bits 3 to 1 of byte 1 zero', '9'],
    ['0A010100', 0, 'bits 3 to 1 of byte 1 zero', '10'],
    ['0C010100', 0, 'bits 3 to 1 of byte 1 zero', '12'],
    ['08000100', 1, 'a first record of at least 1', '0'],
    ['08020100', 2, 'a last record of at least 2', '1'],
    ['08010102', 3, 'at most 1 signed records', '2'],
    ['08020404', 3, 'at most 3 signed records', '4'],
  ])('refuses %s at byte %d', (input, offset, expected, got) => {
    expect(thrown(() => parseAfl(hex(input)))).toMatchObject({
      code: 'ERR_AFL',
      label: 'entry 1',
      offset,
      expected,
      got,
    })
    const second = thrown(() => parseAfl(hex(`08010100${input}`)))
    expect(second).toMatchObject({ code: 'ERR_AFL', label: 'entry 2', offset: 4 + offset })
  })

  it.each([0, 1, 2, 3, 5, 6, 7, 254, 256])('refuses %d bytes', (length) => {
    const error = thrown(() => parseAfl(hex('08010100'.repeat(64)).subarray(0, length)))
    expect(error).toMatchObject({ code: 'ERR_AFL', label: 'afl', got: `${length} bytes` })
  })

  it('takes 252 bytes, and 10 MB in no time', () => {
    expect(parseAfl(hex('08010100'.repeat(63)))).toHaveLength(63)
    expect(thrown(() => parseAfl(new Uint8Array(10_000_000))).code).toBe('ERR_AFL')
  })
})

describe('aflRecords', () => {
  it('lists the records in order, the first of each entry signed', () => {
    expect(aflRecords(parseAfl(hex('10030502 08010100')))).toEqual([
      { sfi: 2, record: 3, signed: true },
      { sfi: 2, record: 4, signed: true },
      { sfi: 2, record: 5, signed: false },
      { sfi: 1, record: 1, signed: false },
    ])
    expect(aflRecords([])).toEqual([])
  })

  it('gives at most 16065 records', () => {
    expect(aflRecords(parseAfl(hex('0801FF00'.repeat(63))))).toHaveLength(16065)
  })
})
