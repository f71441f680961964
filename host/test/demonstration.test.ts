import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_ISSUER, loadDemoIssuer } from '../src/demo-issuer.js'
import { SCRIPT, TRANSACTION } from '../src/demonstration/example.js'
import { demonstration } from '../src/demonstration/index.js'
import { maskPan, partText, shorten } from '../src/demonstration/lines.js'
import { offlineCard } from '../src/demonstration/offline-card.js'
import { overHttp } from '../src/demonstration/over-http.js'
import { applicationBlock, roundTrip } from '../src/demonstration/round-trip.js'
import type { KeyService } from '../src/keys/key-service.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { ROUTES } from '../src/wiring.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
const masterKey = new MasterKey(new Uint8Array(32))
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
let keys: KeyService
let server: TestServer
let url: string
beforeAll(async () => {
  await loadDemoIssuer(database(), masterKey)
  keys = localKeyService(database(), masterKey)
  server = await testServer(database(), ROUTES)
  url = await server.app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => server.app.close())

test('the README shows exactly what the demonstration prints', async () => {
  const host = { database: database(), masterKey, keys, devMode: true }
  const { text, ok } = await demonstration({ host, url, token: server.access.token })
  expect(ok).toBe(true)
  expect(readme).toContain(text.replaceAll(url, 'http://127.0.0.1:8400').trimEnd())
})

test('its requests are those of the demonstration', () => {
  const request = (name: string) =>
    JSON.parse(readFileSync(new URL(`../../examples/requests/${name}.json`, import.meta.url), 'utf8')) as unknown
  expect(request('scripts')).toEqual(SCRIPT)
  expect(request('cryptograms-arpc')).toMatchObject(TRANSACTION)
})

describe('a negative verdict is shown and not hidden', () => {
  test('of the card', () => {
    const expired = offlineCard({ transactionDate: '20400101' })
    expect(expired.ok).toBe(false)
    expect(expired.lines).toContainEqual(['ca-key', expect.stringMatching(/^NOT OK: CA_KEY_EXPIRED: /)])
    expect(expired.lines.at(-1)).toEqual(['verdict', 'NOT OK'])
  })

  test('of a session with another record left out', () => {
    const { ok, lines } = offlineCard({ session: (text) => text.replace(/> 00B2011400\n.*\n/, '') })
    expect(ok).toBe(false)
    expect(lines).toContainEqual(['records', expect.stringContaining('SFI 2 record 1, signed')])
  })

  test('of the cryptogram', async () => {
    await database()
      .updateTable('issuer')
      .set({ profile: JSON.stringify({ family: 'visa', scheme: 'pboc' }) })
      .where('id', '=', DEMO_ISSUER)
      .execute()
    const part = await roundTrip(keys)
    await database()
      .updateTable('issuer')
      .set({ profile: JSON.stringify({ family: 'unionpay', scheme: 'pboc' }) })
      .where('id', '=', DEMO_ISSUER)
      .execute()
    expect(part.ok).toBe(false)
    expect(part.lines).toContainEqual(['ARPC', 'none'])
  })

  test('of a key service without an answer', async () => {
    const part = await applicationBlock({ ...keys, buildScript: async () => [] })
    expect(part).toMatchObject({ ok: false, lines: [] })
  })

  test('of HTTP', async () => {
    const { ok, lines } = await overHttp(url, 'wrong')
    expect(ok).toBe(false)
    expect(lines.filter(([, shown]) => shown === '=> 401 NOT OK')).toHaveLength(3)
  })

  test.each([
    ['/v1/oda/verify', { ok: false }],
    ['/v1/cryptograms/arpc', { verdict: 'I', answer: null }],
    ['/v1/cryptograms/arpc', { verdict: 'V', answer: null }],
    ['/v1/scripts', {}],
  ])('of an answer of %s', async (path, answer) => {
    const other = await testServer(database(), [
      (app) => {
        app.post(path, { config: { scope: 'verify:oda' } }, async () => answer)
      },
    ])
    const address = await other.app.listen({ host: '127.0.0.1', port: 0 })
    const { ok, lines } = await overHttp(address, other.access.token)
    await other.app.close()
    expect(ok).toBe(false)
    expect(lines.filter(([, shown]) => shown === '=> 200 NOT OK')).toHaveLength(1)
  })
})

describe('how values are shown', () => {
  test('long ones by their ends', () => {
    expect(shorten('00'.repeat(20))).toBe('00'.repeat(20))
    expect(shorten(`${'AB'.repeat(20)}CD`)).toBe('ABABABABABABABAB..ABABABCD (21 bytes)')
  })

  test('PANs by their first six and last four digits', () => {
    expect(maskPan('6214830100237436')).toBe('621483******7436')
    expect(maskPan('12345678')).toBe('****5678')
  })

  test('a line without a name begins where names do', () => {
    const part = {
      title: 'T',
      ok: true,
      lines: [
        ['a', 'b'],
        ['', 'c'],
      ],
    } as const
    expect(partText(part, 3)).toBe(`3  T\n   ${'a'.padEnd(20)}b\n   c\n`)
  })
})
