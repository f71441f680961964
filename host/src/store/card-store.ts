/**
 * The ledgers of cards in PostgreSQL. A change reads a card, works on it, and writes it in one statement, which does nothing
 * when somebody else was faster: then the change begins anew. So changes of one card come one after the other, on however many
 * nodes, and no lock is held while keys are used.
 */
import { appendAudit } from '../audit/append.js'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import type { KeyService, WrappedPin } from '../keys/key-service.js'
import { authorizationSeal, type SealContext } from './authorizations.js'
import { CardChange, type CardName, LedgerFault, type StoredCard } from './card-change.js'
import { type FindRows, findRows, readByHandle, readByName } from './card-read.js'
import { type CardWrite, cardWrite, writeChanges } from './card-write.js'
import { together } from './together.js'

/** What a store works with. */
export interface StoreContext extends SealContext {
  readonly keys: KeyService
}

export interface CardStore {
  /** The card that a message names, where it is known. ERR_PAN */
  find(name: CardName): Promise<StoredCard | undefined>
  /** ERR_NOT_FOUND */
  byHandle(handle: string): Promise<StoredCard>
  /**
   * Changes a card; one that a name does not find is made. `work` runs again when the card was changed in between, so it has
   * no effect but through what it is given.
   * @throws ERR_NOT_FOUND for a handle; ERR_LEDGER for a card that is stopped, or is stopped by this; what `work` throws
   */
  change<T>(card: CardName | { readonly handle: string }, work: (change: CardChange) => Promise<T> | T): Promise<T>
  /** Those of the PINs that are still kept. */
  pins(ids: readonly string[]): Promise<readonly WrappedPin[]>
}

/** How often a change begins anew. Each time somebody else has got through. */
const ATTEMPTS = 100

/** The cards of `context.database`, changed by `database`, which may be a transaction. */
export function cardStore(context: StoreContext, database: Database = context.database): CardStore {
  const { keys } = context
  const { find, write } = database === context.database ? sharedDoor(database) : ownDoor(database)
  const read = (target: CardName | { readonly handle: string }) =>
    'handle' in target ? readByHandle(keys, database, target.handle) : readByName(keys, find, target)
  return {
    find: async (name) => {
      const { card, version } = await readByName(keys, find, name)
      return version === undefined ? undefined : card
    },
    byHandle: async (handle) => (await readByHandle(keys, database, handle)).card,
    async change(target, work) {
      const seal = await authorizationSeal(context)
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const found = await read(target)
        if (found.card.stopped !== null) throw new HostError('ERR_LEDGER')
        const change = new CardChange(found.card)
        const result = await stoppingAt(context.database, database, async () => work(change))
        const writing = cardWrite(found, change, seal)
        if (writing === undefined || (await write(writing))) return result
      }
      throw new HostError('ERR_UNAVAILABLE', 'The card is being changed by too many requests at once.')
    },
    async pins(ids) {
      if (ids.length === 0) return []
      return database
        .selectFrom('queued_pin')
        .select(['id', 'wrapped'])
        .where('id', 'in', [...ids])
        .execute()
    },
  }
}

/** How cards are read and written. */
interface Door {
  readonly find: FindRows
  /** False when the card is not any more as it was read. */
  readonly write: (write: CardWrite) => Promise<boolean>
}

/** Inside a transaction, each by itself. */
function ownDoor(database: Database): Door {
  return {
    find: async (key) => (await findRows(database, [key]))[0] ?? [],
    write: async (write) => (await writeChanges(database, [write])).has(write.card),
  }
}

const doors = new WeakMap<Database, Door>()
/** The fewer on their way, the more go together: each costs the node and the server about the same. */
const READING = { lanes: 1, most: 64 }
/** A commit waits for the disk: a second group is on its way meanwhile. */
const WRITING = { lanes: 2, most: 64 }

/** What all requests of a node share. */
function sharedDoor(database: Database): Door {
  const known = doors.get(database)
  if (known !== undefined) return known
  const written = async (writes: readonly CardWrite[]) => {
    const cards = await writeChanges(
      database,
      // Two nodes that write the same cards take their locks in the same order.
      writes.toSorted((a, b) => (a.card < b.card ? -1 : 1)),
    )
    return writes.map(({ card }) => cards.has(card))
  }
  const keyOf = ({ card }: CardWrite) => card
  const [update, insert] = [together(written, keyOf, WRITING), together(written, keyOf, WRITING)]
  let next = 0
  const door: Door = {
    find: together(
      (keys) => findRows(database, keys),
      () => `${next++}`,
      READING,
    ),
    write: (write) => (write.isNew ? insert(write) : update(write)),
  }
  doors.set(database, door)
  return door
}

/** Runs `work`; a ledger that contradicts itself stops its card, and that stays although nothing else of the change does. */
async function stoppingAt<T>(database: Database, own: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof LedgerFault) {
      const stopped = stop(database, error)
      // A transaction that holds the card gives it back when it has failed, not before.
      if (own === database) await stopped
      else stopped.catch(() => {})
    }
    throw error
  }
}

async function stop(database: Database, { handle, violations }: LedgerFault): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    await transaction
      .updateTable('card_ledger')
      .set({ stopped: violations.join('; ').slice(0, 1000) })
      .where('card', '=', handle)
      .execute()
    await appendAudit(transaction, {
      subject: 'host',
      action: 'ledger.fault',
      object: `card:${handle}`,
      outcome: 'failed',
      detail: { violations: violations.length },
    })
  })
}
