import { readFileSync } from 'node:fs'
import { TdesKey } from '@issuerkit/keys'
import { beforeAll, describe, expect, test } from 'vitest'
import { DEMO_ISSUER, loadDemoIssuer } from '../src/demo-issuer.js'
import { keyCheck } from '../src/keys/key-check.js'
import { retireKey } from '../src/keys/key-records.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { issuerOpener } from '../src/keys/open-issuer.js'
import { storeIssuerKey } from '../src/keys/stored-keys.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { masterBytes } from './support/keys.js'

const db = useDatabase()
const master = new MasterKey(masterBytes)
const service = (keepMilliseconds = 0) => localKeyService(db.database(), master, { keepMilliseconds })
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

const CHAIN = JSON.parse(
  readFileSync(new URL('../../vectors/unionpay-field55-chain.json', import.meta.url), 'utf8'),
) as Record<string, string>
const of = (name: string) => bytes(`${CHAIN[name]}`)
const CARD = { pan: `${CHAIN['pan']}`, panSequence: `${CHAIN['psn']}` }

beforeAll(async () => {
  await db
    .database()
    .insertInto('issuer')
    .values({ id: 'chain', profile: JSON.stringify({ family: 'unionpay', scheme: 'pboc' }) })
    .execute()
  for (const [usage, name] of [
    ['AC', 'imkAc'],
    ['MAC', 'imkMac'],
    ['ENC', 'imkEnc'],
  ] as const) {
    const key = TdesKey.create('issuer', usage, of(name))
    await storeIssuerKey(db.database(), master, { id: `chain-${usage}`, issuer: 'chain', dki: 1, key })
  }
})

describe('keys that are kept open', () => {
  const verify = (node: ReturnType<typeof service>, issuer: string) =>
    node.verifyCryptogram({ issuer, card: CARD, emv: { field55: of('request') } }).then(({ code }) => code)
  const setUp = async (issuer: string) => {
    await db
      .database()
      .insertInto('issuer')
      .values({ id: issuer, profile: JSON.stringify({ family: 'unionpay', scheme: 'pboc' }) })
      .execute()
    const key = TdesKey.create('issuer', 'AC', of('imkAc'))
    await storeIssuerKey(db.database(), master, { id: `${issuer}-AC`, issuer, dki: 1, key })
  }
  const retire = (issuer: string) => retireKey(db.database(), `${issuer}-AC`, async () => {})

  test('are used without a query until they are forgotten', async () => {
    await setUp('kept')
    const [here, there] = [service(60_000), service(60_000)]
    expect(await Promise.all([verify(here, 'kept'), verify(there, 'kept')])).toEqual(['V', 'V'])
    await retire('kept')
    expect(await verify(here, 'kept')).toBe('V')
    here.forget('kept')
    here.forget('kept')
    expect(await Promise.all([verify(here, 'kept'), verify(there, 'kept')])).toEqual(['K', 'V'])
    expect((await here.profile('kept')).scheme).toBe('pboc')
  })

  test('are read again when their time is over', async () => {
    await setUp('timed')
    const node = service(30)
    expect(await verify(node, 'timed')).toBe('V')
    await retire('timed')
    await expect.poll(() => verify(node, 'timed'), { interval: 10 }).toBe('K')
  })

  test('are zeroed when nobody uses them any more, and not before', async () => {
    const opener = issuerOpener(db.database(), master, 60_000)
    const set = await opener.with('chain', ({ keySets }) => keySets[0])
    expect(set?.ac.kcv).toMatch(/^[0-9A-F]{6}$/)
    const pending = opener.with('chain', ({ keySets }) => keySets[0]?.ac.kcv)
    opener.forget('chain')
    expect(await pending).toMatch(/^[0-9A-F]{6}$/)
    await new Promise((resolve) => setImmediate(resolve))
    expect(() => set?.ac.expose()).toThrow('ERR_KEY_DESTROYED')
  })

  test('are of a limited number of issuers', async () => {
    const opener = issuerOpener(db.database(), master, 60_000)
    const first = await opener.with('chain', ({ keySets }) => keySets[0])
    const names = Array.from({ length: 256 }, (_, i) => `many-${i}`)
    const profile = JSON.stringify({ family: 'unionpay', scheme: 'pboc' })
    await db
      .database()
      .insertInto('issuer')
      .values(names.map((id) => ({ id, profile })))
      .execute()
    for (const name of names) await opener.with(name, ({ keySets }) => expect(keySets).toEqual([]))
    expect(() => first?.ac.expose()).toThrow('ERR_KEY_DESTROYED')
  })

  test('that could not be opened are tried again', async () => {
    const node = service(60_000)
    await expect(verify(node, 'late')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    await setUp('late')
    expect(await verify(node, 'late')).toBe('V')
  })
})

test('a dev host that starts twice, or twice at once, keeps one set of demo keys', async () => {
  await Promise.all([loadDemoIssuer(db.database(), master), loadDemoIssuer(db.database(), master)])
  await loadDemoIssuer(db.database(), master)
  const rows = await db.database().selectFrom('issuer_key').select('id').where('issuer', '=', DEMO_ISSUER).execute()
  expect(rows.map(({ id }) => id).sort()).toEqual(
    ['AC', 'CHANNEL', 'ENC', 'MAC'].map((usage) => `${DEMO_ISSUER}-${usage}`),
  )
})

test('a key from before fingerprints is recognised at the next import', async () => {
  const hex = '89E88CF7931444F334BD7547FC3F380C'
  const row = { id: 'old-AC', issuer: 'chain', usage: 'AC', algorithm: 'tdes' }
  const values = { ...row, dki: '77', kcv: 'FFFFFF', family: 'unionpay', wrapped: master.wrap(row, bytes(hex)) }
  await db.database().insertInto('issuer_key').values(values).execute()
  const key = TdesKey.create('issuer', 'MAC', bytes(hex))
  await expect(
    storeIssuerKey(db.database(), master, { id: 'new-MAC', issuer: 'chain', dki: 78, key }),
  ).rejects.toMatchObject({ code: 'ERR_KEY_REUSE' })
})

test('readiness looks at the keys once in a while, and names twenty of them', async () => {
  let looked = 0
  let ids: string[] = []
  const check = keyCheck({
    unusableKeys: async () => {
      looked++
      return ids
    },
  })
  await Promise.all([check(), check(), check()])
  expect(looked).toBe(1)
  ids = Array.from({ length: 23 }, (_, i) => `key-${i}`)
  await expect.poll(() => check().catch(({ message }) => message)).toMatch(/: key-0, .*, key-19 and 3 more\.$/)
})
