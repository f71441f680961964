/** What is known of somebody's work on a card: who, when, why, and in which request. */
import type { FastifyRequest } from 'fastify'
import type { AuditAction, AuditRecord } from '../audit/entry.js'
import { HostError } from '../errors.js'
import type { StoredCard } from '../store/card-change.js'

export interface Operation {
  /** The subject of the token. */
  readonly operator: string
  readonly request: string
  /** Milliseconds. */
  readonly now: number
}

/** The operation that a request asks for, now. */
export function operationOf({ caller, id }: Pick<FastifyRequest, 'caller' | 'id'>): Operation {
  return { operator: caller?.subject ?? '', request: id, now: Date.now() }
}

/** Its entry in the audit trail. Where the ledger keeps the reason, it stands there alone. */
export function auditOf(
  { operator, request }: Operation,
  action: AuditAction,
  { handle }: StoredCard,
  detail: AuditRecord['detail'] = {},
): AuditRecord {
  return { subject: operator, request, action, object: `card:${handle}`, outcome: 'ok', detail }
}

export const LONGEST_REASON = 256

/** What text of a caller's may not hold that is kept as it is: control characters, and so many digits in a row that they may be a PAN. */
export const NOT_KEPT = /[\p{Cc}\p{Cs}]|\d{13}/u

/** A reason as it may be kept: a line of 1 to 256 characters, without 13 digits in a row. ERR_SCRIPT_OPTION */
export function expectReason(reason: string): string {
  if (reason.length > 0 && reason.length <= LONGEST_REASON && !NOT_KEPT.test(reason)) return reason
  throw new HostError(
    'ERR_SCRIPT_OPTION',
    `A reason is a line of 1 to ${LONGEST_REASON} characters, without 13 digits in a row.`,
  )
}
