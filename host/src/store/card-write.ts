/**
 * Writing changes: one statement, so that ledger, events, authorizations, PINs and audit stand together or not at all, and a
 * node that dies leaves nothing half done. Of each card it writes only what is still as it was read; the others are not touched.
 *
 * Changes of several cards may share a statement, and so a commit.
 */
import { CompiledQuery } from 'kysely'
import { type AuditRecord, entryText } from '../audit/entry.js'
import type { Database } from '../database.js'
import { archive } from '../ledger/archive.js'
import type { Intent } from '../ledger/intent.js'
import { type CardLedger, type Entry, isEnded } from '../ledger/model.js'
import type { MasterKey } from '../wrap.js'
import { sealed } from './authorizations.js'
import type { CardChange, StoredCard } from './card-change.js'
import { nextDue } from './due.js'

/** A card as it was read; `version` is undefined for one that is not stored yet. */
export interface ReadCard {
  readonly card: StoredCard
  readonly version: number | undefined
  readonly due: number | undefined
  /** What the row calls the application; the message that was read may name one since. */
  readonly application: string
}

/** A change, ready to be written: the rows of each table. */
export interface CardWrite {
  readonly card: string
  readonly isNew: boolean
  readonly rows: Readonly<Record<Exclude<Table, 'audit'>, readonly Row[]>>
  /** They get their time when they are written: those of one statement are of one moment. */
  readonly records: readonly AuditRecord[]
}

type Row = readonly unknown[]
type Table = 'card' | 'event' | 'archive' | 'authorization' | 'pin' | 'erased' | 'guard' | 'audit'

/** What is to be written; `undefined` when nothing is. */
export function cardWrite(read: ReadCard, change: CardChange, seal: MasterKey): CardWrite | undefined {
  const { card } = read
  const { ledger, entries, deliveries } = archive(change.ledger, card.policy)
  const due = nextDue(ledger, card.policy)
  const pins = pinsOf(card.ledger, change, ledger)
  const isSame =
    read.version !== undefined &&
    ledger === card.ledger &&
    due === read.due &&
    card.application === read.application &&
    [change.outbox, change.pins, change.authorizations, change.records].every(({ length }) => length === 0)
  if (isSame) return undefined
  const { handle, issuer } = card
  const now = new Date()
  const name = read.version === undefined ? [issuer, card.panHash, card.maskedPan, card.panSequence] : [read.version]
  const ended = [
    ...change.ledger.entries.filter(({ id }) => entries.includes(id)).map((body) => ['entry', body.id, body] as const),
    ...change.ledger.deliveries
      .filter(({ id }) => deliveries.includes(id))
      .map((one) => ['delivery', one.id, one] as const),
    ...(change.replaced === undefined ? [] : [['ledger', `${change.replaced.instance}`, change.replaced] as const]),
  ]
  const asked = change.authorizations.map((row) => sealed(seal, row))
  return {
    card: handle,
    isNew: read.version === undefined,
    records: change.records,
    rows: {
      card: [[handle, JSON.stringify(ledger), due === undefined ? null : new Date(due), card.application, ...name]],
      event: change.outbox.map(({ time, type, entry = null, delivery = null, rank = null }) => [
        ...[handle, new Date(time), issuer, type],
        ...[entry, delivery, rank],
      ]),
      archive: ended.map(([kind, id, body]) => [handle, kind, id, JSON.stringify(body), now]),
      authorization: asked.map((row) => [
        ...[handle, row.id, row.issuer, row.reference, row.card, row.atc, row.fingerprint, row.verdict],
        ...[row.request, row.answer, row.created_at],
      ]),
      pin: pins.kept.map(({ id, wrapped }) => [handle, id, wrapped]),
      erased: pins.erased.map((id) => [handle, id]),
      guard: change.guards.map((place) => [handle, place]),
    },
  }
}

const NAME = ['text', 'json', 'timestamptz', 'text']
const TYPES: Readonly<Record<Exclude<Table, 'card'>, readonly string[]>> = {
  event: ['text', 'timestamptz', 'text', 'text', 'text', 'text', 'text'],
  archive: ['text', 'text', 'text', 'json', 'timestamptz'],
  authorization: [
    ...['text', 'text', 'text', 'text', 'text', 'integer', 'text', 'text'],
    ...['bytea', 'bytea', 'timestamptz'],
  ],
  pin: ['text', 'text', 'bytea'],
  erased: ['text', 'text'],
  guard: ['text', 'bytea'],
  audit: ['text', 'text', 'timestamptz'],
}

// A transaction that has its number since before another one changed the card must not put its events in front of the other's.
// A number that this server has not reached came with a dump of another one, and orders nothing.
const UPDATED = `update card_ledger set version = card_ledger.version + 1, body = given.body, due_at = given.due_at,
    application = given.application,
    event_transaction = greatest(pg_current_xact_id(), case
      when card_ledger.event_transaction < pg_snapshot_xmax(pg_current_snapshot()) then card_ledger.event_transaction end)
  from {card} as given (card, body, due_at, application, version)
  where card_ledger.card = given.card and card_ledger.version = given.version and card_ledger.stopped is null
  returning card_ledger.card, card_ledger.event_transaction`

