/** Card profiles: what may be left out, what is refused, and that no refusal repeats a secret. */
import { toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCardProfile } from '../src/profile.js'
import { LEAST, MASTER, profileOf } from './support/profiles.js'

const application = (change: Record<string, unknown> = {}) => {
  const [first] = parseCardProfile(profileOf(change)).applications
  if (first === undefined) throw new Error('no application')
  return first
}

const refused = (json: unknown, code: string, label: unknown = expect.anything()): void =>
  expect(() => parseCardProfile(json)).toThrow(expect.objectContaining({ name: 'IssuerkitError', code, label }))

describe('a profile without anything optional', () => {
  it('is a T=0 card with the readings that cards in the field share', () => {
    expect(parseCardProfile(profileOf())).toMatchObject({
      protocol: 'T=0',
      atr: '3B6800000073C84000009000',
      pse: true,
      ppse: true,
      switches: {
        selectBlocked: '6283',
        nothingPending: '6D00',
        signAac: false,
        scriptsNeedIssuerAuth: 'ifPerformed',
        unblockNeedsIssuerAuth: false,
        scriptCounterOverflow: 'saturate',
        unknownPutDataTag: '6A80',
        missingMac: '6E00',
        macFailureLimit: 100,
        chainedScripts: false,
        offlineLimitTags: 'emv',
      },
    })
    expect(Object.keys(parseCardProfile(profileOf()).switches)).not.toContain('macLength')
  })

  it('has the lists and action codes of the card that was read for [PBOC] 5', () => {
    expect(application()).toMatchObject({
      pdol: '9F7A019F02065F2A02',
      cdol1: '9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14',
      cdol2: '8A029F02069F03069F1A0295055F2A029A039C019F37049F2103',
      ddol: '9F3704',
      iac: { default: 'D8609CA800', denial: '0010000000', online: 'D8689CF800' },
      auc: 'FF00',
      version: '0020',
      serviceCode: '220',
      panSequence: '00',
      pinTryLimit: 3,
      aip: '1C00',
      track2: '6200000000000005D491222000000000',
      getData: ['9F36', '9F13', '9F17'],
      putData: [],
      issuerDiscretionaryData: '',
    })
  })

  it('of T=1 has its answer to reset', () => {
    expect(parseCardProfile({ ...profileOf(), protocol: 'T=1' }).atr).toBe('3BE000008131204535')
  })

  it.each([
    ['visa-cvn10', '1C00', ''],
    ['visa-cvn18', '1C00', ''],
    ['mastercard-cvn16', '1800', '910A'],
    ['interac-cvn133', '1800', '910A'],
    ['emv-ccd', '1800', '9108'],
  ])('of %s authenticates the issuer as its family does', (scheme, aip, head) => {
    const made = application({ scheme })
    expect(made.aip).toBe(aip)
    expect(made.cdol2.slice(0, head.length + 4)).toBe(`${head}8A02`)
    expect(made.pdol).toBe('')
  })
})

