/** Each fact alone, in each family's CVR: bytes by hand, names by the host's tables. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { CVR_CCD, CVR_MCHIP, CVR_VIS, CVR_VISA_5, decodeFlags, type FlagTable } from '@issuerkit/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBcd, toBcd } from '../src/bcd.js'
import { type CardVerification, type ExceededLimits, encodeCvr } from '../src/card-verification-results.js'
import { encodeCvrVisaDevice } from '../src/cvr-visa.js'
import { cardIssuerApplicationData } from '../src/issuer-application-data.js'
import { application } from './support/application.js'

const NO_LIMITS: ExceededLimits = {
  lowerConsecutive: false,
  upperConsecutive: false,
  international: false,
  lowerCumulative: false,
  upperCumulative: false,
  lowerCumulativeDual: false,
  upperCumulativeDual: false,
}
const NOTHING: CardVerification = {
  firstKind: 'ARQC',
  secondKind: undefined,
  issuerAuthentication: 'none',
  issuerAuthenticationNotPerformed: false,
  unableToGoOnline: false,
  offlinePin: 'none',
  offlinePinEnciphered: false,
  terminalWronglyConsidersPinOk: false,
  pinTryLimitExceeded: false,
  pinTryCounter: 0,
  blockedByPin: false,
  lastOnlineNotCompleted: false,
  lastIssuerAuthenticationFailed: false,
  newCard: false,
  lastSdaFailed: false,
  lastDdaFailed: false,
  scriptCounter: 0,
  scriptFailed: false,
  goOnlineNext: false,
  limits: NO_LIMITS,
  international: undefined,
  ddaPerformed: false,
  cdaFirst: false,
  cdaSecond: false,
}
const limit = (name: keyof ExceededLimits): Partial<CardVerification> => ({ limits: { ...NO_LIMITS, [name]: true } })

const FAMILIES = {
  vis: ['pboc', CVR_VIS],
  visa5: ['visa-cvn22', CVR_VISA_5],
  mchip: ['mastercard-cvn20', CVR_MCHIP],
  ccd: ['emv-ccd', CVR_CCD],
} as const satisfies Record<string, readonly [string, FlagTable]>

/** Nothing but an ARQC. */
const VIS = '03A00000'
const VISA5 = '00A0000001'
const MCHIP = 'A00000200000'
const CCD = 'A000000000'

