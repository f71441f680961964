/** Every published case of application cryptograms and ARPCs, and some more from public test suites. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  type CryptogramSessionMethod,
  deriveCryptogramKey,
  generateApplicationCryptogram,
  generateArpc,
  generateCryptogram,
  type PaddingMethod,
  TdesKey,
  tagsFromText,
  verifyCryptogram,
} from '../src/index.js'
import { bytes, type Inputs, text, vectorCases } from './support/vectors.js'

const PUBLISHED = { allowEqualHalves: true }

function cryptogramOf(inputs: Inputs): Uint8Array {
  const optional = (name: string): Record<string, Uint8Array> =>
    inputs[name] === undefined ? {} : { [name]: bytes(inputs, name) }
  const padding = Number(inputs['padding']) as PaddingMethod
  if (inputs['sessionKey'] !== undefined) {
    const key = TdesKey.create('session', 'AC', bytes(inputs, 'sessionKey'), PUBLISHED)
    return generateCryptogram(key, bytes(inputs, 'data'), padding)
  }
  const imk = TdesKey.create('issuer', 'AC', bytes(inputs, 'imk'), PUBLISHED)
  const card = { pan: text(inputs, 'pan'), panSequence: text(inputs, 'panSequence') }
  if (inputs['scheme'] !== undefined) {
    const { tags } = tagsFromText(inputs['tags'] as unknown as Record<string, string>)
    return generateApplicationCryptogram({ scheme: text(inputs, 'scheme'), imk, card, tags }).cryptogram
  }
  const values = { ...optional('atc'), ...optional('unpredictableNumber'), ...optional('diversificationValue') }
  const method = text(inputs, 'method') as CryptogramSessionMethod
  const key = deriveCryptogramKey({ imk, card }, method, values, { option: text(inputs, 'option') as 'A' | 'B' })
  expect(
    verifyCryptogram(key, bytes(inputs, 'data'), generateCryptogram(key, bytes(inputs, 'data'), padding), padding),
  ).toBe(true)
  return generateCryptogram(key, bytes(inputs, 'data'), padding)
}

function arpcOf(inputs: Inputs): Uint8Array {
  const key = TdesKey.create('session', 'AC', bytes(inputs, 'sessionKey'), PUBLISHED)
  const arqc = bytes(inputs, 'arqc')
  if (inputs['method'] === 1) return generateArpc(key, arqc, { arc: bytes(inputs, 'arc') })
  const csu = bytes(inputs, 'csu')
  if (inputs['proprietaryAuthenticationData'] === undefined) return generateArpc(key, arqc, { csu })
  const proprietaryAuthenticationData = bytes(inputs, 'proprietaryAuthenticationData')
  return generateArpc(key, arqc, { csu, proprietaryAuthenticationData })
}

it.each(vectorCases('application-cryptogram').map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
  expect(toHex(cryptogramOf(vector.inputs))).toBe(vector.expect?.['cryptogram'])
})

it.each(vectorCases('arpc').map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
  expect(toHex(arpcOf(vector.inputs))).toBe(vector.expect?.['arpc'])
})

// knovichikhin/pyemv tests/test_cvn_hsm.py, test_mastercard_cvn21
describe('M/Chip CVN 21 as published', () => {
  const imk = TdesKey.create('issuer', 'AC', fromHex('0123456789ABCDEFFEDCBA9876543210'))
  const card = { pan: '1234567890123456', panSequence: '00' }
  const record = {
    '9F02': '000000009999',
    '9F03': '000000000000',
    '9F1A': '0124',
    '95': '8000000000',
    '5F2A': '0124',
    '9A': '209906',
    '9C': '00',
    '9F37': 'ABCDEF12',
    '82': '1800',
    '9F36': '001C',
  }

  it.each([
    ['parts', { CVR: 'A00003220000', COUNTERS: '00000000000322FF' }],
    ['tag 9F10', { '9F10': '0115A00003220000000000000000000322FF' }],
  ])('from %s', (_, more) => {
    const { tags } = tagsFromText({ ...record, ...more } as Record<string, string>)
    const made = generateApplicationCryptogram({ scheme: 'mastercard-cvn21', imk, card, tags })
    expect(toHex(made.cryptogram)).toBe('C30E54BE496CF5E5')
  })

  it('with its ARPC', () => {
    const key = deriveCryptogramKey({ imk, card }, 'emv-common', { atc: fromHex('001C') })
    const arqc = fromHex('C30E54BE496CF5E5')
    expect(toHex(generateArpc(key, arqc, { arc: fromHex('0010') }))).toBe('4F51F9CC63CE8B3C')
  })
})
