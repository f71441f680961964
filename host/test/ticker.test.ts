/** What a node does beside its requests: time passes for cards, and what is old is forgotten. */
import { sql } from 'kysely'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startHost } from '../src/host.js'
import { repeat } from '../src/store/repeat.js'
import { forget, RETENTION, startRetention } from '../src/store/retention.js'
import { passTime, startTicker } from '../src/store/ticker.js'
import { type CardWorld, cardWorld } from './support/cards.js'
import { useDatabase } from './support/database.js'
import { masterBytes } from './support/keys.js'

const { database, url } = useDatabase()
let world: CardWorld
beforeAll(async () => {
  world = await cardWorld(database())
})
afterEach(() => vi.restoreAllMocks())

const DAY = 86_400_000
const put = { type: 'put-data', tag: '9F58', value: '05' }
const at = (text: string) => Date.parse(text)

describe('time passes', () => {
  test('for an entry whose earliest date comes, and whose expiry does', async () => {
    const card = await world.card()
    const entry = await world.queued(card, put, { earliest: '2070-01-01T00:00:00Z', expiry: '2070-02-01T00:00:00Z' })
    const states = []
    for (const time of ['2069-12-31T23:59:59.999Z', '2070-01-01T00:00:00Z', '2070-01-31T23:59:59.999Z']) {
      await passTime(world.context, at(time))
      states.push((await world.entry(card, entry)).state)
    }
    expect(states).toEqual(['queued', 'pending', 'pending'])
    await passTime(world.context, at('2070-02-01T00:00:00Z'))
    expect(await world.told(entry)).toEqual(['created', 'queued', 'expired'])
    const shown = await world.host.get(`/v1/cards/${card}/scripts/${entry}`)
    expect(shown.body['state']).toBe('expired')
  })

  test('for a delivery of which nothing is heard: after seven days its commands are unknown, and stay so at their expiry', async () => {
    const card = await world.card()
    const sent = Date.now()
    const entry = await world.queued(card, { type: 'load', tag: '9F79', amount: 100 })
    await world.deliver(card, 10, sent)
    await passTime(world.context, sent + 7 * DAY - 1)
    expect((await world.entry(card, entry)).state).toBe('sent')
    await passTime(world.context, sent + 7 * DAY)
    expect(await world.entry(card, entry)).toMatchObject({ state: 'unknown', hold: 'never-again' })
    await passTime(world.context, sent + 181 * DAY)
    // The delivery may still be executed: it is open until the card has gone on.
    expect(await world.told(entry)).toEqual(['created', 'queued', 'sent', 'unknown'])
    await world.read(card, 11, 1)
    expect(await world.entry(card, entry)).toMatchObject({ state: 'confirmed', rank: 'card' })
  })

  test('for more cards than are read at once', async () => {
    const cards = await Promise.all(Array.from({ length: 5 }, () => world.card()))
    await Promise.all(cards.map((card) => world.queued(card, put, { expiry: '2060-01-01T00:00:00Z' })))
    const template = await database()
      .selectFrom('card_ledger')
      .selectAll()
      .where('card', '=', cards[0] ?? '')
      .executeTakeFirstOrThrow()
    const body = template.body as { readonly entries: readonly object[] }
    const rows = Array.from({ length: 130 }, (_, n) => ({
      ...{ ...template, card: `many-${n}`, pan_sequence: `m${n}` },
      body: JSON.stringify({ ...body, card: `many-${n}`, entries: [{ ...body.entries[0], id: `many-${n}` }] }),
    }))
    await database().insertInto('card_ledger').values(rows).execute()
    await passTime(world.context, at('2060-01-01T00:00:00Z'))
    const { count } = await database()
      .selectFrom('ledger_event')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('type', '=', 'expired')
      .where('card', 'like', 'many-%')
      .executeTakeFirstOrThrow()
    expect(count).toBe('130')
  })

  test('for the others when one card fails, which is told of', async () => {
    const [broken, sound] = [await world.card(), await world.card()]
    const expiry = '2050-01-01T00:00:00Z'
    await world.queued(broken, put, { expiry })
    const entry = await world.queued(sound, put, { expiry })
    await database().updateTable('card_ledger').set({ body: '{}' }).where('card', '=', broken).execute()
    const errors: unknown[] = []
    await passTime(world.context, at(expiry), { onError: (error) => errors.push(error) })
    expect(errors).toHaveLength(1)
    expect((await world.told(entry)).at(-1)).toBe('expired')
    await database().updateTable('card_ledger').set({ stopped: 'broken' }).where('card', '=', broken).execute()
    // A card that was stopped is left alone.
    await passTime(world.context, at(expiry), { onError: (error) => errors.push(error) })
    expect(errors).toHaveLength(1)
  })

  test('no more once a node is closing', async () => {
    const card = await world.card()
    const entry = await world.queued(card, put, { expiry: '2041-01-01T00:00:00Z' })
    await passTime(world.context, at('2041-01-01T00:00:00Z'), { closing: AbortSignal.abort() })
    expect((await world.entry(card, entry)).state).toBe('pending')
    const closing = new AbortController()
    const stop = (error: unknown) => closing.abort(error)
    await database().updateTable('card_ledger').set({ body: '{}' }).where('card', '=', card).execute()
    await passTime(world.context, at('2041-01-01T00:00:00Z'), { closing: closing.signal, onError: stop })
    expect(closing.signal.aborted).toBe(true)
    await database().updateTable('card_ledger').set({ stopped: 'broken' }).where('card', '=', card).execute()
  })

  test('by itself, while a node runs', async () => {
    const card = await world.card()
    const entry = await world.queued(card, put, { expiry: '2040-01-01T00:00:00Z' })
    const ticker = startTicker(world.context, { everyMilliseconds: 5, now: () => at('2040-01-01T00:00:00Z') })
    await vi.waitFor(async () => expect((await world.told(entry)).at(-1)).toBe('expired'))
    await ticker.close()
  })
})

