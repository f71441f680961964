/** What the ledger refuses, as errors of the interface. */
import { HostError, type HostErrorCode } from '../errors.js'
import type { Outcome, Refusal } from '../ledger/events.js'

const REFUSALS: Readonly<Record<Refusal, readonly [code: HostErrorCode, why: string]>> = {
  'unknown-entry': ['ERR_NOT_FOUND', 'The card has no such entry.'],
  'unknown-authorization': ['ERR_NOT_FOUND', 'The card has no such authorization.'],
  'repeated-id': ['ERR_LEDGER_STATE', 'The id was used before.'],
  'template-not-allowed': ['ERR_SCRIPT_OPTION', "The issuer's profile does not allow this template."],
  'expiry-passed': ['ERR_SCRIPT_OPTION', 'The command would expire before it could go.'],
  ended: ['ERR_LEDGER_STATE', 'The entry has ended.'],
  'delivery-open': ['ERR_LEDGER_STATE', 'The command is with the card and cannot be called back.'],
  'not-sent': ['ERR_LEDGER_STATE', 'The command was not sent: there is nothing to prove.'],
  'card-reissued': ['ERR_LEDGER_STATE', 'The card was re-issued: another has taken its place.'],
}

/**
 * The outcome of an event, which must be of the type that the event has.
 * @throws ERR_NOT_FOUND, ERR_LEDGER_STATE, ERR_SCRIPT_OPTION when the ledger has refused it
 */
export function expectTaken<T extends Outcome['type']>(outcome: Outcome, type: T): Extract<Outcome, { type: T }> {
  if (outcome.type === 'refused') throw new HostError(...REFUSALS[outcome.refusal])
  if (outcome.type !== type) throw new TypeError(`the ledger answers ${outcome.type} to an event that gives ${type}`)
  return outcome as Extract<Outcome, { type: T }>
}
