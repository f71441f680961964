import { fromHex, toHex } from '@issuerkit/apdu'
import { Secret, Sm4Key } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { type PinChangeInput, pinChange, type ScriptInput } from '../src/index.js'
import { cipherCalls } from './support/ciphers.js'
import { coded, PBOC_KEYS, sessionWith } from './support/session.js'

const shown = (secret: Secret | undefined): string | undefined => secret && toHex(secret.expose())
const VISA = { scheme: 'visa-cvn10', card: { pan: '1234567890123456', panSequence: '00' } }

describe('PIN CHANGE of PBOC without the current PIN', () => {
  const command = pinChange(sessionWith(), { newPin: '654321' })

  it('names D1, D2, D3 and D, and no D4', () => {
    const d1 = shown(command.d1) ?? ''
    expect(d1).toMatch(/^00000000[0-9A-F]{8}$/)
    expect(shown(command.d2)).toBe('06654321FFFFFFFF')
    expect(shown(command.d3)).toBe(xorHex(d1, '06654321FFFFFFFF'))
    expect(command.d4).toBeUndefined()
    expect('d4' in command).toBe(false)
    expect(shown(command.d)).toBe(shown(command.d3))
    expect(command.pinBlock).toBe(command.d)
    expect(command).toMatchObject({ type: 'pin-change', format: 'vis' })
  })

  it('pads with a length byte in front and 80 behind', () =>
    expect(shown(command.plain)).toBe(`08${shown(command.d)}80000000000000`))

  it('MACs what it enciphered', () => {
    expect(toHex(command.header)).toBe('8424000214')
    expect(command.enciphered).toHaveLength(16)
    expect(command.data).toBe(command.enciphered)
    expect(toHex(command.macInput)).toBe(`842400021402405D016C91005E7CC2${toHex(command.enciphered)}`)
    expect(toHex(command.apdu)).toBe(`8424000214${toHex(command.enciphered)}${toHex(command.mac)}`)
  })
})

describe('PIN CHANGE of PBOC with the current PIN', () => {
  const command = pinChange(sessionWith(), { newPin: '654321', currentPin: '12345' })

  it('takes D4 in', () => {
    expect(shown(command.d4)).toBe('1234500000000000')
    expect(shown(command.d)).toBe(xorHex(shown(command.d3) ?? '', '1234500000000000'))
    expect(command.type).toBe('pin-change-with-current')
    expect(toHex(command.header)).toBe('8424000114')
  })
})

describe('the key in D1', () => {
  const d1 = (changes: Partial<ScriptInput>): string | undefined =>
    shown(pinChange(sessionWith(changes), { newPin: '1234' }).d1)

  it('is the ENC key for PBOC, the AC key for Visa, unless said', () => {
    expect(d1({})).toBe(d1({ pinBlockKey: 'enc' }))
    expect(d1({})).not.toBe(d1({ pinBlockKey: 'ac' }))
    expect(d1(VISA)).toBe(d1({ ...VISA, pinBlockKey: 'ac' }))
    expect(d1(VISA)).not.toBe(d1({ ...VISA, pinBlockKey: 'enc' }))
  })

  it('shows its parity', () => {
    const none = fromHex(d1({ parity: 'none' }) ?? '')
    expect(d1({})).toBe(toHex(none))
    const odd = fromHex(d1({ parity: 'odd' }) ?? '')
    expect(odd.map((byte) => byte & 0xfe)).toEqual(none.map((byte) => byte & 0xfe))
    expect(toHex(odd)).not.toBe(toHex(none))
  })

  it('is asked for by name when it is missing', () => {
    const { mac, enc, ac } = PBOC_KEYS
    const change = (changes: Partial<ScriptInput>) => () => pinChange(sessionWith(changes), { newPin: '1234' })
    expect(change({ keys: { mac, ac } })).toThrow(coded('ERR_KEY', { label: 'ENC key', got: 'none' }))
    expect(change({ keys: { mac, enc }, pinBlockKey: 'ac' })).toThrow(
      coded('ERR_KEY', { label: 'AC key', got: 'none' }),
    )
    expect(change({ keys: { mac, enc } })).not.toThrow()
  })
})

