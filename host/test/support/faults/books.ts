/** The books at the end of a run: everything that is stored is sound, and agrees with everything else. */
import { sql } from 'kysely'
import { currentHeads } from '../../../src/audit/heads.js'
import { storedEntries } from '../../../src/audit/store.js'
import { auditVerifier } from '../../../src/audit/verify.js'
import type { Database } from '../../../src/database.js'
import { violations } from '../../../src/ledger/invariants.js'
import type { CardLedger } from '../../../src/ledger/model.js'

/** An event as the interface tells it. */
export interface Event {
  readonly cursor: string
  readonly card: string
  readonly type: string
  readonly entry: string | null
  readonly delivery: string | null
}

/**
 * Fulfilled at a moment in which nobody writes, not the nodes for themselves either: then the events tell everything that was
 * before it.
 */
export async function quiet(database: Database): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const { rows } = await sql<{ quiet: boolean }>`
      select pg_snapshot_xmin(now) = pg_snapshot_xmax(now) as quiet from pg_current_snapshot() as now`.execute(database)
    if (rows[0]?.quiet === true) return
    if (Date.now() > deadline) throw new Error('somebody has been writing for ten seconds')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** What is wrong with cards, PINs and events; empty when nothing is. `only` narrows it to some cards. */
export async function faultsOf(
  database: Database,
  events: readonly Event[],
  only?: readonly string[],
): Promise<string[]> {
  const all = database.selectFrom('card_ledger').select(['card', 'stopped', 'body'])
  const cards = await (only === undefined ? all : all.where('card', 'in', [...only])).execute()
  const pins = await database.selectFrom('queued_pin').select(['id', 'card']).execute()
  const ledgers = cards.map(({ body }) => body as CardLedger)
  const wanted = new Set(ledgers.flatMap(wantedPins))
  const kept = pins.filter((pin) => only?.includes(pin.card) ?? true).map(({ id }) => id)
  return [
    ...cards.flatMap((one) => (one.stopped === null ? [] : [`card ${one.card} is stopped: ${one.stopped}`])),
    ...ledgers.flatMap((ledger) => violations(ledger).map((what) => `card ${ledger.card}: ${what}`)),
    ...kept.filter((id) => !wanted.has(id)).map((id) => `PIN ${id} is kept though its entry has ended`),
    ...[...wanted].filter((id) => !kept.includes(id)).map((id) => `PIN ${id} is wanted and gone`),
    ...eventFaults(events, ledgers),
  ]
}

/** The PINs of entries that may still be sent. */
function wantedPins({ entries }: CardLedger): string[] {
  return entries.flatMap(({ state, hold, intent }) => {
    const isWaiting = ['queued', 'pending', 'sent'].includes(state) || (state === 'unknown' && hold === null)
    return isWaiting && intent.type === 'pin-change' ? [intent.newPin.wrapped] : []
  })
}

/** What may follow what, in the events of one entry on one card. */
const FOLLOWS: Readonly<Record<string, readonly string[]>> = {
  '': ['created'],
  created: ['queued', 'superseded'],
  queued: ['sent', 'superseded', 'cancelled', 'moved', 'expired'],
  sent: ['applied', 'not-performed', 'failed-final', 'failed-will-retry', 'unknown'],
  applied: ['applied'],
  'not-performed': ['sent', 'superseded', 'cancelled', 'moved', 'expired'],
  unknown: ['sent', 'applied', 'not-performed', 'superseded', 'moved', 'cancelled'],
  moved: ['cancelled'],
  // One that was with the card when the card was re-issued: it is not sent again, and the old card may still tell of it.
  cancelled: ['applied'],
}

/** The last event of an entry by the state it is in. */
const LAST: Readonly<Record<string, string>> = {
  pending: 'queued not-performed',
  sent: 'sent',
  confirmed: 'applied',
  superseded: 'superseded',
  cancelled: 'cancelled',
}

/** Each entry's events come in an order that can be, are there once, and end where the entry is. */
function eventFaults(events: readonly Event[], ledgers: readonly CardLedger[]): string[] {
  const faults: string[] = []
  const last = new Map<string, string>()
  const sent = new Set<string>()
  for (const { cursor, card, type, entry, delivery } of events) {
    if (entry === null) continue
    const before = last.get(`${card} ${entry}`) ?? ''
    if (!FOLLOWS[before]?.includes(type))
      faults.push(`event ${cursor}: ${type} of ${entry} after ${before || 'nothing'}`)
    if (type === 'sent' && sent.size === sent.add(`${entry} ${delivery}`).size)
      faults.push(`event ${cursor}: sent twice`)
    last.set(`${card} ${entry}`, type)
  }
  for (const { card, entries } of ledgers) {
    for (const { id, state, delivery } of entries) {
      const told = last.get(`${card} ${id}`) ?? 'nothing'
      const expected = LAST[state]
      if (expected !== undefined && !expected.split(' ').includes(told))
        faults.push(`entry ${id} is ${state}, told ${told}`)
      if (delivery !== null && !sent.has(`${id} ${delivery}`)) faults.push(`nobody was told that ${id} was sent`)
    }
  }
  return faults
}

/** What is wrong with the audit trail. */
export async function auditFaults(database: Database): Promise<string[]> {
  // One look at the heads and the entries: somebody may still write.
  return database
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (transaction) => {
      const verifier = auditVerifier(await currentHeads(transaction))
      for await (const line of storedEntries(transaction)) verifier.take(line)
      return verifier.end().faults.map(({ chain, seq, reason }) => `audit entry ${chain}/${seq}: ${reason}`)
    })
}
