/** Session keys, MACs and TACs against numbers of real cards. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import macs from '../../../vectors/epurse-mac.json' with { type: 'json' }
import sessionKeys from '../../../vectors/epurse-session-key.json' with { type: 'json' }
import tacs from '../../../vectors/epurse-tac.json' with { type: 'json' }
import {
  isPurseMac,
  keyHeaderOf,
  keyObject,
  overdraftTac,
  purseMac,
  purseTac,
  withGreyKey,
  withOfflineKey,
  withOnlineKey,
} from '../src/purse-session-keys.js'
import { DGK, KEYS, purse } from './support/purse-context.js'
import { encipher, hex, tac } from './support/purse-terminal.js'

/** A card with this key as the load and the purchase key 01, and as DTK. */
const cardWith = (key: string) =>
  purse({ objects: { 'key/load/01': `0200${key}`, 'key/purchase/01': `0200${key}`, 'key/tac/01': `0200${key}` } })
    .context
const seed = (random: string, serial: string) => ({
  keyIndex: 1,
  random: fromHex(random),
  serial: Number.parseInt(serial, 16),
})

describe('known answers', () => {
  const derivations = sessionKeys.cases.filter((one) => one.error === undefined)

  it.each(derivations)('$id: session key', ({ inputs, expect: expected }) => {
    const { key, random, serial, terminalSerial } = inputs
    const context = cardWith(key)
    const given = { keyIndex: 1, random: fromHex(random), serial }
    const derived =
      terminalSerial === undefined
        ? withOnlineKey(context, 'load', given, toHex)
        : withOfflineKey(context, 'purchase', given, fromHex(hex(terminalSerial, 4)), toHex)
    expect(derived).toBe(expected?.key)
  })

  it.each(macs.cases)('$id: MAC', ({ inputs, expect: expected }) => {
    const [key, all, right] = [inputs.sessionKey, inputs.data, expected.mac].map((value) => fromHex(value))
    if (key === undefined || all === undefined || right === undefined) throw new Error('no vector')
    expect(toHex(purseMac(key, all))).toBe(expected.mac)
    expect(toHex(purseMac(key, all.subarray(0, 3), all.subarray(3)))).toBe(expected.mac)
    expect(isPurseMac(key, right, all)).toBe(true)
    expect(isPurseMac(key, right.with(0, (right[0] ?? 0) ^ 1), all)).toBe(false)
    expect(isPurseMac(key, right, all.with(2, 0xee))).toBe(false)
    expect(isPurseMac(key.with(0, 0xee), right, all)).toBe(false)
    expect(isPurseMac(key, right.subarray(0, 3), all)).toBe(false)
  })

  it.each(tacs.cases)('$id: TAC', ({ inputs, expect: expected }) => {
    expect(toHex(purseTac(cardWith(inputs.dtk), fromHex(inputs.data)))).toBe(expected.tac)
    expect(toHex(overdraftTac(cardWith(inputs.dtk), fromHex(inputs.data)))).toBe(expected.tac)
  })

  it('are enough', () => {
    expect(derivations.length).toBeGreaterThanOrEqual(5)
    expect(macs.cases.length).toBeGreaterThanOrEqual(10)
    expect(tacs.cases.length).toBeGreaterThanOrEqual(3)
  })
})

describe('composed numbers', () => {
  it('the grey lock takes the terminal into account twice', () => {
    const given = seed('01020304', '0009')
    const [terminalSerial, terminalRandom] = ['00000102', 'F1F2F3F4']
    const key = (serial: string, random: string) =>
      withGreyKey(purse().context, given, fromHex(serial), fromHex(random), toHex)
    const expected = encipher(encipher(DGK, '0102030400090102'), 'F1F2F3F480000000')
    expect(key(terminalSerial, terminalRandom)).toBe(expected)
    expect(key('FFFF0102', terminalRandom)).toBe(expected)
    expect(key('00000103', terminalRandom)).not.toBe(expected)
    expect(key(terminalSerial, 'F1F2F3F5')).not.toBe(expected)
  })

  it('the TAC of a limit under DTK itself is another: MAC algorithm 3', () => {
    const { context } = purse({ switches: { overdraftTac: 'direct' } })
    // One block: the MAC of algorithm 3 is the block, padded, under TDES.
    const expected = encipher(KEYS.DTK, '0102030405060780').slice(0, 8)
    const data = [fromHex('010203'), fromHex('04050607')]
    expect(toHex(overdraftTac(context, ...data))).toBe(expected)
    expect(toHex(purseTac(context, ...data))).toBe(tac('01020304050607'))
    expect(tac('01020304050607')).not.toBe(expected)
  })
})

describe('keys', () => {
  it('are found by name and index', () => {
    expect(keyObject('load', 1)).toBe('key/load/01')
    expect(keyObject('pin-reload', 0xfa)).toBe('key/pin-reload/FA')
    expect(toHex(keyHeaderOf(purse().context.memory, 'key/purchase/02'))).toBe('1100')
  })

  it('are zeroed after use, whatever the use comes to', () => {
    let kept = new Uint8Array(0)
    const given = seed('01020304', '0001')
    const use = (key: Uint8Array): never => {
      kept = key as Uint8Array<ArrayBuffer>
      expect(key.some((byte) => byte !== 0)).toBe(true)
      throw new Error('use')
    }
    expect(() => withOnlineKey(purse().context, 'load', given, use)).toThrow('use')
    expect(toHex(kept)).toBe('0000000000000000')
    expect(() => withGreyKey(purse().context, given, new Uint8Array(4), new Uint8Array(4), use)).toThrow('use')
    expect(toHex(kept)).toBe('0000000000000000')
  })

  it('refuses a stored key of another length', () => {
    const { context } = purse({ objects: { 'key/load/01': '020011223344' } })
    expect(() => withOnlineKey(context, 'load', seed('01020304', '0001'), toHex)).toThrow('ERR_KEY')
    expect(() => withOnlineKey(context, 'load', { ...seed('01020304', '0001'), keyIndex: 3 }, toHex)).toThrow(
      'ERR_CARD',
    )
  })
})
