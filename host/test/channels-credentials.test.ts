/** Credentials for secure channels: how they come in, what is told of them, and that a channel opens with them. */
import { createHash } from 'node:crypto'
import type { JWK } from 'jose'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { rewrap } from '../src/keys/rewrap.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { type ChannelClient, cardOf, channelClient, hostJwk, REFERENCE } from './support/channels.js'
import { useDatabase } from './support/database.js'
import { encipherTo } from './support/keys.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let [server, strict]: TestServer[] = []
let [client, outside]: ChannelClient[] = []
let [rsa, ec]: JWK[] = []
const { ids, certificates, keys } = REFERENCE
const TEXT = {
  issuer: 'bank',
  hostId: ids.host,
  hostCertificates: [certificates['intermediateByRoot'], certificates['hostByIntermediate']],
  trustPoint: { id: ids.root, modulus: keys.root.n, exponent: '010001' },
  cardIssuers: [certificates['intermediateByRoot']],
}

beforeAll(async () => {
  server = await testServer(database(), ROUTES)
  strict = await testServer(database(), ROUTES, 'silent', { context: { devMode: false } })
  ;[client, outside] = [channelClient([server]), channelClient([strict])]
  for (const id of ['bank', 'other']) {
    expect((await client.post('/v1/issuers', { id, family: 'unionpay', scheme: 'pboc' })).status).toBe(201)
  }
  const { body } = await client.get('/v1/keys/import-key')
  ;[rsa, ec] = body['keys'] as [JWK, JWK]
})

const enciphered = (jwk: unknown, to = rsa) => encipherTo(to as JWK, JSON.stringify(jwk))
const give = async (change: object = {}, to = outside as ChannelClient, headers = {}) =>
  to.post('/v1/channel-credentials', { ...TEXT, ...change }, headers)