test('a host lets time pass while it runs, and not after', async () => {
  const host = await startHost({
    ...{ listen: { host: '127.0.0.1', port: 0 }, database: { url: url(), keyFolder: '/nowhere' }, access: undefined },
    ...{ environment: { ISSUERKIT_MASTER_KEY: Buffer.from(masterBytes).toString('hex') }, routes: [] },
    ...{ log: { level: 'silent' }, signal: new AbortController().signal },
  })
  const soon = () => ({ expiry: new Date(Date.now() + 500).toISOString() })
  const card = await world.card()
  const entry = await world.queued(card, put, soon())
  await vi.waitFor(async () => expect((await world.told(entry)).at(-1)).toBe('expired'), { timeout: 20_000 })
  await host.close()
  const later = await world.queued(card, put, soon())
  await new Promise((done) => setTimeout(done, 1_600))
  expect(await world.told(later)).toEqual(['created', 'queued'])
})

describe('work that is repeated', () => {
  test('never overlaps, goes on after a failure, and ends when it is closed', async () => {
    const errors: unknown[] = []
    let [running, most, runs] = [0, 0, 0]
    const work = async () => {
      most = Math.max(most, ++running)
      await new Promise((done) => setTimeout(done, 3))
      running -= 1
      runs += 1
      if (runs === 2) throw new Error('once')
    }
    const repeated = repeat(work, { everyMilliseconds: 1, onError: (error) => errors.push(error) })
    await Promise.all([repeated.run(), repeated.run(), repeated.run()])
    await vi.waitFor(() => expect(runs).toBeGreaterThan(5))
    await repeated.close()
    const ended = runs
    await repeated.run()
    await new Promise((done) => setTimeout(done, 20))
    expect([most, running, runs, errors.length]).toEqual([1, 0, ended, 1])
  })

  test('is told that it should end', async () => {
    let stopped = false
    const repeated = repeat(
      (closing) =>
        new Promise((done) =>
          closing.addEventListener('abort', () => {
            stopped = true
            done()
          }),
        ),
      { everyMilliseconds: 60_000 },
    )
    const run = repeated.run()
    await Promise.resolve()
    await repeated.close()
    await run
    expect(stopped).toBe(true)
  })

  test('comes at times that differ from node to node, and keeps no process alive', async () => {
    vi.useFakeTimers()
    const random = vi.spyOn(Math, 'random').mockReturnValue(0)
    const early = repeat(async () => {}, { everyMilliseconds: 1_000 })
    expect(vi.getTimerCount()).toBe(1)
    const timeout = vi.spyOn(globalThis, 'setTimeout')
    random.mockReturnValue(0.999)
    const late = repeat(async () => {}, { everyMilliseconds: 1_000 })
    expect(timeout.mock.calls.map(([, after]) => after)).toEqual([1_499])
    await Promise.all([early.close(), late.close()])
    expect(vi.getTimerCount()).toBe(0)
    vi.restoreAllMocks()
    vi.useRealTimers()
  })
})

