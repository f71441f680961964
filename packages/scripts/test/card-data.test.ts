import { fromHex, TAGS, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { PUT_DATA_TAGS, putData, UPDATE_RECORD_TAGS, updateRecord } from '../src/index.js'
import { coded, sessionWith } from './support/session.js'

const value = (length: number): Uint8Array => new Uint8Array(length).fill(0x5a)

describe('PUT DATA', () => {
  const header = (tag: string): string => toHex(putData(sessionWith(), { tag, value: value(6) }).header)

  it.each([
    ['9F58', '04DA9F580A'],
    ['DF61', '04DADF610A'],
    ['9F79', '04DA9F790A'],
    ['C3', '04DA00C30A'],
    ['5A', '04DA005A0A'],
    ['BF56', '04DABF560A'],
  ])('of tag %s is %s', (tag, expected) => expect(header(tag)).toBe(expected))

  it('carries the value in clear before the MAC, which covers it', () => {
    const command = putData(sessionWith(), { tag: '9F79', value: fromHex('000000001000') })
    expect(command.type).toBe('put-data')
    expect(toHex(command.data)).toBe('000000001000')
    expect(toHex(command.macInput)).toBe('04DA9F790A02405D016C91005E7CC2000000001000')
    expect(toHex(command.macInputPadded)).toBe('04DA9F790A02405D016C91005E7CC2000000001000800000')
  })

  it.each(['9F8158', '9F', '9F58 ', '9f58', '', '00', '9F5800', '5A00', 'GG', '0x9F'])('refuses the tag %j', (tag) =>
    expect(() => putData(sessionWith(), { tag, value: value(1) })).toThrow(coded('ERR_TAG', { label: 'tag' })),
  )

  it('refuses a tag of 3 bytes for its length', () =>
    expect(() => putData(sessionWith(), { tag: 'DF8101', value: value(1) })).toThrow(
      coded('ERR_TAG', { got: '3 bytes' }),
    ))

  it('refuses an empty value', () =>
    expect(() => putData(sessionWith(), { tag: '9F58', value: value(0) })).toThrow(
      coded('ERR_SCRIPT', { label: 'value of tag 9F58', got: 'none' }),
    ))

  it.each([
    [4, 251],
    [5, 250],
    [8, 247],
  ])('beside a MAC of %i bytes takes at most %i', (macLength, most) => {
    const session = sessionWith({ macLength })
    const { header: full, apdu } = putData(session, { tag: 'C3', value: value(most) })
    expect(full[4]).toBe(255)
    expect(apdu).toHaveLength(260)
    expect(() => putData(session, { tag: 'C3', value: value(most + 1) })).toThrow(
      coded('ERR_SCRIPT', {
        label: 'put-data data',
        expected: `at most ${most} bytes beside the MAC`,
        got: `${most + 1} bytes`,
      }),
    )
  })

  it.each([
    ['9F58', 1, 2],
    ['9F79', 6, 5],
    ['9F73', 4, 3],
    ['9F18', 4, 5],
  ])('warns when %s is not %i bytes', (tag, right, wrong) => {
    expect(putData(sessionWith(), { tag, value: value(right) }).warnings).toEqual([])
    expect(putData(sessionWith(), { tag, value: value(wrong) }).warnings).toEqual([
      { code: 'data-object-length', expected: `${right} bytes`, got: `${wrong} bytes` },
    ])
  })

  it('warns outside of a range too, and knows nothing of other tags', () => {
    const warnings = (tag: string, length: number): unknown =>
      putData(sessionWith(), { tag, value: value(length) }).warnings
    expect(warnings('50', 1)).toEqual([])
    expect(warnings('50', 16)).toEqual([])
    expect(warnings('50', 17)).toEqual([{ code: 'data-object-length', expected: '1 to 16 bytes', got: '17 bytes' }])
    expect(warnings('9F52', 1)).toEqual([{ code: 'data-object-length', expected: '2 to 6 bytes', got: '1 bytes' }])
    expect(warnings('C3', 200)).toEqual([])
  })
})

describe('the data objects by name', () => {
  it('are those of the article on issuer scripts, and of electronic cash', () =>
    expect(PUT_DATA_TAGS).toEqual({
      lowerConsecutiveOfflineLimit: '9F58',
      upperConsecutiveOfflineLimit: '9F59',
      consecutiveTransactionLimitInternationalCountry: '9F72',
      consecutiveTransactionLimitInternationalCurrency: '9F53',
      cumulativeTransactionAmountLimit: '9F54',
      cumulativeTransactionAmountLimitDualCurrency: '9F75',
      cumulativeTransactionAmountUpperLimit: '9F5C',
      currencyConversionFactor: '9F73',
      electronicCashBalanceLimit: '9F77',
      electronicCashSingleTransactionLimit: '9F78',
      electronicCashBalance: '9F79',
      electronicCashResetThreshold: '9F6D',
      cardCvmLimit: '9F6B',
    }))
  it.each(Object.values(PUT_DATA_TAGS))('%s is in the dictionary with one length', (tag) =>
    expect(TAGS[tag]?.min).toBe(TAGS[tag]?.max),
  )
  it('has the two limits that lie in records', () => expect(Object.keys(UPDATE_RECORD_TAGS)).toEqual(['9F14', '9F23']))
})

describe('UPDATE RECORD', () => {
  it.each([
    [1, 1, '04DC010C0A'],
    [10, 3, '04DC03540A'],
    [30, 254, '04DCFEF40A'],
  ])('of SFI %i record %i is %s', (sfi, record, expected) => {
    const command = updateRecord(sessionWith(), { sfi, record, value: value(6) })
    expect(toHex(command.header)).toBe(expected)
    expect(command.type).toBe('update-record')
    expect(command.data).toEqual(value(6))
  })

  it.each([0, 31, -1, 1.5, Number.NaN])('refuses SFI %d', (sfi) =>
    expect(() => updateRecord(sessionWith(), { sfi, record: 1, value: value(1) })).toThrow(
      coded('ERR_SCRIPT', { label: 'sfi', expected: '1 to 30', got: String(sfi) }),
    ),
  )
  it.each([0, 255, 256, 1.5])('refuses record %d', (record) =>
    expect(() => updateRecord(sessionWith(), { sfi: 1, record, value: value(1) })).toThrow(
      coded('ERR_SCRIPT', { label: 'record number', expected: '1 to 254', got: String(record) }),
    ),
  )
  it('refuses an empty record', () =>
    expect(() => updateRecord(sessionWith(), { sfi: 1, record: 1, value: value(0) })).toThrow(
      coded('ERR_SCRIPT', { label: 'record' }),
    ))
  it('refuses a record that does not fit', () =>
    expect(() => updateRecord(sessionWith(), { sfi: 1, record: 1, value: value(252) })).toThrow(
      coded('ERR_SCRIPT', { label: 'update-record data', got: '252 bytes' }),
    ))
})
