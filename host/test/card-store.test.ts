/** The store of ledgers, on a real database: one statement for a change, nothing lost between nodes. */
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import type { LedgerEvent } from '../src/ledger/events.js'
import { type AuthorizationRow, authorizationStore } from '../src/store/authorizations.js'
import { type CardStore, cardStore, type StoreContext } from '../src/store/card-store.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'

const { database } = useDatabase()
const masterKey = new MasterKey(new Uint8Array(32))
const NOW = Date.UTC(2026, 10, 22)
const DAY = 86_400_000
let context: StoreContext
/** Two nodes. */
let [one, two]: CardStore[] = []
beforeAll(async () => {
  await loadDemoIssuer(database(), masterKey)
  context = { database: database(), masterKey, keys: localKeyService(database(), masterKey) }
  one = cardStore(context)
  two = cardStore({ ...context })
})

function node(store: CardStore | undefined): CardStore {
  if (store === undefined) throw new Error('no store')
  return store
}

let last = 0
const named = (application?: string) => {
  last += 1
  const pan = `62000000${String(last).padStart(8, '0')}`
  return { issuer: 'demo-pboc', pan, panSequence: '01', ...(application === undefined ? {} : { application }) }
}
const queue = (entry: string, more: object = {}): LedgerEvent => ({
  type: 'queue',
  now: NOW,
  entry,
  intent: { type: 'put-data', tag: '9F58', value: '05' },
  operator: 'o',
  reason: 'r',
  ...more,
})
const countOf = async (table: 'queued_pin' | 'ledger_event' | 'card_ledger' | 'audit_entry') => {
  const { rows } = await sql<{ n: string }>`select count(*) n from ${sql.table(table)}`.execute(database())
  return Number(rows[0]?.n)
}

