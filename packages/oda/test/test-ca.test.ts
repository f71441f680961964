import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  CaKeyStore,
  caKeyFromTlv,
  caKeysFromCsv,
  caKeysFromJson,
  caKeysToCsv,
  caKeyToText,
  caKeyToTlv,
  createTestCa,
  testCaFromKey,
} from '../src/index.js'

const ca = createTestCa({ rid: fromHex('A0000000FE'), index: 1, bits: 512, exponent: 3, expiry: '20491231' })

describe('a CA key in the forms that checkers import', () => {
  it.each([
    ['with', ca],
    ['without', testCaFromKey(ca.privateKey, { rid: fromHex('A0000000FE'), index: 255 })],
  ])('%s an expiry date', (_, { key }) => {
    expect(caKeyFromTlv(caKeyToTlv(key))).toEqual(key)
    expect(caKeysFromJson(JSON.stringify([caKeyToText(key)]))).toEqual({ keys: [key], refused: [] })
    expect(caKeysFromCsv(caKeysToCsv([key]))).toEqual({ keys: [key], refused: [] })
  })

  it('has no expiry date unless one is given', () => {
    const made = createTestCa({ rid: ca.key.rid, index: 0, bits: 512, exponent: 65537 })
    expect(made.key).not.toHaveProperty('expiry')
    expect(toHex(made.key.exponent)).toBe('010001')
  })

  it('is found in a store of test keys', () => {
    const store = new CaKeyStore()
    store.add('test', ca.key)
    expect(store.find('test', ca.key.rid, 1)).toEqual(ca.key)
    expect(store.find('live', ca.key.rid, 1)).toBeUndefined()
  })
})
