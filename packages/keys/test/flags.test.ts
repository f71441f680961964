import { fromHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CVM_RESULTS,
  CVR_CCD,
  CVR_MCHIP,
  CVR_TABLES,
  CVR_VIS,
  CVR_VISA_5,
  decodeCvmResults,
  decodeFlags,
  decodeTerminalCapabilities,
  decodeTsi,
  decodeTvr,
  expectResultPolicy,
  type FlagTable,
  hasFlag,
  TERMINAL_CAPABILITIES,
  TSI,
  TVR,
} from '../src/index.js'
import { coded } from './support/errors.js'

const TABLES: readonly FlagTable[] = [...CVR_TABLES, TVR, TSI, TERMINAL_CAPABILITIES, CVM_RESULTS]
const set = (decoded: { set: readonly { name: string }[] }): string[] => decoded.set.map(({ name }) => name)

describe('decoding', () => {
  it('names what is set, and only that', () => {
    const decoded = decodeFlags(CVR_VIS, fromHex('0360A42A'))
    expect(decoded.table).toBe('cvr-vis')
    expect(set(decoded)).toEqual([
      'lastOnlineTransactionNotCompleted',
      'velocityExceeded',
      'issuerAuthenticationNotPerformed',
      'scriptFailed',
      'ddaPerformed',
    ])
    expect(decoded.set[3]).toMatchObject({ byte: 4, bit: 4 })
    expect(decoded.values).toEqual({ length: 3, secondGenerateAc: 'TC', firstGenerateAc: 'ARQC', scriptCounter: 2 })
    expect(decoded.reserved).toEqual([])
    expect(hasFlag(decoded, 'scriptFailed')).toBe(true)
    expect(hasFlag(decoded, 'newCard')).toBe(false)
  })

  it('gives the number of a value without a name', () => {
    expect(decodeFlags(CVR_VIS, fromHex('03F00000')).values).toMatchObject({ secondGenerateAc: 3, firstGenerateAc: 3 })
  })

  it('reports reserved bits', () => {
    expect(decodeFlags(CVR_VIS, fromHex('03000001')).reserved).toEqual([{ byte: 4, bit: 1 }])
    expect(decodeTvr(fromHex('0107000000')).reserved).toEqual([
      { byte: 1, bit: 1 },
      { byte: 2, bit: 3 },
      { byte: 2, bit: 2 },
      { byte: 2, bit: 1 },
    ])
  })

  it.each(TABLES.map((table) => [table.name, table] as const))('gives each bit of %s one meaning', (_, table) => {
    const masks = Array.from({ length: table.length }, () => 0)
    const take = (byte: number, mask: number): void => {
      expect((masks[byte - 1] ?? 0xff) & mask, `byte ${byte}`).toBe(0)
      masks[byte - 1] = (masks[byte - 1] ?? 0) | mask
    }
    for (const [byte, bit] of table.flags) take(byte, 1 << (bit - 1))
    for (const { byte, high, low } of table.fields) take(byte, (0xff >> (8 - high)) & (0xff << (low - 1)))
    expect(new Set(table.flags.map(([, , name]) => name)).size).toBe(table.flags.length)
    expect(table.flags.every(([, , name, text]) => /^[a-z][A-Za-z0-9]+$/.test(name) && text.length > 0)).toBe(true)
  })

  it.each(TABLES.map((table) => [table.name, table] as const))('accounts for every bit of %s', (_, table) => {
    const bytes = fc.uint8Array({ minLength: table.length, maxLength: table.length })
    fc.assert(
      fc.property(bytes, (value) => {
        const decoded = decodeFlags(table, value)
        const back = new Uint8Array(table.length)
        for (const { byte, bit } of [...decoded.set, ...decoded.reserved]) {
          back[byte - 1] = (back[byte - 1] ?? 0) | (1 << (bit - 1))
        }
        for (const { byte, high, low } of table.fields) {
          const mask = (0xff >> (8 - high)) & (0xff << (low - 1))
          back[byte - 1] = (back[byte - 1] ?? 0) | ((value[byte - 1] ?? 0) & mask)
        }
        expect(back).toEqual(value)
      }),
      { numRuns: 100 },
    )
  })

  it.each(TABLES.map((table) => [table.name, table] as const))('refuses another length for %s', (name, table) => {
    for (const length of [0, table.length - 1, table.length + 1]) {
      expect(() => decodeFlags(table, new Uint8Array(length))).toThrow(coded('ERR_LENGTH', { label: name }))
    }
  })
})

