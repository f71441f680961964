import { concat, fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { VERDICT_REASONS, verifyApplicationCryptogram } from '../src/index.js'
import { CARD, field55, issuerKey, SCHEME_NAMES } from './support/transactions.js'
import { keySets, request, set, verify, without } from './support/verdicts.js'

describe('V', () => {
  it.each(SCHEME_NAMES)('%s', (name) => {
    const tags = request(name)
    const verdict = verify(tags)
    expect(verdict).toMatchObject({ ok: true, code: 'V', reason: 'valid', scheme: name, dki: 1, type: 'ARQC' })
    expect(verdict.tags).toBe(tags)
    expect(verdict.idd?.macVerdict).toBe(name.startsWith('pboc') ? 'unchecked' : undefined)
    expect(verifyApplicationCryptogram({ card: CARD, imk: issuerKey(name), field55: field55(tags) }).code).toBe('V')
  })

  it('says what was MACed', () => {
    const verdict = verify(request('pboc'))
    expect(verdict.parts.map(({ element, value }) => `${element}=${toHex(value)}`).join(' ')).toBe(
      '9F02=000000010000 9F03=000000000000 9F1A=0156 95=0000048000 5F2A=0156 9A=261121 9C=00 9F37=A1B2C3D4 82=7C00 9F36=0064 CVR=03A00000',
    )
    expect(verdict.padding).toBe(2)
    expect(verify(request('visa-cvn10')).padding).toBe(1)
  })

  it.each([
    ['visa-cvn18', { cvr: true, tvr: true }],
    ['mastercard-cvn16', { cvr: true, tvr: true }],
    ['pboc-sm4-cvn17', { cvr: false, tvr: false }],
  ] as const)('says what %s proves', (name, proven) => expect(verify(request(name)).proven).toEqual(proven))

  it('needs no tag 9F10 when the parts are given', () => {
    const tags = without(request('mastercard-cvn21'), '9F10')
    tags.set('CVR', fromHex('A00003220000'))
    tags.set('COUNTERS', fromHex('00000000000322FF'))
    const verdict = verify(tags, { scheme: 'mastercard-cvn21', dki: 1 })
    expect(verdict).toMatchObject({
      code: 'V',
      dki: 1,
      cvr: { table: 'cvr-mchip', values: { firstGenerateAc: 'ARQC' } },
    })
    expect(verify(tags, { scheme: 'mastercard-cvn21' }).code).toBe('K')
    expect(verify(tags, { scheme: 'mastercard-cvn21', keySets: [set(9)] }).code).toBe('V')
  })

  it('reads the kind of cryptogram from the part before tag 9F10', () => {
    const tags = request('pboc', {}, { CVR: '03600000' })
    expect(verify(tags, { scheme: 'pboc' })).toMatchObject({ code: 'G', type: 'TC' })
    expect(verify(request('pboc', {}, { CVR: '03A00000' }), { family: 'unionpay' })).toMatchObject({ code: 'V' })
    // Without a word on the family the part has no table: 9F10 speaks.
    expect(verify(request('pboc', {}, { CVR: '03A00008' })).cvr?.set).toEqual([])
    expect(verify(request('pboc', {}, { CVR: '03A00008' }), { family: 'unionpay' }).cvr?.set).toHaveLength(1)
  })

  it('names what was tolerated', () => {
    const tags = without(request('pboc', {}, { '9F1A': '000156' }), '9F03')
    const field = field55(new Map([...tags, ['DF01', fromHex('00')]]))
    const disordered = verifyApplicationCryptogram({
      card: CARD,
      keySets,
      field55: concat(Uint8Array.of(field.length), field),
    })
    expect(disordered.code).toBe('V')
    expect(disordered.tolerances.map(({ name }) => name)).toEqual([
      'length-prefix',
      'unknown-tag',
      'tag-order',
      'amount-other-absent',
      'numeric-code-digits',
    ])
    const visa = verifyApplicationCryptogram({ card: CARD, keySets, field55: field55(request('visa-cvn10')) })
    expect(visa.tolerances).toEqual([])
  })

  it('decodes what the terminal says, and not what has another length', () => {
    const said = verify(request('pboc', { '9B': 'E800', '9F34': '420300', '9F33': 'E0F1C8' }))
    expect(said.tsi?.set).toHaveLength(4)
    expect(said.tvr?.set.map(({ name }) => name)).toEqual(['onlinePinEntered', 'floorLimitExceeded'])
    expect(said.cvmResults?.table).toBe('cvm-results')
    expect(said.terminalCapabilities?.table).toBe('terminal-capabilities')
    const odd = verify(request('pboc', { '9B': 'E8', '9F34': '4203', '9F33': 'E0F1C800' }))
    expect(odd).toMatchObject({ code: 'V', tsi: undefined, cvmResults: undefined, terminalCapabilities: undefined })
  })
})

describe('I', () => {
  it.each([
    ['another cryptogram', { '9F26': 'E89051379F080D15' }, {}],
    ['another amount', { '9F02': '000000010001' }, {}],
    ['the cryptogram of another card', {}, { card: { ...CARD, panSequence: '00' } }],
    ['another key', {}, { dki: 0 }],
    ['another scheme', {}, { scheme: 'pboc-cvn17' }],
  ] as const)('%s', (_, changes, more) => {
    const verdict = verify(request('pboc', changes), more)
    expect(verdict).toMatchObject({ ok: false, code: 'I', cryptogramValid: false, findings: [], policyHits: [] })
    expect(verdict.reason).toBe(VERDICT_REASONS.I)
    expect(verdict.parts.length).toBeGreaterThan(3)
    expect(verdict.proven).toEqual({ cvr: false, tvr: false })
  })

  it('comes before what else speaks against it', () => {
    const atc = { seen: [{ atc: 0x64, type: 'ARQC' as const }] }
    const tags = request('pboc', { '9F26': '0000000000000000', '9F27': '40' })
    expect(verify(tags, { atc })).toMatchObject({ code: 'I', findings: [] })
  })
})

describe('K', () => {
  it.each([
    ['another DKI', '07020103A0000001'],
    ['another cipher', '07000103A0000004'],
  ])('%s', (_, iad) => {
    const verdict = verify(request('pboc', { '9F10': iad }))
    expect(verdict).toMatchObject({ ok: false, code: 'K', cryptogramValid: undefined })
    expect(verdict.parts).toHaveLength(11)
  })

  it('is a single key of another cipher', () => {
    const input = { card: CARD, imk: issuerKey('pboc-sm4'), tags: request('pboc') }
    expect(verifyApplicationCryptogram(input).code).toBe('K')
  })

  it('is no key at all', () => expect(verify(request('pboc'), { keySets: [] }).code).toBe('K'))
})

describe('F', () => {
  it.each([
    ['a field that is none', fromHex('9F360300')],
    ['a tag with two values', fromHex('9F360200649F36020065')],
  ])('%s', (_, field) => {
    const verdict = verifyApplicationCryptogram({ card: CARD, keySets, field55: field })
    expect(verdict).toMatchObject({ ok: false, code: 'F', cryptogramValid: undefined, tags: new Map(), tolerances: [] })
    expect(verdict.reason).toMatch(/^malformed: ERR_T/)
  })

  it.each([
    ['9F26', 'E89051379F080D'],
    ['9F36', '006400'],
    ['9F02', '0000010000'],
    ['9F1A', '010156'],
    ['95', '00000480'],
  ])('tag %s of another length', (tag, hex) => {
    const verdict = verify(request('pboc', { [tag]: hex }))
    expect(verdict).toMatchObject({ code: 'F', scheme: 'pboc', algorithm: 'tdes', dki: 1 })
    expect(verdict.reason).toMatch(new RegExp(`ERR_LENGTH: tag ${tag}`))
    expect(verdict.atc).toBe(tag === '9F36' ? undefined : 0x64)
  })

  it('tag 9F37 of another length, where the session key needs it', () => {
    const tags = request('mastercard-cvn16', { '9F37': 'A1B2C3' })
    expect(verify(tags, { elements: ['9F36'] }).code).toBe('F')
    expect(verify(request('pboc', { '9F37': 'A1B2C3' }), { elements: ['9F36'] }).code).toBe('I')
  })

  it.each([
    ['family', { family: 'visa' }],
    ['AID', { aid: fromHex('A0000000031010') }],
  ] as const)('a 9F10 without a layout of its %s', (_, hint) => {
    const verdict = verify(request('pboc'), hint)
    expect(verdict).toMatchObject({ code: 'F', scheme: undefined, missing: [] })
    expect(verdict.reason).toMatch(/ERR_SCHEME: tag 9F10/)
  })

  it('a 9F10 without a layout of the AID in the message', () => {
    expect(verify(request('pboc', { '84': 'A0000000031010' })).code).toBe('F')
    expect(verify(request('pboc', { '9F10': '00', '84': 'A0000003330101' })).code).toBe('F')
  })

  it('a 9F10 that the explicit choice cannot be cut from', () => {
    expect(verify(request('pboc'), { scheme: 'visa-cvn10' })).toMatchObject({ code: 'F', scheme: 'visa-cvn10' })
  })

  it('is not a 9F10 that the explicit choice takes whole', () => {
    const tags = request('visa-cvn18', {}, { '9F10': 'AABBCCDD' })
    const verdict = verify(tags, { scheme: 'visa-cvn18', dki: 1 })
    expect(verdict).toMatchObject({ code: 'V', iad: undefined, cvr: undefined, type: 'ARQC' })
  })
})

describe('U', () => {
  it.each([
    ['pboc', ['9F26'], ['9F26']],
    ['pboc', ['9F36'], ['9F36']],
    ['pboc', ['9F02', '9F37', '9F26'], ['9F26', '9F02', '9F37']],
    ['mastercard-cvn20', ['9F36', '9A'], ['9F36', '9A']],
    ['mastercard-cvn16', ['9F37'], ['9F37']],
  ] as const)('%s without %j', (name, absent, missing) => {
    const verdict = verify(without(request(name), ...absent))
    expect(verdict).toMatchObject({
      ok: false,
      code: 'U',
      missing,
      scheme: name,
      cryptogramValid: undefined,
      parts: [],
    })
    expect(verdict.reason).toBe(`unable to verify: ${missing.join(', ')} missing`)
  })

  it('nothing that says the scheme', () => {
    const verdict = verify(without(request('pboc'), '9F10'))
    expect(verdict).toMatchObject({ code: 'U', missing: ['9F10'], scheme: undefined, reason: 'unable to verify' })
  })

  it.each([
    ['mastercard-cvn16', ['CVR'], ['9F10', '9F37']],
    ['mastercard-cvn17', ['CVR', 'COUNTERS'], ['9F10', '9F37']],
    ['visa-cvn18', ['IAD'], ['9F10']],
    ['pboc-cvn17', ['IAD5'], ['9F10']],
  ] as const)('a 9F10 that %s covers, said by its tag', (name, elements, missing) => {
    const verdict = verify(without(request(name), '9F10', '9F37'), { scheme: name, elements })
    expect(new Set(verdict.missing)).toEqual(new Set(missing))
    expect(verdict.missing).toHaveLength(missing.length)
  })

  it('an unknown layout when nobody knows whose card it is', () => {
    const verdict = verify(request('pboc', { '9F10': '00112233' }))
    expect(verdict).toMatchObject({ code: 'U', missing: [], dki: undefined })
    expect(verdict.reason).toMatch(/^unable to verify: ERR_SCHEME/)
    const jcb = verify(request('pboc', { '9F10': '00112233', '84': 'A0000000651010' }))
    expect(jcb.code).toBe('U')
  })

  it('a CVN that no scheme has', () => {
    const verdict = verify(request('pboc', { '9F10': '06011103A00000' }))
    expect(verdict).toMatchObject({ code: 'U', cvn: 0x11, dki: 1, algorithm: 'tdes', missing: [] })
    expect(verdict.reason).toBe('unable to verify: no scheme has CVN 11')
  })

  it('an empty message', () => {
    expect(verify(new Map())).toMatchObject({ code: 'U', missing: ['9F10'], atc: undefined, type: undefined })
  })
})
