/** Clear PIN blocks of ISO 9564 formats 0 to 3: published ones, and every fault one error. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectPin, isoPinBlock, type PanFormat, type Pin, type PlainFormat, parsePinBlock } from '../src/index.js'
import {
  digitsOf,
  expectPinBlockError,
  fixedRandom,
  hexBytes,
  hexText,
  pans,
  pins,
  secretPin,
  thrown,
} from './support/pins.js'

const PSEC = 'knovichikhin/psec tests/test_pinblock.py'
const OPENEMV = 'openemv/pinblock'
const PAN = '5555555551234567'

interface FileCase {
  readonly id: string
  readonly inputs: { readonly format: string; readonly pin: string; readonly pan?: string }
  readonly expect: { readonly block: string }
}
const file = JSON.parse(readFileSync(new URL('../../../vectors/pin-block.json', import.meta.url), 'utf8')) as {
  cases: FileCase[]
}

/** Published blocks whose every nibble is fixed: format, PIN, PAN, block, source. */
const FIXED: readonly (readonly [0 | 2, string, string, string, string])[] = [
  [0, '1234', '4012345678909', '041274EDCBA9876F', `ANSI X9.24-1:2009 A.4, in ${OPENEMV}`],
  [0, '1234', PAN, '041261AAAAEDCBA9', PSEC],
  [0, '123456789', PAN, '091261032D8DCBA9', PSEC],
  [0, '1234567890', PAN, '0A1261032D82CBA9', PSEC],
  [0, '123456789012', PAN, '0C1261032D8226A9', PSEC],
  [0, '1234', '4111111111111111', '041225EEEEEEEEEE', 'CryptoCarver PaymentControlValuesTest'],
  [2, '34567', '', '2534567FFFFFFFFF', `Thales payShield manual, in ${OPENEMV}`],
  [2, '123456789012', '', '2C123456789012FF', PSEC],
  [2, '999999999999', '', '2C999999999999FF', 'knovichikhin/pyemv tests/test_sm_hsm.py'],
  ...file.cases.flatMap(({ id, inputs, expect: { block } }): [0 | 2, string, string, string, string][] =>
    inputs.format === 'vis' ? [] : [[inputs.format === 'iso-0' ? 0 : 2, inputs.pin, inputs.pan ?? '', block, id]],
  ),
]

/** The block of any of the four formats, for tables. */
const build = (format: number, pin: Pin, options: { pan?: string; random?: (n: number) => Uint8Array }) =>
  isoPinBlock(format as PanFormat, pin, options as { pan: string })
const parse = (format: number, block: string, pan = PAN) =>
  digitsOf(parsePinBlock(format as PanFormat, hexBytes(block), { pan }))

describe('published PIN blocks', () => {
  it.each(FIXED)('of format %i: PIN %s, PAN %s is %s (%s)', (format, pin, pan, block) => {
    expect(hexText(build(format, pin, { pan }).expose())).toBe(block)
    expect(parse(format, block, pan)).toBe(pin)
  })

  it('of format 1 has the transaction field that it is given', () => {
    // openemv/pinblock pinblock_format1_test.c: the nonce EDCBA9876. Of 16 bits each, the upper four are the nibble.
    for (const fill of ['E000D000C000B000A0009000800070006000', 'EFFFDFFFCFFFBFFFAFFF9FFF8FFF7FFF6FFF']) {
      const { random, asked } = fixedRandom(fill)
      expect(hexText(isoPinBlock(1, '12345', { random }).expose())).toBe('1512345EDCBA9876')
      expect(asked).toEqual([18])
    }
    expect(digitsOf(parsePinBlock(1, hexBytes('1512345EDCBA9876')))).toBe('12345')
  })

  it.each([
    ['1234', '341261AAAAEDCBA9'],
    ['123456789', '391261032D8DCBA9'],
    ['1234567890', '3A1261032D82CBA9'],
    ['123456789012', '3C1261032D8226A9'],
  ])('of format 3 with PIN %s is %s (psec)', (pin, block) => {
    expect(parse(3, block)).toBe(pin)
    const { random, asked } = fixedRandom('FFFF'.repeat(14 - pin.length))
    expect(hexText(isoPinBlock(3, pin, { pan: PAN, random }).expose())).toBe(block)
    expect(asked).toEqual([2 * (14 - pin.length)])
  })

  it('scales the fill of format 3 from 16 bits to A..F', () => {
    // 65536 / 6 = 10922.67: the first values of A to F, and the last before each.
    const { random } = fixedRandom('00002AAA2AAB5555555680007FFFAAAAAAABD555')
    expect(hexText(isoPinBlock(3, '1234', { pan: '00000000', random }).expose())).toBe('341234AABBCDCDEE')
    const last = fixedRandom('D555D556FFFF'.padEnd(40, '0'))
    expect(hexText(isoPinBlock(3, '1234', { pan: '00000000', random: last.random }).expose())).toBe('341234EFFAAAAAAA')
  })
})

