import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  familyOfAid,
  type IadHint,
  parseIssuerApplicationData,
  SCHEMES,
  type SchemeName,
  scheme,
  schemeOf,
} from '../src/index.js'
import { coded } from './support/errors.js'
import { IADS, SCHEME_NAMES } from './support/transactions.js'

const parse = (hex: string, hint?: IadHint): ReturnType<typeof parseIssuerApplicationData> =>
  parseIssuerApplicationData(fromHex(hex), hint)
const fields = (hex: string, hint?: IadHint): string =>
  parse(hex, hint)
    .fields.map(({ name, offset, value }) => `${name}@${offset}=${toHex(value)}`)
    .join(' ')
const AIDS = {
  visa: fromHex('A0000000031010'),
  mastercard: fromHex('A0000000041010'),
  interac: fromHex('A0000002771010'),
  unionpay: fromHex('A000000333010101'),
  other: fromHex('A0000000651010'),
}

describe('the parts of tag 9F10', () => {
  it.each([
    [
      '07010103A00000010A010000005000F2DE37D9',
      'length@0=07 dki@1=01 cvn@2=01 cvr@3=03A00000 algorithm@7=01 discretionary@8=0A010000005000F2DE37D9',
    ],
    ['07010103A0000004', 'length@0=07 dki@1=01 cvn@2=01 cvr@3=03A00000 algorithm@7=04 discretionary@8='],
    ['06010A03A06010', 'length@0=06 dki@1=01 cvn@2=0A cvr@3=03A06010 discretionary@7='],
    // From a public question: a qVSDC card's value.
    [
      '06010A03A020000F04000000000000000000006232E4F9',
      'length@0=06 dki@1=01 cvn@2=0A cvr@3=03A02000 discretionary@7=0F04000000000000000000006232E4F9',
    ],
    [
      `1F2207A1B2C3D4E5${'0102030405060708'.repeat(3)}`,
      `length@0=1F cvn@1=22 dki@2=07 cvr@3=A1B2C3D4E5 discretionary@8=${'0102030405060708'.repeat(3)}`,
    ],
    [
      '0110A00003220000AABB1122334455667788',
      'dki@0=01 cvn@1=10 cvr@2=A00003220000 dac@8=AABB counters@10=1122334455667788',
    ],
    [
      '0115A00003220000AABB1122334455667788CCDD',
      'dki@0=01 cvn@1=15 cvr@2=A00003220000 dac@8=AABB counters@10=1122334455667788 lastOnlineAtc@18=CCDD',
    ],
    [
      '0115A00003220000AABB11223344556677881122334455667788',
      'dki@0=01 cvn@1=15 cvr@2=A00003220000 dac@8=AABB counters@10=11223344556677881122334455667788',
    ],
    [
      '0115A00003220000AABB11223344556677881122334455667788CCDD',
      'dki@0=01 cvn@1=15 cvr@2=A00003220000 dac@8=AABB counters@10=11223344556677881122334455667788 lastOnlineAtc@26=CCDD',
    ],
    [
      `0FA507A1B2C3D4E51122334455667788${'0F'}${'99'.repeat(15)}`,
      `length@0=0F cci@1=A5 dki@2=07 cvr@3=A1B2C3D4E5 counters@8=1122334455667788 discretionaryLength@16=0F discretionary@17=${'99'.repeat(15)}`,
    ],
    [
      '1501850440B100000000B00000000000000000000000',
      'length@0=15 dki@1=01 cvn@2=85 discretionary@3=0440B100000000B00000000000000000000000',
    ],
  ])('%s', (hex, expected) => expect(fields(hex)).toBe(expected))
})