// biome-ignore format: a table
const ROWS: readonly (readonly [name: string, facts: Partial<CardVerification>, vis: string, visa5: string, mchip: string, ccd: string])[] = [
  ['an ARQC',                          {},                                       VIS, VISA5, MCHIP, CCD],
  ['a TC offline',                     { firstKind: 'TC' },                      '03900000', '0090000001', '900000200000', '9000000000'],
  ['an AAC offline',                   { firstKind: 'AAC' },                     '03800000', '0080000001', '800000200000', '8000000000'],
  ['a TC after an ARQC',               { secondKind: 'TC' },                     '03600000', '0060000001', '600000200000', '6000000000'],
  ['an AAC after an ARQC',             { secondKind: 'AAC' },                    '03200000', '0020000001', '200000200000', '2000000000'],
  ['issuer authentication failed',     { issuerAuthentication: 'failed' },       '03A80000', '00A8000001', 'A01000200400', 'A100000000'],
  ['issuer authentication succeeded',  { issuerAuthentication: 'succeeded' },    VIS, VISA5, 'A01000200000', CCD],
  ['failed last time, succeeded now',  { issuerAuthentication: 'succeeded', lastIssuerAuthenticationFailed: true }, '03A00800', '00A0080001', 'A01000200000', CCD],
  ['failed last time',                 { lastIssuerAuthenticationFailed: true }, '03A00800', '00A0080001', 'A00000200400', 'A100000000'],
  ['issuer authentication missing',    { issuerAuthenticationNotPerformed: true }, '03A00400', '00A0040001', MCHIP, 'A200000000'],
  ['unable to go online',              { unableToGoOnline: true },               '03A10000', '00A1000001', 'A00000600000', 'A000000100'],
  ['a right PIN',                      { offlinePin: 'succeeded' },              '03A40000', VISA5, 'A50000000000', 'A008000000'],
  ['a right PIN, enciphered',          { offlinePin: 'succeeded', offlinePinEnciphered: true }, '03A40000', VISA5, 'A70000000000', 'A008000000'],
  ['a wrong PIN',                      { offlinePin: 'failed' },                 '03A60000', VISA5, 'A40000100000', 'A00C000000'],
  ['enciphered without a PIN',         { offlinePinEnciphered: true },           VIS, VISA5, MCHIP, CCD],
  ['a PIN the terminal made up',       { terminalWronglyConsidersPinOk: true },  VIS, VISA5, 'A00000210000', CCD],
  ['PIN try limit',                    { pinTryLimitExceeded: true },            '03A04000', '00A0400001', 'A00000280000', 'A002000000'],
  ['PIN tries left',                   { pinTryCounter: 3 },                     VIS, VISA5, 'A00003200000', 'A030000000'],
  ['PIN tries above a nibble',         { pinTryCounter: 0x20 },                  VIS, VISA5, 'A0000F200000', 'A0F0000000'],
  ['blocked by the PIN',               { blockedByPin: true },                   '03A00200', '00A0020001', MCHIP, CCD],
  ['last online not completed',        { lastOnlineNotCompleted: true },         '03A08000', '00A0800001', 'A00000A00000', 'A001000000'],
  ['a new card',                       { newCard: true },                        '03A01000', '00A0100001', MCHIP, CCD],
  ['SDA failed last time',             { lastSdaFailed: true },                  '03A00100', '00A0010001', MCHIP, 'A000000400'],
  ['DDA failed last time',             { lastDdaFailed: true },                  '03A00004', '00A0000401', MCHIP, 'A000000400'],
  ['a script failed',                  { scriptFailed: true },                   '03A00008', '00A0000801', 'A00000200100', 'A000000800'],
  ['one script command',               { scriptCounter: 1 },                     '03A00010', '00A0001001', 'A00010200200', 'A000001000'],
  ['20 script commands',               { scriptCounter: 20 },                    '03A000F0', '00A000F001', 'A000F0200200', 'A00000F000'],
  ['go online',                        { goOnlineNext: true },                   VIS, VISA5, 'A00000200800', 'A000000200'],
  ['abroad',                           { international: true },                  VIS, VISA5, 'A00000240000', CCD],
  ['at home',                          { international: false },                 VIS, VISA5, 'A00000220000', CCD],
  ['DDA',                              { ddaPerformed: true },                   '03A00002', '00A0000201', 'A08000200000', 'A400000000'],
  ['CDA, first',                       { cdaFirst: true },                       '03A00002', '00A0000201', 'A04000200000', 'A800000000'],
  ['CDA, second',                      { cdaSecond: true },                      '03A00002', '00A0000201', 'A02000200000', 'A800000000'],
  ['lower consecutive limit',          limit('lowerConsecutive'),                '03A02000', '00A0200001', 'A00000208000', 'A000800000'],
  ['upper consecutive limit',          limit('upperConsecutive'),                '03A02000', '00A0200001', 'A00000204000', 'A000400000'],
  ['international limit',              limit('international'),                   '03A02000', '00A0200001', 'A00000200080', 'A000800000'],
  ['lower cumulative limit',           limit('lowerCumulative'),                 '03A02000', '00A0200001', 'A00000202000', 'A000200000'],
  ['upper cumulative limit',           limit('upperCumulative'),                 '03A02000', '00A0200001', 'A00000201000', 'A000100000'],
  ['lower cumulative limit, dual',     limit('lowerCumulativeDual'),             '03A02000', '00A0200001', 'A00000200020', 'A000200000'],
  ['upper cumulative limit, dual',     limit('upperCumulativeDual'),             '03A02000', '00A0200001', 'A00000200010', 'A000100000'],
]

describe.each(ROWS)('%s', (_, facts, ...expected) => {
  it.each(Object.keys(FAMILIES).map((family, i) => [family as keyof typeof FAMILIES, expected[i] as string] as const))(
    '%s: %s',
    (family, cvr) => expect(toHex(encodeCvr(FAMILIES[family][0], { ...NOTHING, ...facts }))).toBe(cvr),
  )
})

/** The host's name of each fact that the families share. */
const NAMES: readonly (readonly [keyof CardVerification, keyof typeof FAMILIES, string])[] = [
  ['unableToGoOnline', 'vis', 'unableToGoOnline'],
  ['lastOnlineNotCompleted', 'vis', 'lastOnlineTransactionNotCompleted'],
  ['newCard', 'visa5', 'newCard'],
  ['blockedByPin', 'vis', 'applicationBlockedByPin'],
  ['lastSdaFailed', 'vis', 'lastSdaFailed'],
  ['lastDdaFailed', 'visa5', 'lastDdaFailed'],
  ['issuerAuthenticationNotPerformed', 'ccd', 'issuerAuthenticationNotPerformed'],
  ['terminalWronglyConsidersPinOk', 'mchip', 'terminalWronglyConsidersPinOk'],
  ['cdaSecond', 'mchip', 'cdaInSecondGenerateAc'],
  ['scriptFailed', 'ccd', 'scriptFailed'],
  ['goOnlineNext', 'mchip', 'goOnlineNextTransaction'],
]