describe('the random fill', () => {
  it.each([1, 3])('of format %i comes from the platform, and differs each time', (format) => {
    const blocks = Array.from({ length: 20 }, () => hexText(build(format, '1234', { pan: PAN }).expose()))
    expect(new Set(blocks).size).toBe(20)
  })

  it.each([0, 2])('of format %i is not random: no source is asked', (format) => {
    const { random, asked } = fixedRandom('')
    expect(build(format, '1234', { pan: PAN, random })).toHaveLength(8)
    expect(asked).toEqual([])
  })

  it.each([
    [1, 19],
    [1, 21],
    [3, 19],
    [3, 21],
  ])('of format %i is refused when its source gives %i of 20 bytes', (format, given) => {
    const error = thrown(() => build(format, '1234', { pan: PAN, random: () => new Uint8Array(given) }))
    expect(error).toMatchObject({ code: 'ERR_LENGTH', label: 'random', expected: '20 bytes', got: `${given} bytes` })
  })
})

describe('a PIN', () => {
  it.each([
    ['123', '3 characters'],
    ['1234567890123', '13 characters'],
    ['', '0 characters'],
    ['12 4', '4 characters, not all digits'],
    ['123A', '4 characters, not all digits'],
    ['1234\n', '5 characters, not all digits'],
    ['１２３４', '4 characters, not all digits'],
    [1234, 'number'],
    [undefined, 'undefined'],
  ])('%j is refused, and the error tells its length alone', (pin, got) => {
    for (const format of [0, 1, 2, 3]) {
      const error = thrown(() => build(format, pin as string, { pan: PAN }))
      expect(error).toMatchObject({ code: 'ERR_PIN', label: 'PIN', expected: '4 to 12 decimal digits', got })
    }
    expect(thrown(() => expectPin(pin as string, 'new PIN'))).toMatchObject({ code: 'ERR_PIN', label: 'new PIN', got })
  })

  it.each(['1234', '123456789012'])('%s may be text or a secret', (pin) => {
    expect(expectPin(pin)).toBe(pin)
    const secret = secretPin(pin)
    expect(expectPin(secret)).toBe(secret)
    expect(hexText(isoPinBlock(2, secret).expose())).toBe(hexText(isoPinBlock(2, pin).expose()))
  })

  it.each(['123', '12é4', '12:4', '12/4'])('%j is refused as a secret too', (pin) => {
    const secret = secretPin(pin)
    expect(thrown(() => isoPinBlock(2, secret))).toMatchObject({ code: 'ERR_PIN', label: 'PIN' })
  })

  it('that is destroyed is refused', () => {
    const pin = secretPin('1234')
    pin.destroy()
    expect(thrown(() => isoPinBlock(2, pin))).toMatchObject({ code: 'ERR_KEY_DESTROYED' })
  })

  it('stands in no error and no printed form', () => {
    const block = isoPinBlock(0, '8642', { pan: PAN })
    const read = parsePinBlock(0, block, { pan: PAN })
    expect(`${block} ${JSON.stringify({ block, read })} ${read}`).not.toMatch(/8642/)
    expect(`${block}, ${read}`).toBe('Secret(PIN block, 8 bytes), Secret(PIN, 4 bytes)')
    for (const pin of ['864', '8642X', '8642864286428']) expect(String(thrown(() => expectPin(pin)))).not.toMatch(/864/)
  })
})

describe('a PAN', () => {
  it.each(['1234567', '12345678901234567890', '55555555512345X7', '', undefined])('%j is refused', (pan) => {
    for (const format of [0, 3]) {
      const options = pan === undefined ? {} : { pan }
      expect(thrown(() => build(format, '1234', options))).toMatchObject({ code: 'ERR_PAN' })
      expect(thrown(() => parsePinBlock(format as 0, new Uint8Array(8), options as { pan: string }))).toMatchObject({
        code: 'ERR_PAN',
      })
    }
  })

  it('shorter than 12 digits and the check digit stands to the right', () => {
    expect(hexText(isoPinBlock(0, '1234', { pan: '12345678' }).expose())).toBe('041234FFFEDCBA98')
    expect(hexText(isoPinBlock(0, '1234', { pan: '9876543210987' }).expose())).toBe('0412AC89ABCDEF67')
  })

  it('is not asked for in formats 1 and 2', () => {
    expect(isoPinBlock(2, '1234')).toHaveLength(8)
    expect(isoPinBlock(1, '1234')).toHaveLength(8)
  })
})