const dump = async (table: string) =>
  (await sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.table(table)} t`.execute(database())).rows
    .map(({ row }) => row)
    .join('\n')

describe('credentials that come in enciphered', () => {
  test.each(['rsa', 'ec'])('to the key of %s open channels, and show their hash alone', async (name) => {
    const jwe = await enciphered(hostJwk(), name === 'rsa' ? rsa : ec)
    const { status, body, headers } = await give({ jwe })
    expect(status).toBe(201)
    expect(body).toEqual({
      ...{ id: expect.stringMatching(/^[0-9a-f-]{36}$/), issuer: 'bank', usage: 'CHANNEL', algorithm: 'rsa' },
      ...{ family: null, keySet: null, dki: null, blockVersion: null, retired: null, created: expect.any(String) },
      kcv: createHash('sha256').update(Buffer.from(keys.host.n, 'hex')).digest('hex').slice(0, 10).toUpperCase(),
    })
    expect(headers['location']).toBe(`/v1/keys/${body['id']}`)
    const begun = await outside?.post('/v1/channels', {
      ...{ issuer: 'bank', credentials: body['id'], card: 'c', variant: 'agreement' },
    })
    const open = await outside?.lead(begun as NonNullable<typeof begun>, cardOf())
    expect(open?.body).toMatchObject({ state: 'open' })
  })

  test('once under an Idempotency-Key', async () => {
    const [jwe, headers] = [await enciphered(hostJwk()), { 'idempotency-key': 'credentials-1' }]
    const [first, again] = [await give({ jwe }, outside, headers), await give({ jwe }, outside, headers)]
    expect([again.body, again.headers['location']]).toEqual([first.body, first.headers['location']])
  })

  test('are listed and retired like keys; then nothing opens with them', async () => {
    const { body } = await give({ jwe: await enciphered(hostJwk()) })
    const url = `/v1/keys/${body['id']}`
    expect((await outside?.get(url))?.body).toEqual(body)
    const begin = { issuer: 'bank', credentials: body['id'], card: 'd', variant: 'transport' }
    const begun = await outside?.post('/v1/channels', begin)
    expect((await outside?.delete(url))?.body).toMatchObject({ retired: expect.any(String) })
    expect((await outside?.post('/v1/channels', begin))?.status).toBe(404)
    const going = `/v1/channels/${begun?.body['channel']}/responses`
    expect((await outside?.post(going, { response: '9000' }))?.body).toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  test("are another issuer's, or a key for something else, to nobody", async () => {
    const { body } = await give({ jwe: await enciphered(hostJwk()) })
    const begin = { issuer: 'other', credentials: body['id'], card: 'e', variant: 'transport' }
    expect((await outside?.post('/v1/channels', begin))?.body).toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  test('are audited, and no byte of the private key is seen', async () => {
    const audit = await dump('audit_entry')
    expect(audit).toMatch(/key\.import.*CHANNEL/)
    const everything = [audit, await dump('issuer_key'), await dump('idempotency'), ...(server?.log ?? [])].join('\n')
    for (const part of ['d', 'p', 'q'] as const) {
      const base64url = Buffer.from(keys.host[part], 'hex').toString('base64url')
      expect(everything.toUpperCase()).not.toContain(keys.host[part].slice(0, 32).toUpperCase())
      expect(everything).not.toContain(base64url.slice(0, 32))
    }
  })
})

describe('credentials that are refused', () => {
  const { d: _, ...withoutD } = hostJwk()
  test.each<[string, unknown]>([
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
    ['a public key', withoutD],
    ['another kind of key', hostJwk({ kty: 'EC' })],
    ['a member that is no base64url', hostJwk({ p: 'AA+A' })],
    ['a member that is no text', hostJwk({ p: 7 })],
    ['a key that says more', hostJwk({ alg: 'RS256' })],
    ['other primes', hostJwk({ oth: [] })],
    ['a list', []],
  ])('%s in the JWE', async (_, jwk) => {
    const { status, body } = await give({ jwe: await enciphered(jwk) })
    expect([status, body['code']]).toEqual([400, 'ERR_KEY_IMPORT'])
  })

  test.each<[string, object, [number, string]]>([
    ['primes of another key', { p: hostJwk()['q'] }, [422, 'ERR_RSA']],
    ['another private exponent', { d: 'AQAB' }, [422, 'ERR_RSA']],
  ])('%s', async (_, change, expected) => {
    const { status, body } = await give({ jwe: await enciphered(hostJwk(change)) })
    expect([status, body['code']]).toEqual(expected)
  })

  test.each<[string, object, [number, string]]>([
    ['an unknown issuer', { issuer: 'nobody' }, [404, 'ERR_NOT_FOUND']],
    [
      'a certificate of another key',
      { hostCertificates: [certificates['cardByIntermediate']] },
      [422, 'ERR_CERTIFICATE'],
    ],
    ['a certificate that is none', { hostCertificates: ['00'.repeat(64)] }, [422, 'ERR_CERTIFICATE']],
    ['nothing to know a card by', { trustPoint: undefined }, [422, 'ERR_CHANNEL']],
    ['a name of 7 bytes', { hostId: '00'.repeat(7) }, [400, 'ERR_BODY']],
    ['a short modulus', { trustPoint: { ...TEXT.trustPoint, modulus: '00'.repeat(127) } }, [400, 'ERR_BODY']],
    ['a reference of 1 byte', { keyReferences: { publicKey: '01' } }, [400, 'ERR_BODY']],
    ['an unknown field', { pin: '1234' }, [400, 'ERR_BODY']],
    ['a JWE that is none', { jwe: 'a.b.c.d.e' }, [400, 'ERR_KEY_IMPORT']],
  ])('%s', async (_, change, expected) => {
    const { status, body } = await give({ jwe: await enciphered(hostJwk()), ...change })
    expect([status, body['code']]).toEqual(expected)
  })

  test('a key that travels under a weaker one', async () => {
    // 3080 bits: refused before anybody looks whether its parts belong together.
    const long = hostJwk({ n: Buffer.alloc(385, 0xff).toString('base64url') })
    const code = async (to: JWK | undefined) => (await give({ jwe: await enciphered(long, to) })).body['code']
    expect([await code(rsa), await code(ec)]).toEqual(['ERR_KEY', 'ERR_RSA'])
  })

  test('a clear key outside dev mode, none, or two', async () => {
    const jwe = await enciphered(hostJwk())
    const clear = { privateKey: hostJwk() }
    expect((await give(clear)).body).toMatchObject({ status: 403, code: 'ERR_DEV_MODE' })
    expect((await give(clear, client)).status).toBe(201)
    for (const both of [{}, { ...clear, jwe }]) {
      expect((await give(both, client)).body).toMatchObject({ status: 400, code: 'ERR_BODY' })
    }
  })
})

test('a card that is known beforehand, and its references, are used', async () => {
  const card = { id: ids.card, modulus: keys.card.n, exponent: '010001' }
  const { body } = await give({
    ...{ jwe: await enciphered(hostJwk()), trustPoint: undefined, cardIssuers: undefined, card },
    keyReferences: { publicKey: '0101', privateKey: '0201' },
  })
  const begin = { issuer: 'bank', credentials: body['id'], card: 'f', variant: 'transport' }
  const begun = await outside?.post('/v1/channels', begin)
  expect(begun?.body['command']).toMatch(/83020101.*84020201/)
  const open = await outside?.lead(begun as NonNullable<typeof begun>, cardOf())
  expect(open?.body).toMatchObject({ state: 'open' })
})

test('a row that was changed, or is of another master key, opens nothing; rewrapped ones do', async () => {
  const { body } = await give({ jwe: await enciphered(hostJwk()) })
  const begin = { issuer: 'bank', credentials: body['id'], card: 'g', variant: 'transport' }
  const begun = await outside?.post('/v1/channels', begin)
  const row = database().updateTable('issuer_key').where('id', '=', `${body['id']}`)
  await row.set({ key_set: 'another' }).execute()
  expect((await outside?.post('/v1/channels', begin))?.body).toMatchObject({ status: 500, code: 'ERR_INTERNAL' })
  const ready = await strict?.app.inject({ url: '/health/ready' })
  expect([ready?.statusCode, ready?.json().detail]).toEqual([503, expect.stringContaining(`${body['id']}`)])
  await row.set({ key_set: 'default' }).execute()
  const next = new MasterKey(new Uint8Array(32).fill(9))
  await rewrap(database(), new MasterKey(new Uint8Array(32)), next)
  const moved = channelClient([await testServer(database(), ROUTES, 'silent', { context: { masterKey: next } })])
  const open = await moved.lead(begun as NonNullable<typeof begun>, cardOf())
  expect(open.body).toMatchObject({ state: 'open' })
})
