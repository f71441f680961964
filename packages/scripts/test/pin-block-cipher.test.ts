/** PIN blocks enciphered under a PIN key: format 4 with AES, formats 0 and 3 with TDES, and one error for whatever fails. */
import { createCipheriv } from 'node:crypto'
import { AesKey, TdesKey } from '@issuerkit/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decipherPinBlock,
  encipherPinBlock,
  isoPinBlock,
  type PinBlockCipher,
  parsePinBlock,
  visPinBlock,
} from '../src/index.js'
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

const AES = '00112233445566778899AABBCCDDEEFF'
const aesKey = (hex = AES) => AesKey.create('zone', 'PIN', hexBytes(hex))
const tdesKey = (hex = '0123456789ABCDEFFEDCBA9876543210') => TdesKey.create('zone', 'PIN', hexBytes(hex))

/** Format 4: key, PIN, PAN, random bytes, enciphered block, source. */
const FORMAT_4 = [
  [
    'AF8CB133A78F8DC2D1359F18527593FB',
    '1234',
    '4111111111111111',
    '2F69ADDE2E9E7ACE',
    'A912150391AB65A67E52883D81CE2D15',
    'ANSI X9.24-3:2017 supplement, in paycrypt and joinforage tests',
  ],
  [
    AES,
    '1234',
    '1234567890123456789',
    'FFFFFFFFFFFFFFFF',
    '28B41FDDD29B743E93124BD8E32D921E',
    'knovichikhin/psec tests/test_pinblock.py',
  ],
  [
    AES,
    '1234',
    '432198765432109870',
    '146C6601F4A8035C',
    '88E33C3ACF404F234F10F889C364E377',
    'BP-Tools capture, in CryptoCarver PaymentControlValuesTest',
  ],
  [
    '000102030405060708090A0B0C0D0E0F',
    '1234',
    '4111111111111111',
    '0123456789ABCDEF',
    '70487881E82D3F1EF3A87678147EDAA7',
    'CryptoCarver PaymentControlValuesTest',
  ],
] as const

/** Format 4 by node:crypto, field by field. */
function referenceFormat4(key: Uint8Array, pin: string, pan: string, random: Uint8Array): string {
  const aes = (block: Buffer): Buffer =>
    createCipheriv(`aes-${8 * key.length}-ecb`, key, null)
      .setAutoPadding(false)
      .update(block)
  const field = Buffer.concat([Buffer.from(`4${pin.length.toString(16)}${pin.padEnd(14, 'A')}`, 'hex'), random])
  const long = pan.length < 12 ? pan.padStart(12, '0') : pan
  const panField = Buffer.from(`${long.length - 12}${long}${'0'.repeat(31 - long.length)}`, 'hex')
  const a = aes(field)
  return hexText(aes(Buffer.from(a.map((byte, i) => byte ^ panField.readUInt8(i)))))
}

