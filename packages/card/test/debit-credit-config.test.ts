/** What a card refuses to be opened with. */
import { fromHex, IssuerkitError } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { decodeJson, encodeJson, encodeRsaKey, rsaKey } from '../src/card-json.js'
import { openDebitCreditCard } from '../src/debit-credit-card.js'
import { ApplicationMemory, STATE } from '../src/debit-credit-model.js'
import {
  TEST_APPLICATION,
  TEST_RSA,
  TEST_SWITCHES,
  type TestCardOverrides,
  testApplicationObjects,
  testCardMemory,
} from './support/test-card.js'

const utf8 = (text: string): { value: Uint8Array } => ({ value: new TextEncoder().encode(text) })

function refusal(overrides: TestCardOverrides): IssuerkitError {
  const memory = testCardMemory(overrides)
  try {
    openDebitCreditCard(memory)
  } catch (error) {
    if (error instanceof IssuerkitError) return error
    throw error
  }
  throw new Error('the card was opened')
}

/** A value that is no string, number, boolean or list, as JSON may hold it. */
const other = {} as never

describe('the config of the card', () => {
  it.each([
    ['atr', ''],
    ['atr', '3B'],
    ['atr', '3B6'],
    ['atr', `3B${'00'.repeat(33)}`],
    ['atr', other],
    ['protocol', 'T=2'],
    ['applications', 0],
    ['applications', 1.5],
    ['applications', '1'],
    ['applications', 256],
  ])('refuses %s %j', (name, value) => {
    expect(refusal({ card: { [name]: value } })).toMatchObject({ code: 'ERR_CARD', label: `config: ${name}` })
  })
  it.each([null, 'switches', undefined])('refuses switches that are none: %j', (switches) => {
    const config = { atr: '3B00', protocol: 'T=0', applications: 1, switches }
    const refused = refusal({ objects: { config: utf8(JSON.stringify(config)) } })
    expect(refused).toMatchObject({ code: 'ERR_CARD', label: 'config: switches' })
  })
  it.each([
    ['selectBlocked', '9000'],
    ['nothingPending', '9000'],
    ['signAac', 'false'],
    ['scriptsNeedIssuerAuth', 'always'],
    ['unblockNeedsIssuerAuth', 1],
    ['scriptCounterOverflow', ''],
    ['unknownPutDataTag', '6A81'],
    ['missingMac', '6988'],
    ['macFailureLimit', -1],
    ['macFailureLimit', 256],
    ['macLength', 3],
    ['macLength', 9],
    ['chainedScripts', null],
    ['pinBlockKey', 'mac'],
    ['offlineLimitTags', 'pboc'],
  ])('refuses the switch %s %j', (name, value) => {
    const refused = refusal({ switches: { [name]: value } })
    expect(refused).toMatchObject({ code: 'ERR_CARD', label: `config switches: ${name}` })
  })
  it.each(Object.keys(TEST_SWITCHES))('refuses to be without the switch %s', (name) => {
    expect(refusal({ switches: { [name]: undefined } }).code).toBe('ERR_CARD')
  })
  it.each([
    { macLength: 4 },
    { macLength: 8 },
    { pinBlockKey: 'ac' },
    { pinBlockKey: 'enc' },
    { macFailureLimit: 255 },
  ] as const)('takes %j', (switches) => {
    expect(openDebitCreditCard(testCardMemory({ switches })).powered).toBe(true)
  })
  it.each([
    ['no config', undefined],
    ['no JSON', utf8('{"atr":"3B00"')],
    ['a list', utf8('[]')],
    ['null', utf8('null')],
    ['a number', utf8('1')],
    ['no UTF-8', { value: Uint8Array.of(0x22, 0xff, 0x22) }],
    ['nothing', { value: new Uint8Array(0) }],
  ])('refuses %s', (_, config) => {
    expect(refusal({ objects: { config } }).code).toBe('ERR_CARD')
  })
  it.each([undefined, '0000', { value: new Uint8Array(0), capacity: 1 }])(
    'refuses a wrong mark of CARD BLOCK',
    (blocked) => {
      expect(refusal({ objects: { blocked } }).code).toBe('ERR_CARD')
    },
  )
})

