import { fromHex, toHex } from '@issuerkit/apdu'
import { Secret, Sm4Key } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { encipherData, padData } from '../src/encipher.js'
import { ScriptSession } from '../src/script-session.js'
import { sessionWith } from './support/session.js'

describe('data are padded', () => {
  it.each([
    ['length-prefix', 8, '', '0080000000000000'],
    ['length-prefix', 8, '1122334455', '0511223344558000'],
    ['length-prefix', 8, '11223344556677', '07112233445566778000000000000000'],
    ['length-prefix', 8, '1122334455667788', '08112233445566778880000000000000'],
    ['length-prefix', 16, '1122334455667788', '08112233445566778880000000000000'],
    ['always', 8, '1122', '1122800000000000'],
    ['always', 8, '1122334455667788', '11223344556677888000000000000000'],
    ['when-needed', 8, '1122', '1122800000000000'],
    ['when-needed', 8, '1122334455667788', '1122334455667788'],
    ['when-needed', 16, '1122334455667788', '11223344556677888000000000000000'],
  ] as const)('%s, blocks of %i: %s', (rule, block, data, padded) =>
    expect(toHex(padData(fromHex(data), rule, block))).toBe(padded),
  )

  it.each(['length-prefix', 'always', 'when-needed'] as const)('%s: in a new array', (rule) => {
    const data = fromHex('1122334455667788')
    padData(data, rule, 8).fill(0)
    expect(toHex(data)).toBe('1122334455667788')
  })
})

it('the blocks of SM4 are 16 bytes', () => {
  const key = Sm4Key.create('issuer', 'ENC', fromHex('12B1AC4AF070CC35612BFE2D30AB600D'))
  const mac = Sm4Key.create('issuer', 'MAC', fromHex('12B1AC4AF070CC35612BFE2D30AB600D'))
  const session = sessionWith({ scheme: 'pboc-sm4', keys: { mac, enc: key } })
  const { plain, enciphered } = encipherData(session, key, Secret.of(fromHex('1122'), 'data'))
  expect(toHex(plain.expose())).toBe('02112280000000000000000000000000')
  expect(enciphered).toHaveLength(16)
})

it('enciphering leaves the data and the key as they are', () => {
  const session = sessionWith()
  const key = ScriptSession.material(session).keys.enc
  if (key === undefined) throw new Error('the session has an ENC key')
  const data = Secret.of(fromHex('1122334455667788'), 'data')
  const { plain, enciphered } = encipherData(session, key, data)
  expect(toHex(plain.expose())).toBe('08112233445566778880000000000000')
  expect(plain.label).toBe('plain data')
  expect(encipherData(session, key, data).enciphered).toEqual(enciphered)
})