describe('format 4', { timeout: 60_000 }, () => {
  it.each(FORMAT_4)('key %s, PIN %s, PAN %s: published', (key, pin, pan, fill, block) => {
    const { random, asked } = fixedRandom(fill)
    expect(hexText(encipherPinBlock({ format: 4, key: aesKey(key), pin, pan, random }))).toBe(block)
    expect(asked).toEqual([8])
    expect(digitsOf(decipherPinBlock({ format: 4, key: aesKey(key), block: hexBytes(block), pan }))).toBe(pin)
    expect(referenceFormat4(hexBytes(key), pin, pan, hexBytes(fill))).toBe(block)
  })

  it.each([
    [
      'C1D0F8FB4958670DBA40AB1F3752EF0D',
      'CC17F65586BFD0953010226C4FC5B3CA',
      '432198765432109870',
      '1234',
      'ep2 security specification 8.4, in psec',
    ],
    [AES, 'E4BE5B623AF7E006AC319E5B93544564', '1234567890123456', '1234', 'psec, docstring'],
  ])('key %s: %s is deciphered', (key, block, pan, pin) => {
    expect(digitsOf(decipherPinBlock({ format: 4, key: aesKey(key), block: hexBytes(block), pan }))).toBe(pin)
  })

  it.each([
    ['E60B15B90ABDF14CEE337C97440F0D6E', '7D5AF4C33667A2098626027FB7A9A1B7', '4266229809609384667', 'control value 3'],
    ['C7BBEBA16C5AD97D5866450718C03750', '2F9C910447F17293EC95DEDE1E3CA201', '8220499325458689523', 'PIN 1AB2'],
    ['820F6C7C12355BDFF1AB6CE12E8EED89', 'CCF310A8300B46C925A86B1098089301', '939589847393485609', 'fill BB'],
    [
      '4FE3F0311936FBCE44F17159F1659CF09B2BF8913BB514A1',
      '51334B00A6CBA3EC7B1C6F871F060AFC',
      '2129100799029059903',
      '3 digits',
    ],
    [AES, '39B69B1B91FE05D48F7EF0D68EB2CBD6', '10000000', 'another PAN'],
    [AES, 'E4BE5B623AF7E006AC319E5B93544564', '1234567890123457', 'another check digit'],
    [AES, 'E4BE5B623AF7E006AC319E5B93544564', '123456789012345', 'a PAN one digit shorter'],
    [`${AES}0011223344556677`, 'E4BE5B623AF7E006AC319E5B93544564', '1234567890123456', 'another key'],
  ])('key %s: %s is one error (%s, %s)', (key, block, pan) => {
    expectPinBlockError(() => decipherPinBlock({ format: 4, key: aesKey(key), block: hexBytes(block), pan }))
  })

  it.each([0, 8, 15, 17, 32])('of %i bytes is that error too', (length) => {
    const block = new Uint8Array(length)
    expectPinBlockError(() => decipherPinBlock({ format: 4, key: aesKey(), block, pan: '1234567890123456' }))
  })

  it('agrees with node:crypto for keys, PINs and PANs of every length', () => {
    const keys = fc.constantFrom(16, 24, 32).chain((n) => fc.uint8Array({ minLength: n, maxLength: n }))
    fc.assert(
      fc.property(keys, pins, pans, fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes, pin, pan, fill) => {
        const key = aesKey(hexText(bytes))
        const block = encipherPinBlock({ format: 4, key, pin, pan, random: () => fill })
        expect(hexText(block)).toBe(referenceFormat4(bytes, pin, pan, fill))
        expect(digitsOf(decipherPinBlock({ format: 4, key, block, pan }))).toBe(pin)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('formats 0 and 3', { timeout: 60_000 }, () => {
  it('are one block of TDES', () => {
    const block = encipherPinBlock({ format: 0, key: tdesKey(), pin: '1234', pan: '5555555551234567' })
    // The clear block 041261AAAAEDCBA9 is psec's.
    const des = createCipheriv('des-ede-ecb', hexBytes('0123456789ABCDEFFEDCBA9876543210'), null).setAutoPadding(false)
    expect(hexText(block)).toBe(hexText(des.update(hexBytes('041261AAAAEDCBA9'))))
  })

  it('agree with node:crypto and read back', () => {
    fc.assert(
      fc.property(pins, pans, fc.constantFrom(0, 3), (pin, pan, format) => {
        const cipher = { format: format as 0 | 3, key: tdesKey() }
        const block = encipherPinBlock({ ...cipher, pin, pan })
        expect(block).toHaveLength(8)
        expect(digitsOf(decipherPinBlock({ ...cipher, block, pan }))).toBe(pin)
      }),
      { numRuns: 500 },
    )
  })

  it('take their fill from the source given', () => {
    const { random, asked } = fixedRandom('FFFF'.repeat(10))
    const clear = encipherPinBlock({ format: 3, key: tdesKey(), pin: '1234', pan: '5555555551234567', random })
    const des = createCipheriv('des-ede-ecb', hexBytes('0123456789ABCDEFFEDCBA9876543210'), null).setAutoPadding(false)
    expect(hexText(clear)).toBe(hexText(des.update(hexBytes('341261AAAAEDCBA9'))))
    expect(asked).toEqual([20])
  })

  it.each([0, 7, 9, 16])('of %i bytes are the one error', (length) => {
    const block = new Uint8Array(length)
    for (const format of [0, 3] as const) {
      expectPinBlockError(() => decipherPinBlock({ format, key: tdesKey(), block, pan: '1234567890123456' }))
    }
  })
})

describe('what is refused before the cipher', () => {
  const both: readonly (readonly [string, PinBlockCipher])[] = [
    ['4', { format: 4, key: aesKey() }],
    ['3', { format: 3, key: tdesKey() }],
    ['0', { format: 0, key: tdesKey() }],
  ]

  it.each(both)('in format %s: a PIN or PAN that is none', (_, cipher) => {
    const pan = '1234567890123456'
    expect(thrown(() => encipherPinBlock({ ...cipher, pin: '123', pan }))).toMatchObject({ code: 'ERR_PIN' })
    expect(thrown(() => encipherPinBlock({ ...cipher, pin: '1234', pan: '1' }))).toMatchObject({ code: 'ERR_PAN' })
    const block = new Uint8Array(cipher.format === 4 ? 16 : 8)
    expect(thrown(() => decipherPinBlock({ ...cipher, block, pan: '1' }))).toMatchObject({ code: 'ERR_PAN' })
    expect(encipherPinBlock({ ...cipher, pin: secretPin('1234'), pan })).toHaveLength(block.length)
  })

  it.each([7, 9])('in format 4: a fill of %i bytes', (given) => {
    const input = {
      format: 4,
      key: aesKey(),
      pin: '1234',
      pan: '12345678',
      random: () => new Uint8Array(given),
    } as const
    expect(thrown(() => encipherPinBlock(input))).toMatchObject({ code: 'ERR_LENGTH', label: 'random' })
  })

  it.each([
    [4, tdesKey(), 'aes', 'tdes'],
    [0, aesKey(), 'tdes', 'aes'],
    [3, aesKey(), 'tdes', 'aes'],
  ])('format %i with a key of another algorithm', (format, key, algorithm, got) => {
    const cipher = { format, key } as unknown as PinBlockCipher
    const error = { code: 'ERR_KEY', label: 'PIN key', expected: `a key of ${algorithm}`, got }
    expect(thrown(() => encipherPinBlock({ ...cipher, pin: '1234', pan: '12345678' }))).toMatchObject(error)
    expect(thrown(() => decipherPinBlock({ ...cipher, block: new Uint8Array(16), pan: '12345678' }))).toMatchObject(
      error,
    )
  })

  it.each([1, 2, 5, '4', undefined])('format %j', (format) => {
    const cipher = { format, key: tdesKey() } as unknown as PinBlockCipher
    const error = { code: 'ERR_OPTION', label: 'PIN block format', expected: '0, 3 or 4', got: String(format) }
    expect(thrown(() => encipherPinBlock({ ...cipher, pin: '1234', pan: '12345678' }))).toMatchObject(error)
    expect(thrown(() => decipherPinBlock({ ...cipher, block: new Uint8Array(8), pan: '12345678' }))).toMatchObject(
      error,
    )
  })

  it('a PIN key that is destroyed', () => {
    const key = aesKey()
    key.destroy()
    const error = { code: 'ERR_KEY_DESTROYED', label: 'zone PIN key' }
    expect(thrown(() => encipherPinBlock({ format: 4, key, pin: '1234', pan: '12345678' }))).toMatchObject(error)
  })
})

describe('10,000 random blocks', { timeout: 60_000 }, () => {
  it.each([
    [4, 2_500],
    [3, 5_000],
    [0, 2_500],
  ] as const)('of format %i give one single error, or a PIN', (format, count) => {
    const cipher: PinBlockCipher = format === 4 ? { format, key: aesKey() } : { format, key: tdesKey() }
    const codes = new Set<string>()
    const seed = createCipheriv('aes-128-ctr', hexBytes(AES), new Uint8Array(16))
    for (let i = 0; i < count; i++) {
      const block = new Uint8Array(seed.update(new Uint8Array(format === 4 ? 16 : 8)))
      try {
        expect(digitsOf(decipherPinBlock({ ...cipher, block, pan: '5555555551234567' }))).toMatch(/^[0-9]{4,12}$/)
      } catch (error) {
        codes.add(JSON.stringify([String(error), { ...(error as object) }]))
      }
    }
    expect(codes.size).toBe(1)
    expect([...codes][0]).toMatch(/^\["IssuerkitError: ERR_PIN_BLOCK",/)
  })
})

/** Never called: what must not compile. The mark itself is an error when its line compiles. */
export function mustNotCompile(block: Uint8Array): void {
  const input = { pin: '1234', pan: '12345678' }
  // @ts-expect-error format 4 is of AES
  encipherPinBlock({ format: 4, key: tdesKey(), ...input })
  // @ts-expect-error format 0 is of TDES
  encipherPinBlock({ format: 0, key: aesKey(), ...input })
  // @ts-expect-error a key block protection key enciphers no PINs
  encipherPinBlock({ format: 4, key: AesKey.create('zone', 'KBPK', block), ...input })
  // @ts-expect-error format 2 never leaves terminal and card
  decipherPinBlock({ format: 2, key: tdesKey(), block, pan: '12345678' })
  // @ts-expect-error format 0 needs a PAN
  isoPinBlock(0, '1234')
  // @ts-expect-error format 3 needs a PAN
  parsePinBlock(3, block)
  // @ts-expect-error D1 is made of an ICC master key
  visPinBlock({ newPin: '1234', diversifiedKey: tdesKey() })
}