describe('the scheme', () => {
  it.each(SCHEME_NAMES)('of %s is read from its bytes alone', (name) => {
    const parsed = parse(IADS[name])
    const { family, algorithm } = scheme(name)
    expect(parsed).toMatchObject({ scheme: name, family, algorithm, dki: 1 })
    expect(parsed.recognisedBy).toBe(family === 'mastercard' ? 'length' : 'pattern')
  })

  it.each([
    ['visa-cvn10', 0x0a],
    ['visa-cvn18', 0x12],
    ['visa-cvn22', 0x22],
    ['interac-cvn133', 133],
    ['mastercard-cvn16', 16],
    ['mastercard-cvn17', 17],
    ['mastercard-cvn20', 20],
    ['mastercard-cvn21', 21],
    ['emv-ccd', 5],
    ['pboc', 1],
    ['pboc-cvn17', 0x17],
    ['pboc-sm4', 1],
    ['pboc-sm4-cvn17', 0x17],
  ] as const)('%s has CVN %i', (name, cvn) => {
    expect(parse(IADS[name]).cvn).toBe(cvn)
    expect(schemeOf(scheme(name).family, cvn, scheme(name).algorithm)).toBe(name)
  })

  it('is one of the table', () => expect(SCHEME_NAMES).toEqual(Object.keys(SCHEMES)))

  it.each([
    ['an unknown CVN of Visa, 17', '06011103A00000', { family: 'visa', cvn: 17, scheme: undefined }],
    ['UnionPay 17 in decimal', '07011103A0000001', { family: 'unionpay', cvn: 17, scheme: undefined }],
    [
      'a common core application with AES',
      `0FA609${'00'.repeat(13)}0F${'00'.repeat(15)}`,
      { family: 'ccd', algorithm: 'aes', cvn: 6, dki: 9, scheme: undefined },
    ],
  ])('is absent for %s', (_, hex, expected) => expect(parse(hex)).toMatchObject(expected))
})

describe('what decides', () => {
  // One value that is an M/Chip length and a UnionPay pattern. UnionPay with 11 bytes of discretionary data less one.
  const both = '07010103A00000010A010000005000F2DE37'

  it('is the pattern before the length', () => {
    expect(both).toHaveLength(36)
    expect(parse(both)).toMatchObject({ family: 'unionpay', recognisedBy: 'pattern', scheme: 'pboc' })
  })

  it.each([
    ['scheme', { scheme: 'mastercard-cvn16', family: 'visa', aid: AIDS.visa }, 'mastercard', 'mastercard-cvn16'],
    ['family', { family: 'mastercard', aid: AIDS.unionpay }, 'mastercard', undefined],
    ['aid', { aid: AIDS.mastercard }, 'mastercard', undefined],
  ] as const)('is the %s before it', (recognisedBy, hint, family, name) => {
    expect(parse(both, hint)).toMatchObject({ family, recognisedBy, scheme: name, dki: 7, cvn: 1 })
  })

  it('is an explicit choice before the CVN and the algorithm byte', () => {
    expect(parse('07010103A0000004', { scheme: 'pboc-cvn17' })).toMatchObject({
      scheme: 'pboc-cvn17',
      algorithm: 'tdes',
    })
    expect(parse('07010103A0000002', { scheme: 'pboc-sm4' })).toMatchObject({ scheme: 'pboc-sm4', algorithm: 'sm4' })
  })

  it('is not an AID of no known family', () => {
    expect(parse(both, { aid: AIDS.other })).toMatchObject({ family: 'unionpay', recognisedBy: 'pattern' })
  })

  it('is the common core pattern under any AID', () => {
    for (const aid of Object.values(AIDS)) {
      expect(parse(IADS['emv-ccd'], { aid })).toMatchObject({ family: 'ccd', recognisedBy: 'pattern' })
    }
  })

  it.each(Object.entries(AIDS).slice(0, 4))('knows the AID of %s', (family, aid) => {
    expect(familyOfAid(aid)).toBe(family)
    expect(familyOfAid(aid.subarray(0, 5))).toBe(family)
    expect(familyOfAid(aid.subarray(0, 4))).toBeUndefined()
  })
})

