import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  AesKey,
  generateArpc,
  generateArpcMethod1,
  generateArpcMethod2,
  issuerAuthenticationData,
  macAesCmac,
  Sm4Key,
  TdesKey,
  tag91,
} from '../src/index.js'
import { coded } from './support/errors.js'
import { cbcLast, opensslAes, opensslSm4, padded } from './support/oracles.js'

const BYTES = fromHex('D4102725E6E5AD329E55AAB50BF23DA9')
const KEY = TdesKey.create('session', 'AC', BYTES)
const ARQC = fromHex('5D016C91005E7CC2')
const ARC = fromHex('3031')
const CSU = fromHex('00820000')
const NOTHING = new Uint8Array(0)

describe('method 1', () => {
  it('is the published one, and so is tag 91', () => {
    const arpc = generateArpcMethod1(KEY, ARQC, ARC)
    expect(toHex(arpc)).toBe('21415243527CE78F')
    expect(toHex(generateArpc(KEY, ARQC, { arc: ARC }))).toBe('21415243527CE78F')
    expect(toHex(issuerAuthenticationData(arpc, { arc: ARC }))).toBe('21415243527CE78F3031')
    expect(toHex(tag91(arpc, { arc: ARC }))).toBe('910A21415243527CE78F3031')
  })

  // ARQC XOR ARC, written out, and eight zeros behind it for a block of 16 bytes.
  it.each([
    ['SM4', Sm4Key.create('session', 'AC', BYTES), opensslSm4],
    ['AES', AesKey.create('session', 'AC', BYTES), opensslAes],
  ] as const)('is the left half of one block of %s', (_, key, cipher) => {
    const block = cipher(BYTES, fromHex('6D306C91005E7CC20000000000000000'))
    expect(toHex(generateArpcMethod1(key, ARQC, ARC))).toBe(toHex(block.subarray(0, 8)))
  })

  it.each([1, 3])('refuses an ARC of %i bytes', (length) => {
    const arc = new Uint8Array(length)
    expect(() => generateArpcMethod1(KEY, ARQC, arc)).toThrow(coded('ERR_ARC'))
    expect(() => generateArpc(KEY, ARQC, { arc })).toThrow(coded('ERR_ARC'))
    expect(() => issuerAuthenticationData(ARQC, { arc })).toThrow(coded('ERR_ARC'))
    expect(() => tag91(ARQC, { arc })).toThrow(coded('ERR_ARC'))
  })

  it.each([7, 9])('refuses an ARQC or ARPC of %i bytes', (length) => {
    const other = new Uint8Array(length)
    expect(() => generateArpcMethod1(KEY, other, ARC)).toThrow(coded('ERR_ARQC'))
    expect(() => issuerAuthenticationData(other, { arc: ARC })).toThrow(coded('ERR_ARQC'))
  })
})

describe('method 2', () => {
  // jPOS and pyemv: vectors/arpc.json has more.
  it('is 4 bytes, with proprietary data or none', () => {
    const key = TdesKey.create('session', 'AC', fromHex('3E736BF8D37664348A04E3ABE00DEFC1'))
    const arqc = fromHex('4B46013359B7A58B')
    const csu = fromHex('00000000')
    const proprietaryAuthenticationData = fromHex('1234567890ABCDEF')
    expect(toHex(generateArpcMethod2(key, arqc, csu))).toBe('7DFB1188')
    expect(toHex(generateArpcMethod2(key, arqc, csu, NOTHING))).toBe('7DFB1188')
    expect(toHex(generateArpcMethod2(key, arqc, csu, proprietaryAuthenticationData))).toBe('4962B76C')
    expect(toHex(generateArpc(key, arqc, { csu, proprietaryAuthenticationData }))).toBe('4962B76C')
    expect(toHex(generateArpc(key, arqc, { csu }))).toBe('7DFB1188')
  })

  it.each([
    ['', '7DFB118800820000', '91087DFB118800820000'],
    ['AA', '7DFB118800820000AA', '91097DFB118800820000AA'],
    ['1122334455667788', '7DFB1188008200001122334455667788', '91107DFB1188008200001122334455667788'],
  ])('has the proprietary data %s in tag 91', (hex, value, whole) => {
    const arpc = fromHex('7DFB1188')
    const decision = { csu: CSU, proprietaryAuthenticationData: fromHex(hex) }
    expect(toHex(issuerAuthenticationData(arpc, decision))).toBe(value)
    expect(toHex(tag91(arpc, decision))).toBe(whole)
    if (hex === '') expect(toHex(tag91(arpc, { csu: CSU }))).toBe(whole)
  })

  it('is the MAC of the cipher', () => {
    const data = fromHex(`${toHex(ARQC)}${toHex(CSU)}`)
    const sm4 = cbcLast(opensslSm4, BYTES, padded(data, 2, 16), 16).subarray(0, 4)
    expect(toHex(generateArpcMethod2(Sm4Key.create('session', 'AC', BYTES), ARQC, CSU))).toBe(toHex(sm4))
    const aes = AesKey.create('session', 'AC', BYTES)
    expect(toHex(generateArpcMethod2(aes, ARQC, CSU))).toBe(toHex(macAesCmac(aes, data).subarray(0, 4)))
  })

  it.each([3, 5])('refuses a CSU or ARPC of %i bytes', (length) => {
    const other = new Uint8Array(length)
    expect(() => generateArpcMethod2(KEY, ARQC, other)).toThrow(coded('ERR_LENGTH', { label: 'csu' }))
    expect(() => issuerAuthenticationData(CSU, { csu: other })).toThrow(coded('ERR_LENGTH', { label: 'csu' }))
    expect(() => issuerAuthenticationData(other, { csu: CSU })).toThrow(coded('ERR_LENGTH', { label: 'arpc' }))
  })

  it('refuses an ARQC of another length and more than 8 bytes of proprietary data', () => {
    const label = 'proprietaryAuthenticationData'
    const long = new Uint8Array(9)
    expect(() => generateArpcMethod2(KEY, fromHex('00'), CSU)).toThrow(coded('ERR_ARQC'))
    expect(() => generateArpcMethod2(KEY, ARQC, CSU, long)).toThrow(coded('ERR_LENGTH', { label }))
    const decision = { csu: CSU, proprietaryAuthenticationData: long }
    expect(() => issuerAuthenticationData(CSU, decision)).toThrow(coded('ERR_LENGTH', { label }))
  })
})
