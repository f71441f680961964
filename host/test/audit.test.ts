import { CompactSign, generateKeyPair } from 'jose'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { appendAudit, CHAINS } from '../src/audit/append.js'
import type { AuditRecord } from '../src/audit/entry.js'
import { startHeadSigner } from '../src/audit/head-signer.js'
import { currentHeads, readSignedHeads, signHeads } from '../src/audit/heads.js'
import { auditRecorder } from '../src/audit/recorder.js'
import { storedEntries, storedHeads } from '../src/audit/store.js'
import { auditVerifier } from '../src/audit/verify.js'
import { openDatabase } from '../src/database.js'
import { auditRoutes } from '../src/routes/audit.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const db = useDatabase()
const masterKey = new MasterKey(new Uint8Array(32).fill(7))
const use = (object: string, more: Partial<AuditRecord> = {}): AuditRecord => ({
  subject: 'alice',
  action: 'key.use',
  object,
  outcome: 'ok',
  ...more,
})
const append = (records: AuditRecord | AuditRecord[], now?: Date) =>
  db
    .database()
    .transaction()
    .execute((transaction) => appendAudit(transaction, records, now))

async function faults() {
  const verifier = auditVerifier(await currentHeads(db.database()))
  for await (const line of storedEntries(db.database())) verifier.take(line)
  return verifier.end()
}

describe('appending', () => {
  test('many at once leaves whole chains, on several of them', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, i) => append(use(`issuer:${i}`))))
    const { entries, faults: found } = await faults()
    expect(found).toEqual([])
    expect(entries).toBe(200)
    const heads = await currentHeads(db.database())
    expect(heads.reduce((sum, { seq }) => sum + seq, 0)).toBe(200)
    expect(heads.length).toBeGreaterThan(1)
    expect(CHAINS).toBe(64)
  })

  test('several together stay on one chain, one behind the other', async () => {
    const place = await append([use('a'), use('b'), use('c')])
    const before = await append([])
    expect(before).toBeUndefined()
    const rows = await db
      .database()
      .selectFrom('audit_entry')
      .selectAll()
      .where('chain', '=', place?.chain ?? -1)
      .orderBy('seq', 'desc')
      .limit(3)
      .execute()
    expect(rows.map(({ entry }) => JSON.parse(entry).object)).toEqual(['c', 'b', 'a'])
    expect(Number(rows[0]?.seq)).toBe(place?.seq)
    expect((await faults()).faults).toEqual([])
  })

  test('waits for a chain when all are taken', async () => {
    let waiting: ReturnType<typeof append> | undefined
    await db
      .database()
      .transaction()
      .execute(async (transaction) => {
        await sql`select * from audit_head for update`.execute(transaction)
        waiting = append(use('waited'))
        const soon = new Promise((go) => setTimeout(() => go('waits'), 200))
        expect(await Promise.race([waiting.then(() => 'appended'), soon])).toBe('waits')
      })
    expect(await waiting).toMatchObject({ seq: expect.any(Number) })
  })

  test('is undone with its transaction', async () => {
    const before = (await faults()).entries
    const failing = db
      .database()
      .transaction()
      .execute(async (transaction) => {
        await appendAudit(transaction, use('undone'))
        throw new Error('no')
      })
    await expect(failing).rejects.toThrow('no')
    expect(await faults()).toEqual({ entries: before, faults: [] })
  })

  test('takes any text', async () => {
    await append(use('issuer:\u0000 \ud800 "\\ 銀行', { request: '\n', detail: { x: "'; drop table audit_entry" } }))
    expect((await faults()).faults).toEqual([])
  })
})

describe('uses of keys', () => {
  test('are added up, like with like, and written when the recorder is closed', async () => {
    const recorder = auditRecorder(db.database(), { everyMilliseconds: 3_600_000 })
    for (let i = 0; i < 5; i++) recorder.note(use('issuer:adds', { request: `${i}` }))
    recorder.note(use('issuer:adds', { count: 10 }))
    recorder.note(use('issuer:adds', { outcome: 'refused' }))
    expect(recorder.waiting).toBe(2)
    recorder.expectWritable()
    await recorder.close()
    expect(recorder.waiting).toBe(0)
    const { rows } = await sql<{ count: string; outcome: string }>`select entry::json->>'count' count,
      entry::json->>'outcome' outcome from audit_entry where entry::json->>'object' = 'issuer:adds'`.execute(
      db.database(),
    )
    expect(rows).toEqual(
      expect.arrayContaining([
        { count: '15', outcome: 'ok' },
        { count: '1', outcome: 'refused' },
      ]),
    )
    expect((await faults()).faults).toEqual([])
  })

  test('are written by themselves after a moment', async () => {
    const recorder = auditRecorder(db.database(), { everyMilliseconds: 5 })
    recorder.note(use('issuer:soon'))
    await expect.poll(() => recorder.waiting, { timeout: 5_000 }).toBe(0)
    await recorder.close()
  })

  test('that cannot be written stop further uses, and are kept', async () => {
    const gone = openDatabase({ address: { connectionString: 'postgres://127.0.0.1:1/none' } })
    const errors: unknown[] = []
    const recorder = auditRecorder(gone, { everyMilliseconds: 3_600_000, onError: (error) => errors.push(error) })
    recorder.note(use('issuer:kept'))
    await recorder.flush()
    recorder.note(use('issuer:kept'))
    expect(errors).toHaveLength(1)
    expect(recorder.waiting).toBe(1)
    expect(() => recorder.expectWritable()).toThrow(expect.objectContaining({ code: 'ERR_UNAVAILABLE' }))
    await recorder.close()
    await gone.destroy()
    const small = auditRecorder(db.database(), { everyMilliseconds: 3_600_000, most: 2 })
    small.note(use('issuer:1'))
    small.expectWritable()
    small.note(use('issuer:2'))
    expect(() => small.expectWritable()).toThrow(expect.objectContaining({ code: 'ERR_UNAVAILABLE' }))
    await small.flush()
    small.expectWritable()
    await small.close()
  })
})

