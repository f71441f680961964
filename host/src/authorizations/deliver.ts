/**
 * The scripts of an answer: the ledger says which entries may go, their commands are built, and only when all of them are
 * there does the ledger promise them. So nothing is called sent that is not in the answer.
 */
import { toHex } from '@issuerkit/apdu'
import { pinChangePlaces } from '../keys/pin-change-guard.js'
import type { AnswerEvent, Outcome, Unbuildable } from '../ledger/events.js'
import type { Delivery, Entry } from '../ledger/model.js'
import { reduce } from '../ledger/reduce.js'
import type { CardChange } from '../store/card-change.js'
import { randomHex } from '../wrap.js'
import type { Answer } from './asked.js'
import type { Transaction } from './commands.js'
import type { Caller, Desk } from './desk.js'
import { buildScripts } from './scripts.js'

/** What is to be answered. */
export interface AnswerPlan extends Pick<AnswerEvent, 'now' | 'authorization' | 'approved' | 'otherBytes'> {
  readonly issuerAuthentication: boolean
  readonly transaction: Transaction
}

/** What an answer carries of the ledger's. */
export interface Delivered extends Pick<Answer, 'delivery' | 'scripts' | 'withheld' | 'warnings'> {
  /** Templates 71 and 72. */
  readonly templates: Uint8Array
}

const NOTHING: Delivered = { delivery: null, scripts: [], withheld: [], warnings: [], templates: new Uint8Array(0) }

/** Plans the answer of an authorization, builds what it carries, and tells the ledger. */
export async function deliver(desk: Desk, change: CardChange, caller: Caller, plan: AnswerPlan): Promise<Delivered> {
  const { transaction, ...asked } = plan
  const { policy, handle } = change.card
  const event: AnswerEvent = {
    ...asked,
    type: 'answer-planned',
    delivery: crypto.randomUUID(),
    answer: plan.authorization,
    scriptIdentifiers: [],
  }
  // Most cards have nothing to be carried to them.
  if (change.ledger.entries.length === 0) return { ...NOTHING, withheld: withheldOf(change.apply(event)) }
  // One of them may have been used before.
  const scriptIdentifiers = Array.from({ length: policy.maxScripts + 1 }, () => randomHex(4))
  const room = Math.min(policy.scriptBytes, policy.fieldBytes - plan.otherBytes)
  const unbuildable: { entry: string; reason: Unbuildable }[] = []
  for (;;) {
    const planned = { ...event, scriptIdentifiers, unbuildable }
    const { outcome } = reduce(change.ledger, planned, policy)
    const delivery = outcome.type === 'plan' ? outcome.delivery : null
    if (delivery === null) return { ...NOTHING, withheld: withheldOf(change.apply(planned)) }
    const built = await buildScripts(desk, change, { transaction, delivery, room })
    if (!('faults' in built)) {
      const withheld = withheldOf(change.apply(planned))
      await guard(desk, change, transaction, delivery)
      const detail = { authorization: plan.authorization, delivery: delivery.id }
      change.audit({ ...caller, action: 'authorization.answer', object: `card:${handle}`, outcome: 'ok', detail })
      return { ...built, delivery: delivery.id, withheld }
    }
    for (const { entry, fault, gone } of built.faults) {
      unbuildable.push({ entry, reason: fault })
      if (gone) takeOut(change, caller, plan, entry)
    }
  }
}

/** A PIN change that has gone to the card is the only one for its transaction. */
async function guard(
  { keys }: Desk,
  change: CardChange,
  { card, verdict }: Transaction,
  delivery: Delivery,
): Promise<void> {
  const carried = delivery.scripts.flatMap(({ entries }) => entries)
  const isPinChange = ({ id, target }: Entry) => target === 'pin' && carried.includes(id)
  if (!change.ledger.entries.some(isPinChange)) return
  const [atc = '', arqc = ''] = ['9F36', '9F26'].map((tag) => toHex(verdict.tags.get(tag) ?? new Uint8Array(0)))
  change.guardPinChange(await pinChangePlaces(keys, { ...card, atc, arqc }))
}

function withheldOf(outcome: Outcome): Delivered['withheld'] {
  return outcome.type === 'plan' ? outcome.withheld : []
}

/** It would be in the way of every answer to come. */
function takeOut(change: CardChange, caller: Caller, { now, authorization }: AnswerPlan, entry: string): void {
  change.apply({ type: 'cancel', now, entry })
  const detail = { entry, authorization, reason: 'not-buildable' }
  change.audit({ ...caller, action: 'card.cancel', object: `card:${change.card.handle}`, outcome: 'failed', detail })
}