describe('the config of an application', () => {
  it.each([
    ['aid', 'A0000003'],
    ['aid', 'A0'.repeat(17)],
    ['aid', 'A00000033301010'],
    ['scheme', 'pboc-9'],
    ['scheme', 'toString'],
    ['dki', -1],
    ['dki', 256],
    ['dki', '1'],
    ['pan', '6200000'],
    ['pan', '62000000000000000000'],
    ['pan', '620000000000000F'],
    ['pan', 6200000000000005],
    ['panSequence', '0'],
    ['panSequence', '000'],
    ['panSequence', 'AA'],
    ['pdol', '9F7A'],
    ['pdol', 'zz'],
    ['cdol1', '9F02069F'],
    ['cdol2', other],
    ['ddol', '9F37'],
    ['aip', '7C'],
    ['aip', '7C0000'],
    ['afl', ''],
    ['afl', '08010100FF'],
    ['afl', '08020100'],
    ['getData', '9F36'],
    ['getData', ['9F']],
    ['getData', [36]],
    ['getData', ['9f36']],
    ['putData', other],
    ['putData', ['9F5859']],
    ['issuerDiscretionaryData', '0'],
    ['issuerDiscretionaryData', '00'.repeat(33)],
  ])('refuses %s %j', (name, value) => {
    const refused = refusal({ config: { [name]: value } })
    expect(refused).toMatchObject({ code: 'ERR_CARD', label: `app/0/config: ${name}` })
    if (typeof value === 'string' && value.length > 4) expect(refused.message).not.toContain(value)
  })
  it.each(Object.keys(TEST_APPLICATION))('refuses to be without %s', (name) => {
    expect(refusal({ config: { [name]: undefined } }).code).toBe('ERR_CARD')
  })
  it.each([
    'config',
    'fci',
    'key/ac',
    'key/mac',
    'key/enc',
    'data/9F36',
    'data/9F17',
    'pin-try-limit',
    ...Object.keys(STATE).map((name) => `state/${name}`),
  ])('refuses to be without the object %s', (name) => {
    expect(refusal({ objects: { [`app/0/${name}`]: undefined } }).code).toBe('ERR_CARD')
  })
  it.each([
    ['key/ac', '0123456789ABCDEF'],
    ['data/9F36', '00'],
    ['data/9F17', '0003'],
    ['pin-try-limit', ''],
    ['state/blocked', '0000'],
    ['state/cumulativeAmount', '00'],
    ['rsa/icc', '7B7D'],
    ['rsa/pin', ''],
    ['pin', '313233'],
    ['pin', '31323334353637383930313233'],
    ['pin', '3132333A'],
    ['pin', '3132332F'],
    ['config', ''],
  ])('refuses the object %s %s', (name, value) => {
    expect(refusal({ objects: { [`app/0/${name}`]: value } }).code).toBe('ERR_CARD')
  })
  it('is looked at in every application', () => {
    const overrides = { card: { applications: 2 }, objects: {} }
    expect(refusal(overrides).code).toBe('ERR_CARD')
    const broken = Object.fromEntries(testApplicationObjects(1, { aip: '' }))
    expect(refusal({ ...overrides, objects: broken })).toMatchObject({ label: 'app/1/config: aip' })
  })
  it('may do without a PIN, and then without what belongs to it', () => {
    const objects = { 'app/0/pin': undefined, 'app/0/pin-try-limit': undefined, 'app/0/data/9F17': undefined }
    expect(openDebitCreditCard(testCardMemory({ objects })).powered).toBe(true)
  })
})

describe('a private key in memory', () => {
  const memoryOf = (value: unknown): ApplicationMemory =>
    new ApplicationMemory(testCardMemory({ objects: { 'app/0/rsa/icc': { value: encodeJson(value) } } }), 0)
  const { primes: _, ...withoutPrimes } = TEST_RSA.icc

  it.each([TEST_RSA.icc, withoutPrimes])('is read with its primes and without', (parts) => {
    const key = rsaKey(memoryOf(parts), 'rsa/icc')
    expect(key?.publicKey.modulus).toEqual(fromHex(TEST_RSA.icc.modulus))
    expect(key?.expose().privateExponent).toEqual(fromHex(TEST_RSA.icc.privateExponent))
  })
  it.each([
    [{ ...TEST_RSA.icc, modulus: TEST_RSA.pin.modulus }],
    [{ ...TEST_RSA.icc, modulus: undefined }],
    [{ ...TEST_RSA.icc, privateExponent: 3 }],
    [{ ...TEST_RSA.icc, primes: [TEST_RSA.icc.primes[0]] }],
    [{ ...TEST_RSA.icc, primes: 7 }],
    [{ ...TEST_RSA.icc, exponent: '3' }],
    ['a string'],
  ])('is refused without a word of it', (parts) => {
    let message = ''
    try {
      rsaKey(memoryOf(parts), 'rsa/icc')
    } catch (error) {
      message = String(error)
    }
    expect(message).toMatch(/ERR_CARD: rsa\/icc/)
    expect(message).not.toMatch(/[0-9A-F]{8}/)
  })
  it('is written as it is read', () => {
    const parts = {
      modulus: fromHex(TEST_RSA.icc.modulus),
      exponent: fromHex('03'),
      privateExponent: fromHex(TEST_RSA.icc.privateExponent),
    }
    expect(decodeJson(encodeRsaKey(RsaPrivateKey.create(parts)), 'key')).toMatchObject(withoutPrimes)
  })
})
