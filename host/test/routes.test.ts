import { readFileSync } from 'node:fs'
import { fromHex } from '@issuerkit/apdu'
import { TdesKey } from '@issuerkit/keys'
import { beforeAll, describe, expect, test } from 'vitest'
import { DEMO_ISSUER, loadDemoIssuer } from '../src/demo-issuer.js'
import { openKeySets, storeIssuerKey } from '../src/keys/stored-keys.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
const masterKey = new MasterKey(new Uint8Array(32))
let server: TestServer
beforeAll(async () => {
  await loadDemoIssuer(database(), masterKey)
  await loadDemoIssuer(database(), masterKey)
  server = await testServer(database(), ROUTES)
})

type Body = Record<string, unknown>
const request = (name: string): Body =>
  JSON.parse(readFileSync(new URL(`../../examples/requests/${name}.json`, import.meta.url), 'utf8')) as Body

async function post(url: string, payload: Body) {
  const answer = await server.send({ method: 'POST', url, payload })
  return { status: answer.statusCode, body: answer.json() as Record<string, never>, text: answer.body }
}

describe('POST /v1/oda/verify', () => {
  const body = request('oda-verify')
  const send = (change: Body) => post('/v1/oda/verify', { ...body, ...change })

  test('the recorded card holds', async () => {
    const { status, body: answer } = await send({})
    expect(status).toBe(200)
    expect(answer).toMatchObject({
      ok: true,
      method: 'sda',
      stages: [{ stage: 'ca-key' }, { stage: 'issuer-certificate' }, { stage: 'static-data', ok: true }],
      recovered: { caKeyChecksum: '87F0CD7C0E86F38F89A66F8C47071A8B88586F26', issuerCertificateSerial: '000738' },
    })
    expect(JSON.stringify((await send({ method: 'icc-key' })).body)).toContain('"stage":"icc-certificate","ok":true')
  })

  test.each([
    ['after its CA key has expired', { transactionDate: '20300101' }, 'CA_KEY_EXPIRED'],
    [
      'after its certificate has expired',
      { transactionDate: '20300101', allowExpiredCaKey: true },
      'ISSUER_CERT_EXPIRED',
    ],
    ['among the test keys', { profile: 'test' }, 'CA_KEY_UNKNOWN'],
    [
      'with one digit of a signed record changed',
      { transcript: String(body['transcript']).replace('5F340100', '5F340101') },
      'SSAD_HASH',
    ],
  ])('is negative %s', async (_, change, reason) => {
    const { status, body: answer } = await send(change)
    expect(status).toBe(200)
    expect(answer).toMatchObject({ ok: false, fault: { reason } })
  })

  test.each([
    ['no transcript', { transcript: '> 00A4' }, 'ERR_TRANSCRIPT'],
    ['no date', { transactionDate: 'today' }, 'ERR_DATE'],
    ['an unknown method', { method: 'xda' }, 'ERR_BODY'],
  ])('refuses %s', async (_, change, code) => {
    const { status, body: answer } = await send(change)
    expect([status, answer['code']]).toEqual([400, code])
  })
})

