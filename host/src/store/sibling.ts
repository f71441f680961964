/** The other cards of a PAN, of which only a hash is kept. */
import type { Database } from '../database.js'
import { emptyLedger } from '../ledger/model.js'
import type { StoredCard } from './card-change.js'

/** Which card of the PAN. */
export interface SiblingName {
  readonly panSequence: string
  /** The AID; empty where no message has named one. */
  readonly application: string
}

/** The handle of the card with the same PAN and another sequence number or application; it is made where there is none. */
export async function siblingHandle(transaction: Database, card: StoredCard, name: SiblingName): Promise<string> {
  const known = await findSibling(transaction, card, name)
  if (known !== undefined) return known
  const { issuer, panHash: pan_hash, maskedPan: masked_pan } = card
  const { panSequence, application } = name
  const handle = crypto.randomUUID()
  const body = JSON.stringify(emptyLedger(handle, panSequence, 1))
  const { numInsertedOrUpdatedRows: made } = await transaction
    .insertInto('card_ledger')
    .values({
      ...{ card: handle, issuer, pan_hash, masked_pan, pan_sequence: panSequence, application },
      ...{ version: 1, body },
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  // Somebody else may have made it at this moment.
  return made === 1n ? handle : ((await findSibling(transaction, card, name)) ?? handle)
}

/** As a message finds a card: one that names no application means the only one. */
async function findSibling(
  transaction: Database,
  { issuer, panHash }: StoredCard,
  { panSequence, application }: SiblingName,
): Promise<string | undefined> {
  const rows = await transaction
    .selectFrom('card_ledger')
    .select(['card', 'application'])
    .where('issuer', '=', issuer)
    .where('pan_hash', '=', panHash)
    .where('pan_sequence', '=', panSequence)
    .execute()
  const [only] = rows.length === 1 ? rows : []
  const isOnly = only !== undefined && (application === '' || only.application === '')
  return rows.find((row) => row.application === application)?.card ?? (isOnly ? only.card : undefined)
}
