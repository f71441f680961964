/** A ledger on its way through one event, and what the world will be told of it. */
import type { OutboxEvent } from './events.js'
import type { AuthorizationRecord, CardLedger, Delivery, Entry } from './model.js'
import type { LedgerPolicy } from './policy.js'

export interface Step {
  readonly ledger: CardLedger
  readonly outbox: readonly OutboxEvent[]
  readonly now: number
  readonly policy: LedgerPolicy
}

/** Reports. */
export function tell(step: Step, ...events: readonly Omit<OutboxEvent, 'time'>[]): Step {
  return events.length === 0
    ? step
    : { ...step, outbox: [...step.outbox, ...events.map((event) => ({ ...event, time: step.now }))] }
}

/** Changes the ledger itself; a change to what already holds is none. */
export function changeLedger(step: Step, change: Partial<CardLedger>): Step {
  const ledger = changed(step.ledger, change)
  return ledger === step.ledger ? step : { ...step, ledger }
}

export function changeEntry(step: Step, id: string, change: Partial<Entry>): Step {
  return changeLedger(step, { entries: changeOne(step.ledger.entries, id, change) })
}

export function changeDelivery(step: Step, id: string, change: Partial<Delivery>): Step {
  return changeLedger(step, { deliveries: changeOne(step.ledger.deliveries, id, change) })
}

export function changeAuthorization(step: Step, id: string, change: Partial<AuthorizationRecord>): Step {
  return changeLedger(step, { authorizations: changeOne(step.ledger.authorizations, id, change) })
}

export function entryOf({ ledger }: Step, id: string): Entry | undefined {
  return ledger.entries.find((entry) => entry.id === id)
}

export function deliveryOf({ ledger }: Step, id: string | null): Delivery | undefined {
  return ledger.deliveries.find((delivery) => delivery.id === id)
}

/** Whether the entry's last delivery may still be executed, or tells no more. */
export function isInOpenDelivery(step: Step, entry: Entry): boolean {
  return deliveryOf(step, entry.delivery)?.state === 'open'
}

function changeOne<T extends { readonly id: string }>(
  list: readonly T[],
  id: string,
  change: Partial<T>,
): readonly T[] {
  const next = list.map((one) => (one.id === id ? changed(one, change) : one))
  return next.every((one, i) => one === list[i]) ? list : next
}

function changed<T extends object>(value: T, change: Partial<T>): T {
  const isSame = Object.entries(change).every(([name, to]) => value[name as keyof T] === to)
  return isSame ? value : { ...value, ...change }
}
