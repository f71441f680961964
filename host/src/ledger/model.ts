/**
 * The script ledger of one card application: what the issuer wants of the card (entries), what was sent (deliveries), and
 * what is known of the card. It is plain JSON; times are milliseconds, bytes upper-case hexadecimal.
 */
import type { CryptogramType, SchemeFamily } from '@issuerkit/keys'
import type { ScriptOutcome } from '@issuerkit/scripts'
import type { Intent } from './intent.js'

/** 71 is run before the second GENERATE AC and moves no counter, 72 after it. */
export type Template = '71' | '72'

/** An approved answer, a declined one, or either. */
export type Condition = 'approved' | 'declined' | 'any'

/**
 * | state | |
 * |---|---|
 * | queued | held until its earliest date |
 * | pending | goes with the next answer that can carry it |
 * | sent | in an open delivery, nothing heard |
 * | confirmed | executed, by the evidence of `rank` |
 * | failed | refused by the card; sent again unless `final` |
 * | unknown | nobody can tell; sent again only where that does no harm |
 * | superseded, cancelled, expired | ends unsent or after a delivery without effect; sent and without rank: unknown |
 */
export type EntryState =
  | 'queued'
  | 'pending'
  | 'sent'
  | 'confirmed'
  | 'failed'
  | 'unknown'
  | 'superseded'
  | 'cancelled'
  | 'expired'

/**
 * What stands behind a state, weakest first: a script result that does not name the script, one that does, somebody's
 * word, the CVR under a verified cryptogram.
 */
export type Rank = 'unidentified' | 'terminal' | 'operator' | 'card'

/** Why the ledger will not send an entry again by itself. */
export type Hold = 'never-again' | 'foreign-script' | 'cancelled' | 'expired' | 'reissue'

/** How a delivery of an entry ended when it was sent once more. */
export interface EntryAttempt {
  readonly delivery: string
  readonly outcome: 'not-executed' | 'failed' | 'unknown'
  readonly rank: Rank | null
  readonly contradiction: boolean
}

/** What somebody found out about the entry's last delivery: a balance in the IDD, a read record, a word from the holder. */
export interface Proof {
  readonly delivery: string
  readonly executed: boolean
  readonly rank: 'operator' | 'card'
}

/** One intent and what became of it. */
export interface Entry {
  readonly id: string
  /** The order of queuing within the card. */
  readonly sequence: number
  readonly intent: Intent
  readonly target: string
  /** Automatic ones, a block for instance, go before those of customer service. */
  readonly origin: 'automatic' | 'operator'
  /** Higher goes first. */
  readonly priority: number
  readonly condition: Condition
  readonly template: Template
  readonly earliest: number
  readonly expiry: number
  readonly maxAttempts: number
  /** How often it was sent. */
  readonly attempts: number
  readonly operator: string
  readonly reason: string
  readonly created: number
  readonly state: EntryState
  readonly rank: Rank | null
  /** For failed ones: it is not sent again. */
  readonly final: boolean
  /** Terminal and card, or two terminals, say different things. */
  readonly contradiction: boolean
  readonly hold: Hold | null
  /** Its last delivery. */
  readonly delivery: string | null
  /** Its earlier deliveries. */
  readonly history: readonly EntryAttempt[]
  readonly proof: Proof | null
}

/** One template of a delivery. */
export interface DeliveredScript {
  readonly template: Template
  /** 9F18, 4 bytes, its own for each script. */
  readonly identifier: string
  /** In the order of the commands. */
  readonly entries: readonly string[]
}

/** A script result that was matched with a script of the delivery. */
export interface MatchedResult {
  readonly script: number
  readonly outcome: ScriptOutcome
  readonly commandNumber: number
  readonly rank: 'unidentified' | 'terminal'
}

/** What a verified cryptogram says of the time before it. */
export interface CardReading {
  readonly atc: number
  readonly kind: CryptogramType
  /** Which GENERATE AC gave it. */
  readonly generateAc: 'first' | 'second'
  /** 0 to 15. */
  readonly counter: number
  readonly failed: boolean
  /** M/Chip: whether a script was received; null where the family has no such bit. */
  readonly received: boolean | null
  readonly lastOnlineNotCompleted: boolean
  readonly pinTryLimitExceeded: boolean
  /** In the last online transaction, or in this one where a second GENERATE AC gave the cryptogram. */
  readonly issuerAuthenticationFailed: boolean
}

