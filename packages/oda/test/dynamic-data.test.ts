/** DDA and fDDA, each rule broken one at a time. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  authenticate,
  DEFAULT_DDOL,
  fddaTerminalData,
  fddaVariant,
  type OdaVerdict,
  signatureOfInternalAuthenticate,
} from '../src/index.js'
import { inputWith } from './card.js'
import { signDynamic } from './forge.js'

const TERMINAL = 'B84FBA07'
const DYNAMIC = '0300112233'

const judge = (
  signature: string,
  method: 'dda' | 'fdda' = 'dda',
  tags: Record<string, string | undefined> = {},
): OdaVerdict => {
  const dynamic = { terminalData: fromHex(TERMINAL), signedDynamicApplicationData: fromHex(signature) }
  return authenticate(inputWith(method, tags, { dynamic }))
}
const broken = (fault: string): object => ({ ok: false, stage: 'dynamic-data', fault: { reason: `SDAD_${fault}` } })

describe('signed dynamic application data', () => {
  it('gives the ICC dynamic number', () => {
    const verdict = judge(signDynamic('03001122', TERMINAL))
    expect(verdict).toMatchObject({ ok: true, recovered: { iccDynamicNumber: fromHex('001122') } })
    expect(verdict.stages.map(({ stage }) => stage)).toEqual([
      'ca-key',
      'issuer-certificate',
      'icc-certificate',
      'dynamic-data',
    ])
  })

  it.each([
    ['TRAILER', { trailer: '00' }],
    ['HEADER', { header: '6C' }],
    ['FORMAT', { format: '95' }],
    ['FORMAT', { format: '03' }],
    ['HASH_ALGORITHM', { hashAlgorithm: '03' }],
    ['DYNAMIC_DATA_LENGTH', { length: '68' }],
    ['DYNAMIC_DATA_LENGTH', { length: 'FF' }],
    ['HASH', { hash: '00'.repeat(20) }],
    ['PADDING', { padding: 'BA' }],
    // One byte more of dynamic data is a byte less of padding, and the other way round.
    ['PADDING', { length: '03' }],
  ])('SDAD_%s: %o', (fault, options) => {
    expect(judge(signDynamic('03001122', TERMINAL, options))).toMatchObject(broken(fault))
  })

  it('SDAD_LENGTH, SDAD_RECOVERY', () => {
    const good = signDynamic(DYNAMIC, TERMINAL)
    expect(judge(`${good}00`)).toMatchObject(broken('LENGTH'))
    expect(judge(good.slice(2))).toMatchObject(broken('LENGTH'))
    expect(judge('FF'.repeat(128))).toMatchObject(broken('RECOVERY'))
  })

  it('SDAD_HASH: over other terminal data', () => {
    expect(judge(signDynamic(DYNAMIC, 'B84FBA08'))).toMatchObject(broken('HASH'))
    expect(judge(signDynamic(DYNAMIC, ''))).toMatchObject(broken('HASH'))
  })

  it.each(['021122', '081122334455667788', '0211229999'])('accepts the ICC dynamic data %s', (data) => {
    expect(judge(signDynamic(data, TERMINAL)).ok).toBe(true)
  })

  it('accepts dynamic data that leaves no padding', () => {
    expect(judge(signDynamic(`021122${'00'.repeat(100)}`, TERMINAL)).ok).toBe(true)
  })

  it.each(['', '00', '01AA', '09112233445566778899', '0211', '0811223344556677'])('SDAD_DYNAMIC_NUMBER: %s', (data) => {
    expect(judge(signDynamic(data, TERMINAL))).toMatchObject(broken('DYNAMIC_NUMBER'))
  })

  it('is missing, or what it was made over is', () => {
    const signedDynamicApplicationData = fromHex(signDynamic(DYNAMIC, TERMINAL))
    const reasonOf = (dynamic: object | undefined): unknown =>
      authenticate({ ...inputWith('dda'), dynamic }).fault?.reason
    expect(reasonOf(undefined)).toBe('SDAD_MISSING')
    expect(reasonOf({ terminalData: fromHex(TERMINAL) })).toBe('SDAD_MISSING')
    expect(reasonOf({ signedDynamicApplicationData })).toBe('TERMINAL_DATA_MISSING')
  })
})

describe('DDOL', () => {
  const good = signDynamic(DYNAMIC, TERMINAL)

  it.each([undefined, '9F3704', '9F02069F3704', '9F37049505'])('%s asks for the number', (ddol) => {
    expect(judge(good, 'dda', { '9F49': ddol }).ok).toBe(true)
  })

  it.each(['', '9505', '9F0206'])('%s does not', (ddol) => {
    const expected = { stage: 'dynamic-data', fault: { reason: 'DDOL_UNPREDICTABLE_NUMBER' } }
    expect(judge(good, 'dda', { '9F49': ddol })).toMatchObject(expected)
  })

  it.each(['9F37', '9F', '9F3704FF'])('%s is no list', (ddol) => {
    const expected = { stage: 'dynamic-data', fault: { reason: 'DDOL_MALFORMED' } }
    expect(judge(good, 'dda', { '9F49': ddol })).toMatchObject(expected)
  })

  it('by default is the unpredictable number', () => {
    expect(toHex(DEFAULT_DDOL)).toBe('9F3704')
  })

  it('is no matter of fDDA', () => {
    expect(judge(signDynamic(DYNAMIC, TERMINAL, { format: '95' }), 'fdda', { '9F49': '9F' }).ok).toBe(true)
  })
})

describe('fDDA', () => {
  it('takes format 95 and no other', () => {
    expect(judge(signDynamic(DYNAMIC, TERMINAL, { format: '95' }), 'fdda').ok).toBe(true)
    expect(judge(signDynamic(DYNAMIC, TERMINAL), 'fdda')).toMatchObject(broken('FORMAT'))
  })

  const values = new Map(
    Object.entries({ '9F37': '11223344', '9F02': '000000000100', '5F2A': '0156', '9F69': '0177' }).map(
      ([tag, hex]) => [tag, fromHex(hex)] as const,
    ),
  )

  it('covers the unpredictable number, or amount, currency and 9F69 as well', () => {
    expect(fddaTerminalData('00', values)).toEqual(fromHex('11223344'))
    expect(fddaTerminalData('01', values)).toEqual(fromHex('1122334400000000010001560177'))
    expect(fddaTerminalData('01', new Map([...values].slice(0, 3)))).toBeUndefined()
    expect(fddaTerminalData('00', new Map())).toBeUndefined()
  })

  it.each([
    ['36000080', true, '01'],
    ['000000FF', true, '01'],
    ['FFFFFF7F', true, '00'],
    ['36000080', false, '00'],
    ['360000', true, '00'],
  ])('9F66 %s, 9F69 there: %s, is variant %s', (qualifiers, withRelatedData, variant) => {
    const given = new Map([['9F66', fromHex(qualifiers)]])
    if (withRelatedData) given.set('9F69', fromHex('0177'))
    expect(fddaVariant(given)).toBe(variant)
  })

  it('is variant 00 without qualifiers', () => {
    expect(fddaVariant(values)).toBe('00')
  })
})

describe('the answer to INTERNAL AUTHENTICATE', () => {
  it.each([
    ['80021122', '1122'],
    ['77059F4B021122', '1122'],
    ['77079F36009F4B0177', '77'],
    ['80810111', '11'],
  ])('%s signs with %s', (answer, signature) => {
    expect(toHex(signatureOfInternalAuthenticate(fromHex(answer)) ?? new Uint8Array())).toBe(signature)
  })

  it.each(['', '800211', '80021122800211', '7000', '7700', '770A9F4B0211229F4B021122', '9F4B021122', '800211229000'])(
    '%s does not sign',
    (answer) => {
      expect(signatureOfInternalAuthenticate(fromHex(answer))).toBeUndefined()
    },
  )
})
