/** Cards, entries and deliveries as the interface shows them: no PIN, not even where one is kept. */
import type { Intent } from '../ledger/intent.js'
import type { AuthorizationRecord, CardLedger, Delivery, Entry } from '../ledger/model.js'
import type { StoredCard } from '../store/card-change.js'
import { timeText } from './times.js'

/** What names a card, and which chip is in use. */
export function cardJson({ handle: card, issuer, maskedPan, panSequence, application, ledger }: StoredCard): object {
  const { instance, status } = ledger
  return {
    card,
    issuer,
    maskedPan,
    panSequence,
    application: application === '' ? null : application,
    instance,
    status,
  }
}

/** A card with all that is known of it and not archived. */
export function wholeCardJson(card: StoredCard): object {
  const { highestAtc, seen, entries, deliveries, authorizations } = card.ledger
  return {
    ...cardJson(card),
    atc: { highest: highestAtc, seen: seen.length },
    entries: entries.map(entryJson),
    deliveries: deliveries.map(deliveryJson),
    authorizations: authorizations.map(authorizationJson),
    stopped: card.stopped,
  }
}

/** An entry. */
export function entryJson(entry: Entry): object {
  const { id, intent, target, state, rank, final, contradiction, hold } = entry
  const { delivery, attempts, maxAttempts, history, proof } = entry
  const { priority, condition, template, origin, operator, reason } = entry
  return {
    ...{ entry: id, type: intent.type, target, command: commandJson(intent) },
    ...{ state, rank, final, contradiction, hold, delivery, attempts, maxAttempts, history, proof },
    ...{ priority, condition, template, origin, operator, reason },
    ...{ created: timeText(entry.created), earliest: timeText(entry.earliest), expiry: timeText(entry.expiry) },
  }
}

/** A command as it was asked for, but for its PINs. */
function commandJson(intent: Intent): object {
  if (intent.type === 'update-record') {
    const { type, sfi, record, data: value } = intent
    return { type, sfi, record, value }
  }
  return 'newPin' in intent ? { type: intent.type } : intent
}

/** A delivery; the commands that it carried are never kept. */
export function deliveryJson(delivery: Delivery): object {
  const { id, authorization, reference, atc, kind, dki, scheme, time, scripts, counted, state, evidence } = delivery
  return {
    ...{ delivery: id, authorization, reference, atc, kind, dki, scheme },
    ...{ time: timeText(time), scripts, counted, state, evidence },
  }
}

function authorizationJson(record: AuthorizationRecord): object {
  const { id, reference, atc, kind, dki, scheme, time, unreachable, answered, delivery } = record
  return {
    ...{ authorization: id, reference, atc, kind, dki, scheme, time: timeText(time) },
    ...{ unreachable, answered, delivery },
  }
}

/** The ledger of an earlier chip. */
export function chipJson({ instance, entries, deliveries }: CardLedger): object {
  return { instance, entries: entries.map(entryJson), deliveries: deliveries.map(deliveryJson) }
}
