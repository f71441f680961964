/**
 * Queuing a command for a card. It is prepared first: its PINs are opened and wrapped once. What was prepared is then put into
 * the ledger, as often as the change has to begin anew.
 */
import { HostError } from '../errors.js'
import { rulesFor } from '../keys/issuer-profile.js'
import type { WrappedPin } from '../keys/key-service.js'
import type { QueueEvent } from '../ledger/events.js'
import type { Condition, Entry, Template } from '../ledger/model.js'
import type { CardChange, StoredCard } from '../store/card-change.js'
import { type CommandText, expectDeliverable, intentOf } from './commands.js'
import { entryIn } from './entries.js'
import { auditOf, expectReason, type Operation } from './operation.js'
import { expectPanOf, type PinContext, takePins } from './pins.js'
import { expectTaken } from './refusals.js'
import { timeOf } from './times.js'

/** A command and how it is to be sent; times are ISO 8601. */
export interface QueueRequest {
  readonly command: CommandText
  readonly reason: string
  /** Higher goes first. */
  readonly priority?: number
  readonly condition?: Condition
  readonly earliest?: string
  readonly expiry?: string
  readonly maxAttempts?: number
  readonly template?: Template
  readonly origin?: Entry['origin']
  /** Of the card; needed with a PIN, which is kept for one PAN. */
  readonly pan?: string
}

/** What {@link queueEntry} puts into a ledger. */
export interface PreparedEntry {
  readonly event: Omit<QueueEvent, 'now'>
  readonly pins: readonly WrappedPin[]
}

export const LARGEST_PRIORITY = 1_000
export const MOST_ATTEMPTS = 100

/**
 * Looks at all that can be wrong with a request but what the ledger itself judges.
 * @throws ERR_PAN_MISMATCH, ERR_SCRIPT_OPTION; as {@link intentOf}, {@link takePins} and {@link expectDeliverable}
 */
export async function prepareEntry(
  context: PinContext,
  card: StoredCard,
  request: QueueRequest,
  operator: string,
): Promise<PreparedEntry> {
  const { command, pan, reason } = request
  const options = optionsOf(request)
  const entry = crypto.randomUUID()
  if (pan !== undefined) await expectPanOf(card, pan, context.keys)
  const profile = await context.keys.profile(card.issuer)
  const own = pan === undefined ? undefined : rulesFor(profile, pan)
  const { intent, pins } = await take()
  expectDeliverable(intent, card.policy, own === undefined ? [profile, ...profile.binRanges] : [own])
  return { event: { type: 'queue', entry, intent, operator, reason: expectReason(reason), ...options }, pins }

  async function take() {
    if (!('newPin' in command)) return { intent: intentOf(command), pins: [] }
    if (pan === undefined) throw new HostError('ERR_SCRIPT_OPTION', 'A PIN comes with the PAN that it is of.')
    return takePins(context, card, pan, entry, command)
  }
}

/**
 * Puts an entry into the ledger of `change`, its PINs and the audit entry beside it.
 * @throws ERR_SCRIPT_OPTION, ERR_LEDGER_STATE when the ledger refuses it
 */
export function queueEntry(
  change: CardChange,
  { event, pins }: PreparedEntry,
  operation: Operation,
): { readonly entry: Entry; readonly superseded: readonly string[] } {
  const { entry, superseded } = expectTaken(change.apply({ ...event, now: operation.now }), 'queued')
  for (const pin of pins) change.keepPin(pin)
  change.audit(auditOf(operation, 'card.queue', change.card, { entry, command: event.intent.type }))
  return { entry: entryIn(change.ledger, entry), superseded }
}

type Options = Pick<
  QueueEvent,
  'origin' | 'priority' | 'condition' | 'template' | 'earliest' | 'expiry' | 'maxAttempts'
>

function optionsOf({ earliest, expiry, ...request }: QueueRequest): Options {
  const { origin, priority, condition, template, maxAttempts } = request
  expectOneOf(origin, ['automatic', 'operator'], 'origin')
  expectOneOf(condition, ['approved', 'declined', 'any'], 'condition')
  expectOneOf(template, ['71', '72'], 'template')
  expectWithin(priority, -LARGEST_PRIORITY, LARGEST_PRIORITY, 'priority')
  expectWithin(maxAttempts, 1, MOST_ATTEMPTS, 'maxAttempts')
  return {
    ...(origin === undefined ? {} : { origin }),
    ...(priority === undefined ? {} : { priority }),
    ...(condition === undefined ? {} : { condition }),
    ...(template === undefined ? {} : { template }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(earliest === undefined ? {} : { earliest: timeOf(earliest) }),
    ...(expiry === undefined ? {} : { expiry: timeOf(expiry) }),
  }
}

function expectOneOf(value: string | undefined, choices: readonly string[], name: string): void {
  if (value === undefined || choices.includes(value)) return
  throw new HostError('ERR_SCRIPT_OPTION', `${name} is one of ${choices.join(', ')}.`)
}

function expectWithin(value: number | undefined, least: number, most: number, name: string): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return
  throw new HostError('ERR_SCRIPT_OPTION', `${name} is a whole number from ${least} to ${most}.`)
}
