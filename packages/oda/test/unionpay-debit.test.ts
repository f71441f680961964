/** The real card of the project: a UnionPay debit card, checked from its recorded session. */
import { readFileSync } from 'node:fs'
import { fromHex, parseTranscript, readingFromTranscript, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticateRecords, authenticateTranscript, type OdaVerdict, publishedCaKeys } from '../src/index.js'

const file = new URL('../../../vectors/transcripts/unionpay-debit.txt', import.meta.url)
const entries = parseTranscript(readFileSync(file, 'utf8'))
const { store } = publishedCaKeys()
const options = { store, transactionDate: '20221101' }

const lines = ({ stages }: OdaVerdict): unknown => stages.map(({ stage, ok }) => [stage, ok])
const field = ({ recovered }: OdaVerdict, name: keyof OdaVerdict['recovered']): string =>
  toHex(recovered[name] ?? new Uint8Array())

describe('a real UnionPay debit card', () => {
  it('is authentic by SDA', () => {
    const verdict = authenticateTranscript(entries, { ...options, method: 'sda' })
    expect([verdict.ok, verdict.method, toHex(verdict.tvr)]).toEqual([true, 'sda', '0200000000'])
    expect(lines(verdict)).toEqual([
      ['ca-key', true],
      ['issuer-certificate', true],
      ['static-data', true],
    ])
    expect(field(verdict, 'caKeyChecksum')).toBe('87F0CD7C0E86F38F89A66F8C47071A8B88586F26')
    expect(field(verdict, 'issuerIdentifier')).toBe('621483FF')
    expect(field(verdict, 'issuerCertificateSerial')).toBe('000738')
    expect(field(verdict, 'dataAuthenticationCode')).toBe('0000')
  })

  it('has an authentic key of its own', () => {
    const verdict = authenticateTranscript(entries, { ...options, method: 'icc-key' })
    expect([verdict.ok, toHex(verdict.tvr)]).toEqual([true, '0000000000'])
    expect(field(verdict, 'iccCertificateSerial')).toBe('3CB5F3')
    expect(verdict.recovered.iccModulus?.length).toBe(144)
  })

  it('proves both from its records alone', () => {
    const verdicts = authenticateRecords(readingFromTranscript(entries), options)
    expect(verdicts.map(({ method, ok }) => [method, ok])).toEqual([
      ['sda', true],
      ['icc-key', true],
    ])
  })

  it('was not asked to sign: DDA, which a terminal would choose, has nothing to check', () => {
    const verdict = authenticateTranscript(entries, options)
    expect(verdict).toMatchObject({ method: 'dda', stage: 'dynamic-data', fault: { reason: 'SDAD_MISSING' } })
  })

  it('is chosen SDA by a terminal without DDA', () => {
    const verdict = authenticateTranscript(entries, { ...options, terminalCapabilities: fromHex('E0F880') })
    expect([verdict.method, verdict.ok]).toEqual(['sda', true])
  })

  it('outlived its CA key', () => {
    const late = { ...options, method: 'sda', transactionDate: '20230101' } as const
    expect(authenticateTranscript(entries, late)).toMatchObject({ fault: { reason: 'CA_KEY_EXPIRED' } })
    const allowed = authenticateTranscript(entries, { ...late, allowExpiredCaKey: true })
    expect(allowed).toMatchObject({ stage: 'issuer-certificate', fault: { reason: 'ISSUER_CERT_EXPIRED' } })
  })

  it('is not vouched for by test keys', () => {
    const verdict = authenticateTranscript(entries, { ...options, method: 'sda', profile: 'test' })
    expect(verdict).toMatchObject({ stage: 'ca-key', fault: { reason: 'CA_KEY_UNKNOWN' } })
    expect(field(verdict, 'rid')).toBe('A000000333')
    expect(field(verdict, 'caKeyIndex')).toBe('03')
  })

  it('cannot be checked without its signed record', () => {
    const without = entries.filter(({ command }) => toHex(command) !== '00B2011400')
    const verdict = authenticateTranscript(without, {
      ...options,
      method: 'sda',
      tags: new Map([['5A', fromHex('6214830100237436')]]),
    })
    expect(verdict).toMatchObject({ stage: 'static-data', fault: { reason: 'STATIC_DATA_MISSING', kind: 'missing' } })
  })
})
