import { readFileSync } from 'node:fs'
import { Secret, TdesKey, wrapKeyBlock } from '@issuerkit/keys'
import { beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { expectNothingSeen, type Importer, importer, marked } from './support/importing.js'
import { componentsOf, encipherTo, jwkOf, kcvOf } from './support/keys.js'

const db = useDatabase()
let { host, ec, post, zone, fresh } = {} as Importer
beforeAll(async () => {
  ;({ host, ec, post, zone, fresh } = await importer(db.database()))
})

describe('a key in a key block', () => {
  interface Case {
    readonly id: string
    readonly kbpk: string
    readonly block: string
    readonly key: string
  }
  const { cases } = JSON.parse(readFileSync(new URL('../../vectors/tr31.json', import.meta.url), 'utf8')) as {
    cases: Case[]
  }
  const published = (id: string) => cases.find((each) => each.id === id) as Case
  const kbpkOf = async (hex: string, blockVersion: string) => {
    const algorithm = blockVersion === 'D' ? 'aes' : 'tdes'
    const jwe = await encipherTo(ec, jwkOf(hex))
    const { status, body } = await zone({ usage: 'KBPK', algorithm, blockVersion, jwe })
    expect(status).toBe(201)
    expect(body).toMatchObject({ dki: null, family: null, keySet: null, blockVersion })
    return `${body['id']}`
  }

  test.each([
    ['tr31-2018-a722-b', 'B', 'tdes'],
    ['bptools-2key-c', 'C', 'tdes'],
    ['paysec-aes256-ks-d', 'D', 'tdes'],
  ])('the published block %s, a PIN key under version %s, comes in', async (id, version, algorithm) => {
    const { kbpk, block, key } = published(id)
    const handle = await kbpkOf(kbpk, version)
    const { status, body } = await host.post('/v1/keys', {
      ...{ issuer: 'bank', usage: 'PIN', algorithm, keyBlock: block, kbpk: handle },
    })
    expect([status, body['kcv']]).toEqual([201, kcvOf(algorithm as 'tdes', key)])
  })

  test('issuer master keys come by their usage, and no other', async () => {
    const hex = marked()
    const kbpk = await kbpkOf(hex, 'B')
    const protection = TdesKey.create('zone', 'KBPK', Buffer.from(hex, 'hex'))
    const key = marked()
    const secret = Secret.of(Buffer.from(key, 'hex'), 'key')
    const block = (usage: 'E0' | 'E1' | 'E2' | 'P0', modeOfUse: 'X' | 'B' = 'X') =>
      wrapKeyBlock(protection, { version: 'B', usage, algorithm: 'T', modeOfUse, exportability: 'N' }, secret)
    const keyBlock = block('E0')
    for (const [usage, other] of [
      ['AC', block('E2')],
      ['MAC', keyBlock],
      ['ENC', keyBlock],
      ['AC', block('P0', 'B')],
    ]) {
      const { status, body } = await post({ usage, keyBlock: other, kbpk })
      expect(status).toBe(400)
      expect(body).toMatchObject({ code: 'ERR_KEY_BLOCK', label: 'key usage' })
    }
    expect((await post({ algorithm: 'aes', keyBlock, kbpk })).body).toMatchObject({
      code: 'ERR_KEY_BLOCK',
      label: 'algorithm',
    })
    const changed = `${keyBlock.slice(0, -1)}${keyBlock.endsWith('0') ? '1' : '0'}`
    expect((await post({ keyBlock: changed, kbpk })).body).toMatchObject({ code: 'ERR_KEY_BLOCK', label: 'MAC' })
    expect((await post({ issuer: 'other', keyBlock, kbpk })).body['code']).toBe('ERR_NOT_FOUND')
    expect(await post({ keyBlock, kbpk })).toMatchObject({
      status: 201,
      body: { usage: 'AC', kcv: kcvOf('tdes', key) },
    })
    await host.send({ method: 'DELETE', url: `/v1/keys/${kbpk}` })
    expect((await post({ keyBlock, kbpk })).body['code']).toBe('ERR_NOT_FOUND')
  })

  test('a KBPK opens the version it was imported for and no other', async () => {
    const { kbpk: hex, block } = published('payshield-1-c')
    const bound = await kbpkOf(hex, 'B')
    const refused = await post({ keyBlock: block, kbpk: bound })
    expect(refused.body).toMatchObject({ code: 'ERR_KEY_BLOCK', label: 'version' })
  })

  test('a key does not come under a weaker one', async () => {
    // K1 K2 K1 is as strong as two keys, the PIN key in the block as three.
    const { kbpk, block } = published('bptools-k1k2k1-b')
    const { status, body } = await zone({ usage: 'PIN', keyBlock: block, kbpk: await kbpkOf(kbpk, 'B') })
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'ERR_KEY', expected: 'protection of 112 bits', got: '80 bits' })
  })

  test.each([
    ['text that is none', 'C0FFEE', 'ERR_KEY_BLOCK'],
    ['version A', `A0072${'0'.repeat(67)}`, 'ERR_KEY_BLOCK'],
  ])('%s is refused', async (_, keyBlock, code) => {
    const kbpk = await kbpkOf(marked(), 'B')
    expect((await post({ keyBlock, kbpk })).body['code']).toBe(code)
  })
})