describe('the tables', () => {
  it.each([
    [
      CVR_VIS,
      '03 0F 00 00',
      ['issuerAuthenticationFailed', 'offlinePinPerformed', 'offlinePinFailed', 'unableToGoOnline'],
    ],
    [
      CVR_VIS,
      '03 00 5B 04',
      [
        'pinTryLimitExceeded',
        'newCard',
        'lastIssuerAuthenticationFailed',
        'applicationBlockedByPin',
        'lastSdaFailed',
        'lastDdaFailed',
      ],
    ],
    [CVR_MCHIP, '04 00 00 00 03 00', ['offlinePinPerformed', 'scriptReceived', 'scriptFailed']],
    [
      CVR_MCHIP,
      '00 10 00 88 04 00',
      [
        'issuerAuthenticationPerformed',
        'lastOnlineTransactionNotCompleted',
        'pinTryLimitExceeded',
        'issuerAuthenticationFailed',
      ],
    ],
    [
      CVR_CCD,
      '03 03 00 0D 00',
      [
        'issuerAuthenticationNotPerformed',
        'issuerAuthenticationFailed',
        'pinTryLimitExceeded',
        'lastOnlineTransactionNotCompleted',
        'scriptFailed',
        'lastOfflineDataAuthenticationFailed',
        'unableToGoOnline',
      ],
    ],
    [
      CVR_CCD,
      '00 00 F0 00 00',
      [
        'lowerConsecutiveLimitExceeded',
        'upperConsecutiveLimitExceeded',
        'lowerCumulativeLimitExceeded',
        'upperCumulativeLimitExceeded',
      ],
    ],
    [
      CVR_VISA_5,
      '00 04 80 08 01',
      ['deviceCvmPerformed', 'lastOnlineTransactionNotCompleted', 'scriptFailed', 'emvSessionKeyScripts'],
    ],
  ])('%j has %s', (table, hex, names) => {
    expect(set(decodeFlags(table, fromHex(hex.replaceAll(' ', ''))))).toEqual(names)
  })

  it.each([
    [CVR_VIS, '03A00050', { scriptCounter: 5 }],
    [CVR_VISA_5, '12A0005000', { scriptCounter: 5, cvmEntity: 1, cvmType: 2, firstGenerateAc: 'ARQC' }],
    [
      CVR_MCHIP,
      'A00253000000',
      { scriptCounter: 5, pinTryCounter: 3, issuerDiscretionary: 2, firstGenerateAc: 'ARQC' },
    ],
    [CVR_CCD, 'A030065000', { scriptCounter: 5, pinTryCounter: 3, issuerDiscretionary: 6, firstGenerateAc: 'ARQC' }],
  ])('%j counts in %s', (table, hex, values) => {
    expect(decodeFlags(table, fromHex(hex)).values).toMatchObject(values)
  })

  it('reads TVR, TSI and terminal capabilities', () => {
    expect(set(decodeTvr(fromHex('8004800030')))).toEqual([
      'offlineDataAuthenticationNotPerformed',
      'cardholderVerificationFailed',
      'scriptFailedBeforeFinalAc',
      'scriptFailedAfterFinalAc',
    ])
    expect(set(decodeTvr(fromHex('0000048000')))).toEqual(['onlinePinEntered', 'floorLimitExceeded'])
    expect(set(decodeTsi(fromHex('1400')))).toEqual(['issuerAuthenticationPerformed', 'scriptPerformed'])
    expect(set(decodeTerminalCapabilities(fromHex('E0F1C8')))).toEqual([
      'manualKeyEntry',
      'magneticStripe',
      'contactChip',
      'plaintextPinOffline',
      'encipheredPinOnline',
      'signature',
      'encipheredPinOffline',
      'sda',
      'dda',
      'cda',
    ])
  })

  it.each([
    ['420300', true, { method: 'encipheredPinOnline', condition: 'terminalSupportsTheCvm', result: 'unknown' }],
    ['3F0000', false, { method: 'noCvmPerformed', condition: 'always', result: 'unknown' }],
    ['1E0302', false, { method: 'signature', condition: 'terminalSupportsTheCvm', result: 'successful' }],
    ['2A8001', false, { method: 0x2a, condition: 0x80, result: 'failed' }],
  ])('reads CVM results %s', (hex, next, values) => {
    const decoded = decodeCvmResults(fromHex(hex))
    expect(decoded.values).toEqual(values)
    expect(hasFlag(decoded, 'applySucceedingIfUnsuccessful')).toBe(next)
  })
})

describe('a policy', () => {
  it('may name any flag of its tables', () => {
    const policy = { cvr: ['scriptFailed', 'matchInAdditionalCheckTable'], tvr: ['sdaFailed'] }
    expect(expectResultPolicy(policy)).toBe(policy)
    expect(expectResultPolicy({})).toEqual({})
  })

  it.each([
    ['policy cvr', { cvr: ['sdaFailed'] }],
    ['policy cvr', { cvr: ['scriptCounter'] }],
    ['policy tvr', { tvr: ['newCard', 'scriptfailed'] }],
    ['policy tvr', { tvr: [''] }],
  ])('is refused: %s %j', (label, policy) => {
    expect(() => expectResultPolicy(policy)).toThrow(coded('ERR_OPTION', { label }))
  })
})