describe('a card', () => {
  test('is not there until something has happened to it', async () => {
    const name = named()
    expect(await node(one).find(name)).toBeUndefined()
    await node(one).change(name, () => undefined)
    expect(await node(two).find(name)).toMatchObject({
      maskedPan: expect.stringMatching(/^\*{4}\d{4}$/),
      application: '',
    })
  })

  test('that nobody knows by its handle is refused', async () => {
    await expect(node(one).byHandle('x')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    await expect(node(one).change({ handle: 'x' }, () => 1)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  test('of an unknown issuer, or with a malformed PAN, is refused', async () => {
    await expect(node(one).find({ ...named(), issuer: 'nobody' })).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    await expect(node(one).find({ ...named(), pan: '62A' })).rejects.toMatchObject({ code: 'ERR_PAN' })
  })

  test('is the same with and without its application, as long as it has one alone', async () => {
    const name = named()
    const first = await node(one).change(name, ({ card }) => card.handle)
    const application = 'A000000333010101'
    expect(await node(one).change({ ...name, application }, ({ card }) => card.handle)).toBe(first)
    expect(await node(two).find(name)).toMatchObject({ handle: first, application })
    const other = await node(one).change({ ...name, application: 'A000000333010102' }, ({ card }) => card.handle)
    expect(other).not.toBe(first)
    // Now nobody can say which of them is meant.
    expect(await node(one).find(name)).toBeUndefined()
  })

  test('is made once when two nodes see it first', async () => {
    const name = named()
    const entries = Array.from({ length: 12 }, (_, i) =>
      queue(`first-${i}`, { intent: { type: 'load', tag: '9F79', amount: i + 1 } }),
    )
    const outcomes = await Promise.all(
      entries.map((event, i) => node(i % 2 === 0 ? one : two).change(name, (change) => change.apply(event))),
    )
    expect(outcomes.map(({ type }) => type)).toEqual(entries.map(() => 'queued'))
    const card = await node(one).find(name)
    expect(card?.ledger.entries.map(({ id }) => id).sort()).toEqual(entries.map((_, i) => `first-${i}`).sort())
    expect(card?.ledger.version).toBe(12)
  })
})

describe('a change', () => {
  test('that throws leaves nothing', async () => {
    const name = named()
    const before = [await countOf('ledger_event'), await countOf('card_ledger'), await countOf('audit_entry')]
    const failing = node(one).change(name, (change) => {
      change.apply(queue('lost'))
      change.audit({ subject: 's', action: 'card.queue', object: 'card:x', outcome: 'ok' })
      throw new Error('power')
    })
    await expect(failing).rejects.toThrow('power')
    expect([await countOf('ledger_event'), await countOf('card_ledger'), await countOf('audit_entry')]).toEqual(before)
  })

  test('that does nothing writes nothing', async () => {
    const name = named()
    await node(one).change(name, (change) => change.apply(queue('there')))
    const before = await node(one).find(name)
    await node(one).change(name, () => undefined)
    const { rows } = await sql<{
      version: number
    }>`select version from card_ledger where card = ${before?.handle}`.execute(database())
    expect(rows).toEqual([{ version: 1 }])
  })

  test('that lost the race runs again on what the other left', async () => {
    const name = named()
    const runs: number[] = []
    await node(one).change(name, (change) => change.apply(queue('base')))
    await node(one).change(name, async (change) => {
      runs.push(change.ledger.entries.length)
      if (runs.length === 1)
        await node(two).change(name, (other) => other.apply(queue('between', { intent: { type: 'card-block' } })))
      return change.apply(queue('late', { intent: { type: 'pin-unblock' } }))
    })
    expect(runs).toEqual([1, 2])
    expect((await node(one).find(name))?.ledger.entries.map(({ id }) => id)).toEqual(['base', 'between', 'late'])
  })

  test('writes its events and its audit entries', async () => {
    const name = named()
    const handle = await node(one).change(name, (change) => {
      change.apply(queue('a'))
      change.apply(queue('b'))
      change.audit({ subject: 's', action: 'card.queue', object: `card:${change.card.handle}`, outcome: 'ok' })
      return change.card.handle
    })
    const events = await database()
      .selectFrom('ledger_event')
      .selectAll()
      .where('card', '=', handle)
      .orderBy('id')
      .execute()
    expect(events.map(({ type, entry }) => [type, entry])).toEqual([
      ['created', 'a'],
      ['queued', 'a'],
      ['created', 'b'],
      ['queued', 'b'],
      ['superseded', 'a'],
    ])
    const audit = await database()
      .selectFrom('audit_entry')
      .select('entry')
      .where('entry', 'like', `%${handle}%`)
      .execute()
    expect(audit).toHaveLength(1)
  })

  test('belongs to the transaction that it is given', async () => {
    const name = named()
    const undone = database()
      .transaction()
      .execute(async (transaction) => {
        await cardStore(context, transaction).change(name, (change) => change.apply(queue('gone')))
        throw new Error('undone')
      })
    await expect(undone).rejects.toThrow('undone')
    expect(await node(one).find(name)).toBeUndefined()
  })
})

describe('PINs', () => {
  const pinChange = (id: string) => queue(id, { intent: { type: 'pin-change', newPin: { wrapped: `${id}.new` } } })
  const keep = (name: ReturnType<typeof named>, id: string) =>
    node(one).change(name, (change) => {
      change.keepPin({ id: `${id}.new`, wrapped: Uint8Array.of(1, 2, 3) })
      return change.apply(pinChange(id))
    })

  test('are kept with their entry, and erased when it ends', async () => {
    const name = named()
    await keep(name, 'p1')
    expect((await node(two).pins(['p1.new'])).map(({ id }) => id)).toEqual(['p1.new'])
    await node(one).change(name, (change) => change.apply({ type: 'cancel', now: NOW, entry: 'p1' }))
    expect(await node(two).pins(['p1.new'])).toEqual([])
  })

  test('are erased when a newer entry takes the place', async () => {
    const name = named()
    await keep(name, 'p2')
    await keep(name, 'p3')
    expect((await node(one).pins(['p2.new', 'p3.new'])).map(({ id }) => id)).toEqual(['p3.new'])
  })

  test('are erased at expiry, and of an entry that was refused nothing is kept', async () => {
    const name = named()
    await keep(name, 'p4')
    await keep(name, 'p4')
    await node(one).change(name, (change) => change.apply({ type: 'tick', now: NOW + 181 * DAY }))
    expect(await node(one).pins(['p4.new'])).toEqual([])
  })
})

describe('what becomes due', () => {
  const dueOf = async (name: ReturnType<typeof named>) => {
    const card = await node(one).find(name)
    const { due_at } = await database()
      .selectFrom('card_ledger')
      .select('due_at')
      .where('card', '=', card?.handle ?? '')
      .executeTakeFirstOrThrow()
    return due_at?.getTime()
  }

  test('is the earliest date, then the expiry, then nothing', async () => {
    const name = named()
    await node(one).change(name, (change) => change.apply(queue('d', { earliest: NOW + DAY, expiry: NOW + 3 * DAY })))
    expect(await dueOf(name)).toBe(NOW + DAY)
    await node(one).change(name, (change) => change.apply({ type: 'tick', now: NOW + DAY }))
    expect(await dueOf(name)).toBe(NOW + 3 * DAY)
    await node(one).change(name, (change) => change.apply({ type: 'tick', now: NOW + 3 * DAY }))
    expect(await dueOf(name)).toBeUndefined()
  })
})

describe('a ledger that contradicts itself', () => {
  test('stops its card, and only it', async () => {
    const [name, other] = [named(), named()]
    await node(one).change(name, (change) => change.apply(queue('s')))
    const card = await node(one).find(name)
    const entry = { ...card?.ledger.entries[0], state: 'confirmed' }
    const body = JSON.stringify({ ...card?.ledger, entries: [entry] })
    await sql`update card_ledger set body = ${body}::json where card = ${card?.handle}`.execute(database())
    const again = () => node(one).change(name, (change) => change.apply(queue('t')))
    await expect(again()).rejects.toMatchObject({ code: 'ERR_LEDGER' })
    await expect(again()).rejects.toMatchObject({ code: 'ERR_LEDGER' })
    expect((await node(two).find(name))?.stopped).toContain('confirmed without')
    const { rows } = await sql`select 1 from audit_entry where entry like ${`%ledger.fault%${card?.handle}%`}`.execute(
      database(),
    )
    expect(rows).toHaveLength(1)
    expect((await node(one).change(other, (change) => change.apply(queue('fine')))).type).toBe('queued')
  })
})

describe('authorizations', () => {
  const row = (id: string, more: Partial<AuthorizationRow> = {}): AuthorizationRow => ({
    id,
    issuer: 'demo-pboc',
    reference: 'ref-1',
    card: null,
    atc: 7,
    fingerprint: 'F',
    verdict: 'V',
    created: new Date(NOW),
    request: { tags: { '9F36': '0007' }, marked: 'MARKED-SECRET' },
    answer: null,
    ...more,
  })

  test('are found by id and by reference, and changed by id', async () => {
    const answered = row('a1', { answer: { emv: '8A023030' } })
    await node(one).change(named(), (change) => change.keepAuthorization(row('a1')))
    await node(one).change(named(), (change) => change.keepAuthorization(answered))
    await node(one).change(named(), (change) => change.keepAuthorization(row('a2', { created: new Date(NOW + 1) })))
    const store = authorizationStore(context)
    expect(await store.byId('a1')).toEqual(answered)
    expect((await store.byReference('demo-pboc', 'ref-1')).map(({ id }) => id)).toEqual(['a2', 'a1'])
    expect(await store.byReference('other', 'ref-1')).toEqual([])
    expect(await store.byId('a3')).toBeUndefined()
  })

  test('are enciphered, each for its own row', async () => {
    const { rows } = await sql<{
      text: string
    }>`select encode(request, 'escape') as text from authorization_request`.execute(database())
    expect(rows.length).toBeGreaterThan(1)
    for (const { text } of rows) expect(text).not.toContain('MARKED')
    await sql`update authorization_request a set request = b.request from authorization_request b where a.id = 'a1' and b.id = 'a2'`.execute(
      database(),
    )
    await expect(authorizationStore(context).byId('a1')).rejects.toMatchObject({ code: 'ERR_KEY_UNWRAP' })
  })
})
