import { fromHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { createKey, findKeySet, type KeySet } from '../src/index.js'
import { coded } from './support/errors.js'
import { IMK } from './support/transactions.js'

type Cipher = 'tdes' | 'sm4' | 'aes'
const set = (dki: number, algorithm: Cipher = 'tdes', ac = algorithm): KeySet => ({
  dki,
  algorithm,
  ac: createKey(ac, 'issuer', 'AC', fromHex(IMK)),
})
const sets = [set(0), set(1), set(1, 'sm4'), set(255, 'aes')]

describe('the set', () => {
  it('is that of DKI and algorithm', () => {
    expect(findKeySet(sets, 0, 'tdes')).toBe(sets[0])
    expect(findKeySet(sets, 1, 'tdes')).toBe(sets[1])
    expect(findKeySet(sets, 1, 'sm4')).toBe(sets[2])
    expect(findKeySet(sets, 255, 'aes')).toBe(sets[3])
  })

  it('is none for another DKI or algorithm', () => {
    expect(findKeySet(sets, 2, 'tdes')).toBeUndefined()
    expect(findKeySet(sets, 0, 'sm4')).toBeUndefined()
    expect(findKeySet([], 0, 'tdes')).toBeUndefined()
  })

  it('is the only one of the algorithm when nothing says the DKI', () => {
    expect(findKeySet(sets, undefined, 'sm4')).toBe(sets[2])
    expect(findKeySet(sets, undefined, 'tdes')).toBeUndefined()
  })
})

describe('refused are', () => {
  it.each([-1, 256, 1.5, Number.NaN])('a DKI of %d', (dki) => {
    expect(() => findKeySet([set(dki)], 0, 'tdes')).toThrow(coded('ERR_OPTION', { label: 'dki' }))
  })

  it('two sets of one DKI and algorithm', () => {
    expect(() => findKeySet([...sets, set(1, 'sm4')], 0, 'tdes')).toThrow(coded('ERR_KEY', { label: 'key set 1 sm4' }))
  })

  it('a key of another algorithm, of any purpose', () => {
    const mac = createKey('sm4', 'issuer', 'MAC', fromHex(IMK))
    const enc = createKey('sm4', 'issuer', 'ENC', fromHex(IMK))
    const expected = coded('ERR_KEY', { label: 'key set 7 tdes', got: 'sm4' })
    for (const wrong of [set(7, 'tdes', 'sm4'), { ...set(7), mac }, { ...set(7), enc }]) {
      expect(() => findKeySet([wrong], 0, 'tdes')).toThrow(expected)
    }
    const good = { ...set(7, 'sm4'), mac, enc }
    expect(findKeySet([good], 7, 'sm4')).toBe(good)
  })
})