describe('the host reads what the card meant', () => {
  it.each(NAMES)('%s of %s is %s', (fact, family, name) => {
    const [scheme, table] = FAMILIES[family]
    const names = (facts: Partial<CardVerification>): string[] =>
      decodeFlags(table, encodeCvr(scheme, { ...NOTHING, ...facts })).set.map((flag) => flag.name)
    const without = names({})
    expect(without).not.toContain(name)
    expect(names({ [fact]: true }).filter((found) => !without.includes(found))).toEqual([name])
  })

  it('never sets a bit without a meaning', () => {
    const flag = fc.boolean()
    const limits = fc.record(Object.fromEntries(Object.keys(NO_LIMITS).map((name) => [name, flag])))
    const flags = Object.keys(NOTHING).filter((name) => NOTHING[name as keyof CardVerification] === false)
    const facts = fc.record({
      ...Object.fromEntries(flags.map((name) => [name, flag])),
      firstKind: fc.constantFrom('AAC', 'TC', 'ARQC'),
      secondKind: fc.constantFrom('AAC', 'TC', undefined),
      issuerAuthentication: fc.constantFrom('none', 'succeeded', 'failed'),
      offlinePin: fc.constantFrom('none', 'succeeded', 'failed'),
      scriptCounter: fc.nat(255),
      pinTryCounter: fc.nat(255),
      international: fc.constantFrom(true, false, undefined),
      limits,
    })
    fc.assert(
      fc.property(facts, fc.constantFrom(...Object.values(FAMILIES)), (given, [scheme, table]) => {
        const decoded = decodeFlags(table, encodeCvr(scheme, given as unknown as CardVerification))
        expect(decoded.reserved).toEqual([])
        expect(decoded.values['scriptCounter']).toBe(Math.min(given['scriptCounter'] as number, 15))
      }),
    )
  })
})

describe("Visa's five bytes, byte 5 bit 1", () => {
  it.each([
    [true, '00A0000001'],
    [false, '00A0000000'],
  ])('EMV session keys for scripts %s: %s', (emv, cvr) => {
    expect(toHex(encodeCvrVisaDevice(NOTHING, emv))).toBe(cvr)
  })
})

describe('tag 9F10', () => {
  const iad = (scheme: string, issuerDiscretionaryData: string): string => {
    const { config, memory } = application({ scheme: scheme as never, config: { issuerDiscretionaryData, dki: 0xab } })
    return toHex(cardIssuerApplicationData(config, memory, NOTHING).iad)
  }
  it('leaves the CVR of Interac out', () => {
    expect(encodeCvr('interac-cvn133', NOTHING)).toEqual(new Uint8Array(0))
    expect(iad('interac-cvn133', '')).toBe(`15AB85${'00'.repeat(19)}`)
  })
  it('refuses an unknown scheme', () => {
    expect(() => encodeCvr('pboc-cvn99', NOTHING)).toThrow(expect.objectContaining({ code: 'ERR_SCHEME' }))
  })
  it.each([
    ['pboc', 24],
    ['visa-cvn10', 25],
    ['visa-cvn22', 24],
    ['mastercard-cvn16', 2],
    ['emv-ccd', 15],
    ['interac-cvn133', 19],
  ])('of %s has room for %i bytes of the issuer', (scheme, most) => {
    const full = 'CD'.repeat(most)
    expect(iad(scheme, full)).toContain(full)
    expect(() => iad(scheme, `${full}CD`)).toThrow(
      expect.objectContaining({ code: 'ERR_CARD', expected: `at most ${most} bytes`, got: `${most + 1} bytes` }),
    )
  })
})

describe('BCD', () => {
  it.each([
    ['', 0],
    ['00', 0],
    ['99', 99],
    ['000000012345', 12_345],
    ['999999999999', 999_999_999_999],
    ['0A', 10],
    ['FF', 165],
  ])('%s is %i', (text, number) => expect(fromBcd(fromHex(text))).toBe(number))
  it.each([
    [0, 1, '00'],
    [5, 2, '0005'],
    [12_345, 6, '000000012345'],
    [1_000, 1, '99'],
    [999_999_999_999, 6, '999999999999'],
  ])('%i in %i bytes is %s', (number, length, text) => expect(toHex(toBcd(number, length))).toBe(text))
  it('comes back', () => {
    fc.assert(fc.property(fc.nat(999_999), (n) => fromBcd(toBcd(n, 3)) === n))
  })
})