describe('what a profile says', () => {
  it.each([
    [{ certificates: {} }, '7D00'],
    [{ certificates: {}, capabilities: { cda: false } }, '7C00'],
    [{ certificates: {}, capabilities: { sda: false, dda: false, cda: true } }, '1D00'],
    [
      { capabilities: { cardholderVerification: false, terminalRiskManagement: false, issuerAuthentication: false } },
      '0000',
    ],
    [{ aip: '0400' }, '0400'],
    [{ aip: '6100', certificates: {} }, '6100'],
  ])('of %j gives the application interchange profile %s', (change, aip) => expect(application(change).aip).toBe(aip))

  it('of a PIN key offers an enciphered PIN first', () => {
    expect(application().cvmList).toBe('0000000000000000410342035E031F03')
    expect(application({ certificates: { pinKey: true } }).cvmList).toBe('00000000000000004403410342035E031F03')
  })

  it('of limits makes them readable and changeable, those in records aside', () => {
    const made = application({ limits: { '9F14': '01', '9F58': '02' }, data: { '9F76': '0978' } })
    expect(made.putData).toEqual(['9F58', '9F76'])
    expect(made.getData).toEqual(['9F36', '9F13', '9F17', '9F58', '9F76'])
  })

  it('without a PIN leaves out its counter', () => {
    const made = application({ pin: undefined })
    expect(made.pin).toBeUndefined()
    expect(made.getData).toEqual(['9F36', '9F13'])
  })

  it.each([
    ['mastercard-cvn17', { certificates: {} }, '0001'],
    ['mastercard-cvn17', { certificates: { dataAuthenticationCode: 'abcd' } }, 'ABCD'],
    ['mastercard-cvn17', {}, ''],
    ['visa-cvn18', { certificates: {} }, ''],
    ['pboc', { issuerDiscretionaryData: '0102' }, '0102'],
  ])('of %s with %j begins the discretionary data with %s', (scheme, change, expected) =>
    expect(application({ scheme, ...change }).issuerDiscretionaryData).toBe(expected),
  )

  it('hides PIN and keys when it is printed', () => {
    const printed = JSON.stringify(parseCardProfile(profileOf({ pin: '918273' })))
    expect(printed).not.toContain('918273')
    for (const key of Object.values(MASTER)) expect(printed.toUpperCase()).not.toContain(key)
  })

  it('takes the keys of the card itself', () => {
    const { keys } = application({ keys: { card: MASTER } })
    expect(keys.kind).toBe('card')
    expect(toHex(keys.keys.ac.expose())).toBe(MASTER.ac)
    expect(keys.keys.mac.level).toBe('icc')
  })

  it('takes SM4 keys for an SM4 scheme', () => {
    expect(application({ scheme: 'pboc-sm4' }).keys.keys.enc.algorithm).toBe('sm4')
  })

  it('takes switches of its own', () => {
    const { switches } = parseCardProfile({
      ...profileOf({ scheme: 'emv-ccd' }),
      switches: { macLength: 8, pinBlockKey: 'ac', chainedScripts: true, scriptsNeedIssuerAuth: 'never' },
    })
    expect(switches).toMatchObject({ macLength: 8, pinBlockKey: 'ac', chainedScripts: true, missingMac: '6E00' })
  })
})

