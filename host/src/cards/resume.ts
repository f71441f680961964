/**
 * A card that was stopped is worked on again. It was stopped because an event would have made its ledger contradict itself;
 * that event was not written, so what the ledger says is what it said before. Who resumes the card has looked at why.
 */
import { appendAudit } from '../audit/append.js'
import type { Database } from '../database.js'
import type { Stop } from '../store/archive.js'
import { cardStore, type StoreContext } from '../store/card-store.js'
import { auditOf, expectReason, type Operation } from './operation.js'

/**
 * True for a card that was stopped until now; why it was, and the reason, go to its archive.
 * ERR_NOT_FOUND, ERR_SCRIPT_OPTION for the reason
 */
export async function resumeCard(
  context: StoreContext,
  transaction: Database,
  { handle, reason }: { readonly handle: string; readonly reason: string },
  operation: Operation,
): Promise<boolean> {
  expectReason(reason)
  await transaction.selectFrom('card_ledger').select('card').where('card', '=', handle).forUpdate().execute()
  const card = await cardStore(context, transaction).byHandle(handle)
  if (card.stopped === null) return false
  await transaction.updateTable('card_ledger').set({ stopped: null }).where('card', '=', handle).execute()
  const stop: Stop = { stopped: card.stopped, operator: operation.operator, reason }
  await transaction
    .insertInto('ledger_archive')
    .values({
      ...{ card: handle, kind: 'stop', id: crypto.randomUUID() },
      ...{ body: JSON.stringify(stop), archived_at: new Date(operation.now) },
    })
    .execute()
  await appendAudit(transaction, auditOf(operation, 'card.resume', card))
  return true
}
