/** CA keys of an issuer's own: they count for whoever names the issuer, before the published ones. */
import { readFileSync } from 'node:fs'
import { fromHex } from '@issuerkit/apdu'
import { type CaKey, caKeyToText, createTestCa, publishedCaKeys } from '@issuerkit/oda'
import { beforeAll, describe, expect, test } from 'vitest'
import { issuerRoutes } from '../src/routes/issuers.js'
import { odaRoutes } from '../src/routes/oda.js'
import { odaBatchRoutes } from '../src/routes/oda-batch.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let server: TestServer

/** A recorded UnionPay card; tag 8F of it is 03, its issuer's certificate has 176 bytes. */
const CARD = JSON.parse(
  readFileSync(new URL('../../examples/requests/oda-verify.json', import.meta.url), 'utf8'),
) as Record<string, unknown>
const NAME = { rid: fromHex('A000000333'), index: 0x03 }
const stranger = (bits: number): CaKey => createTestCa({ ...NAME, bits, exponent: 3, expiry: '20491231' }).key

beforeAll(async () => {
  server = await testServer(database(), [issuerRoutes, odaRoutes, odaBatchRoutes], 'silent')
  const { store } = publishedCaKeys()
  const true_ = store.find('live', NAME.rid, NAME.index, 176) as CaKey
  for (const [id, caKeys] of [
    ['without', []],
    ['with', [true_]],
    ['with-another', [stranger(1408)]],
    ['with-a-shorter', [stranger(1024)]],
  ] as const) {
    const payload = { id, family: 'unionpay', scheme: 'pboc', caKeys: caKeys.map(caKeyToText) }
    expect((await server.send({ method: 'POST', url: '/v1/issuers', payload })).statusCode).toBe(201)
  }
})

const single = async (change: object) =>
  (await server.send({ method: 'POST', url: '/v1/oda/verify', payload: { ...CARD, ...change } })).json()
const batch = async ({ issuer, ...change }: { issuer?: string; profile?: string }) => {
  const headers = { 'content-type': 'application/x-ndjson' }
  const url = `/v1/oda/batch${issuer === undefined ? '' : `?issuer=${issuer}`}`
  const payload = `${JSON.stringify({ ...CARD, ...change })}\n`
  return (await server.send({ method: 'POST', url, payload, headers })).json()
}

describe.each([
  ['/v1/oda/verify', single],
  ['/v1/oda/batch', batch],
] as const)('POST %s', (_, verdictOf) => {
  test.each([
    ['the published keys', { profile: 'live' }, true, undefined],
    ['the published test keys', { profile: 'test' }, false, 'CA_KEY_UNKNOWN'],
    ['an issuer without keys, of test keys', { profile: 'test', issuer: 'without' }, false, 'CA_KEY_UNKNOWN'],
    ['an issuer without keys, of live keys', { profile: 'live', issuer: 'without' }, true, undefined],
    ["an issuer's key, of test keys", { profile: 'test', issuer: 'with' }, true, undefined],
    ["an issuer's key, of live keys", { profile: 'live', issuer: 'with' }, true, undefined],
    ["an issuer's key of another length", { profile: 'live', issuer: 'with-a-shorter' }, true, undefined],
  ])('by %s', async (_, change, ok, reason) => {
    const verdict = await verdictOf(change)
    expect([verdict.ok, verdict.fault?.reason]).toEqual([ok, reason])
  })

  test("by an issuer's key in place of the published one", async () => {
    const verdict = await verdictOf({ profile: 'live', issuer: 'with-another' })
    expect(verdict.ok).toBe(false)
    expect(JSON.stringify(verdict)).toContain('"stage":"issuer-certificate"')
  })

  test('by those of an issuer that there is not', async () => {
    expect(await verdictOf({ issuer: 'nobody' })).toMatchObject({ status: 404, code: 'ERR_NOT_FOUND' })
  })
})
