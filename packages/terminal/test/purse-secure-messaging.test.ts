import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  balanceCommand,
  challengeCommand,
  changePinCommand,
  proveCommand,
  readRecordCommand,
  selectCommand,
  updateCappCommand,
  verifyCommand,
} from '../src/purse-commands.js'
import { createPurseKey } from '../src/purse-keys.js'
import {
  applicationBlockCommand,
  applicationUnblockCommand,
  cardBlockCommand,
  encipherPurseData,
  externalCryptogram,
  pinUnblockCommand,
  purseCommandMac,
  reloadPinCommand,
  updateBinaryCommand,
  updateRecordCommand,
} from '../src/purse-secure-messaging.js'
import { bytes, encipher, hex, retailMac, vectors } from './purse-oracle.js'

const code = (expected: string) => expect.objectContaining({ code: expected })
const DAMK = createPurseKey(bytes('8888888888888888999999999999990A'))
const CHALLENGE = bytes('DEADBEEF')

describe('published and derived numbers', () => {
  it.each(vectors('epurse-secure-messaging'))('$id', ({ inputs, expect: good, error }) => {
    const { key, challenge = '', message, data } = inputs as Record<string, string>
    const run = () =>
      message === undefined
        ? { enciphered: hex(encipherPurseData(createPurseKey(bytes(key as string)), bytes(data as string))) }
        : { mac: hex(purseCommandMac(createPurseKey(bytes(key as string)), bytes(challenge), bytes(message))) }
    if (error === undefined) expect(run()).toEqual(good)
    else expect(run).toThrow(code(error))
  })

  it.each(vectors('epurse-pin-command'))('$id', ({ inputs, expect: good }) => {
    const { command, key, challenge = '', plain } = inputs as Record<string, string>
    const apdu =
      command === 'reload-pin'
        ? reloadPinCommand(createPurseKey(bytes(key as string)), bytes(plain as string))
        : pinUnblockCommand(createPurseKey(bytes(key as string), 'PIN'), bytes(challenge), bytes(plain as string))
    expect({ apdu: hex(apdu) }).toEqual(good)
  })

  it.each([
    ['841E000004EFDBCAA1', () => applicationBlockCommand(DAMK, CHALLENGE, 'temporary')],
    ['841E000104B93B823A', () => applicationBlockCommand(DAMK, CHALLENGE, 'permanent')],
    ['8418000004E3809B93', () => applicationUnblockCommand(DAMK, CHALLENGE)],
    ['8416000004ED620BC7', () => cardBlockCommand(DAMK, CHALLENGE)],
    [
      '04D695000E0123456789ABCDEF0011EF357EAD',
      () => updateBinaryCommand(DAMK, CHALLENGE, 0x15, 0, bytes('0123456789ABCDEF0011')),
    ],
  ])('%s', (apdu, build) => expect(hex(build())).toBe(apdu))
})

describe('against OpenSSL', () => {
  it('the MAC of any message, with a challenge of 4, 8 or no bytes', () => {
    const challenges = fc.constantFrom(0, 4, 8).chain((n) => fc.uint8Array({ minLength: n, maxLength: n }))
    const keys = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(keys, challenges, fc.uint8Array({ maxLength: 60 }), (key, challenge, message) => {
        const iv = Buffer.alloc(8)
        iv.set(challenge)
        expect(hex(purseCommandMac(createPurseKey(key), challenge, message))).toBe(hex(retailMac(key, iv, message)))
      }),
      { numRuns: 30 },
    )
  })

  it('UPDATE RECORD: header, Lc with the MAC, data, MAC', () => {
    const message = bytes('04DC02CC07AABBCC')
    const expected = `${hex(message)}${hex(retailMac(DAMK.expose(), bytes('DEADBEEF00000000'), message))}`
    expect(hex(updateRecordCommand(DAMK, CHALLENGE, 0x19, 2, bytes('AABBCC')))).toBe(expected)
  })

  it('no padding where LD and data are whole blocks', () => {
    const key = bytes('66666666666666667777777777777701')
    const expected = encipher(key, bytes('0711223344556677'))
    expect(hex(encipherPurseData(createPurseKey(key), bytes('11223344556677')))).toBe(hex(expected))
  })

  it('PIN UNBLOCK of a PIN of 6 bytes fits one block', () => {
    const key = createPurseKey(bytes('66666666666666667777777777777701'), 'PIN')
    const command = hex(pinUnblockCommand(key, CHALLENGE, bytes('06123456123456')))
    expect(command.slice(0, 26)).toBe(`842400000C${hex(encipher(key.expose(), bytes('0612345612345680')))}`)
    expect(command).toHaveLength(34)
  })

  it('EXTERNAL AUTHENTICATE: the challenge filled up with zeros', () => {
    const key = createPurseKey(bytes('0102030405060708'), 'ENC')
    expect(hex(externalCryptogram(key, bytes('BB83BFF3')))).toBe('74B0047DD681D96C')
    expect(hex(externalCryptogram(key, bytes('BB83BFF300000000')))).toBe('74B0047DD681D96C')
  })
})

