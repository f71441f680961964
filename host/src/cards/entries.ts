/** Cancelling an entry, and telling what became of it. */
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import type { CancelEvent, ProofEvent } from '../ledger/events.js'
import type { CardLedger, Entry } from '../ledger/model.js'
import { cardStore, type StoreContext } from '../store/card-store.js'
import { findEntry } from './find.js'
import { auditOf, type Operation } from './operation.js'
import { expectTaken } from './refusals.js'

/** An entry of a card, both by their ids. */
export interface EntryName {
  readonly card: string
  readonly entry: string
}

/**
 * An entry that will not be sent any more.
 * @returns the entry as it is then
 * @throws ERR_NOT_FOUND; ERR_LEDGER_STATE when it has ended, or is with the card
 */
export async function cancelEntry(
  context: StoreContext,
  transaction: Database,
  { card, entry }: EntryName,
  operation: Operation,
): Promise<Entry> {
  return settle(context, transaction, card, { type: 'cancel', now: operation.now, entry }, operation)
}

/**
 * What somebody has found out about an entry's last delivery. A verified cryptogram is believed more.
 * @returns the entry as it is then
 * @throws ERR_NOT_FOUND; ERR_LEDGER_STATE when it was never sent
 */
export async function proveEntry(
  context: StoreContext,
  transaction: Database,
  { card, entry }: EntryName,
  executed: boolean,
  operation: Operation,
): Promise<Entry> {
  const { now } = operation
  return settle(context, transaction, card, { type: 'proof', now, entry, executed, rank: 'operator' }, operation)
}

async function settle(
  context: StoreContext,
  transaction: Database,
  handle: string,
  event: CancelEvent | ProofEvent,
  operation: Operation,
): Promise<Entry> {
  return cardStore(context, transaction).change({ handle }, async (change) => {
    const { card } = change
    if (!card.ledger.entries.some(({ id }) => id === event.entry)) {
      await findEntry(transaction, card, event.entry)
      throw new HostError('ERR_LEDGER_STATE', 'The entry has ended and is in the archive.')
    }
    expectTaken(change.apply(event), 'done')
    const [action, detail] =
      event.type === 'cancel'
        ? (['card.cancel', { entry: event.entry }] as const)
        : (['card.proof', { entry: event.entry, executed: event.executed }] as const)
    change.audit(auditOf(operation, action, card, detail))
    return entryIn(change.ledger, event.entry)
  })
}

/** An entry that is in the ledger. */
export function entryIn({ entries }: CardLedger, id: string): Entry {
  const entry = entries.find((one) => one.id === id)
  if (entry === undefined) throw new TypeError(`the entry ${id} has left its ledger`)
  return entry
}
