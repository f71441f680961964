import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { encipherPin, verifyEncipheredPinCommand } from '../src/index.js'
import { PIN, privateOperation, SHORT_ISSUER } from './forge.js'

const key = { modulus: fromHex(PIN.n), exponent: fromHex(PIN.e) }
const pinBlock = fromHex('241234FFFFFFFFFF')
const unpredictableNumber = fromHex('0011223344556677')

const errorOf = (run: () => unknown): unknown => {
  try {
    run()
    return 'no error'
  } catch (error) {
    return error instanceof IssuerkitError ? [error.code, error.label] : error
  }
}

describe('an enciphered PIN', () => {
  it('is 7F, PIN block, unpredictable number, padding, as the card deciphers it', () => {
    const enciphered = encipherPin({ key, pinBlock, unpredictableNumber })
    const block = privateOperation(PIN, toHex(enciphered))
    expect(block.slice(0, 34)).toBe('7F241234FFFFFFFFFF0011223344556677')
    expect(block.length).toBe(192)
  })

  it('differs each time by its padding', () => {
    const blocks = [1, 2].map(() => privateOperation(PIN, toHex(encipherPin({ key, pinBlock, unpredictableNumber }))))
    expect(blocks[0]?.slice(34)).not.toBe(blocks[1]?.slice(34))
    expect(blocks[0]?.slice(34)).not.toMatch(/^0+$/)
  })

  it('goes to the card in VERIFY', () => {
    const command = toHex(verifyEncipheredPinCommand({ key, pinBlock, unpredictableNumber }))
    expect(command.slice(0, 10)).toBe('0020008860')
    expect(command.length).toBe(2 * (5 + 96))
    expect(privateOperation(PIN, command.slice(10))).toMatch(/^7F241234FFFFFFFFFF/)
  })

  it('leaves its inputs alone', () => {
    encipherPin({ key, pinBlock, unpredictableNumber })
    expect([toHex(pinBlock), toHex(unpredictableNumber)]).toEqual(['241234FFFFFFFFFF', '0011223344556677'])
  })

  it.each(['241234FFFFFFFFFF', '2512345FFFFFFFFF', '2C123456789012FF'])('takes the block %s', (hex) => {
    expect(encipherPin({ key, pinBlock: fromHex(hex), unpredictableNumber }).length).toBe(96)
  })

  it.each([
    '',
    '241234FFFFFFFF',
    '241234FFFFFFFFFFFF',
    '041234FFFFFFFFFF',
    '341234FFFFFFFFFF',
    '23123FFFFFFFFFFF',
    '2D1234567890123F',
    '24123AFFFFFFFFFF',
    '241234FFFFFFFFF0',
    '2412345FFFFFFFFF',
    '251234FFFFFFFFFF',
  ])('refuses the block %s, and does not repeat it', (hex) => {
    const run = (): unknown => encipherPin({ key, pinBlock: fromHex(hex), unpredictableNumber })
    expect(errorOf(run)).toEqual(['ERR_PIN_BLOCK', 'PIN block'])
    expect(run).not.toThrow(new RegExp(hex.slice(2, 6) || 'never'))
  })

  it.each([0, 7, 9])('refuses an unpredictable number of %i bytes', (length) => {
    const run = (): unknown => encipherPin({ key, pinBlock, unpredictableNumber: new Uint8Array(length) })
    expect(errorOf(run)).toEqual(['ERR_LENGTH', 'unpredictable number'])
  })

  it('needs a key of 512 bits', () => {
    const modulus = fromHex(SHORT_ISSUER.n)
    const short = { modulus: modulus.subarray(17), exponent: fromHex('03') }
    const run = (): unknown => encipherPin({ key: short, pinBlock, unpredictableNumber })
    expect(errorOf(run)).toEqual(['ERR_RSA', 'modulus'])
    const enough = { modulus: new Uint8Array(64).fill(0xc1), exponent: fromHex('03') }
    expect(encipherPin({ key: enough, pinBlock, unpredictableNumber }).length).toBe(64)
  })
})
