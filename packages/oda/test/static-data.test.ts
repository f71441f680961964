/** Static data authentication, each rule broken one at a time. */
import { fromHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticate, type OdaVerdict } from '../src/index.js'
import { inputWith, TAGS } from './card.js'
import { type BlockOptions, STATIC_DATA, signStatic } from './forge.js'

const judge = (signature: string | undefined): OdaVerdict => authenticate(inputWith('sda', { '93': signature }))
const faultOf = (verdict: OdaVerdict): unknown => [verdict.stage, verdict.fault?.reason]

describe('signed static application data', () => {
  it('gives the data authentication code', () => {
    const verdict = judge(TAGS['93'])
    expect(verdict).toMatchObject({ ok: true, recovered: { dataAuthenticationCode: fromHex('DAC1') } })
    expect(verdict.stages.map(({ stage, ok }) => [stage, ok])).toEqual([
      ['ca-key', true],
      ['issuer-certificate', true],
      ['static-data', true],
    ])
  })

  it.each([
    ['TRAILER', { trailer: 'BB' }],
    ['HEADER', { header: '00' }],
    ['FORMAT', { format: '04' }],
    ['FORMAT', { format: '05' }],
    ['HASH_ALGORITHM', { hashAlgorithm: '02' }],
    ['HASH_ALGORITHM', { hashAlgorithm: '80' }],
    ['HASH', { hash: 'BB'.repeat(20) }],
    ['HASH', { staticData: `${STATIC_DATA}00` }],
    ['PADDING', { padding: 'BC' }],
  ] satisfies [string, BlockOptions & { staticData?: string }][])('SSAD_%s: %o', (fault, options) => {
    expect(faultOf(judge(signStatic(options)))).toEqual(['static-data', `SSAD_${fault}`])
  })

  it('SSAD_LENGTH, SSAD_RECOVERY, SSAD_MISSING', () => {
    expect(faultOf(judge(`${TAGS['93']}00`))).toEqual(['static-data', 'SSAD_LENGTH'])
    expect(faultOf(judge('FF'))).toEqual(['static-data', 'SSAD_LENGTH'])
    expect(faultOf(judge('FF'.repeat(144)))).toEqual(['static-data', 'SSAD_RECOVERY'])
    expect(faultOf(judge(undefined))).toEqual(['static-data', 'SSAD_MISSING'])
  })

  it('tells a wrong hash from static data that is missing', () => {
    const wrong = authenticate(inputWith('sda', {}, { staticData: fromHex('00') }))
    expect(wrong).toMatchObject({ ok: false, fault: { reason: 'SSAD_HASH', kind: 'failed' } })
    const missing = authenticate(inputWith('sda', {}, { staticData: undefined }))
    expect(missing).toMatchObject({ ok: false, fault: { reason: 'STATIC_DATA_MISSING', kind: 'missing' } })
    const dac = { dataAuthenticationCode: fromHex('DAC1') }
    expect([wrong.recovered, missing.recovered]).toMatchObject([dac, dac])
  })

  it.each(['', '8282', '81', '5F24', '825F24'])('refuses the tag list %s', (tagList) => {
    const expected = { stage: 'static-data', fault: { reason: 'STATIC_DATA_TAG_LIST', kind: 'failed' } }
    expect(authenticate(inputWith('sda', { '9F4A': tagList }))).toMatchObject(expected)
  })

  it('takes a card without tag list', () => {
    expect(authenticate(inputWith('sda', { '9F4A': undefined })).ok).toBe(true)
  })
})

describe('static data and the ICC certificate', () => {
  it.each(['icc-key', 'dda', 'cda', 'fdda'] as const)('%s fails without it', (method) => {
    const expected = { stage: 'icc-certificate', fault: { reason: 'STATIC_DATA_MISSING', kind: 'missing' } }
    expect(authenticate(inputWith(method, {}, { staticData: undefined }))).toMatchObject(expected)
  })

  it('fails where it differs', () => {
    const expected = { stage: 'icc-certificate', fault: { reason: 'ICC_CERT_HASH', kind: 'failed' } }
    expect(authenticate(inputWith('icc-key', {}, { staticData: new Uint8Array(0) }))).toMatchObject(expected)
  })

  it('fails by the tag list', () => {
    const expected = { stage: 'icc-certificate', fault: { reason: 'STATIC_DATA_TAG_LIST' } }
    expect(authenticate(inputWith('icc-key', { '9F4A': '83' }))).toMatchObject(expected)
  })

  it('is no part of the PIN encipherment certificate', () => {
    expect(authenticate(inputWith('pin-key', {}, { staticData: undefined })).ok).toBe(true)
  })
})
