import { concat, fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { discretionaryDataMac, parseDiscretionaryData, Sm4Key, TdesKey, verifyDiscretionaryData } from '../src/index.js'
import { coded } from './support/errors.js'
import { bytesOf, cbcLast, opensslDes, opensslSm4, xorBytes } from './support/oracles.js'

// SK MAC, ATC and data of the chain in vectors/unionpay-field55-chain.json.
const KEY = TdesKey.create('session', 'MAC', fromHex('05C383B98657F230BB231D799F1BB5CF'))
const ATC = fromHex('0064')
const PUBLISHED = fromHex('0A010000005000F2DE37D9')
const some = { allowEqualHalves: true }

describe('discretionary data', () => {
  it('are an identifier, a value and a MAC', () => {
    expect(parseDiscretionaryData(PUBLISHED)).toEqual({
      id: 1,
      name: 'electronicCashBalance',
      value: fromHex('0000005000'),
      mac: fromHex('F2DE37D9'),
    })
  })

  it.each([
    [2, 5, 'cumulativeOfflineAmount'],
    [3, 10, 'electronicCashBalanceAndCumulativeOfflineAmount'],
    [4, 10, 'cumulativeOfflineAmountAndItsLimit'],
    [5, 5, 'availableOfflineAmount'],
    [6, 5, undefined],
    [9, 0, undefined],
  ])('%i of %i bytes', (id, length, name) => {
    const bytes = concat(Uint8Array.of(length + 5, id), new Uint8Array(length), fromHex('01020304'))
    expect(parseDiscretionaryData(bytes)).toEqual({ id, name, value: new Uint8Array(length), mac: fromHex('01020304') })
  })

  it.each([
    ['nothing', ''],
    ['a length alone', '00'],
    ['four bytes of MAC and no identifier', '0411223344'],
    ['a length that is too small', '09010000005000F2DE37D9'],
    ['a length that is too large', '0B010000005000F2DE37D9'],
    ['a value one byte short', '090100005000F2DE37D9'],
    ['a value one byte long', '0B01000000005000F2DE37D9'],
    // Seed 001 prints its GENERATE AC with two bytes of this field missing.
    ['what is left of a misprint', '00000000007B168F91'],
  ])('are not %s', (_, hex) => expect(parseDiscretionaryData(fromHex(hex))).toBeUndefined())
})

describe('the MAC', () => {
  it('is that of the chain', () => {
    expect(toHex(discretionaryDataMac(KEY, ATC, { id: 1, value: fromHex('0000005000') }))).toBe('F2DE37D9')
  })

  it('verifies, and with no bit changed', () => {
    const idd = parseDiscretionaryData(PUBLISHED)
    if (idd === undefined) throw new Error('the published data do not parse')
    expect(verifyDiscretionaryData(KEY, ATC, idd)).toBe(true)
    expect(verifyDiscretionaryData(KEY, fromHex('0065'), idd)).toBe(false)
    for (let bit = 0; bit < 72; bit++) {
      const flipped = PUBLISHED.slice(2)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const changed = { ...idd, value: flipped.subarray(0, 5), mac: flipped.subarray(5) }
      expect(verifyDiscretionaryData(KEY, ATC, changed)).toBe(false)
    }
  })

  it('is over ATC, value and zeros, and appends 80 only to the short values', () => {
    const ids = fc.constantFrom([1, 5, 2], [2, 5, 2], [5, 5, 2], [3, 10, 1], [4, 10, 1], [7, 3, 2], [7, 12, 2])
    fc.assert(
      fc.property(ids, bytesOf(16), bytesOf(2), bytesOf(12), ([id, length, padding], bytes, atc, free) => {
        const value = free.subarray(0, length)
        const filled = new Uint8Array(Math.ceil(((length ?? 0) + 2) / 8) * 8)
        filled.set(concat(atc, value))
        const blocks = padding === 2 ? concat(filled, fromHex('8000000000000000')) : filled
        const chain = cbcLast(opensslDes, bytes.subarray(0, 8), blocks.subarray(0, -8), 8)
        const expected = opensslDes(bytes, xorBytes(blocks.subarray(-8), chain)).subarray(0, 4)
        const key = TdesKey.create('session', 'MAC', bytes, some)
        expect(toHex(discretionaryDataMac(key, atc, { id: id ?? 0, value }))).toBe(toHex(expected))
      }),
      { numRuns: 300 },
    )
  })

  it('runs over blocks of 16 bytes under SM4', () => {
    const bytes = fromHex('00112233445566778899AABBCCDDEEFF')
    const blocks = fromHex('00640000005000008000000000000000')
    const expected = cbcLast(opensslSm4, bytes, blocks, 16).subarray(0, 4)
    const key = Sm4Key.create('session', 'MAC', bytes)
    expect(toHex(discretionaryDataMac(key, ATC, { id: 1, value: fromHex('0000005000') }))).toBe(toHex(expected))
  })

  it.each([4, 6])('refuses a value of %i bytes', (length) => {
    const value = new Uint8Array(length)
    expect(() => discretionaryDataMac(KEY, ATC, { id: 1, value })).toThrow(coded('ERR_LENGTH', { label: 'IDD 1' }))
  })

  it.each([1, 3])('refuses an ATC of %i bytes', (length) => {
    const value = new Uint8Array(5)
    expect(() => discretionaryDataMac(KEY, new Uint8Array(length), { id: 1, value })).toThrow(coded('ERR_ATC'))
  })
})
