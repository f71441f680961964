/** Bulk work on other threads: the same bytes, others served meanwhile, nothing lost. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { cryptogramBatchRoutes } from '../src/routes/cryptogram-batch.js'
import { cryptogramRoutes } from '../src/routes/cryptograms.js'
import { REQUEST_EXAMPLES } from '../src/routes/examples.data.js'
import { odaBatchRoutes } from '../src/routes/oda-batch.js'
import { startThreads, type ThreadPool } from '../src/threads/threads.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
const masterKey = new MasterKey(new Uint8Array(32))
const ROUTES = [cryptogramRoutes, cryptogramBatchRoutes, odaBatchRoutes]
/** No line is refused for what others got wrong. */
const limits = { failures: { perCard: 1e9, perSubject: 1e9 } }
let threads: ThreadPool
let server: TestServer
let plain: TestServer
const warnings: unknown[] = []

/** A thread starts late on a machine that has much to do. */
const PATIENT = { timeout: 30_000 }

/** A pool whose first thread is there. */
async function warm(pool: ThreadPool): Promise<ThreadPool> {
  const task = { text: '\n', before: 0, caKeys: [], options: {} }
  await vi.waitUntil(async () => {
    await pool.run('authenticateLines', task)
    return (pool.pool?.completed ?? 0) > 1
  }, PATIENT)
  return pool
}

function serverWith(pool: ThreadPool | undefined): Promise<TestServer> {
  const threaded = pool === undefined ? {} : { threads: pool }
  const keys = localKeyService(database(), masterKey, { keepMilliseconds: 60_000, ...threaded })
  return testServer(database(), ROUTES, 'info', { context: { keys, ...threaded }, limits })
}

beforeAll(async () => {
  await loadDemoIssuer(database(), masterKey)
  threads = startThreads({ onError: (error) => warnings.push(error), idleMilliseconds: 60_000 })
  server = await serverWith(threads)
  plain = await serverWith(undefined)
  await warm(threads)
})
afterAll(() => threads.close())

const GOOD = REQUEST_EXAMPLES['POST /v1/cryptograms/verify']?.body as {
  readonly issuer: string
  readonly pan: string
  readonly emv: Readonly<Record<string, string>>
}
const ODA = JSON.parse(readFileSync(new URL('../../examples/requests/oda-verify.json', import.meta.url), 'utf8'))
const text = (lines: readonly unknown[]) => lines.map((one) => `${JSON.stringify(one)}\n`).join('')
const batch = (url: string, payload: string) =>
  ({ method: 'POST', url, payload, headers: { 'content-type': 'application/x-ndjson' } }) as const

async function post(to: TestServer, url: string, payload: string): Promise<string> {
  const { statusCode, body } = await to.send(batch(url, payload))
  expect(statusCode).toBe(200)
  return body
}

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => Buffer.from(b).toString('hex'))
const cryptogramLine = fc.oneof(
  fc.constant(GOOD),
  fc.string({ maxLength: 64 }).map((id) => ({ id, ...GOOD })),
  hex(8).map((mac) => ({ ...GOOD, emv: { ...GOOD.emv, '9F26': mac } })),
  hex(2).map((atc) => ({ ...GOOD, emv: { ...GOOD.emv, '9F36': atc } })),
  hex(7).map((iad) => ({ ...GOOD, emv: { ...GOOD.emv, '9F10': iad } })),
  hex(40).map((emv) => ({ ...GOOD, emv })),
  fc.constantFrom<object>(
    { ...GOOD, pan: '62280001000A1' },
    { ...GOOD, issuer: 'demo-none' },
    { ...GOOD, scheme: 'visa-cvn10' },
    { ...GOOD, expectedType: 'TC' },
    { ...GOOD, more: 1 },
  ),
)

