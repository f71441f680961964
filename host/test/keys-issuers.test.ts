import { fromHex } from '@issuerkit/apdu'
import { caKeyToText, publishedCaKeys } from '@issuerkit/oda'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectIssuerProfile, ledgerPolicy } from '../src/keys/issuer-profile.js'
import { DEFAULT_POLICY } from '../src/ledger/policy.js'
import { useDatabase } from './support/database.js'
import { type KeyHost, keyHost } from './support/keys.js'

const db = useDatabase()
let host: KeyHost
beforeAll(async () => {
  host = await keyHost(db.database())
})

/** UnionPay's key 03, as published. */
const CA_KEY = caKeyToText(
  publishedCaKeys().store.find('live', fromHex('A000000333'), 3, 176) ?? expect.fail('it is not there'),
)
let serial = 0
const post = (change: object = {}) =>
  host.post('/v1/issuers', { id: `bank-${serial++}`, family: 'visa', scheme: 'visa-cvn18', ...change })
const range = (from: string, to: string, more: object = {}) => ({ from, to, ...more })

describe('POST /v1/issuers', () => {
  test('fills in what is left out, and GET says the same', async () => {
    const { status, body } = await post()
    expect(status).toBe(201)
    expect(body).toEqual({
      id: 'bank-0',
      family: 'visa',
      scheme: 'visa-cvn18',
      schemes: ['visa-cvn10', 'visa-cvn18', 'visa-cvn22'],
      keySet: 'default',
      binRanges: [],
      atc: { seen: 2000, ahead: 1000, behindOnline: 16, behindOffline: 65_535 },
      evidence: { unknownAfterDays: 7, requiresIssuerAuthentication: false, counters: {}, refuse: {} },
      delivery: {
        ...{ templates: ['72'], maxScripts: 1, maxCommands: 14, scriptBytes: 128, fieldBytes: 255, le: 'absent' },
        ...{ tag8A: false, answerTimeoutSeconds: 60, maxAttempts: 3, lifetimeDays: 180, pinUnblockResends: 1 },
        scriptsAfterAac: false,
      },
      caKeys: [],
      created: expect.stringMatching(/Z$/),
    })
    expect(await host.get('/v1/issuers/bank-0')).toMatchObject({ status: 200, body })
  })

  test('keeps what is given, and the ledger goes by it', async () => {
    const own = [CA_KEY]
    const profile = {
      schemes: ['visa-cvn18', 'visa-cvn10'],
      keySet: 'main',
      binRanges: [
        range('400000', '400999'),
        range('5200', '5299', { family: 'mastercard', scheme: 'mastercard-cvn17', keySet: 'mc' }),
      ],
      atc: { ahead: 5, behindOnline: 0 },
      evidence: { unknownAfterDays: 2, counters: { visa: { counts: 'maced', overflow: 'wrap', resets: 'never' } } },
      delivery: {
        templates: ['71', '72'],
        le: '00',
        tag8A: true,
        lifetimeDays: 1,
        answerTimeoutSeconds: 5,
        scriptBytes: 100,
      },
      caKeys: own,
    }
    const { status, body } = await post({ id: 'full', ...profile })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      ...{ schemes: profile.schemes, keySet: 'main', caKeys: own },
      atc: { seen: 2000, ahead: 5, behindOnline: 0 },
      binRanges: [
        {
          from: '400000',
          to: '400999',
          family: 'visa',
          scheme: 'visa-cvn18',
          schemes: profile.schemes,
          keySet: 'main',
        },
        { from: '5200', family: 'mastercard', schemes: expect.arrayContaining(['mastercard-cvn16']), keySet: 'mc' },
      ],
    })
    const complete = await host.service.profile('full')
    expect(ledgerPolicy(complete)).toEqual({
      ...DEFAULT_POLICY,
      ...{ templates: ['71', '72'], scriptBytes: 100, trailer: 1, answerTimeout: 5000, lifetime: 86_400_000 },
      ...{ unknownAfter: 172_800_000, counters: profile.evidence.counters },
      atc: { seen: 2000, ahead: 5, behindOnline: 0, behindOffline: 65_535 },
    })
    expect(Object.keys(ledgerPolicy(complete)).sort()).toEqual(Object.keys(DEFAULT_POLICY).sort())
  })

  test('an id is given once', async () => {
    expect((await post({ id: 'once' })).status).toBe(201)
    const again = await post({ id: 'once', scheme: 'visa-cvn10' })
    expect([again.status, again.body['code']]).toEqual([409, 'ERR_ISSUER_EXISTS'])
    expect((await host.get('/v1/issuers/once')).body['scheme']).toBe('visa-cvn18')
    expect((await host.get('/v1/issuers/never')).body['code']).toBe('ERR_NOT_FOUND')
  })

  test('stands in the audit trail', async () => {
    const entries = await db.database().selectFrom('audit_entry').select('entry').execute()
    const created = entries.map(({ entry }) => JSON.parse(entry)).filter(({ action }) => action === 'issuer.create')
    expect(created.map(({ object, subject }) => `${subject} ${object}`)).toContain('developer issuer:once')
    expect(created.filter(({ object }) => object === 'issuer:once')).toHaveLength(1)
  })

  test.each([
    ['a scheme of another family', { scheme: 'pboc' }, 422, 'ERR_ISSUER_PROFILE'],
    ['another family among the schemes', { schemes: ['visa-cvn18', 'pboc'] }, 422, 'ERR_ISSUER_PROFILE'],
    ['a script scheme that is not accepted', { schemes: ['visa-cvn10'] }, 422, 'ERR_ISSUER_PROFILE'],
    ['an unknown scheme', { scheme: 'visa-cvn99' }, 422, 'ERR_SCHEME'],
    ['a range turned round', { binRanges: [range('41', '40')] }, 422, 'ERR_ISSUER_PROFILE'],
    ['a range of two lengths', { binRanges: [range('40', '401')] }, 422, 'ERR_ISSUER_PROFILE'],
    ['ranges that overlap', { binRanges: [range('4000', '4100'), range('4100', '4200')] }, 422, 'ERR_ISSUER_PROFILE'],
    ['a range within another', { binRanges: [range('4', '4'), range('411111', '411111')] }, 422, 'ERR_ISSUER_PROFILE'],
    ['a range around another', { binRanges: [range('4115', '4115'), range('41', '41')] }, 422, 'ERR_ISSUER_PROFILE'],
    [
      'a range of a family without its scheme',
      { binRanges: [range('5', '5', { family: 'mastercard' })] },
      422,
      'ERR_ISSUER_PROFILE',
    ],
    ['scripts above their field', { delivery: { scriptBytes: 200, fieldBytes: 199 } }, 422, 'ERR_ISSUER_PROFILE'],
    ['a misspelt bit', { evidence: { refuse: { tvr: ['newcard'] } } }, 400, 'ERR_OPTION'],
    ['letters in a range', { binRanges: [range('4A', '4B')] }, 400, 'ERR_BODY'],
    ['a range of nothing', { binRanges: [range('', '')] }, 400, 'ERR_BODY'],
    ['an id with a slash', { id: 'a/b' }, 400, 'ERR_BODY'],
    ['no family', { family: undefined }, 400, 'ERR_BODY'],
    ['an unknown family', { family: 'amex' }, 400, 'ERR_BODY'],
    ['an unknown field', { keys: [] }, 400, 'ERR_BODY'],
    ['an unknown policy', { delivery: { scriptByte: 1 } }, 400, 'ERR_BODY'],
    ['fractions', { atc: { ahead: 1.5 } }, 400, 'ERR_BODY'],
    ['numbers as text', { atc: { ahead: '5' } }, 400, 'ERR_BODY'],
    ['a limit of nothing', { delivery: { maxAttempts: 0 } }, 400, 'ERR_BODY'],
    ['more commands than results can name', { delivery: { maxCommands: 15 } }, 400, 'ERR_BODY'],
    ['no template', { delivery: { templates: [] } }, 400, 'ERR_BODY'],
    ['a template twice', { delivery: { templates: ['72', '72'] } }, 400, 'ERR_BODY'],
    ['counters of an unknown family', { evidence: { counters: { amex: {} } } }, 400, 'ERR_BODY'],
  ])('refuses %s', async (_, change, status, code) => {
    const answer = await post(change)
    expect([answer.status, answer.body['code']]).toEqual([status, code])
  })

  test('refuses CA keys that are none, or two of one name', async () => {
    expect((await post({ caKeys: [CA_KEY, CA_KEY] })).body['code']).toBe('ERR_ISSUER_PROFILE')
    const wrong = { ...CA_KEY, checksum: '00'.repeat(20) }
    expect(await post({ caKeys: [wrong] })).toMatchObject({ status: 422, body: { code: 'ERR_CA_KEY' } })
  })

  test('callers inside the host are told as well', () => {
    const family = 'amex' as 'visa'
    expect(() => expectIssuerProfile({ family, scheme: 'visa-cvn18' })).toThrow('ERR_SCHEME')
  })
})
