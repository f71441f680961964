import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodePayload, type Payload, parsePayload } from '../src/index.js'
import { expectPayload, rolesOf, templatesOf } from '../src/templates.js'
import { coded } from './support/coded.js'
import { REFERENCE } from './support/reference.js'

const { keyTransport, keyAgreement } = REFERENCE
const KEY = 'D110000102030405060708090A0B0C0D0E0F'
const COUNTER = '91080000000000000000'
/** A payload of level 00 with these templates, their lengths put in front. */
const payload = (...templates: string[]): Uint8Array =>
  fromHex(
    `D30100${templates
      .map((text) => text.replaceAll(' ', ''))
      .map((text) => text.slice(0, 2) + toHex(Uint8Array.of((text.length - 2) / 2)) + text.slice(2))
      .join('')}`,
  )

describe('a payload', () => {
  it.each([
    ['transport', keyTransport.payload, false],
    ['agreement', keyAgreement.payload, false],
    ['agreement', keyAgreement.payloadFeitianStyleWithEmptyD1_91, true],
  ] as const)('of key %s comes out as it went in: %s', (variant, text, empty) => {
    const parsed = parsePayload(fromHex(text), variant)
    expect(parsed.level).toBe(0x33)
    expect(parsed.templates.map(({ kind, usage }) => [kind, usage])).toEqual([
      ['MAC', 0x30],
      ['ENC', 0x30],
      ['DEK', 0xc0],
    ])
    expect(toHex(encodePayload(parsed, empty && variant === 'agreement'))).toBe(text)
  })

  it('of any templates comes out as it went in', () => {
    const usage = fc.constantFrom(0x10, 0x20, 0x30)
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    const templates = fc.tuple(
      fc.record({ kind: fc.constant('MAC' as const), usage, key: bytes(16), counter: bytes(8) }),
      fc.record({ kind: fc.constant('ENC' as const), usage, key: bytes(16) }),
      fc.record({ kind: fc.constant('DEK' as const), usage: fc.constantFrom(0x80, 0xc0), key: bytes(16) }),
    )
    fc.assert(
      fc.property(templates, (list) => {
        const given: Payload = { level: 0, templates: list }
        expect(parsePayload(encodePayload(given), 'transport')).toEqual(given)
      }),
    )
  })

  it.each([
    ['no type', payload(`B4 950130 ${KEY} ${COUNTER}`)],
    ['an empty type', payload(`B4 950130 8000 ${KEY} ${COUNTER}`)],
    ['five templates', payload(...FIVE())],
    ['a DEK for commands', payload(`B8 950180 ${KEY}`)],
  ])('may have %s', (_, bytes) => expect(() => parsePayload(bytes, 'transport')).not.toThrow())

  it.each([
    ['nothing', new Uint8Array(0), 'payload'],
    ['no level', fromHex('D300'), 'payload'],
    ['a level of 2 bytes', fromHex('D3020000'), 'payload'],
    ['another tag', fromHex('D40100'), 'payload'],
    ['half a template', fromHex('D30100B403'), 'payload'],
    ['no templates', fromHex('D30100'), 'templates'],
    ['six templates', payload(...FIVE(), `B8 9501C0 ${KEY}`), 'templates'],
    ['a template of another tag', payload(`B6 950130 ${KEY}`), 'template'],
    ['no usage', payload(`B4 ${KEY} ${COUNTER}`), 'template'],
    ['a usage of 2 bytes', payload(`B4 95021030 ${KEY} ${COUNTER}`), 'template'],
    ['usage C0 of a MAC key', payload(`B4 9501C0 ${KEY} ${COUNTER}`), 'template'],
    ['usage 40', payload(`B8 950140 ${KEY}`), 'template'],
    ['usage 00', payload(`B8 950100 ${KEY}`), 'template'],
    ['another order', payload(`B4 ${KEY} 950130 ${COUNTER}`), 'template'],
    ['an object twice', payload(`B8 950130 950130 ${KEY}`), 'template'],
    ['an unknown object', payload(`B8 950130 820100 ${KEY}`), 'template'],
    ['an AES key', payload(`B8 950130 800188 ${KEY}`), 'template'],
    ['a type of 2 bytes', payload(`B8 950130 80028080 ${KEY}`), 'template'],
    ['no key', payload('B8 950130'), 'template of a ENC key'],
    ['a key of 15 bytes', payload('B8 950130 D10F000102030405060708090A0B0C0D0E'), 'template of a ENC key'],
    ['a MAC key without a counter', payload(`B4 950130 ${KEY}`), 'template of a MAC key'],
    ['a counter of 7 bytes', payload(`B4 950130 ${KEY} 910700000000000000`), 'template of a MAC key'],
    ['a counter of an enciphering key', payload(`B8 950130 ${KEY} ${COUNTER}`), 'template of a ENC key'],
    ['two keys for a role', payload(`B4 950130 ${KEY} ${COUNTER}`, `B4 950110 ${KEY} ${COUNTER}`), 'templates'],
    ['two DEKs', payload(`B8 9501C0 ${KEY}`, `B8 950180 ${KEY}`), 'templates'],
  ])('has not %s', (_, bytes, label) => {
    expect(() => parsePayload(bytes, 'transport')).toThrow(coded('ERR_CHANNEL', { label }))
  })

  it('of key agreement has no keys', () => {
    expect(() => parsePayload(payload(`B8 950130 ${KEY}`), 'agreement')).toThrow(coded('ERR_CHANNEL'))
    expect(() => parsePayload(payload(`B4 950130 ${COUNTER}`), 'agreement')).toThrow(coded('ERR_CHANNEL'))
  })
})

