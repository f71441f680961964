/** Verdicts from records: the CA key, the choice of a method, damaged records. */
import { type CardRecord, encodeTlv, fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticateReading, authenticateRecords, createRevocationList, type OdaVerdict } from '../src/index.js'
import { DATE } from './card.js'
import { readingOf, storeOf } from './reading-of.js'

const options = { store: storeOf(), transactionDate: DATE, method: 'sda' } as const
const faultOf = ({ stage, fault }: OdaVerdict): unknown => [stage, fault?.reason]
const judge = (changes = {}, more = {}): OdaVerdict => authenticateReading(readingOf(changes, more), options)

describe('a reading', () => {
  it('holds', () => {
    expect(judge().ok).toBe(true)
    expect(authenticateReading(readingOf(), { ...options, method: 'icc-key' }).ok).toBe(true)
  })

  it.each([
    ['7C00', 'E0F8C8', 'dda'],
    ['5D00', 'E0F8C8', 'cda'],
    ['4000', 'E0F8C8', 'sda'],
  ])('is judged by the method of AIP %s and capabilities %s: %s', (aip, capabilities, method) => {
    const given = { store: storeOf(), transactionDate: DATE, terminalCapabilities: fromHex(capabilities) }
    expect(authenticateReading(readingOf({}, { aip: fromHex(aip) }), given).method).toBe(method)
  })

  it('is judged by a terminal with SDA, DDA and CDA by default', () => {
    const { method: _, ...given } = options
    const methodOf = (aip: string): string => authenticateReading(readingOf({}, { aip: fromHex(aip) }), given).method
    expect(['FF00', '6000', '4000', '8000'].map(methodOf)).toEqual(['cda', 'dda', 'sda', 'none'])
  })

  it('reports that nothing was done without a common method', () => {
    const { method: _, ...given } = options
    const verdict = authenticateReading(readingOf({}, { aip: fromHex('1C00') }), given)
    expect(faultOf(verdict)).toEqual(['method', 'METHOD_NONE'])
    expect([toHex(verdict.tvr), toHex(verdict.tsi), verdict.stages.length]).toEqual(['8000000000', '0000', 1])
  })

  it('reports XDA as chosen and failed', () => {
    const given = { store: storeOf(), transactionDate: DATE, terminalCapabilities: fromHex('0000FF') }
    const verdict = authenticateReading(readingOf({}, { aip: fromHex('FF00') }), given)
    expect(faultOf(verdict)).toEqual(['method', 'METHOD_XDA'])
    expect([toHex(verdict.tvr), toHex(verdict.tsi), verdict.stages[0]?.section]).toEqual([
      '0100000100',
      '0000',
      '[EMV-B3] 10.3',
    ])
  })

  it('ends at a revoked certificate', () => {
    const revoked = createRevocationList([fromHex('A000000333030000A1')])
    const verdict = authenticateReading(readingOf(), { ...options, revoked })
    expect(faultOf(verdict)).toEqual(['issuer-certificate', 'ISSUER_CERT_REVOKED'])
  })

  it('takes a date of a day only', () => {
    expect(() => authenticateReading(readingOf(), { ...options, transactionDate: '20260230' })).toThrow(
      expect.objectContaining({ code: 'ERR_DATE' }),
    )
  })
})

describe('the CA key of a reading', () => {
  it.each([undefined, '', 'A0000003'])('has no RID in the AID %s', (hex) => {
    const aid = hex === undefined ? {} : { aid: fromHex(hex) }
    const { aid: _, ...rest } = readingOf()
    expect(faultOf(authenticateReading({ ...rest, ...aid }, options))).toEqual(['ca-key', 'AID_MISSING'])
  })

  it('needs no more than the RID', () => {
    expect(judge({}, { aid: fromHex('A000000333') }).ok).toBe(true)
  })

  it.each([undefined, '', '0303'])('has no index in 8F %s', (hex) => {
    const verdict = judge({ '8F': hex })
    expect(faultOf(verdict)).toEqual(['ca-key', 'CA_KEY_INDEX_MISSING'])
    expect(toHex(verdict.tvr)).toBe('6200000000')
    expect(verdict.recovered).toEqual({ rid: fromHex('A000000333') })
  })

  it('is found without a certificate to be measured by', () => {
    expect(faultOf(judge({ '90': undefined }))).toEqual(['issuer-certificate', 'ISSUER_CERT_MISSING'])
  })

  it('is unknown under another index or RID', () => {
    expect(faultOf(judge({ '8F': '04' }))).toEqual(['ca-key', 'CA_KEY_UNKNOWN'])
    const verdict = judge({}, { aid: fromHex('A0000000031010') })
    expect(faultOf(verdict)).toEqual(['ca-key', 'CA_KEY_UNKNOWN'])
    expect(toHex(verdict.tvr)).toBe('4200000000')
  })

  it.each([
    ['20261121', true],
    ['20261122', true],
    ['20261120', false],
  ])('with the last day %s: %s', (expiry, ok) => {
    const store = storeOf(expiry)
    const verdict = authenticateReading(readingOf(), { ...options, store })
    expect(verdict.ok).toBe(ok)
    if (!ok) expect(faultOf(verdict)).toEqual(['ca-key', 'CA_KEY_EXPIRED'])
    expect(authenticateReading(readingOf(), { ...options, store, allowExpiredCaKey: true }).ok).toBe(true)
  })

  it('does not expire where no date is known', () => {
    const given = { store: storeOf('20200101'), method: 'sda' } as const
    const verdict = authenticateReading(readingOf(), given)
    expect(faultOf(verdict)).toEqual(['issuer-certificate', 'TRANSACTION_DATE_MISSING'])
  })
})

