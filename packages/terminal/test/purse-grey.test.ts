import { describe, expect, it } from 'vitest'
import {
  debitForUnlockCommand,
  greyLockCommand,
  greyLockSessionKey,
  greyUnlockCommand,
  greyUnlockSessionKey,
  initializeGreyLockCommand,
  initializeGreyUnlockCommand,
  parseGreyLockAnswer,
  parseGreyUnlockAnswer,
  verifyGreyUnlockMac1,
} from '../src/purse-grey.js'
import { createPurseKey } from '../src/purse-keys.js'
import { bytes, cbcMac, encipher, hex } from './purse-oracle.js'

const code = (expected: string) => expect.objectContaining({ code: expected })
const KEY = bytes('0123456789ABCDEFFEDCBA9876543210')
const DGK = createPurseKey(KEY)
const TERMINAL = '112233445566'
const WHEN = { date: '20240131', time: '101112' }
const request = { purse: 'ep', keyIndex: 1, terminal: bytes(TERMINAL) } as const
const lock = { ...WHEN, terminalSerial: 0x01020304, terminalRandom: bytes('0A0B0C0D') }

const locked = parseGreyLockAnswer(bytes('00000064000900000001 00DEADBEEF'.replace(' ', '')))
const released = parseGreyUnlockAnswer(bytes('0000006400090007010 0CAFEBABE01020304'.replace(' ', '')))

/** The keys once more, by OpenSSL. */
const temporary = encipher(KEY, bytes('DEADBEEF00090304'))
const lockKey = encipher(temporary, bytes('0A0B0C0D80000000'))
const releaseKey = encipher(KEY, bytes('CAFEBABE00078000'))

describe('the lock', () => {
  it('begins with key index and terminal', () => {
    expect(hex(initializeGreyLockCommand(request))).toBe('E07A080207011122334455660F')
    expect(hex(initializeGreyLockCommand({ ...request, purse: 'ed' }))).toBe('E07A080107011122334455660F')
  })
  it('is answered as a purchase is', () => {
    expect(locked).toEqual({
      balance: 100,
      serial: 9,
      limit: 0,
      keyVersion: 1,
      algorithm: 0,
      random: bytes('DEADBEEF'),
    })
  })
  it('has a session key in two steps', () => {
    expect(hex(greyLockSessionKey(DGK, locked, lock).expose())).toBe(hex(lockKey))
  })
  it.each([
    ['ep', '92'],
    ['ed', '91'],
  ] as const)('of %s is set with MAC1 over type %s', (purse, type) => {
    const mac = cbcMac(lockKey, bytes(`${type}${TERMINAL}20240131101112`))
    const command = greyLockCommand(greyLockSessionKey(DGK, locked, lock), { ...request, purse }, lock)
    expect(hex(command)).toBe(`E07C080013010203040A0B0C0D20240131101112${hex(mac)}08`)
  })
  it('is taken off with the debit, whose GMAC is over the amount', () => {
    const session = greyLockSessionKey(DGK, locked, lock)
    const gmac = hex(cbcMac(lockKey, bytes('00000032')))
    const data = `000000320009${TERMINAL}0102030420240131101112${gmac}`
    expect(hex(debitForUnlockCommand(session, request, lock, 50, 9))).toBe(`E07E08021B${data}04`)
    expect(hex(debitForUnlockCommand(session, { ...request, purse: 'ed' }, lock, 50, 9))).toBe(`E07E08011B${data}04`)
  })
})

describe('the online release', () => {
  it('begins with key index and terminal', () => {
    expect(hex(initializeGreyUnlockCommand(request))).toBe('E07A0902070111223344556612')
  })
  it('is answered with both serials', () => {
    expect(released).toEqual({
      balance: 100,
      offlineSerial: 9,
      onlineSerial: 7,
      keyVersion: 1,
      algorithm: 0,
      random: bytes('CAFEBABE'),
      mac1: bytes('01020304'),
    })
  })
  it('has MAC1 over balance, offline serial, type and terminal', () => {
    const session = greyUnlockSessionKey(DGK, released)
    expect(hex(session.expose())).toBe(hex(releaseKey))
    const mac1 = cbcMac(releaseKey, bytes(`00000064000996${TERMINAL}`))
    expect(verifyGreyUnlockMac1(session, request, { ...released, mac1 })).toBe(true)
    expect(verifyGreyUnlockMac1(session, { ...request, purse: 'ed' }, { ...released, mac1 })).toBe(false)
    expect(verifyGreyUnlockMac1(session, request, released)).toBe(false)
  })
  it('ends with MAC2 over amount, type, terminal, date and time', () => {
    const session = greyUnlockSessionKey(DGK, released)
    const mac2 = hex(cbcMac(releaseKey, bytes(`0000003296${TERMINAL}20240131101112`)))
    expect(hex(greyUnlockCommand(session, request, 50, WHEN))).toBe(`E07C09000F0000003220240131101112${mac2}04`)
  })
})

describe('what is refused', () => {
  it.each([0, 14, 16])('an answer of %i bytes to INITIALIZE FOR GREY LOCK', (length) => {
    expect(() => parseGreyLockAnswer(new Uint8Array(length))).toThrow(code('ERR_LENGTH'))
  })
  it.each([0, 17, 19])('an answer of %i bytes to INITIALIZE FOR GREY UNLOCK', (length) => {
    expect(() => parseGreyUnlockAnswer(new Uint8Array(length))).toThrow(code('ERR_LENGTH'))
  })
  it("a terminal's number of 5 bytes, its random of 3, an amount of 5", () => {
    const session = greyLockSessionKey(DGK, locked, lock)
    const short = { ...request, terminal: new Uint8Array(5) }
    for (const build of [
      () => initializeGreyLockCommand(short),
      () => greyLockCommand(session, short, lock),
      () => debitForUnlockCommand(session, short, lock, 50, 9),
      () => greyUnlockCommand(session, short, 50, WHEN),
      () => greyLockSessionKey(DGK, locked, { ...lock, terminalRandom: new Uint8Array(3) }),
    ]) {
      expect(build).toThrow(code('ERR_LENGTH'))
    }
    expect(() => debitForUnlockCommand(session, request, lock, 0x1_0000_0000, 9)).toThrow(code('ERR_OPTION'))
    expect(() => greyUnlockCommand(session, request, -1, WHEN)).toThrow(code('ERR_OPTION'))
    expect(() => greyUnlockCommand(session, request, 1, { ...WHEN, date: '20240231' })).toThrow(code('ERR_DATE'))
  })
})
