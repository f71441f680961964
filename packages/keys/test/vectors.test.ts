/** Every published case of the operations of this package, from the files that users get. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  AesKey,
  deriveIccMasterKey,
  deriveSessionKey,
  keyCheckValue,
  macAesCmac,
  macAlgorithm1,
  macAlgorithm3,
  type PaddingMethod,
  Sm4Key,
  TdesKey,
} from '../src/index.js'
import { bytes, type Inputs, text, type VectorCase, vectorCases } from './support/vectors.js'

const PUBLISHED = { allowEqualHalves: true }
const clearParity = (hex: string): string => toHex(fromHex(hex).map((byte) => byte & 0xfe))

function compare(found: Readonly<Record<string, string>>, { expect: expected = {}, ignoreParity }: VectorCase): void {
  for (const [name, value] of Object.entries(expected)) {
    const got = (found[name] ?? '').slice(0, name === 'kcv' ? value.length : undefined)
    expect(ignoreParity ? clearParity(got) : got, name).toBe(ignoreParity ? clearParity(value) : value)
  }
}

function iccMasterKey(inputs: Inputs): Record<string, string> {
  const card = { pan: text(inputs, 'pan'), panSequence: text(inputs, 'panSequence') }
  const imk = bytes(inputs, 'imk')
  const option = text(inputs, 'option') as 'A' | 'B' | 'C'
  const key =
    option === 'C'
      ? deriveIccMasterKey(AesKey.create('issuer', 'AC', imk), card, { option, keyBytes: Number(inputs['keyBytes']) })
      : deriveIccMasterKey(TdesKey.create('issuer', 'AC', imk, PUBLISHED), card, {
          option,
          ...(inputs['parity'] === undefined ? {} : { parity: text(inputs, 'parity') as 'odd' | 'none' }),
        })
  return { key: toHex(key.expose()), kcv: keyCheckValue(key, { length: 8 }) }
}

function sessionKey(inputs: Inputs): Record<string, string> {
  const icc = bytes(inputs, 'iccMasterKey')
  const method = text(inputs, 'method')
  const atc = (): Uint8Array => bytes(inputs, 'atc')
  const tdes = (): TdesKey<'icc', 'AC'> => TdesKey.create('icc', 'AC', icc, PUBLISHED)
  switch (method) {
    case 'emv-common':
      return hex(deriveSessionKey(tdes(), { method, diversificationValue: bytes(inputs, 'diversificationValue') }))
    case 'visa-xor':
    case 'pboc':
      return hex(deriveSessionKey(tdes(), { method, atc: atc() }))
    case 'mastercard-skd':
      return hex(
        deriveSessionKey(tdes(), { method, atc: atc(), unpredictableNumber: bytes(inputs, 'unpredictableNumber') }),
      )
    case 'emv2000-tree':
      return hex(
        deriveSessionKey(tdes(), {
          method,
          atc: atc(),
          branch: Number(inputs['branch']),
          height: Number(inputs['height']),
          iv: bytes(inputs, 'iv'),
        }),
      )
    case 'emv-aes':
      return hex(deriveSessionKey(AesKey.create('icc', 'AC', icc), { method, atc: atc() }))
    case 'pboc-sm4':
      return hex(deriveSessionKey(Sm4Key.create('icc', 'AC', icc), { method, atc: atc() }))
    default:
      throw new Error(`no method ${method}`)
  }
}

function hex(key: { expose(): Uint8Array }): Record<string, string> {
  return { key: toHex(key.expose()) }
}

function macOf(inputs: Inputs): Record<string, string> {
  const key = bytes(inputs, 'key')
  const data = bytes(inputs, 'data')
  const algorithm = text(inputs, 'algorithm')
  if (algorithm === 'aes-cmac') return { mac: toHex(macAesCmac(AesKey.create('session', 'MAC', key), data)) }
  const mac = { 'iso9797-1-alg1': macAlgorithm1, 'iso9797-1-alg3': macAlgorithm3 }[algorithm]
  if (mac === undefined) throw new Error(`no algorithm ${algorithm}`)
  const padding = Number(inputs['padding']) as PaddingMethod
  return { mac: toHex(mac(TdesKey.create('session', 'MAC', key, PUBLISHED), data, { padding })) }
}

function checkValue(inputs: Inputs): Record<string, string> {
  const create = text(inputs, 'algorithm') === 'aes' ? AesKey.create : TdesKey.create
  return { kcv: keyCheckValue(create('issuer', 'AC', bytes(inputs, 'key'), PUBLISHED), { length: 8 }) }
}

describe.each([
  ['icc-master-key', iccMasterKey],
  ['session-key', sessionKey],
  ['mac', macOf],
  ['key-check-value', checkValue],
] as const)('%s', (operation, run) => {
  it.each(vectorCases(operation).map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
    if (vector.error === undefined) compare(run(vector.inputs), vector)
    else expect(() => run(vector.inputs)).toThrow(expect.objectContaining({ code: vector.error }))
  })
})
