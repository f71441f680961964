/** What a terminal reports of each outcome, and the form of a verdict. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticate, type OdaMethod, type OdaVerdict, verdictText } from '../src/index.js'
import { caKey, inputWith } from './card.js'
import { signDynamic } from './forge.js'

const signature = (format: string): Uint8Array => fromHex(signDynamic('02ABCD', '11223344', { format }))
const dynamic = { terminalData: fromHex('11223344') }
const bits = ({ tvr, tsi }: OdaVerdict): string => `${toHex(tvr)} ${toHex(tsi)}`

describe('terminal verification results and transaction status information', () => {
  it.each([
    ['sda', {}, '0200000000 8000'],
    ['icc-key', {}, '0000000000 0000'],
    ['pin-key', {}, '0000000000 0000'],
    ['dda', { dynamic: { ...dynamic, signedDynamicApplicationData: signature('05') } }, '0000000000 8000'],
    ['fdda', { dynamic: { ...dynamic, signedDynamicApplicationData: signature('95') } }, '0000000000 8000'],
  ] as const)('%s holds', (method, more, expected) => {
    const verdict = authenticate(inputWith(method, {}, more))
    expect([verdict.ok, verdict.method, bits(verdict)]).toEqual([true, method, expected])
    expect('fault' in verdict || 'stage' in verdict).toBe(false)
  })

  it.each([
    ['sda', '4200000000 8000'],
    ['dda', '0800000000 8000'],
    ['fdda', '0800000000 8000'],
    ['cda', '0400000000 8000'],
    ['icc-key', '0800000000 0000'],
    ['pin-key', '0000000000 0000'],
  ] as const)('%s fails', (method, expected) => {
    const verdict = authenticate(inputWith(method, { '92': undefined }))
    expect([verdict.ok, bits(verdict)]).toEqual([false, expected])
  })

  const MANDATORY: readonly [OdaMethod, readonly string[], string][] = [
    ['sda', ['90', '9F32', '93'], '62'],
    ['dda', ['90', '9F32', '9F46', '9F47'], '28'],
    ['cda', ['90', '9F32', '9F46', '9F47'], '24'],
    ['fdda', ['90', '9F32', '9F46', '9F47'], '28'],
    ['icc-key', ['90', '9F32', '9F46', '9F47'], '28'],
    ['pin-key', [], '00'],
  ]

  it.each(MANDATORY)('%s lacks data of the card', (method, mandatory, byte) => {
    for (const tag of ['90', '9F32', '93', '9F46', '9F47', '9F48', '9F49', '9F4A']) {
      const verdict = authenticate(inputWith(method, { [tag]: undefined }))
      const missing = mandatory.includes(tag)
      expect((verdict.tvr[0] ?? 0) & 0x20, `${method} without ${tag}`).toBe(missing ? 0x20 : 0)
      if (missing) expect(toHex(verdict.tvr)).toBe(`${byte}00000000`)
    }
  })

  it('report missing data even where an earlier stage fails', () => {
    const verdict = authenticate(inputWith('dda', { '90': '00', '9F46': undefined }))
    expect([verdict.stage, bits(verdict)]).toEqual(['issuer-certificate', '2800000000 8000'])
  })
})

describe('a verdict', () => {
  it('has a line for each stage that was run, up to the first that fails', () => {
    const stages = (tags: Record<string, string | undefined>): unknown =>
      authenticate(inputWith('icc-key', tags)).stages.map(({ stage, ok, section }) => [stage, ok, section])
    const caLine = ['ca-key', true, '[EMV-B2] 5.2']
    expect(stages({})).toEqual([
      caLine,
      ['issuer-certificate', true, '[EMV-B2] 5.3'],
      ['icc-certificate', true, '[EMV-B2] 6.4'],
    ])
    expect(stages({ '90': '00' })).toEqual([caLine, ['issuer-certificate', false, '[EMV-B2] 5.3']])
  })

  it('tells the CA key', () => {
    const [line] = authenticate(inputWith('sda')).stages
    const { rid, checksum } = caKey
    expect(line?.recovered).toEqual({ rid, caKeyIndex: fromHex('03'), caKeyChecksum: checksum })
  })

  it('gathers what all stages recovered', () => {
    const { recovered } = authenticate(inputWith('sda'))
    expect(Object.keys(recovered)).toEqual([
      'rid',
      'caKeyIndex',
      'caKeyChecksum',
      'issuerIdentifier',
      'issuerCertificateExpiry',
      'issuerCertificateSerial',
      'issuerModulus',
      'issuerExponent',
      'dataAuthenticationCode',
    ])
  })

  it('has a text form for JSON', () => {
    const text = verdictText(authenticate(inputWith('sda', { '93': '00' })))
    expect(JSON.parse(JSON.stringify(text))).toEqual(text)
    expect(text).toMatchObject({
      ok: false,
      method: 'sda',
      stage: 'static-data',
      tvr: '4200000000',
      tsi: '8000',
      fault: { reason: 'SSAD_LENGTH', kind: 'failed', citation: '[EMV-B2] 5.4 step 1' },
      recovered: { rid: 'A000000333', issuerCertificateSerial: '0000A1' },
    })
    expect(text.stages.map(({ recovered }) => recovered['caKeyIndex'])).toEqual(['03', undefined, undefined])
  })
})