describe('refuses', () => {
  const refused = coded('ERR_SCHEME', { label: 'tag 9F10' })

  it.each([
    ['nothing', ''],
    ['UnionPay cut before its algorithm', '07010103A00000'],
    ['UnionPay with an unknown algorithm', '07010103A0000002'],
    ['UnionPay without the length of the CVR', '07010104A0000001'],
    ['UnionPay of 33 bytes', `07010103A0000001${'00'.repeat(25)}`],
    ['Visa cut within its CVR', '06010A03A060'],
    ['Visa without the length of the CVR', '06010A04A06010'],
    ['Visa with a CVN of no format', '06015A03A06010'],
    ['Visa of 33 bytes', `06010A03A06010${'00'.repeat(26)}`],
    ['Visa format 2 of 31 bytes', IADS['visa-cvn22'].slice(0, -2)],
    ['Visa format 2 of 33 bytes', `${IADS['visa-cvn22']}00`],
    ['M/Chip of 17 bytes', IADS['mastercard-cvn16'].slice(0, -2)],
    ['M/Chip of 19 bytes', `${IADS['mastercard-cvn16']}00`],
    ['M/Chip with a CVN of another height', `0120${IADS['mastercard-cvn16'].slice(4)}`],
    ['a common core value of another inner length', IADS['emv-ccd'].replace('110F22', '110E22')],
    ['a common core value of another format code', IADS['emv-ccd'].replace('0FA5', '0FB5')],
    ['a common core value of another cipher', IADS['emv-ccd'].replace('0FA5', '0FA7')],
    ['Interac of 21 bytes', IADS['interac-cvn133'].slice(0, -2)],
    ['Interac of 23 bytes', `${IADS['interac-cvn133']}00`],
  ])('%s', (_, hex) => expect(() => parse(hex)).toThrow(refused))

  it.each([
    ['a layout of another family than the scheme', IADS.pboc, { scheme: 'visa-cvn10' }],
    ['a layout of another family than the profile', IADS.pboc, { family: 'visa' as const }],
    ['a layout of another family than the AID', IADS.pboc, { aid: AIDS.visa }],
    ['a common core value under another family', IADS['emv-ccd'], { family: 'visa' as const }],
  ])('%s', (_, hex, hint) => expect(() => parse(hex, hint)).toThrow(refused))

  it('an unknown scheme', () => {
    expect(() => parse(IADS.pboc, { scheme: 'pboc-cvn99' })).toThrow(coded('ERR_SCHEME', { label: 'scheme' }))
    expect(() => parse(IADS.pboc, { scheme: 'toString' })).toThrow(coded('ERR_SCHEME', { label: 'scheme' }))
  })
})

describe('what is read out', () => {
  it('has the CVR as named bits', () => {
    const cvr = (hex: string): unknown => parse(hex).cvrFlags
    expect(cvr('07010103A0A80201')).toMatchObject({
      table: 'cvr-vis',
      set: [
        { name: 'lastOnlineTransactionNotCompleted' },
        { name: 'velocityExceeded' },
        { name: 'lastIssuerAuthenticationFailed' },
        { name: 'ddaPerformed' },
      ],
      values: { secondGenerateAc: 'notRequested', firstGenerateAc: 'ARQC', scriptCounter: 0 },
    })
    expect(cvr(IADS['mastercard-cvn16'])).toMatchObject({ table: 'cvr-mchip', values: { pinTryCounter: 3 } })
    expect(cvr(IADS['visa-cvn22'])).toMatchObject({ table: 'cvr-visa-5' })
    expect(cvr(IADS['emv-ccd'])).toMatchObject({ table: 'cvr-ccd' })
    expect(cvr(IADS['interac-cvn133'])).toBeUndefined()
  })

  it.each([
    ['pboc', 1],
    ['mastercard-cvn17', 0],
    ['visa-cvn18', 0],
  ] as const)('has the discretionary data of %s', (name: SchemeName, id) => {
    const parsed = parse(IADS[name])
    expect(parsed.idd?.id ?? 0).toBe(id)
    expect(toHex(parsed.discretionary)).toBe(id === 1 ? '0A010000005000F2DE37D9' : '')
  })

  it('has counters of M/Chip and none of Visa', () => {
    expect(toHex(parse(IADS['mastercard-cvn17']).counters ?? new Uint8Array(0))).toBe('00000000000322FF')
    expect(parse(IADS['visa-cvn10']).counters).toBeUndefined()
    expect(parse(IADS['interac-cvn133']).cvr).toBeUndefined()
  })
})