describe('what is refused', () => {
  it.each([1, 3, 5, 7, 9, 16])('a challenge of %i bytes', (length) => {
    expect(() => cardBlockCommand(DAMK, new Uint8Array(length))).toThrow(code('ERR_LENGTH'))
    expect(() => externalCryptogram(DAMK, new Uint8Array(length))).toThrow(code('ERR_LENGTH'))
  })
  it('more than a data field holds with its MAC', () => {
    expect(() => updateBinaryCommand(DAMK, CHALLENGE, 0x15, 0, new Uint8Array(251))).not.toThrow()
    expect(() => updateBinaryCommand(DAMK, CHALLENGE, 0x15, 0, new Uint8Array(252))).toThrow(code('ERR_LENGTH'))
    expect(() => reloadPinCommand(DAMK, new Uint8Array(252))).toThrow(code('ERR_LENGTH'))
    expect(() => encipherPurseData(DAMK, new Uint8Array(256))).toThrow(code('ERR_LENGTH'))
  })
  it('an empty plaintext of PIN UNBLOCK', () => {
    const key = createPurseKey(bytes('66666666666666667777777777777701'), 'PIN')
    expect(() => pinUnblockCommand(key, CHALLENGE, new Uint8Array(0))).toThrow(code('ERR_LENGTH'))
  })
  it('a key that was destroyed', () => {
    const key = createPurseKey(bytes('8888888888888888999999999999990A'))
    key.destroy()
    expect(() => cardBlockCommand(key, CHALLENGE)).toThrow(code('ERR_KEY_DESTROYED'))
  })
})

describe('commands without keys', () => {
  it.each([
    ['00A4040009A00000000386980701', selectCommand(bytes('A00000000386980701'))],
    ['00A40000023F00', selectCommand(bytes('3F00'), 'fid')],
    ['00B201C400', readRecordCommand(0x18, 1)],
    ['00B2AAC817', readRecordCommand(0x19, 0xaa, 'identifier', 23)],
    ['0084000004', challengeCommand()],
    ['0084000008', challengeCommand(8)],
    ['00200000021234', verifyCommand(bytes('1234'))],
    ['805E0100051234FF4321', changePinCommand(bytes('1234'), bytes('4321'))],
    ['805C000104', balanceCommand('ed')],
    ['805C000204', balanceCommand('ep')],
    ['805A000602000908', proveCommand(6, 9)],
    ['80DCAAC803AA2900', updateCappCommand(0x19, 0xaa, bytes('AA2900'))],
    ['80DC02CC03AA2900', updateCappCommand(0x19, 2, bytes('AA2900'), 'number')],
  ])('%s', (apdu, built) => expect(hex(built)).toBe(apdu))

  it('refuse a data field of 256 bytes, and a serial of 3', () => {
    expect(() => verifyCommand(new Uint8Array(256))).toThrow(code('ERR_LENGTH'))
    expect(() => proveCommand(6, 0x1_0000)).toThrow(code('ERR_OPTION'))
  })
})
