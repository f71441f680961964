import { toHex } from '@issuerkit/apdu'
import { afterEach, describe, expect, it } from 'vitest'
import { opensslDes } from '../src/backend-node.js'
import { backend, deriveIccMasterKey, macAlgorithm3, TdesKey, useBackend } from '../src/index.js'
import { cachedSchedule, forgetSchedule } from '../src/tdes-cache.js'
import type { TdesSchedule } from '../src/tdes-schedule.js'
import { coded } from './support/errors.js'

const bytes = (seed: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => (37 * i + 11 * seed) & 0xff)
const isZero = (schedule: TdesSchedule): boolean => schedule.words.every((word) => word === 0)
const CARD = { pan: '1234567890123456', panSequence: '01' }
/** Y ‖ NOT Y of the card. */
const Y = Uint8Array.of(0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x01)
const BOTH = Uint8Array.of(...Y, ...Y.map((byte) => 255 - byte))

describe('the schedules of issuer master keys', () => {
  it('are kept by the key object, not by its bytes', () => {
    const [one, other] = [{}, {}]
    expect(cachedSchedule(one, bytes(1))).toBe(cachedSchedule(one, bytes(1)))
    expect(cachedSchedule(other, bytes(1))).not.toBe(cachedSchedule(one, bytes(1)))
  })

  it('are 64 at most: the oldest is zeroed, and made anew when needed', () => {
    const keys = Array.from({ length: 65 }, (_, i) => ({ i }))
    const schedules = keys.map((key) => cachedSchedule(key, bytes(key.i)))
    expect(schedules.map(isZero)).toEqual([true, ...new Array(64).fill(false)])
    const again = cachedSchedule(keys[0] as object, bytes(0))
    expect(isZero(again)).toBe(false)
    expect(schedules.map(isZero)).toEqual([true, true, ...new Array(63).fill(false)])
    expect(cachedSchedule(keys[64] as object, bytes(64))).toBe(schedules[64])
  })

  it('are zeroed on demand, and made anew when needed', () => {
    const key = {}
    const schedule = cachedSchedule(key, bytes(2))
    forgetSchedule(key)
    expect(isZero(schedule)).toBe(true)
    expect(isZero(cachedSchedule(key, bytes(2)))).toBe(false)
    expect(() => forgetSchedule({})).not.toThrow()
  })
})

describe('deriving', () => {
  it('keeps the schedule of the issuer master key until the key is destroyed', () => {
    const imk = TdesKey.create('issuer', 'MAC', bytes(3))
    const first = deriveIccMasterKey(imk, CARD, { parity: 'none' })
    expect(toHex(first.expose())).toBe(toHex(opensslDes('encrypt', bytes(3), BOTH)))
    const schedule = cachedSchedule(imk, bytes(3))
    expect(toHex(deriveIccMasterKey(imk, CARD, { parity: 'none' }).expose())).toBe(toHex(first.expose()))
    expect(cachedSchedule(imk, bytes(3))).toBe(schedule)
    imk.destroy()
    expect(isZero(schedule)).toBe(true)
    expect(() => deriveIccMasterKey(imk, CARD)).toThrow(coded('ERR_KEY_DESTROYED'))
  })
})

describe('a back end with another DES', () => {
  const own = backend()
  afterEach(() => useBackend(own))

  it('sees every block of a derivation and of a MAC', () => {
    const seen: string[] = []
    useBackend({
      ...own,
      des: (direction, key, data, iv) => {
        seen.push(`${direction} ${key.length} ${data.length} ${iv?.length}`)
        return data.map(() => 0xab)
      },
    })
    const imk = TdesKey.create('issuer', 'MAC', bytes(4))
    expect(toHex(deriveIccMasterKey(imk, CARD, { parity: 'none' }).expose())).toBe('AB'.repeat(16))
    expect(toHex(macAlgorithm3(imk, new Uint8Array(20)))).toBe('AB'.repeat(8))
    expect(seen).toEqual(['encrypt 16 16 undefined', 'encrypt 8 16 8', 'encrypt 16 8 8'])
  })

  it('gives the MAC of a long message the same way as a short one', () => {
    const key = TdesKey.create('session', 'MAC', bytes(5))
    const message = (length: number) => Uint8Array.from({ length }, (_, i) => i & 0xff)
    const lengths = [0, 7, 8, 40, 247, 248, 249, 255, 256, 300]
    const found = lengths.map((length) => toHex(macAlgorithm3(key, message(length))))
    useBackend({ ...own, des: opensslDes })
    expect(lengths.map((length) => toHex(macAlgorithm3(key, message(length))))).toEqual(found)
  })
})
