/** What the tests of key imports share. Of none of their keys may a byte be seen anywhere: they begin and end with marks. */
import type { JWK } from 'jose'
import { expect } from 'vitest'
import type { Database } from '../../src/database.js'
import { type Answer, componentsOf, type KeyHost, keyHost } from './keys.js'

export interface Importer {
  readonly host: KeyHost
  readonly rsa: JWK
  readonly ec: JWK
  /** Imports an AC key of TDES under an index of its own. */
  post(body: object): Promise<Answer>
  /** Imports a key without an index. */
  zone(body: object): Promise<Answer>
  /** Imports a key of its own as components. */
  fresh(use?: object, key?: string): Promise<Answer>
}

export const USE = { issuer: 'bank', usage: 'AC', algorithm: 'tdes' }

let serial = 0

/** A key that no other test has. */
export function marked(length = 16): string {
  const middle = (0x1000 + 2 * serial++).toString(16).toUpperCase()
  return `C0FFEE5A${middle}${'3C96A5'.repeat(length)}`.slice(0, 2 * length - 8).concat('BADC0DE7')
}

/** A host with two issuers, and its import keys. */
export async function importer(database: Database): Promise<Importer> {
  const host = await keyHost(database)
  for (const id of ['bank', 'other']) await host.post('/v1/issuers', { id, family: 'unionpay', scheme: 'pboc' })
  const { keys } = (await host.get('/v1/keys/import-key')).body as unknown as { keys: [JWK, JWK] }
  const [rsa, ec] = keys
  let dki = 0
  const post = (body: object) => host.post('/v1/keys', { ...USE, dki: dki++ % 256, ...body })
  return {
    ...{ host, rsa, ec, post },
    zone: (body) => host.post('/v1/keys', { ...USE, ...body }),
    fresh: (use = {}, key = marked()) => post({ components: componentsOf(key), ...use }),
  }
}

/** That no mark stands in an answer, a log line, the audit trail or a table. */
export async function expectNothingSeen({ seen }: KeyHost, database: Database): Promise<void> {
  const rows = await Promise.all([
    database.selectFrom('issuer_key').selectAll().execute(),
    database.selectFrom('host_secret').selectAll().execute(),
    database.selectFrom('key_use').selectAll().execute(),
    database.selectFrom('audit_entry').selectAll().execute(),
  ])
  const stored = rows
    .flat()
    .flatMap((row) => Object.values(row))
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)))
  const all = [...seen, ...stored].join('\n')
  expect(all.length).toBeGreaterThan(10_000)
  // The last one begins the components.
  for (const mark of ['C0FFEE5A', 'BADC0DE7', '3C96A53C', '1F2E3D4C']) {
    const bytes = Buffer.from(mark, 'hex')
    expect(all.toUpperCase()).not.toContain(mark)
    expect(all).not.toContain(bytes.toString('base64').slice(0, 5))
    expect(all).not.toContain(bytes.toString('latin1'))
  }
}
