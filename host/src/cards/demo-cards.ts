/** The cards of dev mode's issuer, under handles that everybody knows: one to queue commands for, one to re-issue. */
import type { LedgerEvent } from '../ledger/events.js'
import { emptyLedger } from '../ledger/model.js'
import { cardStore, type StoreContext } from '../store/card-store.js'

export const DEMO_CARD = 'demo-card'
export const DEMO_ENTRIES = ['demo-entry-1', 'demo-entry-2'] as const
export const DEMO_OTHER_CARD = 'demo-card-2'

const CARDS = [
  { handle: DEMO_CARD, pan: '6228000200002' },
  { handle: DEMO_OTHER_CARD, pan: '6228000300003' },
] as const
const PAN_SEQUENCE = '01'

/** Puts the cards into the database, unless they are there. Dev mode only. */
export async function loadDemoCards(context: StoreContext, issuer: string): Promise<void> {
  const now = Date.now()
  for (const { handle, pan } of CARDS) {
    const panHash = await context.keys.panHash(pan)
    await context.database.transaction().execute(async (transaction) => {
      const { numInsertedOrUpdatedRows: made } = await transaction
        .insertInto('card_ledger')
        .values({
          ...{ card: handle, issuer, pan_hash: panHash, masked_pan: `****${pan.slice(-4)}` },
          ...{ pan_sequence: PAN_SEQUENCE, application: '', version: 1 },
          body: JSON.stringify(emptyLedger(handle, PAN_SEQUENCE, 1)),
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow()
      if (made !== 1n) return
      await cardStore(context, transaction).change({ handle }, (change) => {
        for (const event of history(handle, now)) change.apply(event)
      })
    })
  }
}

/** A command that is with the card, and one that waits for the next answer. */
function history(card: string, now: number): LedgerEvent[] {
  if (card !== DEMO_CARD) return []
  const [waiting, sent] = DEMO_ENTRIES
  const by = { operator: 'demo', reason: 'an example', now } as const
  const authorization = 'demo-authorization-of-a-card'
  return [
    { type: 'queue', entry: sent, intent: { type: 'put-data', tag: '9F58', value: '05' }, ...by },
    {
      ...{ type: 'authorization-seen', now, authorization, reference: 'demo-reference-of-a-card' },
      ...{ atc: 0x0100, kind: 'ARQC', fingerprint: '00', verified: true, standIn: false },
      ...{ contact: true, contactlessCryptogram: false },
      ...{ dki: 1, scheme: 'pboc', family: 'unionpay', macLength: 4 },
    },
    {
      ...{ type: 'answer-planned', now, authorization, delivery: 'demo-delivery', approved: true },
      ...{ scriptIdentifiers: ['00000001'], answer: authorization, otherBytes: 12, issuerAuthentication: true },
    },
    { type: 'queue', entry: waiting, intent: { type: 'pin-unblock' }, ...by },
  ]
}