describe('POST /v1/cryptograms', () => {
  const body = request('cryptograms-arpc')
  const { decision, ...plain } = body
  const emv = body['emv'] as Record<string, string>
  const verify = (change: Body, query = '') => post(`/v1/cryptograms/verify${query}`, { ...plain, ...change })
  const arpc = (change: Body) => post('/v1/cryptograms/arpc', { ...body, ...change })

  test('the published ARQC verifies, from tags and from DE55', async () => {
    const field55 = Object.entries(emv).map(
      ([tag, value]) => tag + (value.length / 2).toString(16).padStart(2, '0') + value,
    )
    for (const given of [emv, field55.join('').toUpperCase()]) {
      const { status, body: answer } = await verify({ emv: given })
      expect(status).toBe(200)
      expect(answer).toMatchObject({ verdict: 'V', scheme: 'pboc', dki: 1, cvn: 1, algorithm: 'tdes', atc: 0x0240 })
      expect(answer).not.toHaveProperty('explain')
      expect(answer).not.toHaveProperty('tags')
    }
  })

  test('explain tells what was MACed and no key', async () => {
    const { body: answer, text } = await verify({}, '?explain=true')
    expect(answer['explain']).toMatchObject({
      padding: 2,
      parts: expect.arrayContaining([{ element: 'CVR', value: '03A04002', from: '9F10' }]),
    })
    expect(text).not.toMatch(/F0C34A81|12B1AC4A|D30F45EA|D4102725E6E5AD32/i)
  })

  test('the published ARPC answers it', async () => {
    const { status, body: answer } = await arpc({})
    expect(status).toBe(200)
    expect(answer).toMatchObject({
      verdict: 'V',
      answer: { arpc: '21415243527CE78F', tag91: '910A21415243527CE78F3031', method: 1 },
    })
  })

  test('an ARQC that does not verify is not answered', async () => {
    const wrong = { ...emv, '9F26': '5D016C91005E7CC3' }
    for (const [change, verdict] of [
      [{ emv: wrong }, 'I'],
      [{ emv: { ...emv, '9F02': '000000000002' } }, 'I'],
      [{ panSequence: '02' }, 'I'],
      [{ emv: { ...emv, '9F10': '07020103A0400201' } }, 'K'],
      [{ emv: '9F26' }, 'F'],
      [{ emv: { ...emv, '9F27': '40' } }, 'G'],
    ] as const) {
      const { status, body: answer, text } = await arpc(change)
      const problem = { title: 'Unprocessable Entity', code: 'ERR_NO_ARPC', verdict, detail: expect.any(String) }
      expect([status, answer]).toEqual([422, { ...problem, status: 422, requestId: expect.any(String) }])
      expect(text).not.toContain('arpc')
    }
    expect((await verify({ emv: wrong })).body).toMatchObject({ verdict: 'I', ok: false })
  })

  test('another key index has no key', async () => {
    expect((await verify({ emv: { ...emv, '9F10': '07020103A0400201' } })).body).toMatchObject({ verdict: 'K' })
  })

  test.each([
    ['a letter in the PAN', { pan: '622800010000A' }, 400, 'ERR_PAN'],
    ['one digit of a sequence number', { panSequence: '1' }, 400, 'ERR_PAN_SEQUENCE'],
    ['an unknown issuer', { issuer: 'nobody' }, 404, 'ERR_NOT_FOUND'],
    ['an unknown scheme', { scheme: 'visa-cvn99' }, 422, 'ERR_SCHEME'],
    ['an unknown field', { key: '00' }, 400, 'ERR_BODY'],
    ['tags that are none', { emv: { '9F2': '00' } }, 400, 'ERR_BODY'],
    ['values that are none', { emv: { '9F26': 'xx' } }, 400, 'ERR_BODY'],
  ])('refuses %s', async (_, change, status, code) => {
    const answer = await verify(change)
    expect([answer.status, answer.body['code']]).toEqual([status, code])
  })

  test('a CSU is no decision for a scheme with method 1', async () => {
    const answer = await arpc({ decision: { csu: '00000000' } })
    expect([answer.status, answer.body['code']]).toEqual([400, 'ERR_OPTION'])
  })

  test('a changed row gives no answer at all', async () => {
    const row = database().updateTable('issuer_key').where('id', '=', `${DEMO_ISSUER}-MAC`)
    await row.set({ usage: 'PIN' }).execute()
    const answer = await verify({})
    await row.set({ usage: 'MAC' }).execute()
    expect([answer.status, answer.body['code']]).toEqual([500, 'ERR_INTERNAL'])
    expect((await verify({})).status).toBe(200)
  })
})

