import { IssuerkitError } from '@issuerkit/apdu'
import fc from 'fast-check'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { createDevAccess } from '../src/access/dev-token.js'
import { tokenVerifier } from '../src/access/verify-token.js'
import type { Routes } from '../src/context.js'
import { HostError } from '../src/errors.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { type FailureCounter, failureCounter, type Taken } from '../src/limits/failures.js'
import { cardOf } from '../src/limits/hooks.js'
import { rateLimiter } from '../src/limits/rate.js'
import { buildServer, type ServerLimits } from '../src/server.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'

const MINUTE = 60_000

describe('the rate of a subject', () => {
  test('lets the burst pass at once, then as many as the rate', () => {
    const take = rateLimiter({ perSecond: 10, burst: 20 })
    const passed = (now: number, n: number) =>
      Array.from({ length: n }, () => take('a', now)).filter((wait) => wait === undefined).length
    expect(passed(0, 30)).toBe(20)
    expect(passed(99, 5)).toBe(0)
    expect(passed(100, 5)).toBe(1)
    expect(passed(1_100, 30)).toBe(10)
    expect(passed(1_000_000, 30)).toBe(20)
    expect(passed(0, 1)).toBe(0)
  })

  test('tells how long to wait, a second at least', () => {
    const take = rateLimiter({ perSecond: 0.1, burst: 1 })
    expect([take('a', 0), take('a', 0), take('a', 9_000), take('a', 10_000)]).toEqual([undefined, 10, 1, undefined])
  })

  test("is not another's", () => {
    const take = rateLimiter({ perSecond: 1, burst: 1 })
    expect([take('a', 0), take('a', 0), take('b', 0)]).toEqual([undefined, 1, undefined])
  })

  test('is remembered for so many subjects and no more', () => {
    const take = rateLimiter({ perSecond: 1, burst: 1 }, 2)
    for (const subject of ['a', 'b', 'a', 'c']) take(subject, 0)
    expect([take('a', 0), take('b', 0)]).toEqual([1, undefined])
  })
})

const settle = (taken: Taken, failed: boolean) => {
  if (!('settle' in taken)) throw new Error('refused')
  taken.settle(failed)
}
const fail = (counter: FailureCounter, times: number, now: number, card = 'c', subject = 's') => {
  for (let i = 0; i < times; i++) settle(counter.take(subject, card, now), true)
}
const isOpen = (counter: FailureCounter, now: number, card = 'c', subject = 's') => {
  const taken = counter.take(subject, card, now)
  if ('settle' in taken) taken.settle(false)
  return 'settle' in taken
}

describe('failed verifications', () => {
  test('close the card to the subject at the tenth of a minute', () => {
    const counter = failureCounter()
    fail(counter, 9, 0)
    expect(isOpen(counter, 1)).toBe(true)
    fail(counter, 1, 1)
    expect(counter.take('s', 'c', 2)).toEqual({ waitSeconds: 60, first: true })
    expect(counter.take('s', 'c', 3)).toEqual({ waitSeconds: 60, first: false })
    expect(isOpen(counter, 3, 'd')).toBe(true)
    expect(isOpen(counter, 3, 'c', 't')).toBe(true)
  })

  test('spread over more than a minute close nothing', () => {
    const counter = failureCounter()
    fail(counter, 9, 0)
    expect(isOpen(counter, MINUTE)).toBe(true)
    fail(counter, 9, MINUTE)
    expect(isOpen(counter, MINUTE)).toBe(true)
  })

  test('close it for longer each time: one minute, two, four, up to sixty; and a quiet minute forgives', () => {
    const counter = failureCounter()
    const waits: number[] = []
    let now = 0
    for (let i = 0; i < 8; i++) {
      fail(counter, 10, now)
      const taken = counter.take('s', 'c', now)
      const seconds = 'waitSeconds' in taken ? taken.waitSeconds : 0
      waits.push(seconds)
      expect(isOpen(counter, now + seconds * 1000 - 1)).toBe(false)
      now += seconds * 1000
      expect(isOpen(counter, now)).toBe(true)
    }
    expect(waits).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600])
    now += MINUTE
    expect(isOpen(counter, now)).toBe(true)
    fail(counter, 10, now)
    expect(counter.take('s', 'c', now)).toMatchObject({ waitSeconds: 60, first: true })
  })

  test('many at once are no way around: what runs counts', () => {
    const counter = failureCounter()
    const running = Array.from({ length: 10 }, () => counter.take('s', 'c', 0))
    expect(counter.take('s', 'c', 0)).toEqual({ waitSeconds: 1, first: false })
    for (const taken of running) settle(taken, false)
    for (const taken of running) settle(taken, true)
    expect(isOpen(counter, 0)).toBe(true)
  })

  test('over all cards close the subject', () => {
    const counter = failureCounter({ perCard: 10, perSubject: 25 })
    for (let i = 0; i < 25; i++) fail(counter, 1, 0, `card ${i}`)
    expect(counter.take('s', 'another', 0)).toEqual({ waitSeconds: 60, first: true })
    expect(isOpen(counter, 0, 'another', 't')).toBe(true)
  })

  test('are remembered for so many and no more', () => {
    const counter = failureCounter({ perCard: 1, perSubject: 100 }, 4)
    fail(counter, 1, 0, 'a')
    expect(isOpen(counter, 0, 'a')).toBe(false)
    for (const card of ['b', 'c', 'd']) fail(counter, 1, 0, card)
    expect(isOpen(counter, 0, 'a')).toBe(true)
  })

  test('never let more than the budget through within a minute, whatever comes', () => {
    const step = fc.record({ wait: fc.integer({ min: 0, max: 40_000 }), n: fc.integer({ min: 1, max: 15 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const counter = failureCounter({ perCard: 3, perSubject: 1_000 })
        const failures: number[] = []
        let now = 0
        for (const { wait, n } of steps) {
          now += wait
          for (let i = 0; i < n; i++) {
            const taken = counter.take('s', 'c', now)
            if ('settle' in taken) {
              taken.settle(true)
              failures.push(now)
            }
          }
        }
        // A window that begins between two minutes sees the end of one and the beginning of the next.
        for (const start of failures) {
          const inMinute = failures.filter((at) => at >= start && at < start + MINUTE).length
          expect(inMinute).toBeLessThanOrEqual(6)
        }
      }),
    )
  })
})

