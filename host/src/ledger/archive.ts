/** Keeps a ledger small: what has ended long ago leaves the aggregate. The rows stay where they are stored. */
import { type CardLedger, isEnded } from './model.js'
import type { LedgerPolicy } from './policy.js'

export interface Archived {
  /** The same object when nothing leaves it. */
  readonly ledger: CardLedger
  readonly entries: readonly string[]
  readonly deliveries: readonly string[]
}

/**
 * Takes out ended entries and closed deliveries, but for the latest. A delivery stays as long as one of its entries does, and
 * an entry as long as one of its deliveries.
 */
export function archive(ledger: CardLedger, policy: LedgerPolicy): Archived {
  const latest = ledger.deliveries.slice(Math.max(0, ledger.deliveries.length - policy.deliveriesKept))
  const kept = new Set([
    ...ledger.entries.filter((entry) => !isEnded(entry)).map(({ id }) => id),
    ...[...latest, ...ledger.deliveries.filter(({ state }) => state === 'open')].flatMap(carried),
  ])
  const stays = (delivery: CardLedger['deliveries'][number]): boolean => carried(delivery).some((id) => kept.has(id))
  // Each entry that stays keeps its deliveries, and each of those its entries.
  for (let size = -1; size !== kept.size; ) {
    size = kept.size
    for (const id of ledger.deliveries.filter(stays).flatMap(carried)) kept.add(id)
  }
  const entries = ledger.entries.filter(({ id }) => !kept.has(id)).map(({ id }) => id)
  const deliveries = ledger.deliveries.filter((one) => !stays(one)).map(({ id }) => id)
  if (entries.length === 0 && deliveries.length === 0) return { ledger, entries, deliveries }
  const next = {
    ...ledger,
    entries: ledger.entries.filter(({ id }) => kept.has(id)),
    deliveries: ledger.deliveries.filter(stays),
  }
  return { ledger: next, entries, deliveries }
}

function carried({ scripts }: CardLedger['deliveries'][number]): readonly string[] {
  return scripts.flatMap(({ entries }) => entries)
}
