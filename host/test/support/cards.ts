/** Cards behind HTTP, for tests: an issuer with a PIN key, cards of their own PANs, and deliveries to them. */
import { createCipheriv } from 'node:crypto'
import { sql } from 'kysely'
import { expect } from 'vitest'
import type { Database } from '../../src/database.js'
import type { LedgerEvent, Outcome } from '../../src/ledger/events.js'
import type { Entry } from '../../src/ledger/model.js'
import { type CardStore, cardStore, type StoreContext } from '../../src/store/card-store.js'
import { MasterKey } from '../../src/wrap.js'
import { type Answer, componentsOf, type KeyHost, keyHost, masterBytes } from './keys.js'
import { QUIET } from './ledger-run.js'

export const PIN_KEY = '8C1A3D5E7F9BA2C46E08B1D3F5A7C9EB'

export interface CardWorld {
  readonly host: KeyHost
  readonly context: StoreContext
  readonly store: CardStore
  /** The id of the PIN key. */
  readonly pinKey: string
  /** The handle of a new card, which has the PAN given or one of its own. */
  card(pan?: string): Promise<string>
  queue(card: string, command: object, more?: object): Promise<Answer>
  /** Queues, and gives the id of the entry. */
  queued(card: string, command: object, more?: object): Promise<string>
  /** Lets something happen to a card. */
  apply(card: string, ...events: readonly LedgerEvent[]): Promise<Outcome | undefined>
  /** An authorization whose answer carries what waits. */
  deliver(card: string, atc: number, now?: number): Promise<void>
  /** A later cryptogram that tells how many commands ran. */
  read(card: string, atc: number, counter: number): Promise<void>
  entry(card: string, id: string): Promise<Entry>
  /** The types of the events of an entry, in order. */
  told(entry: string): Promise<string[]>
}

let serial = 0

/** A PAN that no other test has. */
export function freshPan(): string {
  return `62281111${String(serial++).padStart(8, '0')}`
}

export async function cardWorld(database: Database, { devMode = true, issuer = 'bank' } = {}): Promise<CardWorld> {
  const host = await keyHost(database, { devMode })
  const context = { database, masterKey: new MasterKey(masterBytes), keys: host.service }
  const store = cardStore(context)
  await host.post('/v1/issuers', { id: issuer, family: 'unionpay', scheme: 'pboc' })
  const key = { issuer, usage: 'PIN', algorithm: 'tdes', components: componentsOf(PIN_KEY) }
  const pinKey = `${(await host.post('/v1/keys', key)).body['id']}`
  const world: CardWorld = {
    ...{ host, context, store, pinKey },
    async card(pan = freshPan()) {
      const { status, body } = await host.post('/v1/cards', { issuer, pan, panSequence: '01' })
      expect(status).toBe(200)
      return `${body['card']}`
    },
    queue: (card, command, more = {}) => host.post(`/v1/cards/${card}/scripts`, { command, reason: 'test', ...more }),
    async queued(card, command, more) {
      const { status, body } = await world.queue(card, command, more)
      expect([status, body]).toMatchObject([201, {}])
      return (body['entry'] as { entry: string }).entry
    },
    apply: (handle, ...events) =>
      store.change({ handle }, (change) => events.map((event) => change.apply(event)).at(-1)),
    async deliver(card, atc, now = Date.now()) {
      const outcome = await world.apply(card, seen(atc, now), {
        ...{ type: 'answer-planned', now, authorization: `a-${atc}`, delivery: `d-${card}-${atc}`, approved: true },
        ...{
          scriptIdentifiers: [`${atc}`.padStart(8, '0')],
          answer: 'kept',
          otherBytes: 12,
          issuerAuthentication: true,
        },
      })
      expect(outcome).toMatchObject({ type: 'plan', delivery: { atc } })
    },
    async read(card, atc, counter) {
      await world.apply(card, { ...seen(atc, Date.now()), cvr: { ...QUIET, counter } } as LedgerEvent)
    },
    async entry(card, id) {
      const entry = (await store.byHandle(card)).ledger.entries.find((one) => one.id === id)
      if (entry === undefined) throw new Error(`no entry ${id}`)
      return entry
    },
    async told(entry) {
      const rows = database.selectFrom('ledger_event').select('type').where('entry', '=', entry)
      return (await rows.orderBy('transaction').orderBy('id').execute()).map(({ type }) => type)
    },
  }
  const seen = (atc: number, now: number): LedgerEvent => ({
    ...{ type: 'authorization-seen', now, authorization: `a-${atc}`, reference: `ref-${atc}`, atc, kind: 'ARQC' },
    ...{ fingerprint: `f${atc}`, verified: true, standIn: false, contact: true, contactlessCryptogram: false },
    ...{ dki: 1, scheme: 'pboc', family: 'unionpay', macLength: 4 },
  })
  return world
}

/** A PIN block of format 0 under the PIN key, by OpenSSL: 0 N PIN F.. XOR 0000 and 12 digits of the PAN. [ISO9564-1] */
export function pinBlock(pin: string, pan: string, key = PIN_KEY): string {
  const field = Buffer.from(`0${pin.length.toString(16)}${pin}`.padEnd(16, 'F'), 'hex')
  const panField = Buffer.from(`0000${pan.slice(0, -1).slice(-12)}`, 'hex')
  const block = field.map((byte, i) => byte ^ (panField[i] ?? 0))
  const cipher = createCipheriv('des-ede', Buffer.from(key, 'hex'), null).setAutoPadding(false)
  return cipher.update(block).toString('hex').toUpperCase()
}

/** Every row of every table, as text. */
export async function everything(database: Database): Promise<string> {
  const tables = await database.introspection.getTables()
  const rows = tables.map(({ schema, name }) =>
    sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.id(schema ?? 'public', name)} t`.execute(database),
  )
  return (await Promise.all(rows)).flatMap((result) => result.rows.map(({ row }) => row)).join('\n')
}

/** The ids of the PINs that are kept. */
export async function keptPins(database: Database): Promise<string[]> {
  return (await database.selectFrom('queued_pin').select('id').orderBy('id').execute()).map(({ id }) => id)
}