describe('the records of a reading', () => {
  const extra = (sfi: number, hex: string): CardRecord => ({ sfi, record: 9, data: fromHex(hex) })
  const withRecord = (record: CardRecord): OdaVerdict => judge({}, { records: [...readingOf().records, record] })

  it('give no data object twice', () => {
    const verdict = withRecord(extra(4, '70065A0462148301'))
    expect(faultOf(verdict)).toEqual(['records', 'RECORDS_REPEATED_TAG'])
    expect([toHex(verdict.tvr), verdict.stages[0]?.section]).toEqual(['4200000000', '[EMV-B3] 10.2'])
  })

  it('may be damaged where they are not signed', () => {
    expect(withRecord(extra(4, '7003')).ok).toBe(true)
    expect(withRecord(extra(4, '')).ok).toBe(true)
    expect(withRecord(extra(11, '70065A0462148301')).ok).toBe(true)
  })

  it('fail where a signed one is damaged', () => {
    const [signed, ...others] = readingOf().records
    const records = [{ ...(signed as CardRecord), data: fromHex('7003') }, ...others]
    const tags = new Map([['5A', fromHex('6214830100237436')]])
    const verdict = authenticateReading(readingOf({}, { records }), { ...options, tags })
    expect(faultOf(verdict)).toEqual(['static-data', 'STATIC_DATA_RECORD'])
  })

  it('go before tags given beside them', () => {
    const tags = new Map([['93', fromHex('00')]])
    expect(authenticateReading(readingOf(), { ...options, tags }).ok).toBe(true)
    expect(faultOf(authenticateReading(readingOf({ '93': undefined }), { ...options, tags }))).toEqual([
      'static-data',
      'SSAD_LENGTH',
    ])
  })
})

describe('what records alone prove', () => {
  const methods = (aip: string, changes = {}): unknown => {
    const given = { store: storeOf(), transactionDate: DATE }
    return authenticateRecords(readingOf(changes, { aip: fromHex(aip) }), given).map(({ method }) => method)
  }

  it.each([
    ['4000', ['sda', 'pin-key']],
    ['2000', ['icc-key', 'pin-key']],
    ['0100', ['icc-key', 'pin-key']],
    ['6100', ['sda', 'icc-key', 'pin-key']],
    ['1E00', ['pin-key']],
  ])('follows the AIP %s', (aip, expected) => {
    expect(methods(aip)).toEqual(expected)
  })

  it('may be nothing', () => {
    const given = { store: storeOf(), transactionDate: DATE }
    const bare = readingOf({ '9F2D': undefined }, { aip: fromHex('1E00') })
    expect(authenticateRecords(bare, given)).toMatchObject([{ ok: false, method: 'none' }])
    expect(methods('4000', { '9F2D': undefined })).toEqual(['sda'])
  })

  it('survives records that repeat a tag', () => {
    const records = [...readingOf().records, { sfi: 4, record: 1, data: encodeTlv('70', fromHex('5A01AA')) }]
    const verdicts = authenticateRecords(readingOf({}, { records }), { store: storeOf(), transactionDate: DATE })
    expect(verdicts.map(faultOf)).toEqual([
      ['records', 'RECORDS_REPEATED_TAG'],
      ['records', 'RECORDS_REPEATED_TAG'],
    ])
  })
})