describe('a signed head', () => {
  test('is by the audit key, and says where every chain ends', async () => {
    const jws = await signHeads(db.database(), masterKey)
    const { keys, heads } = await storedHeads(db.database())
    expect(heads).toContain(jws)
    expect(keys).toHaveLength(1)
    expect(JSON.stringify(keys)).not.toContain('"d"')
    expect(await readSignedHeads(jws, keys)).toMatchObject({ heads: await currentHeads(db.database()) })
    await signHeads(db.database(), masterKey)
    expect((await storedHeads(db.database())).keys).toEqual(keys)
  })

  test('of another key, another type or another text is none', async () => {
    const { keys } = await storedHeads(db.database())
    const jws = await signHeads(db.database(), masterKey)
    const [head = '', body = '', signature = ''] = jws.split('.')
    const { privateKey } = await generateKeyPair('ES256')
    const kid = JSON.parse(Buffer.from(head, 'base64url').toString()).kid
    const forged = await new CompactSign(Buffer.from('{"heads":[]}'))
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(privateKey)
    const other = Buffer.from(Buffer.from(body, 'base64url').toString().replace('"seq":', '"seq":1')).toString(
      'base64url',
    )
    for (const bad of ['', 'x', '..', forged, `${head}.${other}.${signature}`, `${head}.${body}.`]) {
      expect(await readSignedHeads(bad, keys)).toBeUndefined()
    }
    expect(await readSignedHeads(jws, [])).toBeUndefined()
    const wrong = signHeads(db.database(), new MasterKey(new Uint8Array(32).fill(8)))
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
  })

  test('is made again only when something was added', async () => {
    const written: string[] = []
    const errors: unknown[] = []
    const options = { database: db.database(), masterKey, write: (jws: string) => void written.push(jws) }
    const signer = startHeadSigner({ ...options, onError: (error) => errors.push(error) })
    await Promise.all([signer.sign(), signer.sign()])
    expect(written).toHaveLength(1)
    await append(use('issuer:more'))
    await signer.close()
    expect(written).toHaveLength(2)
    const failing = startHeadSigner({
      ...options,
      write: () => Promise.reject(new Error('disk')),
      onError: (error) => errors.push(error),
    })
    await failing.close()
    expect(errors).toHaveLength(1)
  })
})

describe('GET /v1/audit', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await testServer(db.database(), [auditRoutes])
  })
  const get = async (query = '') => {
    const answer = await server.send({ url: `/v1/audit${query}` })
    return { status: answer.statusCode, body: answer.json() }
  }

  test('gives entries newest first, page by page, each once', async () => {
    for (let i = 0; i < 5; i++) await append(use(`page:${i}`, { subject: 'pager' }), new Date(2_000_000_000_000 + i))
    const seen: string[] = []
    let query = '?limit=2&subject=pager'
    for (let next: string | null = ''; next !== null; query = `?limit=2&subject=pager&before=${next}`) {
      const { body } = await get(query)
      seen.push(...body.entries.map(({ object }: { object: string }) => object))
      next = body.next
    }
    expect(seen).toEqual(['page:4', 'page:3', 'page:2', 'page:1', 'page:0'])
  })

  test('finds by action and object', async () => {
    await append(use('key:find', { action: 'key.retire' }))
    const { body } = await get('?action=key.retire&object=key:find')
    expect(body).toMatchObject({
      entries: [{ object: 'key:find', action: 'key.retire', subject: 'alice', outcome: 'ok' }],
      next: null,
    })
    expect(body.entries[0].hash).toMatch(/^[0-9A-F]{64}$/)
    expect((await get("?object=' or 1=1")).body).toEqual({ entries: [], next: null })
  })

  test.each([
    '?limit=0',
    '?limit=1001',
    '?before=x',
    '?before=1-2',
    '?action=drop',
    '?other=1',
    '?limit=x',
    '?subject=%00',
    '?object=a%0A',
  ])('refuses %s', async (query) => {
    expect(await get(query)).toMatchObject({ status: 400, body: { code: 'ERR_QUERY' } })
  })

  test('is for readers of the trail only', async () => {
    expect((await server.app.inject({ url: '/v1/audit' })).statusCode).toBe(401)
    const head = await server.send({ url: '/v1/audit/head' })
    // The server of the tests has another master key than the trail: nothing is signed.
    expect([head.statusCode, head.json().code]).toEqual([500, 'ERR_INTERNAL'])
  })
})
