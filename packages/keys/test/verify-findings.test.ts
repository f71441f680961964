import { type ErrorCode, fromHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { createKey, VERDICT_REASONS, type VerifyCryptogramInput, verifyApplicationCryptogram } from '../src/index.js'
import { CAPTURED } from './support/captured.js'
import { coded } from './support/errors.js'
import { CARD, IADS, MAC_IMK } from './support/transactions.js'
import { keySets, request, set, verify, without } from './support/verdicts.js'

describe('G', () => {
  const kind = (cvr: string, cid?: string): Map<string, Uint8Array> => {
    const tags = request('pboc', {}, { '9F10': IADS.pboc.replace('03A00000', cvr) })
    return cid === undefined ? without(tags, '9F27') : new Map([...tags, ['9F27', fromHex(cid)]])
  }

  it.each([
    ['03600000', '40', 'TC'],
    ['03200000', '00', 'AAC'],
    ['03900000', '40', 'TC'],
    ['03800000', '00', 'AAC'],
    // The terminal says ARQC; the cryptogram proves a TC.
    ['03600000', '80', 'TC'],
    // The CVR says ARQC; the terminal calls it a TC, or by a reserved code.
    ['03A00000', '40', 'ARQC'],
    ['03A00000', 'C0', 'ARQC'],
    ['03600000', undefined, 'TC'],
  ])('CVR %s with 9F27 %s', (cvr, cid, type) => {
    const verdict = verify(kind(cvr, cid))
    expect(verdict).toMatchObject({ ok: false, code: 'G', cryptogramValid: true, findings: ['G'], type })
  })

  it.each([
    ['03A00000', '80', 'ARQC', 'ARQC'],
    ['03A00000', undefined, 'ARQC', 'ARQC'],
    ['03600000', '40', 'TC', 'TC'],
    ['03600000', undefined, 'TC', 'TC'],
    ['03200000', '00', 'AAC', 'AAC'],
    // A CVR of reserved values says nothing.
    ['03F00000', '80', 'ARQC', 'ARQC'],
    ['03B00000', '40', 'TC', 'TC'],
    ['03F00000', undefined, undefined, 'ARQC'],
    // A 9F27 of another length says nothing.
    ['03F00000', '8000', undefined, 'ARQC'],
  ] as const)('is not CVR %s with 9F27 %s, %s', (cvr, cid, type, expectedType) => {
    expect(verify(kind(cvr, cid), { expectedType })).toMatchObject({ code: 'V', type })
  })

  it('is what 9F27 says where no CVR is known', () => {
    expect(verify(request('interac-cvn133', { '9F27': '40' }))).toMatchObject({ code: 'G', type: 'TC' })
    expect(verify(request('interac-cvn133', { '9F27': 'C0' }))).toMatchObject({ code: 'G', type: undefined })
  })
})

describe('T', () => {
  const tags = request('pboc', {}, { '9F10': IADS.pboc.replace('03A00000', '03A01008') })

  it.each([
    [{ cvr: ['scriptFailed'] }, ['cvr.scriptFailed']],
    [{ tvr: ['onlinePinEntered'] }, ['tvr.onlinePinEntered']],
    [
      { cvr: ['newCard', 'pinTryLimitExceeded', 'scriptFailed'], tvr: ['sdaFailed', 'floorLimitExceeded'] },
      ['cvr.newCard', 'cvr.scriptFailed', 'tvr.floorLimitExceeded'],
    ],
  ])('%j', (policy, policyHits) => {
    expect(verify(tags, { policy })).toMatchObject({ ok: false, code: 'T', findings: ['T'], policyHits })
  })

  it('is not what is not set, or has no table', () => {
    const policy = { cvr: ['scriptReceived', 'pinTryLimitExceeded'], tvr: ['newCard'] }
    expect(verify(tags, { policy })).toMatchObject({ code: 'V', policyHits: [] })
    expect(verify(request('interac-cvn133'), { policy: { cvr: ['scriptFailed'] } }).code).toBe('V')
  })
})

describe('E and A', () => {
  const seen = [
    { atc: 0x63, type: 'ARQC' as const },
    { atc: 0x64, type: 'TC' as const },
  ]

  it('ask the kind of cryptogram as well as the counter', () => {
    expect(verify(request('pboc'), { atc: { seen } }).code).toBe('V')
    expect(verify(request('pboc', {}, { '9F36': '0063' }), { atc: { seen } })).toMatchObject({
      code: 'E',
      findings: ['E'],
      cryptogramValid: true,
    })
  })

  it('come in the order E, A, G, T', () => {
    const atc = { seen: [{ atc: 0x64, type: 'TC' as const }], window: { highest: 0x200, ahead: 10, behind: 10 } }
    const tags = request('pboc', {}, { '9F10': IADS.pboc.replace('03A00000', '03600000') })
    const verdict = verify(tags, { atc, policy: { tvr: ['onlinePinEntered'] } })
    expect(verdict).toMatchObject({ code: 'E', findings: ['E', 'A', 'G', 'T'], reason: VERDICT_REASONS.E })
  })
})

describe('the discretionary data', () => {
  const mac = createKey('tdes', 'issuer', 'MAC', fromHex(MAC_IMK))

  it.each([
    ['valid', IADS.pboc],
    ['invalid', `${IADS.pboc.slice(0, -2)}D8`],
  ])('have a MAC that is %s', (macVerdict, iad) => {
    const sets = [{ ...set(1), mac }]
    const verdict = verify(request('pboc', {}, { '9F10': iad }), { keySets: sets })
    expect(verdict).toMatchObject({ code: 'V', idd: { id: 1, macVerdict } })
  })

  it('are left unchecked without a key, or with a cryptogram that does not verify', () => {
    const wrong = request('pboc', { '9F26': '0000000000000000' })
    expect(verify(wrong, { keySets: [{ ...set(1), mac }] })).toMatchObject({
      code: 'I',
      idd: { macVerdict: 'unchecked' },
    })
    expect(verify(request('pboc', {}, { '9F10': '07010103A0000001' })).idd).toBeUndefined()
  })
})

describe('captured messages', () => {
  it.each([
    ['contact', 'pboc', 1, 'K', ['tag-order']],
    ['dki0B', 'pboc', 0x0b, 'K', []],
    ['sm4', 'pboc-sm4', 1, 'K', []],
    ['cvn17', 'pboc-cvn17', 1, 'K', []],
    ['scriptResult', 'pboc', 0, 'U', []],
    ['loadResult', 'pboc', 0, 'U', []],
  ] as const)('%s are %s with DKI %i', (name, scheme, dki, code, tolerances) => {
    const verdict = verifyApplicationCryptogram({ card: CARD, keySets: [], field55: fromHex(CAPTURED[name]) })
    expect(verdict).toMatchObject({
      code,
      scheme,
      dki,
      iad: { recognisedBy: name.endsWith('Result') ? 'pattern' : 'aid' },
    })
    expect(verdict.tolerances.map((tolerance) => tolerance.name)).toEqual(tolerances)
    expect(verdict.idd?.id).toBe(1)
  })
})

describe('the caller', () => {
  it.each([
    ['ERR_PAN', { card: { pan: '620000000000000A', panSequence: '01' } }],
    ['ERR_PAN_SEQUENCE', { card: { pan: CARD.pan, panSequence: '001' } }],
    ['ERR_SCHEME', { scheme: 'pboc-cvn02' }],
    ['ERR_OPTION', { policy: { cvr: ['sdaFailed'] } }],
    ['ERR_OPTION', { keySets: [set(256)] }],
    ['ERR_KEY', { keySets: [set(1), set(1)] }],
  ] as readonly (readonly [ErrorCode, Partial<VerifyCryptogramInput>])[])('is refused with %s', (code, more) => {
    expect(() => verify(request('pboc'), more)).toThrow(coded(code))
  })

  it('is refused even when there is nothing to verify', () => {
    const card = { pan: '62', panSequence: '01' }
    expect(() => verify(new Map(), { card })).toThrow(coded('ERR_PAN'))
    expect(() => verify(new Map(), { scheme: 'x' })).toThrow(coded('ERR_SCHEME'))
    expect(() => verify(new Map(), { policy: { tvr: ['x'] } })).toThrow(coded('ERR_OPTION'))
  })

  it('is not told that its own faults are those of the message', () => {
    const field = { card: CARD, keySets, field55: undefined as unknown as Uint8Array }
    expect(() => verifyApplicationCryptogram(field)).toThrow(TypeError)
  })
})