function FIVE(): string[] {
  const kinds = [
    ['B4', '10', COUNTER],
    ['B4', '20', COUNTER],
    ['B8', '10', ''],
    ['B8', '20', ''],
    ['B8', 'C0', ''],
  ]
  return kinds.map(([tag, usage, counter]) => `${tag} 9501${usage} ${KEY} ${counter}`)
}

describe('a security level', () => {
  it.each([
    [0x00, ['CMAC', 'RMAC', 'DEK']],
    [0x01, ['CMAC', 'DEK']],
    [0x02, ['CMAC', 'RMAC', 'CENC', 'DEK']],
    [0x11, ['CMAC', 'RMAC', 'DEK']],
    [0x13, ['CMAC', 'RMAC', 'CENC', 'DEK']],
    [0x20, ['CMAC', 'RMAC', 'RENC', 'DEK']],
    [0x10, ['RMAC', 'DEK']],
    [0x33, ['CMAC', 'RMAC', 'CENC', 'RENC', 'DEK']],
  ])('%i needs these keys: %j', (level, roles) => {
    const templates = templatesOf(level)
    expect(templates.flatMap(rolesOf)).toEqual(roles)
    expect(() => expectPayload({ level, templates })).not.toThrow()
  })

  it.each([
    [0x01, 'CMAC key'],
    [0x02, 'CENC key'],
    [0x10, 'RMAC key'],
    [0x20, 'RENC key'],
  ])('%i wants its key', (level, label) => {
    expect(() => expectPayload({ level, templates: [{ kind: 'DEK', usage: 0xc0 }] })).toThrow(
      coded('ERR_CHANNEL', { label }),
    )
  })

  it.each([0x04, 0x08, 0x40, 0x80, 0x100])('%i is none', (level) => {
    const refused = coded('ERR_CHANNEL', { label: 'security level' })
    expect(() => expectPayload({ level, templates: templatesOf(0x33) })).toThrow(refused)
  })

  it('takes no template of an unknown usage', () => {
    const templates = [{ kind: 'DEK', usage: 0x30 }] as const
    expect(() => expectPayload({ level: 0, templates })).toThrow(coded('ERR_CHANNEL', { label: 'templates' }))
  })
})
