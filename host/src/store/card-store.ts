/**
 * The ledgers of cards in PostgreSQL. A change reads a card, works on it, and writes it in one statement, which does nothing
 * when somebody else was faster: then the change begins anew. So changes of one card come one after the other, on however many
 * nodes, and no lock is held while keys are used.
 */
import { appendAudit } from '../audit/append.js'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import { ledgerPolicy } from '../keys/issuer-profile.js'
import type { KeyService, WrappedPin } from '../keys/key-service.js'
import { type CardLedger, emptyLedger } from '../ledger/model.js'
import { authorizationSeal, type SealContext } from './authorizations.js'
import { CardChange, type CardName, LedgerFault, type StoredCard } from './card-change.js'
import { type ReadCard, writeChange } from './card-write.js'

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
  const read = (target: CardName | { readonly handle: string }) =>
    'handle' in target ? readByHandle(context, database, target.handle) : readByName(context, database, target)
  return {
    find: async (name) => {
      const { card, version } = await readByName(context, database, name)
      return version === undefined ? undefined : card
    },
    byHandle: async (handle) => (await readByHandle(context, database, handle)).card,
    async change(target, work) {
      const seal = await authorizationSeal(context)
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const found = await read(target)
        if (found.card.stopped !== null) throw new HostError('ERR_LEDGER')
        const change = new CardChange(found.card)
        const result = await stoppingAt(context, async () => work(change))
        if (await writeChange(database, found, change, seal)) return result
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

const COLUMNS = [
  'card',
  'issuer',
  'pan_hash',
  'masked_pan',
  'pan_sequence',
  'application',
  'version',
  'due_at',
  'stopped',
  'body',
] as const

async function readByHandle({ keys }: StoreContext, database: Database, handle: string): Promise<ReadCard> {
  const row = await rowsOf(database).where('card', '=', handle).executeTakeFirst()
  if (row === undefined) throw new HostError('ERR_NOT_FOUND')
  return readRow(row, ledgerPolicy(await keys.profile(row.issuer)))
}

/**
 * A message that names no application means the card's only one. The first message that names one tells what the application
 * is called that messages without a name have made.
 */
async function readByName({ keys }: StoreContext, database: Database, name: CardName): Promise<ReadCard> {
  const { issuer, pan, panSequence, application = '' } = name
  const policy = ledgerPolicy(await keys.profile(issuer))
  const panHash = await keys.panHash(pan)
  const rows = await rowsOf(database)
    .where('issuer', '=', issuer)
    .where('pan_hash', '=', panHash)
    .where('pan_sequence', '=', panSequence)
    .execute()
  const [only] = rows.length === 1 ? rows : []
  const row = rows.find((one) => one.application === application)
  if (row !== undefined) return readRow(row, policy)
  if (only !== undefined && (application === '' || only.application === '')) {
    return readRow(only, policy, application === '' ? only.application : application)
  }
  const handle = crypto.randomUUID()
  const maskedPan = `****${pan.slice(-4)}`
  const ledger = emptyLedger(handle, panSequence, 1)
  const card = { handle, issuer, panHash, maskedPan, panSequence, application, policy, ledger, stopped: null }
  return { card, version: undefined, due: undefined, application }
}

function rowsOf(database: Database) {
  return database.selectFrom('card_ledger').select([...COLUMNS])
}

type Row = Awaited<ReturnType<ReturnType<typeof rowsOf>['execute']>>[number]

function readRow(row: Row, policy: StoredCard['policy'], application = row.application): ReadCard {
  const { card: handle, issuer, pan_hash: panHash, masked_pan: maskedPan, pan_sequence: panSequence, stopped } = row
  const ledger = row.body as CardLedger
  const card = { handle, issuer, panHash, maskedPan, panSequence, application, policy, ledger, stopped }
  return { card, version: row.version, due: row.due_at?.getTime(), application: row.application }
}

/** Runs `work`; a ledger that contradicts itself stops its card, and that stays although nothing else of the change does. */
async function stoppingAt<T>({ database }: StoreContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof LedgerFault) await stop(database, error)
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
