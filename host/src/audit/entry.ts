/**
 * An entry of the audit trail: who did what to what, and how it ended. It is text that never changes once it is written,
 * because its hash is over these very bytes. Nothing in it is secret: no key, no PIN, of a PAN at most the last four digits.
 */

/** Everything that is audited. */
export const AUDIT_ACTIONS = [
  'access.refused',
  'advice.apply',
  'audit.read',
  'authorization.answer',
  'authorization.verify',
  'campaign.change',
  'campaign.create',
  'card.atc-reset',
  'card.cancel',
  'card.create',
  'card.proof',
  'card.queue',
  'card.reissue',
  'card.resume',
  'channel.close',
  'channel.open',
  'issuer.change',
  'issuer.create',
  'key.import',
  'key.retire',
  'key.rewrap',
  'key.use',
  'ledger.fault',
  'limit.failures',
  'limit.rate',
] as const

export type AuditAction = (typeof AUDIT_ACTIONS)[number]
export type AuditOutcome = 'ok' | 'refused' | 'failed'

/** What is to be recorded. */
export interface AuditRecord {
  /** The subject of the access token; `host` for what the host does by itself. */
  readonly subject: string
  readonly action: AuditAction
  /** What it was done to: `issuer:ID`, `key:ID`, `card:ID`, `authorization:ID`, `campaign:ID`, `channel:ID`, `route:PATTERN`. */
  readonly object: string
  readonly outcome: AuditOutcome
  /** How often, where like entries were added up; 1 by default. */
  readonly count?: number
  /** The request id that the answer and the log carry. */
  readonly request?: string
  readonly detail?: Readonly<Record<string, string | number | boolean>>
}

const LONGEST_TEXT = 256
/** Control characters and halves of surrogate pairs. */
const NOT_TEXT = /[\p{Cc}\p{Cs}]/gu

/** The text of an entry: JSON with its members in a fixed order. `at` is in ISO 8601 with milliseconds. */
export function entryText(record: AuditRecord, at: string): string {
  const { subject, action, object, outcome, count = 1, request, detail = {} } = record
  const members = Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify({
    at,
    subject: cut(subject),
    action,
    object: cut(object),
    outcome,
    count,
    request,
    detail: Object.fromEntries(members.map(([name, value]) => [name, cut(value)])),
  })
}

/** What PostgreSQL could not read back as JSON is replaced: a subject must not be able to make the trail unreadable. */
function cut(value: string | number | boolean): string | number | boolean {
  return typeof value === 'string' ? value.slice(0, LONGEST_TEXT).replace(NOT_TEXT, '\ufffd') : value
}