test('a card is named by its last four digits and counted by a hash', () => {
  const body = { issuer: 'i', pan: '6228000100001', panSequence: '01' }
  const { key, name } = cardOf({ body })
  expect(name).toBe('card:****0001 of i')
  expect(key).not.toContain('6228')
  expect(cardOf({ body }).key).toBe(key)
  expect(cardOf({ body: { ...body, panSequence: '02' } }).key).not.toBe(key)
})

test('an id out of an address is told of, but no PAN that was written in its place', () => {
  const of = (params: object) => cardOf({ body: { pan: '6228000100001234' }, params })
  expect(of({ card: 'demo-card' })).toEqual({ key: 'demo-card', name: 'card:demo-card' })
  expect(of({ id: 'a-1' })).toEqual({ key: 'a-1', name: 'authorization:a-1' })
  expect(of({ card: '6228000100001234' }).name).toBe('card:?')
  expect(of({ id: 'x-6228000100001-234' }).name).toBe('authorization:x-?-234')
})

describe('over HTTP', () => {
  const db = useDatabase()
  const CARD = { issuer: 'i', pan: '6228000100001', panSequence: '01' }
  const guess: Routes = (app) => {
    const closed = { additionalProperties: false }
    const text = Type.String()
    const body = Type.Object({ issuer: text, pan: text, panSequence: text, verdict: text }, closed)
    const config = { scope: 'verify:cryptograms', countFailures: true, keyUse: 'guess' } as const
    app.post('/v1/guess', { schema: { body }, config }, async (request) => {
      const { verdict } = request.body
      if (verdict === 'ERR_NO_KEY') throw new HostError(verdict)
      if (verdict === 'ERR_PIN_BLOCK') throw new IssuerkitError(verdict, { label: 'pin block' })
      request.verdict = verdict
      return { verdict }
    })
  }
  async function server(limits: ServerLimits) {
    const access = await createDevAccess()
    const database = db.database()
    const masterKey = new MasterKey(new Uint8Array(32))
    const context = { database, masterKey, keys: localKeyService(database, masterKey), devMode: true }
    const app = await buildServer({
      context,
      verifyToken: tokenVerifier(access.policy),
      routes: [guess],
      log: { level: 'silent' },
      limits,
    })
    const headers = { authorization: `Bearer ${access.token}` }
    const post = async (verdict: string, card: object = {}) => {
      const answer = await app.inject({
        method: 'POST',
        url: '/v1/guess',
        headers,
        payload: { ...CARD, verdict, ...card },
      })
      return { status: answer.statusCode, headers: answer.headers, body: answer.json() }
    }
    return { app, post }
  }
  const entries = async (action: string) => {
    const rows = await db.database().selectFrom('audit_entry').select('entry').execute()
    return rows.map(({ entry }) => JSON.parse(entry)).filter((entry) => entry.action === action)
  }

  test('the eleventh wrong cryptogram of a card in a minute is not looked at, and the trail says so', async () => {
    const { app, post } = await server({})
    for (let i = 0; i < 10; i++) expect((await post('I')).status).toBe(200)
    for (let i = 0; i < 3; i++) {
      const { status, headers, body } = await post('V')
      expect([status, body.code]).toEqual([429, 'ERR_TOO_MANY_REQUESTS'])
      expect(Number(headers['retry-after'])).toBeGreaterThan(50)
    }
    expect((await post('V', { panSequence: '02' })).status).toBe(200)
    const metrics = (await app.inject({ url: '/metrics' })).body
    expect(metrics).toContain('issuerkit_limited_total{limit="failures"} 3')
    expect(metrics).toContain('issuerkit_verdicts_total{code="I"} 10')
    await app.close()
    expect(await entries('limit.failures')).toMatchObject([
      { subject: 'developer', object: 'card:****0001 of i', outcome: 'refused', count: 1 },
    ])
    expect(await entries('key.use')).toMatchObject([
      { object: 'issuer:i', count: 11, outcome: 'ok', detail: { use: 'guess' } },
    ])
  })

  test('wrong PIN blocks count, other errors and valid cryptograms do not', async () => {
    const { app, post } = await server({})
    for (let i = 0; i < 20; i++) expect((await post(i % 2 === 0 ? 'V' : 'ERR_NO_KEY')).status).not.toBe(429)
    for (let i = 0; i < 10; i++) expect((await post('ERR_PIN_BLOCK')).status).not.toBe(429)
    expect((await post('V')).status).toBe(429)
    await app.close()
  })

  test('requests above the rate are refused, with the time to wait', async () => {
    const { app, post } = await server({ rate: { perSecond: 0.01, burst: 3 } })
    const answers = await Promise.all([1, 2, 3, 4, 5].map((i) => post('V', { panSequence: `${i}` })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429])
    expect(answers.at(-1)?.headers['retry-after']).toBe('100')
    expect((await app.inject({ url: '/health/live' })).statusCode).toBe(200)
    await app.close()
    expect(await entries('limit.rate')).toMatchObject([{ subject: 'developer', count: 2 }])
  })
})