describe('PIN CHANGE of the Mastercard family', () => {
  const session = sessionWith({ scheme: 'mastercard-cvn20' })
  const command = pinChange(session, { newPin: '123456789012' })

  it('enciphers an ISO format 2 block without padding', () => {
    expect(shown(command.pinBlock)).toBe('2C123456789012FF')
    expect(shown(command.plain)).toBe('2C123456789012FF')
    expect(command.enciphered).toHaveLength(8)
    expect(toHex(command.header)).toBe('8424000210')
    expect(command.format).toBe('iso-2')
  })
  it.each(['d1', 'd2', 'd3', 'd4', 'd'])('has no %s', (name) => expect(command).not.toHaveProperty(name))

  it('pads it always under CCD', () => {
    const ccd = pinChange(sessionWith({ scheme: 'emv-ccd' }), { newPin: '1234' })
    expect(shown(ccd.plain)).toBe('241234FFFFFFFFFF8000000000000000')
    expect(toHex(ccd.header)).toBe('8424000218')
  })

  it.each(['mastercard-cvn16', 'interac-cvn133', 'emv-ccd'])('has no form with the current PIN: %s', (scheme) =>
    expect(() => pinChange(sessionWith({ scheme }), { newPin: '1234', currentPin: '4321' })).toThrow(
      coded('ERR_SCHEME', { label: 'PIN CHANGE' }),
    ),
  )

  it('needs no key for D1', () => {
    const { mac, enc } = PBOC_KEYS
    const keys = { mac, enc }
    expect(() => pinChange(sessionWith({ scheme: 'emv-ccd', keys }), { newPin: '1234' })).not.toThrow()
  })
})

it('takes one block of SM4', () => {
  const sm4 = <P extends 'AC' | 'MAC' | 'ENC'>(purpose: P) =>
    Sm4Key.create('issuer', purpose, PBOC_KEYS.mac.expose().slice())
  const keys = { mac: sm4('MAC'), enc: sm4('ENC') }
  const command = pinChange(sessionWith({ scheme: 'pboc-sm4', keys }), { newPin: '1234' })
  expect(shown(command.plain)).toBe(`08${shown(command.d)}80000000000000`)
  expect(command.enciphered).toHaveLength(16)
})

describe('a PIN', () => {
  const digits = '123456789012'
  it.each([4, 5, 11, 12])('may have %i digits', (count) => {
    const { d2 } = pinChange(sessionWith(), { newPin: digits.slice(0, count) })
    expect(shown(d2)).toBe(`0${count.toString(16).toUpperCase()}${digits.slice(0, count).padEnd(14, 'F')}`)
  })

  it('may be a secret that holds its digits', () => {
    const pin = (text: string): Secret => Secret.of(new TextEncoder().encode(text), 'PIN')
    const [newPin, currentPin] = ['2580', '1234']
    const built = pinChange(sessionWith(), { newPin: pin(newPin), currentPin: pin(currentPin) })
    expect(built.apdu).toEqual(pinChange(sessionWith(), { newPin, currentPin }).apdu)
  })

  it.each<[string, PinChangeInput, string]>([
    ['no digits', { newPin: '' }, 'new PIN'],
    ['3 digits', { newPin: '123' }, 'new PIN'],
    ['13 digits', { newPin: `${digits}3` }, 'new PIN'],
    ['a hexadecimal letter', { newPin: '123A' }, 'new PIN'],
    ['a space', { newPin: '123 ' }, 'new PIN'],
    ['an Arabic digit', { newPin: '123٤' }, 'new PIN'],
    ['a current PIN of 3 digits', { newPin: '1234', currentPin: '123' }, 'current PIN'],
    ['a current PIN of 13 digits', { newPin: '1234', currentPin: `${digits}3` }, 'current PIN'],
    ['a current PIN with a letter', { newPin: '1234', currentPin: '12F4' }, 'current PIN'],
    ['an empty current PIN', { newPin: '1234', currentPin: '' }, 'current PIN'],
  ])('is refused with %s', (_, pins, label) =>
    expect(() => pinChange(sessionWith(), pins)).toThrow(coded('ERR_PIN', { label })),
  )

  it.each<PinChangeInput>([{ newPin: '123' }, { newPin: '1234', currentPin: '123' }])(
    'is refused before any cryptography: %j',
    (pins) => expect(cipherCalls(() => pinChange(sessionWith(), pins))).toBe(0),
  )

  it('is refused so with ISO blocks too', () =>
    expect(() => pinChange(sessionWith({ scheme: 'emv-ccd' }), { newPin: '12345678901234' })).toThrow(
      coded('ERR_PIN', { label: 'new PIN' }),
    ))
})

function xorHex(a: string, b: string): string {
  return (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(16).toUpperCase().padStart(16, '0')
}
