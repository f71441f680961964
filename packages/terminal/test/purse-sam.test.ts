import { describe, expect, it } from 'vitest'
import { parseSamInitialized, samCheckCommand, samInitializeCommand } from '../src/purse-sam.js'
import { bytes, hex } from './purse-oracle.js'

const code = (expected: string) => expect.objectContaining({ code: expected })
const WHEN = { date: '20240131', time: '101112' }

describe('the SAM of the terminal', () => {
  const transaction = {
    kind: 'capp',
    purse: 'ep',
    amount: 50,
    answer: { balance: 1000, serial: 9, limit: 200, keyVersion: 1, algorithm: 0, random: bytes('DEADBEEF') },
  } as const
  const factors = [bytes('1122334455667788'), bytes('5180000051800000')]

  it('is asked for MAC1', () => {
    expect(hex(samInitializeCommand(transaction, WHEN, factors))).toBe(
      '8070000024DEADBEEF0009000000320920240131101112010011223344556677885180000051800000' + '08',
    )
    expect(hex(samInitializeCommand(transaction, WHEN, factors.slice(1))).slice(0, 10)).toBe('807000001C')
  })
  it('answers its serial and MAC1', () => {
    expect(parseSamInitialized(bytes('000001021209FEA6'))).toEqual({ terminalSerial: 258, mac1: bytes('1209FEA6') })
  })
  it('is given MAC2', () => expect(hex(samCheckCommand(bytes('881B9355')))).toBe('8072000004881B9355'))

  it('refuses no factor, a factor of 7 bytes, an answer and a MAC2 of another length', () => {
    expect(() => samInitializeCommand(transaction, WHEN, [])).toThrow(code('ERR_OPTION'))
    expect(() => samInitializeCommand(transaction, WHEN, [new Uint8Array(7)])).toThrow(code('ERR_LENGTH'))
    for (const length of [0, 7, 9]) {
      expect(() => parseSamInitialized(new Uint8Array(length))).toThrow(code('ERR_LENGTH'))
    }
    expect(() => samCheckCommand(new Uint8Array(8))).toThrow(code('ERR_LENGTH'))
  })
})