const INSERTED = `insert into card_ledger
    (card, body, due_at, application, issuer, pan_hash, masked_pan, pan_sequence, version, event_transaction)
  select given.*, 1, pg_current_xact_id() from {card} as given (card, body, due_at, application, issuer, pan_hash, masked_pan, pan_sequence)
  on conflict do nothing returning card, event_transaction`

const REST = `events as (
    insert into ledger_event (transaction, time, issuer, card, type, entry, delivery, rank)
    select event_transaction, event.time, event.issuer, card, event.type, event.entry, event.delivery, event.rank
    from {event} with ordinality as event (card, time, issuer, type, entry, delivery, rank, place) join written using (card)
    order by place
  ), ended as (
    insert into ledger_archive (card, kind, id, body, archived_at)
    select card, kind, id, body, archived_at from {archive} as old (card, kind, id, body, archived_at)
    join written using (card)
    on conflict (card, kind, id) do update set body = excluded.body
  ), asked as (
    insert into authorization_request
      (id, issuer, reference, card, atc, fingerprint, verdict, request, answer, created_at)
    select id, issuer, reference, named, atc, fingerprint, verdict, request, answer, created_at
    from {authorization} as asked
      (card, id, issuer, reference, named, atc, fingerprint, verdict, request, answer, created_at)
    join written using (card)
    on conflict (id) do update set verdict = excluded.verdict, request = excluded.request, answer = excluded.answer
  ), kept as (
    insert into queued_pin (card, id, wrapped)
    select card, id, wrapped from {pin} as pin (card, id, wrapped) join written using (card)
    on conflict (id) do update set card = excluded.card, wrapped = excluded.wrapped
  ), erased as (
    delete from queued_pin using {erased} as old (card, id) join written using (card) where queued_pin.id = old.id
  ), guarded as (
    insert into pin_change_guard (place) select place from {guard} as guard (card, place) join written using (card)
    on conflict do nothing
  ), audited as materialized (
    select append_audit(max(at), array_agg(entry)) from {audit} as audit (card, entry, at) join written using (card)
    having count(*) > 0
  )
  select card, (select count(*) from audited) from written`

/** A statement and, in the order of its parameters, the columns that they are. */
function statement(written: string, cardTypes: readonly string[]) {
  const types: Readonly<Record<Table, readonly string[]>> = { card: cardTypes, ...TYPES }
  const tables: Table[] = []
  let next = 0
  const text = `with written as (${written}), ${REST}`.replaceAll(/\{(\w+)\}/g, (_, name: Table) => {
    tables.push(name)
    return `unnest(${types[name].map((type) => `$${++next}::${type}[]`).join(', ')})`
  })
  return { text, tables, types }
}

const UPDATE = statement(UPDATED, [...NAME, 'integer'])
const INSERT = statement(INSERTED, [...NAME, 'text', 'bytea', 'text', 'text'])
/**
 * Writes changes of different cards, all of them new or none.
 * @returns the cards that were written; the others are not any more as they were read
 */
export async function writeChanges(database: Database, writes: readonly CardWrite[]): Promise<ReadonlySet<string>> {
  const isNew = writes[0]?.isNew === true
  const { text, tables, types } = isNew ? INSERT : UPDATE
  const now = new Date()
  const audit = writes.flatMap(({ card, records }) =>
    records.map((record): Row => [card, entryText(record, now.toISOString()), now]),
  )
  const parameters = tables.flatMap((table) => {
    const rows = table === 'audit' ? audit : writes.flatMap((write) => write.rows[table])
    return types[table].map((_, column) => rows.map((row) => row[column] ?? null))
  })
  const { rows } = await database.executeQuery<{ card: string }>(CompiledQuery.raw(text, parameters))
  return new Set(rows.map(({ card }) => card))
}

function pinsOf(before: CardLedger, { pins }: CardChange, after: CardLedger) {
  const needed = new Set(neededPins(after))
  return {
    kept: pins.filter(({ id }) => needed.has(id)),
    erased: neededPins(before).filter((id) => !needed.has(id)),
  }
}

/** The PINs of entries that may still be sent. */
function neededPins({ entries }: CardLedger): string[] {
  return entries.filter(isWanted).flatMap(({ intent }) => pinIds(intent))
}

function isWanted(entry: Entry): boolean {
  const { state, hold } = entry
  const isOver = state === 'unknown' && (hold === 'cancelled' || hold === 'expired' || hold === 'reissue')
  return !isEnded(entry) && !isOver
}

/** The names of the PINs that an intent carries. */
export function pinIds(intent: Intent): string[] {
  if (intent.type === 'pin-change') return [intent.newPin.wrapped]
  if (intent.type === 'pin-change-with-current') return [intent.newPin.wrapped, intent.currentPin.wrapped]
  return []
}