describe('a profile is refused', () => {
  it.each<[string, unknown, string]>([
    ['none', undefined, '(profile)'],
    ['null', null, '(profile)'],
    ['a list', [], '(profile)'],
    ['an unknown field', { ...profileOf(), colour: 'red' }, '(profile)'],
    ['a field of the prototype', JSON.parse('{"__proto__":{},"applications":[]}'), '(profile)'],
    ['no application', { applications: [] }, 'applications'],
    ['five applications', { applications: Array(5).fill(LEAST) }, 'applications'],
    ['another protocol', { ...profileOf(), protocol: 'T=2' }, 'protocol'],
    ['an ATR of the other protocol', { ...profileOf(), atr: '3BE000008131204535' }, 'atr'],
    ['a comment that is none', { ...profileOf(), comment: 1 }, 'comment'],
    ['a flag that is none', { ...profileOf(), pse: 'yes' }, 'pse'],
    ['another switch', { ...profileOf(), switches: { selectBlocked: '9000' } }, 'switches.selectBlocked'],
    ['an unknown switch', { ...profileOf(), switches: { selectblocked: '6283' } }, 'switches'],
    ['a MAC of 3 bytes', { ...profileOf(), switches: { macLength: 3 } }, 'switches.macLength'],
    ['chained keys of PBOC', { ...profileOf(), switches: { chainedScripts: true } }, 'switches.chainedScripts'],
    ['the same AID twice', { applications: [LEAST, LEAST] }, 'applications'],
    ['an AID that hides another', { applications: [LEAST, { ...LEAST, aid: 'A00000033301' }] }, 'applications'],
  ])('with %s', (_, json, label) => refused(json, 'ERR_CARD', label))

  it.each<[string, Record<string, unknown>, string, string]>([
    ['no AID', { aid: undefined }, 'ERR_HEX', 'aid'],
    ['a short AID', { aid: 'A0000003' }, 'ERR_CARD', 'aid'],
    ['an odd AID', { aid: 'A00000033' }, 'ERR_HEX', 'aid'],
    ['a label of 17', { label: 'A'.repeat(17) }, 'ERR_CARD', 'label'],
    ['a label with a slash', { label: 'A/B' }, 'ERR_CARD', 'label'],
    ['another scheme', { scheme: 'pboc-cvn99' }, 'ERR_SCHEME', 'scheme'],
    ['a scheme of the prototype', { scheme: 'toString' }, 'ERR_SCHEME', 'scheme'],
    ['a key index of two bytes', { dki: 256 }, 'ERR_CARD', 'dki'],
    ['a broken key index', { dki: 1.5 }, 'ERR_CARD', 'dki'],
    ['priority 0', { priority: 0 }, 'ERR_CARD', 'priority'],
    ['a PAN with a letter', { pan: '620000000000000A' }, 'ERR_PAN', 'pan'],
    ['a PAN of 20 digits', { pan: '6'.repeat(20) }, 'ERR_PAN', 'pan'],
    ['a PAN that is a number', { pan: 62000000 }, 'ERR_PAN', 'pan'],
    ['a sequence number of one digit', { panSequence: '1' }, 'ERR_PAN_SEQUENCE', 'panSequence'],
    ['no expiry', { expiry: undefined }, 'ERR_DATE', 'expiry'],
    ['30 February', { expiry: '20480230' }, 'ERR_DATE', 'expiry'],
    ['month 13', { effective: '20481301' }, 'ERR_DATE', 'effective'],
    ['the year 2050', { expiry: '20500101' }, 'ERR_DATE', 'expiry'],
    ['a PIN of 3 digits', { pin: '123' }, 'ERR_PIN', 'pin'],
    ['a PIN of 13 digits', { pin: '1234567890123' }, 'ERR_PIN', 'pin'],
    ['a PIN that is a number', { pin: 1234 }, 'ERR_PIN', 'pin'],
    ['no tries', { pinTryLimit: 0 }, 'ERR_CARD', 'pinTryLimit'],
    ['track 2 of another PAN', { track2: '6200000000000013D4912220' }, 'ERR_CARD', 'track2'],
    ['track 2 that is too long', { track2: `6200000000000005D4912220${'0'.repeat(15)}` }, 'ERR_CARD', 'track2'],
    ['a name in small letters', { holderName: 'Test' }, 'ERR_CARD', 'holderName'],
    ['a currency of letters', { currency: 'CNY' }, 'ERR_CARD', 'currency'],
    ['both AIP and capabilities', { aip: '1C00', capabilities: {} }, 'ERR_CARD', ''],
    ['an unknown capability', { capabilities: { xda: true } }, 'ERR_CARD', 'capabilities'],
    ['SDA without certificates', { capabilities: { sda: true } }, 'ERR_CARD', 'certificates'],
    ['an AIP with CDA without certificates', { aip: '0100' }, 'ERR_CARD', 'certificates'],
    ['an action code of 4 bytes', { iac: { online: '00000000' } }, 'ERR_CARD', 'iac.online'],
    ['a limit of 2 bytes', { limits: { '9F58': '0001' } }, 'ERR_CARD', 'limits.9F58'],
    ['an amount that is no digits', { limits: { '9F54': '00000000000A' } }, 'ERR_CARD', 'limits.9F54'],
    ['a limit that is none', { limits: { '9F36': '0001' } }, 'ERR_CARD', 'limits'],
    ['a limit of the prototype', { limits: { constructor: '00' } }, 'ERR_CARD', 'limits'],
    ['limits that are a list', { limits: [] }, 'ERR_CARD', 'limits'],
    ['a data object of the limits', { data: { '9F58': '01' } }, 'ERR_CARD', 'data'],
    [
      'too much discretionary data',
      { issuerDiscretionaryData: '00'.repeat(25) },
      'ERR_CARD',
      'issuerDiscretionaryData',
    ],
    ['no keys', { keys: undefined }, 'ERR_CARD', 'keys'],
    ['neither master keys nor card keys', { keys: {} }, 'ERR_CARD', 'keys'],
    ['both', { keys: { master: MASTER, card: MASTER } }, 'ERR_CARD', 'keys'],
    ['two keys', { keys: { master: { ...MASTER, enc: undefined } } }, 'ERR_HEX', 'keys.master.enc'],
    ['a key of 15 bytes', { keys: { card: { ...MASTER, mac: MASTER.mac.slice(2) } } }, 'ERR_CARD', 'keys.card.mac'],
    ['a certificate of 500 bits', { certificates: { issuerBits: 500 } }, 'ERR_CARD', 'certificates.issuerBits'],
    ['exponent 17', { certificates: { exponent: 17 } }, 'ERR_CARD', 'certificates.exponent'],
    ['a record of SFI 31', { records: [{ sfi: 31, record: 1, data: '7000' }] }, 'ERR_CARD', 'records[0].sfi'],
    [
      'a record without template',
      { records: [{ sfi: 9, record: 1, data: '5F340101' }] },
      'ERR_CARD',
      'records[0].data',
    ],
    ['PUT DATA of the ATC', { putData: ['9F36'] }, 'ERR_CARD', 'putData'],
    ['GET DATA of a tag that is not kept', { getData: ['9F58'] }, 'ERR_CARD', 'getData'],
    ['GET DATA of no tag', { getData: ['9f58'] }, 'ERR_CARD', 'getData[0]'],
  ])('with %s', (_, change, code, label) => {
    refused(profileOf(change), code, `applications[0]${label === '' ? '' : `.${label}`}`)
  })

  it.each([['pdol'], ['cdol1'], ['cdol2'], ['ddol']])('with a %s whose last tag has no length', (name) =>
    refused(profileOf({ [name]: '9F370495' }), 'ERR_DOL', `applications[0].${name}`),
  )

  it('with a master key of equal halves', () =>
    refused(
      profileOf({ keys: { master: { ...MASTER, ac: '0123456789ABCDEF'.repeat(2) } } }),
      'ERR_KEY',
      'applications[0].keys.master',
    ))

  it.each([
    ['colour', 'colour'],
    ['ABCDEF0123456789ABCDEF0123', 'another name'],
    ['6200000000000005', 'another name'],
    [`x${'y'.repeat(30)}`, 'another name'],
  ])('with the field %s, of which it tells: %s', (name, got) =>
    expect(() => parseCardProfile({ ...profileOf(), [name]: 1 })).toThrow(expect.objectContaining({ got })),
  )

  it('without repeating what it held', () => {
    const secret = '5AFE5AFE5AFE5AFE5AFE5AFE5AFE5AFE'
    for (const change of [
      { pin: secret },
      { pan: secret },
      { scheme: secret },
      { keys: { master: { ...MASTER, ac: `${secret}5A` } } },
      { keys: { master: { ...MASTER, [secret]: '00' } } },
      { keys: secret },
      { [secret]: 1 },
      { limits: { [secret]: '00' } },
      { track2: secret },
    ]) {
      try {
        parseCardProfile(profileOf(change))
        expect.unreachable()
      } catch (error) {
        expect(String(error)).toContain('ERR_')
        expect(String(error)).not.toContain(secret.slice(0, 8))
      }
    }
  })

  it('with a coded error, whatever the JSON is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(LEAST), 'limits', 'records', 'iac'), (value, name) => {
        for (const json of [value, { applications: [value] }, profileOf({ [name]: value })]) {
          try {
            parseCardProfile(json)
          } catch (error) {
            expect(error).toMatchObject({ name: 'IssuerkitError' })
          }
        }
      }),
      { numRuns: 150 },
    )
  })
})
