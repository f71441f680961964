/**
 * A card is re-issued: its chip is replaced. The new chip takes the old one's place when it has the same PAN, sequence number
 * and application; its ledger then begins anew, and the old one goes to the archive. Otherwise it is another card.
 */
import { constantTimeEqual } from '@issuerkit/keys'
import type { Database } from '../database.js'
import type { Outcome } from '../ledger/events.js'
import { type CardLedger, type Entry, emptyLedger } from '../ledger/model.js'
import type { CardChange, StoredCard } from '../store/card-change.js'
import { cardStore, type StoreContext } from '../store/card-store.js'
import { pinIds } from '../store/card-write.js'
import { siblingHandle } from '../store/sibling.js'
import { expectSibling, openCard } from './find.js'
import { auditOf, expectReason, type Operation } from './operation.js'
import { expectTaken } from './refusals.js'

/** What a card is replaced by, and what happens to the commands that wait for it. */
export interface ReissueRequest {
  readonly waiting: 'cancel' | 'move'
  /** The new card; what is left out is as it was. All of it as it was: a new chip under the old name. */
  readonly to?: { readonly pan?: string; readonly panSequence: string; readonly application?: string }
  readonly reason: string
}

/** Cards by their handles, entries by their ids. */
export interface Reissued {
  readonly from: string
  readonly to: string
  /** They wait for the new card now. */
  readonly moved: readonly string[]
  /** They will not be sent. Those of which nobody knows whether they were executed are among them. */
  readonly cancelled: readonly string[]
}

/**
 * Re-issues a card inside `transaction`: the old card and the new one change together or not at all.
 * @throws ERR_NOT_FOUND; ERR_LEDGER_STATE when either was replaced before; ERR_PAN, ERR_PAN_SEQUENCE, ERR_SCRIPT_OPTION
 */
export async function reissueCard(
  context: StoreContext,
  transaction: Database,
  handle: string,
  request: ReissueRequest,
  operation: Operation,
): Promise<Reissued> {
  expectReason(request.reason)
  const store = cardStore(context, transaction)
  const old = await store.byHandle(handle)
  const target = await targetOf(context, transaction, old, request, operation)
  if (target.handle === handle) return store.change({ handle }, (change) => replaceChip(change, request, operation))
  await lockCards(transaction, [handle, target.handle])
  const { moved, cancelled, pins } = await store.change({ handle }, async (change) => {
    const gone = giveAway(change, request, operation.now, target.otherPan)
    // What is written for this card erases them.
    return { ...gone, pins: await store.pins(gone.moved.flatMap(({ intent }) => pinIds(intent))) }
  })
  await store.change(target, (change) => {
    adopt(change, moved, operation.now)
    for (const pin of pins) change.keepPin(pin)
    // Both at once: the end of one chain is enough to hold.
    change.audit(auditOf(operation, 'card.reissue', old, { to: target.handle }))
    change.audit(auditOf(operation, 'card.reissue', change.card, { from: handle, moved: moved.length }))
  })
  return { from: handle, to: target.handle, moved: moved.map(({ id }) => id), cancelled }
}

/** In the order in which whoever changes several cards locks them; otherwise two could wait for each other. */
async function lockCards(transaction: Database, cards: readonly string[]): Promise<void> {
  await transaction
    .selectFrom('card_ledger')
    .select('card')
    .where('card', 'in', [...cards])
    .orderBy('card')
    .forUpdate()
    .execute()
}

interface Target {
  readonly handle: string
  readonly otherPan: boolean
}

async function targetOf(
  context: StoreContext,
  transaction: Database,
  old: StoredCard,
  { to }: ReissueRequest,
  operation: Operation,
): Promise<Target> {
  if (to === undefined) return { handle: old.handle, otherPan: false }
  const { pan } = to
  const name = expectSibling({ panSequence: to.panSequence, application: to.application ?? old.application })
  if (pan !== undefined && !constantTimeEqual(await context.keys.panHash(pan), old.panHash)) {
    const { handle } = await openCard(context, transaction, { issuer: old.issuer, pan, ...name }, operation)
    return { handle, otherPan: true }
  }
  const isSame = name.panSequence === old.panSequence && name.application === old.application
  return { handle: isSame ? old.handle : await siblingHandle(transaction, old, name), otherPan: false }
}

/** Another chip under the same name. */
function replaceChip(change: CardChange, request: ReissueRequest, operation: Operation): Reissued {
  const { handle, panSequence } = change.card
  const { moved, cancelled } = giveAway(change, request, operation.now, false)
  change.replaceLedger({
    ...emptyLedger(handle, panSequence, change.ledger.instance + 1),
    version: change.ledger.version + 1,
  })
  adopt(change, moved, operation.now)
  change.audit(auditOf(operation, 'card.reissue', change.card, { to: handle, moved: moved.length }))
  return { from: handle, to: handle, moved: moved.map(({ id }) => id), cancelled }
}

function giveAway(
  change: CardChange,
  { waiting }: ReissueRequest,
  now: number,
  otherPan: boolean,
): { readonly moved: readonly Entry[]; readonly cancelled: readonly string[] } {
  const before = withdrawn(change.ledger)
  const { moved } = expectTaken(change.apply({ type: 'reissue', now, waiting, otherPan }), 'reissued')
  const gone = new Set([...before, ...moved.map(({ id }) => id)])
  return { moved, cancelled: withdrawn(change.ledger).filter((id) => !gone.has(id)) }
}

/** What will not be sent any more because somebody said so. */
function withdrawn({ entries }: CardLedger): string[] {
  return entries.filter(({ state, hold }) => state === 'cancelled' || hold === 'reissue').map(({ id }) => id)
}

function adopt(change: CardChange, entries: readonly Entry[], now: number): Outcome {
  return expectTaken(change.apply({ type: 'adopt', now, entries }), 'done')
}