describe('one key, one use', () => {
  test.each([
    ['another use', {}, { usage: 'MAC' }],
    ['another family', {}, { family: 'visa' }],
    ['another algorithm', {}, { algorithm: 'sm4' }],
    ['PIN blocks', {}, { usage: 'PIN', dki: undefined }],
    ['key blocks', { usage: 'MAC' }, { usage: 'KBPK', dki: undefined, blockVersion: 'B' }],
    ['another use at another issuer', { usage: 'ENC' }, { issuer: 'other' }],
  ])('is refused for %s', async (_, first, second) => {
    const key = marked()
    expect((await fresh(first, key)).status).toBe(201)
    const { status, body } = await fresh(second, key)
    expect([status, body['code']]).toEqual([409, 'ERR_KEY_REUSE'])
  })

  test('with other parity bits, as three keys, or retired, it is the same key', async () => {
    const key = marked()
    const { body } = await fresh({}, key)
    const parity = Buffer.from(key, 'hex').map((byte) => byte ^ 1)
    expect((await fresh({ usage: 'MAC' }, Buffer.from(parity).toString('hex'))).body['code']).toBe('ERR_KEY_REUSE')
    await host.send({ method: 'DELETE', url: `/v1/keys/${body['id']}` })
    const k1k2k1 = `${key}${key.slice(0, 16)}`
    const components = componentsOf(k1k2k1)
    const answer = await zone({ usage: 'PIN', components })
    expect(answer.body['code']).toBe('ERR_KEY_REUSE')
  })

  test('of imports at once, one use wins', async () => {
    const key = marked()
    const answers = await Promise.all(['AC', 'MAC', 'ENC'].map((usage) => fresh({ usage }, key)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409])
  })

  test('a second live key of a set, index, use and algorithm is refused, until the first is retired', async () => {
    const use = { dki: 250, usage: 'ENC' }
    const first = await fresh(use)
    expect(first.status).toBe(201)
    const second = await fresh(use)
    expect([second.status, second.body['code']]).toEqual([409, 'ERR_KEY_EXISTS'])
    for (const other of [
      { algorithm: 'sm4' },
      { keySet: 'more' },
      { family: 'visa' },
      { issuer: 'other' },
      { dki: 251 },
    ]) {
      expect((await fresh({ ...use, ...other })).status).toBe(201)
    }
    expect((await host.send({ method: 'DELETE', url: `/v1/keys/${first.body['id']}` })).status).toBe(200)
    expect((await fresh(use)).status).toBe(201)
  })
})

describe('the list', () => {
  test('goes page by page over every key, retired ones too', async () => {
    const all: string[] = []
    let after = ''
    for (let pages = 0; pages < 50; pages++) {
      const { body } = await host.get(`/v1/keys?limit=7${after === '' ? '' : `&after=${after}`}`)
      const { keys, next } = body as unknown as { keys: { id: string }[]; next: string | null }
      expect(keys.length).toBeLessThanOrEqual(7)
      all.push(...keys.map(({ id }) => id))
      if (next === null) break
      expect(next).toBe(keys.at(-1)?.id)
      after = next
    }
    const rows = await db.database().selectFrom('issuer_key').select('id').orderBy('id').execute()
    expect(all).toEqual(rows.map(({ id }) => id))
    const { keys } = (await host.get('/v1/keys?issuer=other&limit=200')).body as unknown as {
      keys: { issuer: string }[]
    }
    expect(new Set(keys.map(({ issuer }) => issuer))).toEqual(new Set(['other']))
  })

  test.each(['limit=0', 'limit=201', 'limit=x', 'after=%2F', 'more=1'])('refuses ?%s', async (query) => {
    expect((await host.get(`/v1/keys?${query}`)).body['code']).toBe('ERR_QUERY')
  })

  test('a retired key says since when, and retiring it again changes nothing', async () => {
    const { body } = await fresh({ keySet: 'short' })
    const url = `/v1/keys/${body['id']}`
    const retired = await host.send({ method: 'DELETE', url })
    expect(retired.body).toEqual({ ...body, retired: expect.stringMatching(/Z$/) })
    expect((await host.send({ method: 'DELETE', url })).body).toEqual(retired.body)
    expect((await host.get(url)).body).toEqual(retired.body)
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await host.send({ method, url: '/v1/keys/nobody' })).body['code']).toBe('ERR_NOT_FOUND')
    }
  })

  test('every route needs the scope', async () => {
    for (const [method, url] of [
      ['GET', '/v1/keys'],
      ['GET', '/v1/keys/x'],
      ['DELETE', '/v1/keys/x'],
      ['GET', '/v1/keys/import-key'],
    ] as const) {
      expect((await host.send({ method, url, headers: { authorization: '' } })).status).toBe(401)
    }
  })

  test('import and retirement stand in the audit trail, without a value', async () => {
    const entries = await db.database().selectFrom('audit_entry').select('entry').execute()
    const actions = entries.map(({ entry }) => JSON.parse(entry).action as string)
    const [{ retired, all }] = (await db
      .database()
      .selectFrom('issuer_key')
      .select(({ fn }) => [fn.count<string>('retired_at').as('retired'), fn.countAll<string>().as('all')])
      .execute()) as [{ retired: string; all: string }]
    expect(actions.filter((action) => action === 'key.import')).toHaveLength(Number(all))
    expect(actions.filter((action) => action === 'key.retire')).toHaveLength(Number(retired))
    host.seen.push(...entries.map(({ entry }) => entry))
  })
})

test('no byte of a key was answered, logged, audited or stored in clear', async () => {
  await expectNothingSeen(host, db.database())
})
