/** The PIN block of Visa and PBOC: D1 to D4 and D, published ones and by another arithmetic. */
import { AesKey, Sm4Key, TdesKey } from '@issuerkit/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type VisPinBlock, visPinBlock } from '../src/index.js'
import { hexBytes, hexText, pins, secretPin, thrown } from './support/pins.js'

const KEY = '0123456789ABCDEFFEDCBA9876543210'
const iccKey = (hex = KEY) => TdesKey.create('icc', 'AC', hexBytes(hex), { allowEqualHalves: true })
const shown = (blocks: VisPinBlock): Record<string, string> =>
  Object.fromEntries(Object.entries(blocks).map(([name, secret]) => [name, hexText(secret.expose())]))

describe('published blocks', () => {
  it('pyemv, docstring of format_vis_pin_block', () => {
    expect(shown(visPinBlock({ newPin: '1234', diversifiedKey: iccKey() }))).toEqual({
      d1: '0000000089ABCDEF',
      d2: '041234FFFFFFFFFF',
      d3: '041234FF76543210',
      d: '041234FF76543210',
    })
  })

  // The ICC master key of FEDCBA98765432100123456789ABCDEF, PAN 1234567890123456 01, option A; only 4 bytes of it count.
  it.each([
    ['9999', undefined, '049999FFC4B001F1'],
    ['9999', '8888', '8C1199FFC4B001F1'],
    ['999999999999', '888888888888', '841111112A5E67F1'],
  ])('pyemv tests/test_sm_hsm.py: PIN %s, current PIN %s', (newPin, currentPin, d) => {
    const key = iccKey('000000003B4FFE0E0000000000000001')
    const input = { newPin, diversifiedKey: key, ...(currentPin === undefined ? {} : { currentPin }) }
    expect(hexText(visPinBlock(input).d.expose())).toBe(d)
  })
})

describe('the parts', () => {
  it('with a current PIN are all there', () => {
    const blocks = visPinBlock({ newPin: '123456789012', currentPin: '54321', diversifiedKey: iccKey() })
    expect(shown(blocks)).toEqual({
      d1: '0000000089ABCDEF',
      d2: '0C123456789012FF',
      d3: '0C123456F13BDF10',
      d4: '5432100000000000',
      d: '58202456F13BDF10',
    })
  })

  it('are secrets of 8 bytes that print as such', () => {
    const { d1, d2, d3, d4, d } = visPinBlock({ newPin: '8642', currentPin: '9753', diversifiedKey: iccKey() })
    expect([d1, d2, d3, d4, d].map(String)).toEqual(
      ['D1', 'D2', 'D3', 'D4', 'D'].map((name) => `Secret(${name}, 8 bytes)`),
    )
  })

  it('of which D is one of its own: to destroy D3 leaves it', () => {
    const { d3, d } = visPinBlock({ newPin: '1234', diversifiedKey: iccKey() })
    d3.destroy()
    expect(hexText(d.expose())).toBe('041234FF76543210')
  })

  it.each([
    ['the ENC key', TdesKey.create('icc', 'ENC', hexBytes(KEY))],
    ['an SM4 key', Sm4Key.create('icc', 'ENC', hexBytes(KEY))],
    ['an AES key', AesKey.create('icc', 'AC', hexBytes(KEY + KEY))],
  ])('take %s as they take AC', (_, diversifiedKey) => {
    expect(hexText(visPinBlock({ newPin: '1234', diversifiedKey }).d1.expose())).toBe('0000000089ABCDEF')
  })

  it('take PINs that were read from a PIN block', () => {
    const blocks = visPinBlock({
      newPin: secretPin('1234'),
      currentPin: secretPin('4321'),
      diversifiedKey: iccKey(),
    })
    expect(hexText(blocks.d.expose())).toBe('473334FF76543210')
  })
})

describe('a PIN', () => {
  it.each(['123', '1234567890123', '12A4'])('%s is refused by its name before the key is looked at', (pin) => {
    const destroyed = iccKey()
    destroyed.destroy()
    const bad = (input: { newPin: string; currentPin?: string }) =>
      thrown(() => visPinBlock({ ...input, diversifiedKey: destroyed }))
    expect(bad({ newPin: pin })).toMatchObject({ code: 'ERR_PIN', label: 'new PIN' })
    expect(bad({ newPin: '1234', currentPin: pin })).toMatchObject({ code: 'ERR_PIN', label: 'current PIN' })
    expect(bad({ newPin: '1234', currentPin: '4321' })).toMatchObject({ code: 'ERR_KEY_DESTROYED' })
  })
})

describe('random blocks', { timeout: 60_000 }, () => {
  it('are D1 XOR D2 XOR D4, with big numbers', () => {
    const keys = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(keys, pins, fc.option(pins, { nil: undefined }), (bytes, newPin, currentPin) => {
        const key = iccKey(hexText(bytes))
        const d1 = BigInt(`0x${hexText(bytes).slice(8, 16)}`)
        const d2 = BigInt(`0x0${newPin.length.toString(16)}${newPin.padEnd(14, 'F')}`)
        const d4 = BigInt(`0x${(currentPin ?? '').padEnd(16, '0')}`)
        const input = { newPin, diversifiedKey: key, ...(currentPin === undefined ? {} : { currentPin }) }
        const found = shown(visPinBlock(input))
        const hex = (value: bigint): string => value.toString(16).toUpperCase().padStart(16, '0')
        expect(found).toEqual({
          ...{ d1: hex(d1), d2: hex(d2), d3: hex(d1 ^ d2), d: hex(d1 ^ d2 ^ d4) },
          ...(currentPin === undefined ? {} : { d4: hex(d4) }),
        })
      }),
      { numRuns: 1000 },
    )
  })
})