describe('a format', () => {
  it.each([4, -1, 0.5, '0x', 'toString', undefined])('%j is refused', (format) => {
    const error = { code: 'ERR_OPTION', label: 'PIN block format', expected: '0, 1, 2 or 3', got: String(format) }
    expect(thrown(() => build(format as number, '1234', { pan: PAN }))).toMatchObject(error)
    expect(thrown(() => parsePinBlock(format as PlainFormat, new Uint8Array(8)))).toMatchObject(error)
  })
})

describe('a block that is none', () => {
  it.each([
    [0, '', 'empty'],
    [0, '041261AAAAEDCB', '7 bytes'],
    [0, '041261AAAAEDCBA900', '9 bytes'],
    [0, '241261AAAAEDCBA9', 'another control value'],
    [0, '141261AAAAEDCBA9', 'another control value'],
    [0, '0F1261AAAAEDCBA9', '15 digits'],
    [0, '0D1261032D8226A9', '13 digits'],
    [0, '031261AAAAEDCBA9', '3 digits'],
    [0, '001261AAAAEDCBA9', 'no digit'],
    [0, '041261AAAAEDCBAA', 'another last nibble of the fill'],
    [0, '04126AAAAAEDCBA9', 'a PIN digit above 9'],
    [0, '051261AAAAEDCBA9', 'a count too great'],
    [1, '041234EDCBA98765', 'another control value'],
    [1, '1312345EDCBA9876', '3 digits'],
    [1, '151234AEDCBA9876', 'a PIN digit above 9'],
    [2, '041234FFFFFFFFFF', 'another control value'],
    [2, '29123456789FFF', '7 bytes'],
    [2, '2F123456789012FF', '15 digits'],
    [2, '22123456789012FF', '2 digits'],
    [2, '23123FFFFFFFFFFF', '3 digits'],
    [2, '2D1234567890123F', '13 digits, all of them there'],
    [2, '2E12345678901234', '14 digits, all of them there'],
    [2, '2F12345678901234', '15 digits'],
    [2, '2C123456789012CF', 'another fill'],
    [2, '241234FFFFFFFFFE', 'another last nibble'],
    [2, '241234EFFFFFFFFF', 'another first nibble of the fill'],
    [2, '2C12345678901FFF', 'a PIN digit above 9'],
    [2, '24A234FFFFFFFFFF', 'a first PIN digit above 9'],
    [3, '241261AAAAEDCBA9', 'another control value'],
    [3, '3F1261AAAAEDCBA9', '15 digits'],
    [3, '321261AAAAEDCBA9', '2 digits'],
    [3, '341261AAAAEDCBAF', 'a last nibble of the fill below A'],
    [3, '351261AAAAEDCBA9', 'a count too great'],
  ])('of format %i, %s, is one error: %s', (format, block) => {
    expectPinBlockError(() => parse(format, block))
  })

  it.each([
    ['041261AAAAEDCBA9', '5555555551234577'],
    ['041261AAAAEDCBA9', '5555555551235567'],
    ['341261AAAAEDCBA9', '5555555557234567'],
  ])('%s is one error under another PAN, %s', (block, pan) => {
    expectPinBlockError(() => parse(Number(block.charAt(0)), block, pan))
  })

  it('takes the check digit of the PAN for nothing', () => {
    expect(parse(0, '041261AAAAEDCBA9', '5555555551234560')).toBe('1234')
  })
})

describe('random PIN blocks', { timeout: 60_000 }, () => {
  it('are read as they were built', () => {
    fc.assert(
      fc.property(pins, pans, fc.constantFrom(0, 1, 2, 3), (pin, pan, format) => {
        expect(digitsOf(parsePinBlock(format as 0, build(format, pin, { pan }), { pan }))).toBe(pin)
      }),
      { numRuns: 2000 },
    )
  })

  it('of 8 random bytes are a PIN that builds them again, or the one error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), pans, fc.constantFrom(0, 2), (block, pan, format) => {
        try {
          const pin = parsePinBlock(format as 0, block, { pan })
          expect(hexText(build(format, pin, { pan }).expose())).toBe(hexText(block))
        } catch {
          expectPinBlockError(() => parsePinBlock(format as 0, block, { pan }))
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('with any one nibble changed are another PIN or the one error, never another fault', () => {
    const block = '2512345FFFFFFFFF'
    for (let at = 0; at < 16; at++) {
      for (const digit of '0123456789ABCDEF') {
        const changed = block.slice(0, at) + digit + block.slice(at + 1)
        const isPin = changed === block || (at >= 2 && at < 7 && digit <= '9')
        if (isPin) expect(parse(2, changed)).toBe(changed.slice(2, 7))
        else expectPinBlockError(() => parse(2, changed))
      }
    }
  })
})