describe('what is forgotten', () => {
  const now = at('2045-06-01T00:00:00Z')
  const days = (age: number) => new Date(now - age * DAY)
  const authorization = (id: string, created: Date) => ({
    ...{ id, issuer: 'bank', reference: id, card: null, atc: null, fingerprint: '', verdict: 'V' },
    ...{ request: Buffer.from('00', 'hex'), answer: null, created_at: created },
  })

  test('is what is older than the policy, and nothing else', async () => {
    const ages = [399.9, 400.1, 500]
    await database()
      .insertInto('authorization_request')
      .values(ages.map((age) => authorization(`a${age}`, days(age))))
      .execute()
    await database()
      .insertInto('ledger_event')
      .values(ages.map((age) => ({ time: days(age), issuer: 'bank', card: 'aged', type: `t${age}` })))
      .execute()
    await database()
      .insertInto('idempotency')
      .values([29.9, 30.1].map((age) => ({ subject: 's', key: `k${age}`, created_at: days(age) })))
      .execute()
    await database()
      .insertInto('pin_change_guard')
      .values([29.9, 30.1].map((age) => ({ place: Buffer.from(`p${age}`), created_at: days(age) })))
      .execute()
    const left = async () => [
      (await database().selectFrom('authorization_request').select('id').execute()).map(({ id }) => id),
      (await database().selectFrom('ledger_event').select('type').where('card', '=', 'aged').execute()).map(
        ({ type }) => type,
      ),
      (await database().selectFrom('idempotency').select('key').where('subject', '=', 's').execute()).map(
        ({ key }) => key,
      ),
      (await database().selectFrom('pin_change_guard').select('place').execute()).map(({ place }) => `${place}`),
    ]
    const forgotten = await forget(database(), RETENTION, { now })
    expect(await left()).toEqual([['a399.9'], ['t399.9'], ['k29.9'], ['p29.9']])
    expect(forgotten.idempotencyKeys).toBe(1)
    // A host was here, too, with its demonstration.
    expect(forgotten.authorizations).toBeGreaterThanOrEqual(2)
    expect(await forget(database(), RETENTION, { now })).toEqual({
      ...{ authorizations: 0, events: 0, idempotencyKeys: 0, pinChanges: 0, campaigns: 0 },
    })
  })

  test('goes in several bites when there is much of it', async () => {
    await sql`insert into ledger_event (time, issuer, card, type)
      select '2001-01-01', 'bank', 'much', 't' from generate_series(1, 12000)`.execute(database())
    expect((await forget(database(), RETENTION)).events).toBe(12_000)
  })

  test('is looked for again and again by a node', async () => {
    await database()
      .insertInto('authorization_request')
      .values(authorization('old', new Date(0)))
      .execute()
    const retention = startRetention(database(), { everyMilliseconds: 5 })
    await vi.waitFor(async () => {
      const rows = await database().selectFrom('authorization_request').where('id', '=', 'old').select('id').execute()
      expect(rows).toEqual([])
    })
    await retention.close()
  })
})
