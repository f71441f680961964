import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AesKey, generateCryptogram, macAesCmac, Sm4Key, TdesKey, verifyCryptogram } from '../src/index.js'
import { coded } from './support/errors.js'
import { bytesOf, bytesUpTo, cbcLast, opensslSm4, padded } from './support/oracles.js'

const BYTES = fromHex('29B33180E567CE38EA4CBC9D753B0E61')
const KEY = TdesKey.create('session', 'AC', BYTES)
const DATA = fromHex('0123456789ABCDEF0123456789ABCDEF')
const PUBLISHED = fromHex('FA624250B008B59A')

describe('a cryptogram', () => {
  it('is padded by method 2 unless said', () => {
    expect(toHex(generateCryptogram(KEY, DATA))).toBe('FA624250B008B59A')
    expect(toHex(generateCryptogram(KEY, DATA, 2))).toBe('FA624250B008B59A')
    expect(toHex(generateCryptogram(KEY, DATA, 1))).not.toBe('FA624250B008B59A')
  })

  it('verifies, under its own padding', () => {
    expect(verifyCryptogram(KEY, DATA, PUBLISHED)).toBe(true)
    expect(verifyCryptogram(KEY, DATA, PUBLISHED, 1)).toBe(false)
    expect(verifyCryptogram(KEY, DATA, generateCryptogram(KEY, DATA, 1), 1)).toBe(true)
  })

  it('is 8 bytes of CMAC under AES, whatever the padding', () => {
    const key = AesKey.create('session', 'AC', BYTES)
    const expected = toHex(macAesCmac(key, DATA).subarray(0, 8))
    expect(toHex(generateCryptogram(key, DATA, 1))).toBe(expected)
    expect(toHex(generateCryptogram(key, DATA, 2))).toBe(expected)
  })

  it('is 8 bytes of CBC-MAC under SM4', () => {
    const key = Sm4Key.create('session', 'AC', BYTES)
    const expected = cbcLast(opensslSm4, BYTES, padded(DATA, 2, 16), 16).subarray(0, 8)
    expect(toHex(generateCryptogram(key, DATA))).toBe(toHex(expected))
  })

  it('does not verify with any bit of it changed, nor with other data', () => {
    fc.assert(
      fc.property(bytesUpTo(40), fc.nat(63), bytesOf(1), (data, bit, other) => {
        const cryptogram = generateCryptogram(KEY, data)
        expect(verifyCryptogram(KEY, data, cryptogram)).toBe(true)
        expect(verifyCryptogram(KEY, Uint8Array.from([...data, ...other]), cryptogram)).toBe(false)
        cryptogram[bit >> 3] = (cryptogram[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(verifyCryptogram(KEY, data, cryptogram)).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  it.each([0, 4, 7, 9, 16])('is not %i bytes', (length) => {
    const expected = coded('ERR_ARQC', { label: 'arqc' })
    expect(() => verifyCryptogram(KEY, DATA, new Uint8Array(length))).toThrow(expected)
  })

  it('is refused for another padding method, and a destroyed key', () => {
    expect(() => generateCryptogram(KEY, DATA, 3 as 2)).toThrow(coded('ERR_PADDING'))
    expect(() => verifyCryptogram(KEY, DATA, PUBLISHED, 0 as 1)).toThrow(coded('ERR_PADDING'))
    const gone = TdesKey.create('session', 'AC', BYTES)
    gone.destroy()
    expect(() => generateCryptogram(gone, DATA)).toThrow(coded('ERR_KEY_DESTROYED'))
  })
})
