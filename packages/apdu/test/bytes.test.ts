import { describe, expect, it } from 'vitest'
import { concat, equalBytes, expectLength, fromHex, toHex, xor } from '../src/index.js'
import { thrown } from './support.js'

describe('fromHex', () => {
  it.each([
    ['', []],
    ['00', [0]],
    ['09aFfA', [0x09, 0xaf, 0xfa]],
    ['90A0F1', [0x90, 0xa0, 0xf1]],
  ])('reads %j', (digits, bytes) => {
    expect([...fromHex(digits)]).toEqual(bytes)
  })

  // The neighbours of 0-9, A-F and a-f, a blank, and characters that share their low bits with digits.
  it.each([
    '/0',
    '0/',
    ':0',
    '0:',
    '@0',
    '0@',
    'G0',
    '0G',
    '`0',
    '0`',
    'g0',
    '0g',
    ' 0',
    '0 ',
    '0x',
    'é0',
    '0İ',
    '\u01300',
    '\u01410',
    '0\u0141',
    '0\u0161',
    '\u01310',
    '\uff21\uff11',
  ])('refuses %j', (digits) => {
    expect(thrown(() => fromHex(digits, 'key'))).toMatchObject({ code: 'ERR_HEX', label: 'key' })
  })

  it('tells where the digit is not one, and never shows the text', () => {
    const error = thrown(() => fromHex('0123456789ZZ'))
    expect(error).toMatchObject({ code: 'ERR_HEX', label: 'hex', got: 'another character at 10' })
    expect(error.message).not.toContain('0123')
  })

  it('refuses an odd number of digits', () => {
    expect(thrown(() => fromHex('012'))).toMatchObject({ code: 'ERR_HEX', got: '3 digits' })
  })

  it.each([undefined, 12, null, hexObject()])('refuses what is not text: %j', (value) => {
    expect(thrown(() => fromHex(value as unknown as string))).toMatchObject({ code: 'ERR_HEX', got: typeof value })
  })
})

function hexObject(): unknown {
  return { length: 2 }
}

describe('toHex', () => {
  it('writes two upper-case digits for each byte', () => {
    expect(toHex(Uint8Array.from({ length: 256 }, (_, i) => i))).toBe(
      Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase()).join(''),
    )
  })

  // It is written in pieces of 1,024 bytes.
  it.each([1023, 1024, 1025, 2048, 5000])('writes %i bytes', (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 131) >> 3)
    expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex').toUpperCase())
  })

  it('writes nothing for no bytes', () => expect(toHex(new Uint8Array(0))).toBe(''))
})

describe('concat', () => {
  it('joins in order, into a new array', () => {
    const part = Uint8Array.of(1, 2)
    const whole = concat(part, new Uint8Array(0), Uint8Array.of(3))
    part[0] = 9
    expect([...whole]).toEqual([1, 2, 3])
  })

  it('joins nothing to nothing', () => expect(concat()).toEqual(new Uint8Array(0)))
})

describe('xor', () => {
  it('combines byte by byte, and leaves its inputs', () => {
    const a = Uint8Array.of(0x0f, 0xff)
    expect([...xor(a, Uint8Array.of(0x35, 0xff))]).toEqual([0x3a, 0x00])
    expect([...a]).toEqual([0x0f, 0xff])
  })

  it.each([
    [1, 2],
    [2, 1],
  ])('refuses %d and %d bytes', (a, b) => {
    const error = thrown(() => xor(new Uint8Array(a), new Uint8Array(b)))
    expect(error).toMatchObject({ code: 'ERR_LENGTH', label: 'xor', expected: `${a} bytes`, got: `${b} bytes` })
  })
})

describe('expectLength', () => {
  it('returns the bytes themselves', () => {
    const bytes = new Uint8Array(8)
    expect(expectLength(bytes, 8, 'mac')).toBe(bytes)
  })

  it.each([7, 9, 0])('refuses %d bytes for 8', (n) => {
    const error = thrown(() => expectLength(new Uint8Array(n), 8, 'mac'))
    expect(error).toMatchObject({ code: 'ERR_LENGTH', label: 'mac', expected: '8 bytes', got: `${n} bytes` })
  })

  it.each([undefined, '12345678', [1, 2, 3, 4, 5, 6, 7, 8]])('refuses what is not bytes: %j', (value) => {
    const error = thrown(() => expectLength(value as unknown as Uint8Array, 8, 'mac'))
    expect(error).toMatchObject({ code: 'ERR_LENGTH', label: 'mac', expected: '8 bytes', got: typeof value })
  })
})

describe('equalBytes', () => {
  it.each([
    [[], [], true],
    [[1, 2], [1, 2], true],
    [[1, 2], [1, 3], false],
    [[1, 2], [1, 2, 3], false],
    [[1, 2, 3], [1, 2], false],
  ])('%j and %j: %j', (a, b, equal) => {
    expect(equalBytes(Uint8Array.from(a), Uint8Array.from(b))).toBe(equal)
  })
})