describe('POST /v1/scripts', () => {
  const body = request('scripts')
  const send = (change: Body, query = '') => post(`/v1/scripts${query}`, { ...body, ...change })

  test('APPLICATION BLOCK in template 72', async () => {
    const { status, body: answer } = await send({})
    expect(status).toBe(200)
    expect(answer).toEqual({
      template: '72129F1804000000018609841E00000442CA0591',
      commands: [{ type: 'application-block', apdu: '841E00000442CA0591' }],
      warnings: [],
    })
  })

  test('explain shows the MAC input', async () => {
    const { body: answer } = await send({}, '?explain=true')
    expect(answer['explain']).toMatchObject([
      { header: '841E000004', macInput: '841E00000402405D016C91005E7CC2', mac: '42CA0591' },
    ])
  })

  test('PUT DATA, UPDATE RECORD, Le and a longer MAC', async () => {
    const put = { type: 'put-data', tag: '9F79', value: '000000001000' }
    expect((await send({ commands: [put] })).body['commands']).toMatchObject([
      { apdu: '04DA9F790A0000000010005E6B8C8D' },
    ])
    const update = { type: 'update-record', sfi: 2, record: 1, value: '7000' }
    expect(
      (await send({ commands: [update], le: '00', macLength: 8, dki: 1, scheme: 'pboc' })).body['template'],
    ).toMatch(/^72199F180400000001861004DC01140A7000[0-9A-F]{16}00$/)
    expect((await send({ scriptId: undefined })).body['template']).toBe('720B8609841E00000442CA0591')
  })

  test.each([
    ['a MAC of 3 bytes', { macLength: 3 }, 400, 'ERR_MAC_LENGTH'],
    ['a MAC of 9 bytes', { macLength: 9 }, 400, 'ERR_MAC_LENGTH'],
    ['an ATC of 1 byte', { atc: '01' }, 400, 'ERR_ATC'],
    ['an ARQC of 7 bytes', { arqc: '00000000000000' }, 400, 'ERR_ARQC'],
    ['no command', { commands: [] }, 400, 'ERR_BODY'],
    ['a PIN of letters', { commands: [{ type: 'pin-change', newPin: '12a4' }] }, 400, 'ERR_BODY'],
    ['an unknown key set', { dki: 9 }, 422, 'ERR_NO_KEY'],
    ['an algorithm without keys', { scheme: 'pboc-sm4' }, 422, 'ERR_NO_KEY'],
  ])('refuses %s', async (_, change, status, code) => {
    const answer = await send(change)
    expect([answer.status, answer.body['code']]).toEqual([status, code])
  })

  test('an issuer without a MAC key has no script key', async () => {
    await database()
      .insertInto('issuer')
      .values({ id: 'half', profile: JSON.stringify({ family: 'unionpay', scheme: 'pboc' }) })
      .execute()
    const key = TdesKey.create('issuer', 'AC', fromHex('F0C34A8124CEE0A91A0B034AA97D6EAC'))
    await storeIssuerKey(database(), masterKey, { id: 'half-AC', issuer: 'half', dki: 1, key })
    const mac = TdesKey.create('issuer', 'MAC', fromHex('12B1AC4AF070CC35612BFE2D30AB600D'))
    await storeIssuerKey(database(), masterKey, { id: 'half-MAC', issuer: 'half', dki: 2, key: mac })
    const answer = await send({ issuer: 'half' })
    expect([answer.status, answer.body['code']]).toEqual([422, 'ERR_NO_KEY'])
    expect((await openKeySets(database(), masterKey, 'half')).map(({ dki }) => dki)).toEqual([1])
  })
})

test('nothing of a request or a key stands in the log', () => {
  const log = server.log.join('')
  expect(log).toContain('/v1/scripts')
  expect(log).not.toMatch(/6228000100001|5D016C91005E7CC2|F0C34A8124CEE0A9|622800010000A/)
})