/** All that was heard of a delivery. What it means is worked out anew from all of it, so that the order does not matter. */
export interface DeliveryEvidence {
  readonly results: readonly MatchedResult[]
  /** The first reading after the delivery, by ATC. */
  readonly reading: CardReading | null
  readonly reversed: boolean
  /** A reversal said that no answer had come. */
  readonly noAnswer: boolean
  /** Nothing was heard for too long. */
  readonly overdue: boolean
  /** The TC or AAC of the same transaction says so: the script counter was not reset. */
  readonly issuerAuthenticationFailed: boolean
  /** The application was found blocked afterwards. */
  readonly blockedSeen: boolean
}

/** What one answer carried to the card. */
export interface Delivery {
  readonly id: string
  readonly authorization: string
  readonly reference: string
  readonly atc: number
  readonly kind: CryptogramType
  /** A digest of the cryptogram and of what it covers. */
  readonly fingerprint: string
  readonly dki: number
  readonly scheme: string
  readonly family: SchemeFamily
  readonly time: number
  /** Where the bytes of the answer are kept. */
  readonly answer: string
  readonly scripts: readonly DeliveredScript[]
  /** The card's script counter in the CVR of the authorization: `c`, unless this transaction resets it. */
  readonly counterBefore: number
  readonly failedBefore: boolean
  readonly pinTryLimitExceededBefore: boolean
  /** How many commands the card will count, `m`. */
  readonly counted: number
  /** How many of the commands give PIN tries back. */
  readonly pinCommands: number
  readonly evidence: DeliveryEvidence
  /** Closed: the card has gone on, and nothing of it can be executed any more. */
  readonly state: 'open' | 'closed'
  /** It was told that the card changed although the transaction was reversed. */
  readonly announcedReversal: boolean
}

/** Why an authorization carries no scripts at all. */
export type Unreachable =
  | 'not-verified'
  | 'stand-in'
  | 'replay'
  | 'atc-out-of-range'
  | 'no-chip-contact'
  | 'contactless-cryptogram'
  | 'not-an-arqc'
  | 'late'
  | 'delivery-in-flight'
  | 'no-issuer-authentication'
  | 'card-reissued'

/** What is remembered of an authorization. */
export interface AuthorizationRecord {
  readonly id: string
  readonly reference: string
  readonly atc: number
  readonly kind: CryptogramType
  readonly fingerprint: string
  readonly time: number
  readonly unreachable: Unreachable | null
  readonly reading: CardReading | null
  readonly dki: number
  readonly scheme: string
  readonly family: SchemeFamily
  readonly macLength: number
  readonly answered: boolean
  /** The delivery of its answer. */
  readonly delivery: string | null
}

/** The aggregate of one card application. */
export interface CardLedger {
  /** The card application: a digest of PAN, PSN and AID. */
  readonly card: string
  readonly panSequence: string
  /** Which chip: a re-issue starts another ledger. */
  readonly instance: number
  readonly status: 'active' | 'reissued'
  /** One more with every change. */
  readonly version: number
  readonly nextSequence: number
  readonly entries: readonly Entry[]
  readonly deliveries: readonly Delivery[]
  readonly authorizations: readonly AuthorizationRecord[]
  readonly highestAtc: number | null
  /** The counters that were seen, packed by seen.ts, the latest last. */
  readonly seen: readonly number[]
  /** The latest by ATC. */
  readonly lastReading: CardReading | null
  /** The card's last word on the issuer's authentication. */
  readonly issuerAuthenticationFailed: boolean
}

/** A ledger before anything has happened. */
export function emptyLedger(card: string, panSequence: string, instance: number): CardLedger {
  return {
    card,
    panSequence,
    instance,
    status: 'active',
    version: 0,
    nextSequence: 1,
    entries: [],
    deliveries: [],
    authorizations: [],
    highestAtc: null,
    seen: [],
    lastReading: null,
    issuerAuthenticationFailed: false,
  }
}

/** Whether nothing will happen to an entry any more but better evidence: a PIN kept for it may be erased. */
export function isEnded({ state, final }: Entry): boolean {
  if (state === 'failed') return final
  return state === 'confirmed' || state === 'superseded' || state === 'cancelled' || state === 'expired'
}