describe('on two engines', () => {
  test('cryptograms get the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(cryptogramLine, { minLength: 40, maxLength: 120 }), async (lines) => {
        const payload = text(lines)
        expect(await post(server, '/v1/cryptograms/batch', payload)).toBe(
          await post(plain, '/v1/cryptograms/batch', payload),
        )
      }),
      { numRuns: 10 },
    )
    expect(threads.pool?.completed).toBeGreaterThan(5)
  })

  test('a cryptogram has the answer of a request of its own', async () => {
    const bad = { ...GOOD, emv: { ...GOOD.emv, '9F26': '0000000000000000' } }
    const answers = (await post(server, '/v1/cryptograms/batch', text(Array(64).fill([GOOD, bad]).flat()))).split('\n')
    for (const [n, payload] of [GOOD, bad].entries()) {
      const alone = await plain.send({ method: 'POST', url: '/v1/cryptograms/verify', payload })
      expect(answers.filter((_, at) => at < 128 && at % 2 === n)).toEqual(Array(64).fill(alone.body))
    }
  })

  test('offline data gets the same bytes, whatever stands in a line', async () => {
    const odd = [
      '{',
      ' \t\r',
      '"\ud800"',
      '\ufeff{}',
      'é'.repeat(70_000),
      'x'.repeat(200_000),
      '{"id":"a","id":"b"}',
      '',
    ]
    const good = [ODA, { ...ODA, id: 'ü' }, { ...ODA, profile: 'test' }, { ...ODA, records: [] }].map((x) =>
      JSON.stringify(x),
    )
    const line = fc.constantFrom(...good, ...odd)
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 8, maxLength: 30 }),
        fc.constantFrom('', '\n'),
        async (lines, end) => {
          const payload = lines.join('\n') + end
          expect(await post(server, '/v1/oda/batch', payload)).toBe(await post(plain, '/v1/oda/batch', payload))
        },
      ),
      { numRuns: 10 },
    )
  })

  test('few lines start nothing', async () => {
    const pool = startThreads()
    const fresh = await serverWith(pool)
    await post(fresh, '/v1/cryptograms/batch', text([GOOD, GOOD]))
    await post(fresh, '/v1/oda/batch', text([ODA]))
    expect(pool.pool).toBeUndefined()
    await pool.close()
  })
})

test('another request is answered while a bulk one is at work', async () => {
  const order: string[] = []
  const bulk = post(server, '/v1/oda/batch', text(Array(64).fill(ODA))).then(() => order.push('bulk'))
  const single = server
    .send({ method: 'POST', url: '/v1/cryptograms/verify', payload: GOOD })
    .then(({ statusCode }) => order.push(`single ${statusCode}`))
  await Promise.all([bulk, single])
  expect(order).toEqual(['single 200', 'bulk'])
})

describe('a thread that fails', () => {
  test('in the middle loses nothing, and is told of once', async () => {
    const told: unknown[] = []
    const pool = await warm(startThreads({ onError: (error) => told.push(error) }))
    onTestFinished(() => pool.close())
    const fresh = await serverWith(pool)
    const payload = text(Array.from({ length: 80 }, (_, n) => ({ ...ODA, id: `${n}` })))
    const answer = Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        pool.run('authenticateLines', { text: text([ODA, ODA]), before: 2 * n, caKeys: [], options: {} }),
      ),
    )
    await pool.pool?.threads[0]?.terminate()
    const expected = JSON.parse(await post(plain, '/v1/oda/batch', text([ODA])))
    const answers = (await answer)
      .join('')
      .trim()
      .split('\n')
      .map((one) => JSON.parse(one))
    expect(answers).toEqual(Array.from({ length: 20 }, (_, n) => ({ ...expected, line: n + 1 })))
    expect(await post(fresh, '/v1/oda/batch', payload)).toBe(await post(plain, '/v1/oda/batch', payload))
    expect(told).toMatchObject([{ message: expect.stringContaining('exited') }])
    // Threads come again.
    await warm(pool)
  })

  test('to start leaves the work to the main thread', async () => {
    const told: unknown[] = []
    const pool = startThreads({ worker: new URL('none.js', import.meta.url), onError: (error) => told.push(error) })
    onTestFinished(() => pool.close())
    const fresh = await serverWith(pool)
    const payload = text(Array(40).fill(GOOD))
    const expected = await post(plain, '/v1/cryptograms/batch', payload)
    await vi.waitUntil(async () => {
      expect(await post(fresh, '/v1/cryptograms/batch', payload)).toBe(expected)
      return told.length > 0
    }, PATIENT)
    for (let n = 0; n < 5; n++) expect(await post(fresh, '/v1/cryptograms/batch', payload)).toBe(expected)
    expect(told).toHaveLength(1)
  })
})

describe('the pool', () => {
  test('ends its threads when there is no work', async () => {
    const pool = await warm(startThreads({ idleMilliseconds: 10 }))
    await vi.waitUntil(() => pool.pool?.threads.length === 0, PATIENT)
    await warm(pool)
    await pool.close()
    expect(pool.pool?.threads).toHaveLength(0)
  })

  test('works on the main thread once it is closed', async () => {
    const pool = startThreads()
    await pool.close()
    expect(await pool.run('authenticateLines', { text: '{\n', before: 6, caKeys: [], options: {} })).toContain(
      '"line":7',
    )
    expect(pool.pool).toBeUndefined()
    expect(warnings).toEqual([])
  })

  test('closed while a thread starts has none', async () => {
    const pool = startThreads()
    await pool.run('authenticateLines', { text: '\n', before: 0, caKeys: [], options: {} })
    await pool.close()
    expect(pool.pool?.threads ?? []).toHaveLength(0)
  })
})
