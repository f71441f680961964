import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AesKey, type KcvMethod, keyCheckValue, Sm4Key, TdesKey } from '../src/index.js'
import { coded } from './support/errors.js'
import {
  ANY_KEY,
  bytesOf,
  forgeAes,
  forgeDes,
  opensslAes,
  opensslDes,
  opensslSm4,
  THOUSANDS,
} from './support/oracles.js'

const BYTES = fromHex('0123456789ABCDEFFEDCBA9876543210')
const TDES = TdesKey.create('issuer', 'AC', BYTES)
const AES = AesKey.create('issuer', 'AC', fromHex('2B7E151628AED2A6ABF7158809CF4F3C'))
const SM4 = Sm4Key.create('issuer', 'AC', BYTES)

describe('keyCheckValue', () => {
  it('is three bytes of the zero block for TDES and SM4', () => {
    expect(keyCheckValue(TDES)).toBe('08D7B4')
    expect(TDES.kcv).toBe('08D7B4')
    expect(keyCheckValue(TDES, { method: 'legacy', length: 8 })).toBe('08D7B4FB629D0885')
    expect(keyCheckValue(SM4)).toBe(toHex(opensslSm4(BYTES, new Uint8Array(16))).slice(0, 6))
    expect(SM4.kcv).toBe(keyCheckValue(SM4, { method: 'legacy' }))
  })

  it('is three bytes of the CMAC of the zero block for AES', () => {
    expect(keyCheckValue(AES)).toBe(keyCheckValue(AES, { method: 'cmac' }))
    expect(AES.kcv).toBe(keyCheckValue(AES))
    // NIST SP 800-38B: CIPH(0) of this key is 7DF76B0C1AB899B33E42F047B91B546F.
    expect(keyCheckValue(AES, { method: 'legacy', length: 16 })).toBe('7DF76B0C1AB899B33E42F047B91B546F')
    expect(keyCheckValue(AES, { method: 'cmac' })).not.toBe(keyCheckValue(AES, { method: 'legacy' }))
  })

  // Crypto Stack Exchange, "How to obtain KCV from the key": an AES key with its check value in the old form.
  it('gives the published check value of an AES key', () => {
    const key = AesKey.create('zone', 'DEK', fromHex('48C3B4286FF421A4A328E68AD9E542A4'))
    expect(keyCheckValue(key, { method: 'legacy' })).toBe('77DC84')
  })

  it('agrees with OpenSSL and forge by the zero block', () => {
    fc.assert(
      fc.property(bytesOf(16), fc.constantFrom(16, 24, 32).chain(bytesOf), (tdes, aes) => {
        const des = keyCheckValue(TdesKey.create('zone', 'DEK', tdes, ANY_KEY))
        expect(des).toBe(toHex(opensslDes(tdes, new Uint8Array(8))).slice(0, 6))
        expect(des).toBe(toHex(forgeDes(tdes, new Uint8Array(8))).slice(0, 6))
        const legacy = keyCheckValue(AesKey.create('zone', 'DEK', aes), { method: 'legacy', length: 5 })
        expect(legacy).toBe(toHex(opensslAes(aes, new Uint8Array(16))).slice(0, 10))
        expect(legacy).toBe(toHex(forgeAes(aes, new Uint8Array(16))).slice(0, 10))
      }),
      THOUSANDS,
    )
  })

  it('takes one byte to one block', () => {
    for (const [key, block] of [
      [TDES, 8],
      [AES, 16],
      [SM4, 16],
    ] as const) {
      for (const method of ['legacy', 'cmac'] as const) {
        const whole = keyCheckValue(key, { method, length: block })
        for (const length of [1, 2, block])
          expect(keyCheckValue(key, { method, length })).toBe(whole.slice(0, 2 * length))
        for (const length of [0, -1, block + 1, 1.5, Number.NaN]) {
          expect(() => keyCheckValue(key, { method, length })).toThrow(
            coded('ERR_LENGTH', { label: 'kcv', expected: `1 to ${block} bytes`, got: String(length) }),
          )
        }
      }
    }
  })

  it.each(['', 'CMAC', 'visa'])('refuses the method %j', (method) =>
    expect(() => keyCheckValue(TDES, { method: method as KcvMethod })).toThrow(
      coded('ERR_OPTION', { label: 'kcv method' }),
    ),
  )

  it('refuses a destroyed key', () => {
    const key = TdesKey.create('issuer', 'AC', BYTES)
    key.destroy()
    expect(() => keyCheckValue(key)).toThrow(coded('ERR_KEY_DESTROYED'))
  })
})
