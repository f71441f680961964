/** The order of events where transactions overtake each other. */
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import type { LedgerEvent } from '../src/ledger/events.js'
import { cardStore, type StoreContext } from '../src/store/card-store.js'
import { readEvents } from '../src/store/events.js'
import { useDatabase } from './support/database.js'
import { masterKey } from './support/faults/node.js'

const { database } = useDatabase()
let context: StoreContext
beforeAll(async () => {
  const key = masterKey()
  await loadDemoIssuer(database(), key)
  context = { database: database(), masterKey: key, keys: localKeyService(database(), key) }
})

const named = (pan: string) => ({ issuer: 'demo-pboc', pan, panSequence: '01' })
const queue = (entry: string): LedgerEvent => ({
  ...{ type: 'queue', now: Date.now(), entry, operator: 'o', reason: 'r' },
  intent: { type: 'card-block' },
})
const told = async (): Promise<string[]> => {
  const { events } = await readEvents(database(), undefined, 1000)
  return events.filter(({ entry }) => entry?.startsWith('overtaken')).map(({ type, entry }) => `${type} ${entry}`)
}

test('a transaction that began first and changed the card last comes last', async () => {
  const name = named('6200000000000105')
  await database()
    .transaction()
    .execute(async (transaction) => {
      await sql`select pg_current_xact_id()`.execute(transaction)
      await cardStore(context).change(name, (change) => change.apply(queue('overtaken-1')))
      await cardStore(context, transaction).change(name, (change) => change.apply(queue('overtaken-2')))
      // Nobody is shown the first one's events before the second has ended, so that they can be put into their order.
      expect(await told()).toEqual([])
    })
  const [first, second] = ['overtaken-1', 'overtaken-2']
  expect(await told()).toEqual([
    `created ${first}`,
    `queued ${first}`,
    `created ${second}`,
    `queued ${second}`,
    `superseded ${first}`,
  ])
})

test('a card from the dump of another server goes by the numbers of this one', async () => {
  const name = named('6200000000000113')
  const handle = await cardStore(context).change(name, ({ card }) => card.handle)
  const ahead = '99999999'
  await sql`update card_ledger set event_transaction = ${ahead} where card = ${handle}`.execute(database())
  await cardStore(context).change(name, (change) => change.apply(queue('overtaken-3')))
  expect((await told()).at(-1)).toBe('queued overtaken-3')
})
