import { type CardRecord, fromHex, parseAfl, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { NO_STATIC_DATA, type StaticData, staticDataOf } from '../src/index.js'

const record = (sfi: number, number: number, hex: string): CardRecord => ({ sfi, record: number, data: fromHex(hex) })
const RECORDS = [
  record(1, 1, '70035F3000'),
  record(1, 2, '7003820100'),
  record(2, 3, '70038101AA'),
  record(11, 1, '70035F3001'),
  record(11, 2, '0102030405'),
]
const aip = fromHex('7C00')

const formed = (afl: string, tagList?: string, records = RECORDS): string => {
  const given: StaticData = staticDataOf(
    { afl: parseAfl(fromHex(afl)), records, aip },
    tagList === undefined ? undefined : fromHex(tagList),
  )
  return given.ok ? toHex(given.bytes) : given.reason
}

describe('static data to be authenticated', () => {
  it('is the value of template 70 in SFI 1 to 10, the whole record in SFI 11 to 30', () => {
    expect(formed('08010101')).toBe('5F3000')
    expect(formed('58010101')).toBe('70035F3001')
    expect(formed('58020201')).toBe('0102030405')
  })

  it('begins with the first record of each entry, as many as byte 4 says', () => {
    expect(formed('08010200')).toBe('')
    expect(formed('08010201')).toBe('5F3000')
    expect(formed('08010202')).toBe('5F3000820100')
  })

  it('has the order of the AFL, not of reading', () => {
    expect(formed('5802020108010101')).toBe('01020304055F3000')
    expect(formed('0801010158020201', undefined, RECORDS.toReversed())).toBe('5F30000102030405')
  })

  it('ends with the AIP where the tag list names it', () => {
    expect(formed('08010101', '82')).toBe('5F30007C00')
    expect(formed('08010200', '82')).toBe('7C00')
  })

  it.each(['', '8282', '5A', '829F37'])('refuses the tag list %s', (tagList) => {
    expect(formed('08010101', tagList)).toBe('STATIC_DATA_TAG_LIST')
  })

  it('wants every signed record, and no other', () => {
    expect(formed('08010302')).toBe('5F3000820100')
    expect(formed('08010303')).toBe('STATIC_DATA_MISSING')
    expect(formed('10010101')).toBe('STATIC_DATA_MISSING')
  })

  it.each(['', '7003820100FF', '6103820100', '70038201', '70038201007003820100'])(
    'wants exactly one template 70 in SFI 1 to 10: %s',
    (hex) => {
      expect(formed('08010101', undefined, [record(1, 1, hex)])).toBe('STATIC_DATA_RECORD')
      expect(formed('50010101', undefined, [record(10, 1, hex)])).toBe('STATIC_DATA_RECORD')
      expect(formed('58010101', undefined, [record(11, 1, hex)])).toBe(hex)
    },
  )

  it('names a missing record before a bad tag list', () => {
    expect(formed('08010303', '5A')).toBe('STATIC_DATA_MISSING')
  })

  it('may be none', () => {
    expect(NO_STATIC_DATA).toEqual({ ok: true, bytes: new Uint8Array(0) })
  })
})
