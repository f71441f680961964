/**
 * Writing a change: one statement, so that ledger, events, authorizations, PINs and audit stand together or not at all, and a
 * node that dies leaves nothing half done. It writes only where the card is still as it was read.
 */
import { type RawBuilder, sql } from 'kysely'
import { entryText } from '../audit/entry.js'
import type { Database } from '../database.js'
import { type Archived, archive } from '../ledger/archive.js'
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

/** @returns false when the card is not as it was read: nothing was written */
export async function writeChange(
  database: Database,
  read: ReadCard,
  change: CardChange,
  seal: MasterKey,
): Promise<boolean> {
  const { card } = read
  const archived = archive(change.ledger, card.policy)
  const due = nextDue(archived.ledger, card.policy)
  const isSame =
    read.version !== undefined &&
    archived.ledger === card.ledger &&
    due === read.due &&
    card.application === read.application &&
    [change.outbox, change.pins, change.authorizations, change.records].every(({ length }) => length === 0)
  if (isSame) return true
  const now = new Date()
  const written = read.version === undefined ? inserted(card, archived, due) : updated(read, archived, due)
  const { rows } = await sql<{ card: string }>`
    with written as (${written}),
    events as (${eventsOf(card, change)}),
    ended as (${archivedOf(change, archived, now)}),
    asked as (${authorizationsOf(change, seal)}),
    ${pinsOf(card, change, archived.ledger)}
    select card, ${auditOf(change, now)} from written`.execute(database)
  return rows.length === 1
}

function updated({ card, version }: ReadCard, { ledger }: Archived, due: number | undefined): RawBuilder<unknown> {
  return sql`update card_ledger
    set version = version + 1, body = ${JSON.stringify(ledger)}::json, due_at = ${dateOf(due)}::timestamptz,
      application = ${card.application}
    where card = ${card.handle} and version = ${version} and stopped is null returning card`
}

function inserted(card: StoredCard, { ledger }: Archived, due: number | undefined): RawBuilder<unknown> {
  const { handle, issuer, panHash, maskedPan, panSequence, application } = card
  return sql`insert into card_ledger
      (card, issuer, pan_hash, masked_pan, pan_sequence, application, version, due_at, body)
    values (${handle}, ${issuer}, ${panHash}, ${maskedPan}, ${panSequence}, ${application}, 1,
      ${dateOf(due)}::timestamptz, ${JSON.stringify(ledger)}::json)
    on conflict do nothing returning card`
}

function eventsOf({ issuer, handle }: StoredCard, { outbox }: CardChange): RawBuilder<unknown> {
  return sql`insert into ledger_event (time, issuer, card, type, entry, delivery, rank)
    select event.time, ${issuer}, ${handle}, event.type, event.entry, event.delivery, event.rank from written, unnest(
      ${outbox.map(({ time }) => new Date(time))}::timestamptz[], ${outbox.map(({ type }) => type)}::text[],
      ${outbox.map(({ entry }) => entry ?? null)}::text[], ${outbox.map(({ delivery }) => delivery ?? null)}::text[],
      ${outbox.map(({ rank }) => rank ?? null)}::text[]) as event (time, type, entry, delivery, rank)`
}

function archivedOf(change: CardChange, { entries, deliveries }: Archived, now: Date): RawBuilder<unknown> {
  const { ledger, replaced, card } = change
  const rows = [
    ...ledger.entries.filter(({ id }) => entries.includes(id)).map((body) => ({ kind: 'entry', id: body.id, body })),
    ...ledger.deliveries
      .filter(({ id }) => deliveries.includes(id))
      .map((body) => ({ kind: 'delivery', id: body.id, body })),
    ...(replaced === undefined ? [] : [{ kind: 'ledger', id: `${replaced.instance}`, body: replaced }]),
  ]
  return sql`insert into ledger_archive (card, kind, id, body, archived_at)
    select ${card.handle}, old.kind, old.id, old.body, ${now} from written, unnest(${rows.map(({ kind }) => kind)}::text[],
      ${rows.map(({ id }) => id)}::text[], ${rows.map(({ body }) => JSON.stringify(body))}::json[]) as old (kind, id, body)
    on conflict (card, kind, id) do update set body = excluded.body`
}

function authorizationsOf({ authorizations }: CardChange, seal: MasterKey): RawBuilder<unknown> {
  const rows = authorizations.map((row) => sealed(seal, row))
  return sql`insert into authorization_request
      (id, issuer, reference, card, atc, fingerprint, verdict, request, answer, created_at)
    select asked.* from written, unnest(${rows.map(({ id }) => id)}::text[], ${rows.map(({ issuer }) => issuer)}::text[],
      ${rows.map(({ reference }) => reference)}::text[], ${rows.map(({ card }) => card)}::text[],
      ${rows.map(({ atc }) => atc)}::integer[], ${rows.map(({ fingerprint }) => fingerprint)}::text[],
      ${rows.map(({ verdict }) => verdict)}::text[], ${rows.map(({ request }) => request)}::bytea[],
      ${rows.map(({ answer }) => answer)}::bytea[], ${rows.map(({ created_at }) => created_at)}::timestamptz[])
      as asked (id, issuer, reference, card, atc, fingerprint, verdict, request, answer, created_at)
    on conflict (id) do update set verdict = excluded.verdict, request = excluded.request, answer = excluded.answer`
}

function pinsOf({ handle, ledger: before }: StoredCard, { pins }: CardChange, after: CardLedger): RawBuilder<unknown> {
  const needed = new Set(neededPins(after))
  const kept = pins.filter(({ id }) => needed.has(id))
  const erased = neededPins(before).filter((id) => !needed.has(id))
  return sql`kept as (
      insert into queued_pin (id, card, wrapped)
      select pin.id, ${handle}, pin.wrapped from written, unnest(${kept.map(({ id }) => id)}::text[],
        ${kept.map(({ wrapped }) => wrapped)}::bytea[]) as pin (id, wrapped)
      on conflict (id) do update set card = excluded.card, wrapped = excluded.wrapped
    ),
    erased as (delete from queued_pin using written where queued_pin.id = any(${erased}::text[]))`
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

function auditOf({ records }: CardChange, now: Date): RawBuilder<unknown> {
  const entries = records.map((record) => entryText(record, now.toISOString()))
  // The function would take the end of a chain for nothing.
  return sql`case when cardinality(${entries}::text[]) > 0 then append_audit(${now}, ${entries}::text[]) is not null end`
}

function dateOf(milliseconds: number | undefined): Date | null {
  return milliseconds === undefined ? null : new Date(milliseconds)
}
