/**
 * The tables as the code sees them. The migrations make them; a change here goes with a new migration.
 */
import type { Generated, JSONColumnType } from 'kysely'

export interface IssuerTable {
  id: string
  profile: JSONColumnType<object>
  created_at: Generated<Date>
}

/** A key, wrapped; `key_set` and `dki` name the set that it is of, `kcv` is what may be shown of it. */
export interface IssuerKeyTable {
  id: string
  issuer: string
  usage: string
  algorithm: string
  /** Keys of a zone (PIN, KBPK) are of no set. */
  dki: string | null
  kcv: string
  wrapped: Uint8Array
  /** The scheme family of an issuer master key. */
  family: string | null
  key_set: Generated<string>
  /** The one version of key blocks that a KBPK opens. */
  block_version: string | null
  /** What is authenticated with the wrapped key: 1 id, usage, algorithm and issuer; 2 everything that the row says of its use. */
  binding: Generated<number>
  /** A keyed hash of the key; a row of the first migration gets its own at the next import. */
  fingerprint: Uint8Array | null
  created_at: Generated<Date>
  retired_at: Date | null
}

/** What a key was first imported for, by its fingerprint. It outlives the key. */
export interface KeyUseTable {
  fingerprint: Uint8Array
  usage: string
  algorithm: string
  family: string
}

/** What the host keeps secret for itself, wrapped like a key. */
export interface HostSecretTable {
  name: string
  wrapped: Uint8Array
}

/** An entry of the audit trail; audit/append.ts says what is hashed. */
export interface AuditEntryTable {
  chain: number
  /** A bigint, which comes as text. */
  seq: string
  at: Date
  entry: string
  hash: Uint8Array
}

/** The end of a chain of the audit trail. */
export interface AuditHeadTable {
  chain: number
  seq: string
  hash: Uint8Array
}

export interface AuditSignedHeadTable {
  id: Generated<string>
  at: Date
  kid: string
  jws: string
}

/** Public keys of signed heads. */
export interface AuditKeyTable {
  kid: string
  jwk: JSONColumnType<object>
}

/** A request that may come again; `sealed` is its answer, enciphered. */
export interface IdempotencyTable {
  subject: string
  key: string
  sealed: Uint8Array | null
  created_at: Generated<Date>
}

/** The ledger of a card application. */
export interface CardLedgerTable {
  /** Its handle. */
  card: string
  issuer: string
  pan_hash: Uint8Array
  masked_pan: string
  pan_sequence: string
  /** The AID; empty until a message has named one. */
  application: string
  version: number
  /** When time alone will change it. */
  due_at: Date | null
  /** Why nothing is done with the card until it is resumed. */
  stopped: string | null
  /** What its latest events are ordered by. */
  event_transaction: Generated<string>
  body: JSONColumnType<object>
}

/** What has left a card's ledger: entries, deliveries, the ledgers of earlier chips; and why the card was stopped. */
export interface LedgerArchiveTable {
  card: string
  kind: 'entry' | 'delivery' | 'ledger' | 'stop'
  id: string
  body: JSONColumnType<object>
  archived_at: Date
}

/** What the world is told. Ordered by transaction, then id; both are bigints, which come as text. */
export interface LedgerEventTable {
  id: Generated<string>
  transaction: Generated<string>
  time: Date
  issuer: string
  card: string
  type: string
  entry: string | null
  delivery: string | null
  rank: string | null
}

/** An authorization as it was asked and answered, both enciphered. */
export interface AuthorizationRequestTable {
  id: string
  issuer: string
  reference: string
  card: string | null
  atc: number | null
  fingerprint: string
  verdict: string
  request: Uint8Array
  answer: Uint8Array | null
  created_at: Date
}

/** A PIN that waits for its card, wrapped for its entry and PAN. */
export interface QueuedPinTable {
  id: string
  card: string
  wrapped: Uint8Array
}

/** A bulk job. */
export interface CampaignTable {
  id: string
  kind: 'queue' | 'oda'
  /** Of a queue campaign. */
  issuer: string | null
  /** Of one that is forgotten, nothing but the id is kept. */
  state: 'open' | 'running' | 'paused' | 'cancelled' | 'forgotten'
  /** One more with every start, resume and retry: jobs of an earlier round are over. */
  round: Generated<number>
  /** How many lines were taken. */
  lines: Generated<number>
  /** What is done with each line, by its kind. */
  settings: JSONColumnType<object>
  /** Who made it. */
  operator: string
  created_at: Generated<Date>
  /** When somebody last did something with it. */
  changed_at: Generated<Date>
}

/** A line of a campaign; what stands here is what is true of its progress. */
export interface CampaignLineTable {
  campaign: string
  /** From 1. */
  number: number
  state: 'waiting' | 'done' | 'failed' | 'invalid'
  /** What the caller calls the line. */
  name: string | null
  /** The handle of its card. */
  card: string | null
  /** What is queued for the card, where it is not what the campaign says. */
  intent: JSONColumnType<object> | null
  /** What is to be checked, enciphered; erased when it was. */
  sealed: Uint8Array | null
  result: JSONColumnType<object> | null
}

/** A secure channel with a card. */
export interface ChannelTable {
  id: string
  /** Whose it is: nobody else's requests find it. */
  subject: string
  issuer: string
  /** The id of the credentials that it is opened with. */
  credentials: string
  /** A keyed hash of what the caller calls the card. */
  card_hash: Uint8Array
  settings: JSONColumnType<object>
  state: 'handshake' | 'open' | 'ended'
  /** Why it has ended. */
  outcome: 'closed' | 'failed' | 'expired' | null
  /** One more with every message. */
  version: number
  /** The handshake or the channel, sealed; erased when it ends. */
  sealed: Uint8Array | null
  created_at: Generated<Date>
  expires_at: Date
}

/** A PIN change that was built; pin-change-guard.ts says what is hashed. */
export interface PinChangeGuardTable {
  place: Uint8Array
  created_at: Generated<Date>
}

export interface Tables {
  issuer: IssuerTable
  issuer_key: IssuerKeyTable
  key_use: KeyUseTable
  host_secret: HostSecretTable
  audit_entry: AuditEntryTable
  audit_head: AuditHeadTable
  audit_signed_head: AuditSignedHeadTable
  audit_key: AuditKeyTable
  idempotency: IdempotencyTable
  card_ledger: CardLedgerTable
  ledger_archive: LedgerArchiveTable
  ledger_event: LedgerEventTable
  authorization_request: AuthorizationRequestTable
  queued_pin: QueuedPinTable
  campaign: CampaignTable
  campaign_line: CampaignLineTable
  channel: ChannelTable
  pin_change_guard: PinChangeGuardTable
}
