import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { type CaKeyParts, CaKeyStore, caKeyName, createCaKey } from '../src/index.js'
import { CA, ICC, sha1 } from './forge.js'

const PARTS: CaKeyParts = { rid: fromHex('A000000333'), index: 3, modulus: fromHex(CA.n), exponent: fromHex('03') }
const CHECKSUM = sha1(`A00000033303${CA.n}03`)

const errorOf = (run: () => unknown): unknown => {
  try {
    run()
    return 'no error'
  } catch (error) {
    return error instanceof IssuerkitError ? [error.code, error.label] : error
  }
}
const refusal = (changes: Partial<CaKeyParts>): unknown => errorOf(() => createCaKey({ ...PARTS, ...changes }))

describe('a CA key', () => {
  it('forms its checksum, and verifies one that is given', () => {
    expect(toHex(createCaKey(PARTS).checksum)).toBe(CHECKSUM)
    expect(toHex(createCaKey({ ...PARTS, checksum: fromHex(CHECKSUM) }).checksum)).toBe(CHECKSUM)
  })

  it('is refused by name for a wrong checksum', () => {
    const wrong = fromHex(CHECKSUM)
    wrong[19] = (wrong[19] as number) ^ 1
    const expected = ['ERR_CA_KEY', 'CA key A000000333/03: checksum']
    expect(refusal({ checksum: wrong })).toEqual(expected)
    expect(refusal({ checksum: new Uint8Array(0) })).toEqual(expected)
    expect(refusal({ checksum: fromHex(CHECKSUM), index: 4 })).toEqual(['ERR_CA_KEY', 'CA key A000000333/04: checksum'])
  })

  it.each(['', '02', '04', '0003', '000003', '010000', '01000001', '11'])('is refused for the exponent %s', (hex) => {
    expect(refusal({ exponent: fromHex(hex) })).toEqual(['ERR_CA_KEY', 'CA key A000000333/03: exponent'])
  })

  it('takes 03 and 010001 as exponent', () => {
    expect(toHex(createCaKey({ ...PARTS, exponent: fromHex('010001') }).exponent)).toBe('010001')
    expect(toHex(createCaKey(PARTS).exponent)).toBe('03')
  })

  it.each([0, 63, 249, 256])('is refused at %i bytes', (length) => {
    const expected = ['ERR_CA_KEY', 'CA key A000000333/03: modulus']
    expect(refusal({ modulus: new Uint8Array(length).fill(0xc1) })).toEqual(expected)
  })

  it.each([64, 248])('is taken at %i bytes', (length) => {
    expect(createCaKey({ ...PARTS, modulus: new Uint8Array(length).fill(0xc1) }).modulus.length).toBe(length)
  })

  it('is refused for a modulus that is none', () => {
    const expected = ['ERR_CA_KEY', 'CA key A000000333/03: modulus']
    expect(refusal({ modulus: fromHex(`00${CA.n.slice(2)}`) })).toEqual(expected)
    expect(refusal({ modulus: fromHex(`${CA.n.slice(0, -2)}02`) })).toEqual(expected)
  })

  it('tells what it got instead', () => {
    const got = (changes: Partial<CaKeyParts>): void => void createCaKey({ ...PARTS, ...changes })
    expect(() => got({ rid: new Uint8Array(4) })).toThrow(expect.objectContaining({ got: '4 bytes' }))
    expect(() => got({ modulus: new Uint8Array(63) })).toThrow(expect.objectContaining({ got: '63 bytes' }))
    expect(() => got({ exponent: fromHex('02') })).toThrow(expect.objectContaining({ got: '02' }))
  })

  it('is refused for RID, index, algorithms, expiry', () => {
    expect(refusal({ rid: fromHex('A0000003') })).toEqual(['ERR_CA_KEY', 'CA key: rid'])
    expect(refusal({ rid: fromHex('A00000033301') })).toEqual(['ERR_CA_KEY', 'CA key: rid'])
    for (const index of [-1, 256, 1.5, Number.NaN]) expect(refusal({ index })).toEqual(['ERR_CA_KEY', 'CA key: index'])
    expect(refusal({ hashAlgorithm: 2 })).toEqual(['ERR_CA_KEY', 'CA key A000000333/03: hash algorithm'])
    expect(refusal({ keyAlgorithm: 4 })).toEqual(['ERR_CA_KEY', 'CA key A000000333/03: key algorithm'])
    expect(refusal({ expiry: '20221331' })).toEqual(['ERR_DATE', 'CA key A000000333/03: expiry'])
  })

  it('keeps what it was given, in copies', () => {
    const [rid, modulus, exponent] = [fromHex('A000000333'), fromHex(CA.n), fromHex('03')]
    const key = createCaKey({
      rid,
      modulus,
      exponent,
      expiry: '20301231',
      hashAlgorithm: 1,
      keyAlgorithm: 1,
      index: 255,
    })
    for (const bytes of [rid, modulus, exponent]) bytes.fill(0)
    expect(toHex(key.modulus)).toBe(CA.n)
    expect(key).toMatchObject({ rid: PARTS.rid, exponent: PARTS.exponent, index: 255, expiry: '20301231' })
    expect('expiry' in createCaKey({ ...PARTS, index: 0 })).toBe(false)
  })

  it('has a name', () => {
    expect(caKeyName({ rid: fromHex('A000000003'), index: 0x92 })).toBe('CA key A000000003/92')
  })
})

describe('the store', () => {
  const live = createCaKey(PARTS)
  const test = createCaKey({ ...PARTS, modulus: fromHex(`${CA.n.slice(0, -2)}F1`) })
  const shorter = createCaKey({ ...PARTS, modulus: fromHex(ICC.n) })

  it('keeps live and test keys apart', () => {
    const store = new CaKeyStore()
    store.add('live', live)
    store.add('test', test)
    expect(store.find('live', PARTS.rid, 3)).toBe(live)
    expect(store.find('test', PARTS.rid, 3)).toBe(test)
    expect([store.count('live'), store.count('test')]).toEqual([1, 1])
  })

  it('finds nothing under another profile, RID or index', () => {
    const store = new CaKeyStore()
    store.add('test', test)
    expect(store.find('live', PARTS.rid, 3)).toBeUndefined()
    expect(store.find('test', fromHex('A000000003'), 3)).toBeUndefined()
    expect(store.find('test', PARTS.rid, 0x33)).toBeUndefined()
    expect(store.count('live')).toBe(0)
  })

  it('refuses a second key of the same length, by name', () => {
    const store = new CaKeyStore()
    store.add('live', live)
    const expected = ['ERR_CA_KEY', 'CA key A000000333/03 (live)']
    expect(errorOf(() => store.add('live', test))).toEqual(expected)
    expect(store.find('live', PARTS.rid, 3)).toBe(live)
  })

  it('takes the same key again', () => {
    const store = new CaKeyStore()
    store.add('live', live)
    store.add('live', createCaKey(PARTS))
    expect(store.count('live')).toBe(1)
  })

  it('tells keys of one index by the length of the certificate', () => {
    const store = new CaKeyStore()
    store.add('test', test)
    store.add('test', shorter)
    expect(store.find('test', PARTS.rid, 3, 128)).toBe(shorter)
    expect(store.find('test', PARTS.rid, 3, 144)).toBe(test)
    expect(store.find('test', PARTS.rid, 3, 100)).toBe(test)
    expect(store.find('test', PARTS.rid, 3)).toBe(test)
    expect(store.count('test')).toBe(2)
  })
})
