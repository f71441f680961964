import { readFileSync } from 'node:fs'
import { Secret, TdesKey, wrapKeyBlock } from '@issuerkit/keys'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from './support/database.js'
import { componentsOf, type KeyHost, keyHost } from './support/keys.js'

const db = useDatabase()
let host: KeyHost
beforeAll(async () => {
  host = await keyHost(db.database())
})

const example = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../examples/requests/${name}.json`, import.meta.url), 'utf8')) as object
// The worked PBOC example, and the keys of its collection.
const KEYS = {
  AC: 'F0C34A8124CEE0A91A0B034AA97D6EAC',
  MAC: '12B1AC4AF070CC35612BFE2D30AB600D',
  ENC: 'D30F45EABC12AC3EF56B0C0D7F8654DE',
  PIN: '3F419E1CB7079442AA37474C2EFBF8B8',
  KBPK: 'DD7515F2BFC17F85CE48F3CA25CB21F6',
} as const
type Use = keyof typeof KEYS

async function give(issuer: string, usage: Use, change: object = {}, key: string = KEYS[usage]): Promise<string> {
  const more = usage === 'KBPK' ? { blockVersion: 'B' } : usage === 'PIN' ? {} : { dki: 1 }
  const body = { issuer, usage, algorithm: 'tdes', ...more, components: componentsOf(key), ...change }
  const answer = await host.post('/v1/keys', body)
  expect(answer.status).toBe(201)
  return `${answer.body['id']}`
}

async function issuerWith(id: string, uses: readonly Use[], profile: object = {}): Promise<string> {
  const { status } = await host.post('/v1/issuers', { id, family: 'unionpay', scheme: 'pboc', ...profile })
  expect(status).toBe(201)
  let last = ''
  for (const use of uses) last = await give(id, use)
  return last
}

const verify = (issuer: string, change: object = {}) => {
  const { decision: _, ...body } = example('cryptograms-arpc') as { decision: object }
  return host.post('/v1/cryptograms/verify', { ...body, issuer, ...change })
}
const arpc = (issuer: string) => host.post('/v1/cryptograms/arpc', { ...example('cryptograms-arpc'), issuer })
const script = (issuer: string, change: object = {}) =>
  host.post('/v1/scripts', { ...example('scripts'), issuer, ...change })
const CARD = { pan: '6228000100001', panSequence: '01' }
const transaction = { card: CARD, atc: Uint8Array.of(2, 0x40), arqc: Buffer.from('5D016C91005E7CC2', 'hex') }

/** What each operation gives: a verdict, `ok`, or the code of its error. */
const OPERATIONS: Readonly<Record<string, (issuer: string, key: string) => Promise<unknown>>> = {
  verify: async (issuer) => (await verify(issuer)).body['verdict'],
  arpc: async (issuer) => {
    const { answer, code } = (await arpc(issuer)).body as { answer?: { arpc: string }; code?: string }
    return answer?.arpc ?? code
  },
  script: async (issuer) => codeOr((await script(issuer)).body, 'commands'),
  pinChange: async (issuer) => {
    const commands = [{ type: 'pin-change', newPin: '1234' }] as const
    return host.service.buildScript({ issuer, ...transaction, commands }).then(() => 'ok', codeOf)
  },
  keyBlock: async (issuer, kbpk) => {
    const protection = TdesKey.create('zone', 'KBPK', Buffer.from(KEYS.KBPK, 'hex'))
    const header = { version: 'B', usage: 'P0', algorithm: 'T', modeOfUse: 'B', exportability: 'N' } as const
    const key = Secret.of(Buffer.from('89E88CF7931444F334BD7547FC3F380C', 'hex'), 'key')
    const keyBlock = wrapKeyBlock(protection, header, key)
    const body = { issuer, usage: 'PIN', algorithm: 'tdes', keyBlock, kbpk }
    return codeOr((await host.post('/v1/keys', body)).body, 'kcv')
  },
  pinBlock: async (issuer, key) => {
    // 1234 and 5555555551234567 in format 0 (vectors/pin-block.json), under the PIN key by OpenSSL.
    const { createCipheriv } = await import('node:crypto')
    const cipher = createCipheriv('des-ede', Buffer.from(KEYS.PIN, 'hex'), null).setAutoPadding(false)
    const block = cipher.update(Buffer.from('041261AAAAEDCBA9', 'hex'))
    const pin = { key, format: 0, block } as const
    return host.service.wrapPin({ issuer, pan: '5555555551234567', id: 'entry', pin }).then(() => 'ok', codeOf)
  },
}
const codeOr = (body: Record<string, unknown>, field: string) => (field in body ? 'ok' : body['code'])
const codeOf = (error: unknown) => (error as { code?: string }).code

const NOTHING = { verify: 'K', arpc: 'ERR_NO_ARPC', script: 'ERR_NO_KEY', pinChange: 'ERR_NO_KEY' }
const ZONE = { keyBlock: 'ERR_KEY_USAGE', pinBlock: 'ERR_KEY_USAGE' }
const VERIFIES = { verify: 'V', arpc: '21415243527CE78F' }

describe('a use and an operation', () => {
  test.each([
    ['AC', ['AC'], { ...NOTHING, ...ZONE, ...VERIFIES }],
    ['MAC', ['MAC'], { ...NOTHING, ...ZONE }],
    ['ENC', ['ENC'], { ...NOTHING, ...ZONE }],
    ['PIN', ['PIN'], { ...NOTHING, ...ZONE, pinBlock: 'ok' }],
    ['KBPK', ['KBPK'], { ...NOTHING, ...ZONE, keyBlock: 'ok' }],
    ['AC and ENC', ['AC', 'ENC'], { ...NOTHING, ...ZONE, ...VERIFIES }],
    ['MAC and ENC', ['MAC', 'ENC'], { ...NOTHING, ...ZONE }],
    ['AC and MAC', ['AC', 'MAC'], { ...ZONE, ...VERIFIES, script: 'ok', pinChange: 'ERR_KEY' }],
    ['AC, MAC and ENC', ['AC', 'MAC', 'ENC'], { ...ZONE, ...VERIFIES, script: 'ok', pinChange: 'ok' }],
  ] as const)('an issuer with %s alone', async (name, uses, expected) => {
    const issuer = name.replace(/[^A-Z]/g, '')
    const key = await issuerWith(issuer, uses)
    const found: Record<string, unknown> = {}
    for (const [operation, run] of Object.entries(OPERATIONS)) found[operation] = await run(issuer, key)
    expect(found).toEqual(expected)
  })

  test('retired, no key does anything', async () => {
    await issuerWith('retired', [])
    for (const usage of Object.keys(KEYS) as Use[]) {
      const id = await give('retired', usage)
      expect((await host.send({ method: 'DELETE', url: `/v1/keys/${id}` })).status).toBe(200)
      const found: Record<string, unknown> = {}
      for (const [operation, run] of Object.entries(OPERATIONS)) found[operation] = await run('retired', id)
      expect(found).toEqual({ ...NOTHING, keyBlock: 'ERR_NOT_FOUND', pinBlock: 'ERR_NOT_FOUND' })
    }
  })

  test("another issuer's key does nothing", async () => {
    const [pin, kbpk] = [await issuerWith('owner', ['PIN']), await give('owner', 'KBPK')]
    await issuerWith('stranger', [])
    expect(await OPERATIONS['pinBlock']?.('stranger', pin)).toBe('ERR_NOT_FOUND')
    expect(await OPERATIONS['keyBlock']?.('stranger', kbpk)).toBe('ERR_NOT_FOUND')
  })
})

describe('a key set', () => {
  test('is found by its index and algorithm; several are alive', async () => {
    await issuerWith('sets', ['AC', 'MAC'])
    await give('sets', 'AC', { dki: 2 }, '404142434445464748494A4B4C4D4E4F')
    await give('sets', 'AC', { algorithm: 'sm4' }, '505152535455565758595A5B5C5D5E5F')
    const { emv } = example('cryptograms-arpc') as { emv: Record<string, string> }
    expect((await verify('sets')).body).toMatchObject({ verdict: 'V', dki: 1, algorithm: 'tdes' })
    for (const [iad, verdict, algorithm] of [
      ['07020103A0400201', 'I', 'tdes'],
      ['07030103A0400201', 'K', 'tdes'],
      ['07010103A0400204', 'I', 'sm4'],
      ['07020103A0400204', 'K', 'sm4'],
    ]) {
      expect((await verify('sets', { emv: { ...emv, '9F10': iad } })).body).toMatchObject({ verdict, algorithm })
    }
    expect((await script('sets', { dki: 1 })).status).toBe(200)
    expect((await script('sets', { dki: 2 })).body['code']).toBe('ERR_NO_KEY')
    expect((await script('sets', { dki: undefined })).body['code']).toBe('ERR_NO_KEY')
  })

  test('is of one family: another one does not see it', async () => {
    await issuerWith('family', [], { family: 'visa', scheme: 'visa-cvn10' })
    await give('family', 'AC', { family: 'unionpay' })
    const own = { scheme: 'pboc' }
    expect((await verify('family', own)).body['code']).toBe('ERR_SCHEME')
    const { emv } = example('cryptograms-arpc') as { emv: Record<string, string> }
    const visa = { ...emv, '9F10': '06010A03A04002' }
    expect((await verify('family', { emv: visa })).body).toMatchObject({ verdict: 'K', scheme: 'visa-cvn10' })
  })

  test('is chosen by the BIN range, and a PAN of none has no key', async () => {
    const range = (from: string, to: string, more: object = {}) => ({ from, to, ...more })
    await issuerWith('bins', [], {
      binRanges: [
        range('622800', '622800', { keySet: 'debit' }),
        range('6229', '6230', { keySet: 'credit' }),
        range('40', '49', { family: 'visa', scheme: 'visa-cvn18' }),
      ],
    })
    for (const usage of ['AC', 'MAC', 'ENC'] as const) await give('bins', usage, { keySet: 'debit' })
    await give('bins', 'AC', { keySet: 'credit' }, '404142434445464748494A4B4C4D4E4F')
    expect((await verify('bins')).body).toMatchObject({ verdict: 'V' })
    expect((await script('bins')).status).toBe(200)
    expect((await verify('bins', { pan: '6229000100001' })).body).toMatchObject({ verdict: 'I' })
    expect((await script('bins', { pan: '6229000100001' })).body['code']).toBe('ERR_NO_KEY')
    for (const pan of ['6227999999999', '6228010000000', '6231000000000', '5000000000000']) {
      expect((await verify('bins', { pan })).body).toMatchObject({ verdict: 'K', scheme: 'pboc' })
      expect((await script('bins', { pan })).body['code']).toBe('ERR_NO_KEY')
    }
    // A Visa card of the issuer: UnionPay's 9F10 is no layout of it.
    expect((await verify('bins', { pan: '4000000000000000' })).body).toMatchObject({ verdict: 'F' })
    expect((await verify('bins', { pan: '4000000000000000', scheme: 'pboc' })).body['code']).toBe('ERR_SCHEME')
  })

  test('a scheme that the issuer does not have is verdict K, and gets no answer', async () => {
    await issuerWith('schemes', ['AC'], { scheme: 'pboc-cvn17', schemes: ['pboc-cvn17'] })
    expect((await verify('schemes')).body).toMatchObject({ verdict: 'K', scheme: 'pboc' })
    expect((await arpc('schemes')).body).toMatchObject({ verdict: 'K', code: 'ERR_NO_ARPC' })
    expect((await verify('schemes', { scheme: 'pboc' })).body['code']).toBe('ERR_SCHEME')
    expect((await script('schemes', { scheme: 'pboc' })).body['code']).toBe('ERR_SCHEME')
  })

  test('bits that the issuer refuses are verdict T', async () => {
    // TVR 0080046000: byte 2 bit 8 says that the application versions differ; the card is not new.
    await issuerWith('lenient', ['AC'], { evidence: { refuse: { tvr: ['newCard'], cvr: [] } } })
    expect((await verify('lenient')).body).toMatchObject({ verdict: 'V' })
    await issuerWith('strict', ['AC'], { evidence: { refuse: { tvr: ['applicationVersionsDiffer'] } } })
    expect((await verify('strict')).body).toMatchObject({ verdict: 'T', policyHits: ['tvr.applicationVersionsDiffer'] })
  })
})

describe('rows that somebody changed', () => {
  const ready = async () => {
    // What readiness remembers of the keys holds for half a second.
    await new Promise((resolve) => setTimeout(resolve, 550))
    return host.get('/health/ready')
  }
  const swap = (a: string, b: string, column: string) =>
    sql`update issuer_key set ${sql.ref(column)} = (select other.${sql.ref(column)} from issuer_key other
      where other.id in (${a}, ${b}) and other.id <> issuer_key.id) where id in (${a}, ${b})`.execute(db.database())

  test('swapped keys give no answer at all, and readiness names them', async () => {
    await issuerWith('swap', ['AC', 'MAC', 'ENC'])
    await issuerWith('twin', [])
    await give('twin', 'AC', {}, '404142434445464748494A4B4C4D4E4F')
    const { body } = await host.get('/v1/keys?issuer=swap')
    const own = body as unknown as { keys: { id: string; usage: string }[] }
    const idOf = (usage: string) => own.keys.find((key) => key.usage === usage)?.id ?? ''
    const twin =
      ((await host.get('/v1/keys?issuer=twin')).body as unknown as { keys: { id: string }[] }).keys[0]?.id ?? ''
    expect(await ready()).toMatchObject({ status: 200, body: { status: 'ok' } })
    for (const [a, b] of [
      [idOf('AC'), idOf('MAC')],
      [idOf('AC'), twin],
    ] as const) {
      await swap(a, b, 'wrapped')
      for (const { status, body: answer } of [await verify('swap'), await arpc('swap'), await script('swap')]) {
        expect([status, answer['code']]).toEqual([500, 'ERR_INTERNAL'])
      }
      const { status, body: problem } = await ready()
      expect([status, problem['code']]).toEqual([503, 'ERR_KEYS_UNUSABLE'])
      expect(problem['detail']).toBe(`Stored keys do not unwrap: ${[a, b].sort().join(', ')}.`)
      await swap(a, b, 'wrapped')
      expect((await verify('swap')).body['verdict']).toBe('V')
    }
    expect((await ready()).status).toBe(200)
  })

  test.each([
    ['another index', { dki: '9' }],
    ['another set', { key_set: 'more' }],
    ['another family', { family: 'visa' }],
    ['another algorithm', { algorithm: 'sm4' }],
    ['the binding of before', { binding: 1 }],
    ['a block version', { block_version: 'B' }],
  ])('a key with %s is not used', async (name, change) => {
    const issuer = name.replaceAll(' ', '-')
    await issuerWith(issuer, ['AC'])
    await db.database().updateTable('issuer_key').set(change).where('issuer', '=', issuer).execute()
    const { status, body } = await verify(issuer)
    expect([status, body['code']]).toEqual([500, 'ERR_INTERNAL'])
    await db.database().deleteFrom('issuer_key').where('issuer', '=', issuer).execute()
  })

  test('a KBPK is not moved to another version', async () => {
    const kbpk = await issuerWith('moved', ['KBPK'])
    await db.database().updateTable('issuer_key').set({ block_version: 'C' }).where('id', '=', kbpk).execute()
    expect(await OPERATIONS['keyBlock']?.('moved', kbpk)).toBe('ERR_INTERNAL')
    await db.database().deleteFrom('issuer_key').where('id', '=', kbpk).execute()
  })

  test('under another master key nothing is read and nothing stored', async () => {
    const other = await keyHost(db.database(), { master: new Uint8Array(32).fill(1) })
    const { decision: _, ...body } = example('cryptograms-arpc') as { decision: object }
    expect((await other.post('/v1/cryptograms/verify', { ...body, issuer: 'sets' })).body['code']).toBe('ERR_INTERNAL')
    const key = {
      issuer: 'sets',
      usage: 'PIN',
      algorithm: 'tdes',
      components: componentsOf('11223344556677889900AABBCCDDEEFF'),
    }
    expect((await other.post('/v1/keys', key)).body['code']).toBe('ERR_INTERNAL')
    expect((await other.get('/v1/keys/import-key')).body['code']).toBe('ERR_INTERNAL')
    expect((await host.get('/v1/keys/import-key')).status).toBe(200)
  })
})
