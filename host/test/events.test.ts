/** The feed of events: whoever reads on from a cursor misses nothing and sees nothing twice, whoever commits when. */
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../src/database.js'
import { readEvents, takeRestoredEvents } from '../src/store/events.js'
import { type CardWorld, cardWorld } from './support/cards.js'
import { useDatabase } from './support/database.js'

const { database } = useDatabase()
let world: CardWorld
beforeAll(async () => {
  world = await cardWorld(database())
})

const ISSUER = 'bank'
const write = (connection: Database, card: string, count = 1) =>
  connection
    .insertInto('ledger_event')
    .values(Array.from({ length: count }, (_, n) => ({ time: new Date(0), issuer: ISSUER, card, type: `type-${n}` })))
    .execute()
/** Where the feed ends now. */
const end = async (): Promise<string> => {
  let { events, next } = await readEvents(database(), undefined, 1000)
  while (events.length > 0) ({ events, next } = await readEvents(database(), next, 1000))
  return next
}
const page = async (query = '') => {
  const { status, body } = await world.host.get(`/v1/events${query}`)
  return { status, code: body['code'], events: body['events'] as Record<string, unknown>[], next: body['next'] }
}

describe('the feed', () => {
  test('tells what happened to a command, in its order', async () => {
    const after = await end()
    const card = await world.card()
    const entry = await world.queued(card, { type: 'put-data', tag: '9F58', value: '05' })
    await world.deliver(card, 10)
    await world.read(card, 11, 1)
    const { events, next } = await page(`?after=${after}`)
    expect(events.map(({ type }) => type)).toEqual(['created', 'queued', 'sent', 'applied'])
    expect(events.at(-1)).toEqual({
      ...{ cursor: next, time: expect.stringMatching(/^\d{4}-.*Z$/), issuer: 'bank', card, type: 'applied', entry },
      ...{ delivery: `d-${card}-10`, rank: 'card' },
    })
    expect(events[0]).toMatchObject({ entry, delivery: null, rank: null })
  })

  test('is read in pages of any size, with the same result', async () => {
    const after = await end()
    for (const count of [3, 1, 4]) await write(database(), 'paged', count)
    const whole = (await page(`?after=${after}&limit=1000`)).events
    expect(whole).toHaveLength(8)
    for (const limit of [1, 3, 8]) {
      const found: unknown[] = []
      for (let next = after, events: readonly unknown[] = [0]; events.length > 0; found.push(...events)) {
        const read = await page(`?after=${next}&limit=${limit}`)
        expect(read.events.length).toBeLessThanOrEqual(limit)
        ;[next, events] = [`${read.next}`, read.events]
      }
      expect(found).toEqual(whole)
    }
  })

  test('that has ended gives its cursor back, again and again', async () => {
    const after = await end()
    for (let n = 0; n < 3; n++) expect(await page(`?after=${after}`)).toMatchObject({ events: [], next: after })
  })

  test('holds a hundred unless asked for more', async () => {
    const after = await end()
    await write(database(), 'hundred', 120)
    expect((await page(`?after=${after}`)).events).toHaveLength(100)
    expect((await page(`?after=${after}&limit=1000`)).events).toHaveLength(120)
  })
})

describe('one who commits late', () => {
  test('is waited for: what was written after it is not shown before it', async () => {
    const after = await end()
    const late = await database().startTransaction().execute()
    await write(late, 'late')
    await write(database(), 'early')
    // The number of the late one is lower, so a reader that had gone on to the early one would never see it.
    expect((await readEvents(database(), after, 10)).events).toEqual([])
    await late.commit().execute()
    const { events } = await readEvents(database(), after, 10)
    expect(events.map(({ card }) => card)).toEqual(['late', 'early'])
  })

  test('is not missed by a reader between two pages', async () => {
    const after = await end()
    await write(database(), 'first')
    const late = await database().startTransaction().execute()
    await write(late, 'late')
    await write(database(), 'second')
    const { events, next } = await readEvents(database(), after, 10)
    expect(events.map(({ card }) => card)).toEqual(['first'])
    await late.commit().execute()
    expect((await readEvents(database(), next, 10)).events.map(({ card }) => card)).toEqual(['late', 'second'])
  })

  test('and gives up leaves no trace, nor a gap that anybody waits for', async () => {
    const after = await end()
    const late = await database().startTransaction().execute()
    await write(late, 'undone')
    await write(database(), 'done')
    await late.rollback().execute()
    expect((await readEvents(database(), after, 10)).events.map(({ card }) => card)).toEqual(['done'])
  })

  test('of many is found by a reader that never stops', async () => {
    const after = await end()
    let isWriting = true
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let n = 0; n < 12; n++) {
        await database()
          .transaction()
          .execute(async (transaction) => {
            await write(transaction, `w${writer}-${n}`)
            await sql`select pg_sleep(${Math.random() / 100})`.execute(transaction)
          })
      }
    })
    const found: string[] = []
    const reader = (async () => {
      for (let next = after, isLast = false; !isLast; ) {
        isLast = !isWriting
        const read = await readEvents(database(), next, 5)
        found.push(...read.events.map(({ card }) => card))
        if (read.events.length > 0) isLast = false
        next = read.next
      }
    })()
    await Promise.all(writers)
    isWriting = false
    await reader
    expect(new Set(found).size).toBe(72)
    expect(found).toHaveLength(72)
    // The events of one writer keep their order.
    expect(found.filter((card) => card.startsWith('w3-'))).toEqual(Array.from({ length: 12 }, (_, n) => `w3-${n}`))
  })
})

test('events of a dump that another server wrote are shown first, in their order', async () => {
  const values = ['900000000000', '900000000001'].flatMap((transaction) =>
    [1, 2].map((n) => ({
      transaction,
      time: new Date(0),
      issuer: ISSUER,
      card: 'restored',
      type: `${transaction}-${n}`,
    })),
  )
  await database().insertInto('ledger_event').values(values).execute()
  const shown = async () =>
    (await readEvents(database(), undefined, 4)).events
      .filter(({ card }) => card === 'restored')
      .map(({ type }) => type)
  expect(await shown()).toEqual([])
  await takeRestoredEvents(database())
  expect(await shown()).toEqual(values.map(({ type }) => type))
  const after = await end()
  await write(database(), 'new')
  await takeRestoredEvents(database())
  expect((await readEvents(database(), after, 10)).events.map(({ card }) => card)).toEqual(['new'])
})

describe('a cursor', () => {
  test('of a database that is ahead is refused: this one was restored, or is another', async () => {
    const [transaction = ''] = (await end()).split('.')
    const ahead = BigInt(transaction) + 1_000_000n
    for (const after of [`${ahead}.1`, `999999999999999999.1`]) {
      expect(await page(`?after=${after}`)).toMatchObject({ status: 400, code: 'ERR_CURSOR' })
    }
  })
  test.each(['1', '1.', '.1', '-1.1', '1.1.1', 'x.y', '1.1%20or%201=1', '9'.repeat(19), `${'9'.repeat(19)}.1`, ''])(
    'is not %s',
    async (after) => {
      expect(await page(`?after=${after}`)).toMatchObject({ status: 400, code: 'ERR_CURSOR' })
    },
  )
  test.each(['?limit=0', '?limit=1001', '?limit=1e9', '?limit=x', '?before=1.1', `?after=${'1'.repeat(97)}`])(
    'does not help a query like %s',
    async (query) => expect(await page(query)).toMatchObject({ status: 400, code: 'ERR_QUERY' }),
  )
})
