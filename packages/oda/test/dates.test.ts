import { IssuerkitError } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { expectDate, expiryMonth } from '../src/dates.js'
import { authenticate } from '../src/index.js'
import { inputWith } from './card.js'

const codeOf = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return error instanceof IssuerkitError ? [error.code, error.label] : error
  }
}

describe('a transaction date', () => {
  it.each(['20260101', '20261231', '20240229', '20000229', '19991130', '00010101'])('%s is a day', (date) => {
    expect(expectDate(date, 'date')).toBe(date)
  })

  it.each([
    '20230229',
    '21000229',
    '20261301',
    '20260001',
    '20260100',
    '20260132',
    '20260431',
    '2026111',
    '202611211',
    '2026-11-21',
    '20261121 ',
    ' 20261121',
    '2026112',
    '2026-1-1',
    '+2026112',
    '20261 21',
    '2026112A',
    '',
  ])('%s is none', (date) => {
    expect(codeOf(() => expectDate(date, 'the date'))).toEqual(['ERR_DATE', 'the date'])
  })

  it('is text', () => {
    expect(codeOf(() => expectDate(20261121 as unknown as string, 'x'))).toEqual(['ERR_DATE', 'x'])
  })

  it('is the mistake of the caller, not of the card', () => {
    const run = (): unknown => authenticate(inputWith('sda', {}, { transactionDate: '20261131' }))
    expect(codeOf(run)).toEqual(['ERR_DATE', 'transaction date'])
  })
})

describe('a certificate expiration date', () => {
  it.each([
    [0x12, 0x49, '204912'],
    [0x12, 0x50, '195012'],
    [0x01, 0x00, '200001'],
    [0x10, 0x99, '199910'],
    [0x09, 0x26, '202609'],
  ])('%i %i', (month, year, expected) => {
    expect(expiryMonth(Uint8Array.of(month, year))).toBe(expected)
  })

  it.each([
    [0x00, 0x26],
    [0x13, 0x26],
    [0x0a, 0x26],
    [0x20, 0x26],
    [0x12, 0x2a],
    [0x12, 0xa2],
  ])('%i %i is none', (month, year) => {
    expect(expiryMonth(Uint8Array.of(month, year))).toBeUndefined()
  })

  it('is 2 bytes', () => {
    expect(expiryMonth(Uint8Array.of(0x12))).toBeUndefined()
    expect(expiryMonth(Uint8Array.of(0x12, 0x26, 0x00))).toBeUndefined()
    expect(expiryMonth(Uint8Array.of(0x00, 0x12, 0x26))).toBeUndefined()
  })
})
