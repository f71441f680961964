/** What can happen to a ledger, what comes of it, and what the world is told. */
import type { CryptogramType, SchemeFamily } from '@issuerkit/keys'
import type { ScriptOutcome } from '@issuerkit/scripts'
import type { Intent } from './intent.js'
import type { Condition, Delivery, Entry, Rank, Template, Unreachable } from './model.js'

/** What a CVR says that the ledger wants to know. Only of a verified cryptogram that covers the whole CVR. */
export interface CvrFacts {
  readonly generateAc: 'first' | 'second'
  readonly counter: number
  readonly failed: boolean
  readonly received: boolean | null
  readonly lastOnlineNotCompleted: boolean
  readonly pinTryLimitExceeded: boolean
  /** In this transaction. */
  readonly issuerAuthenticationFailed: boolean
  readonly lastIssuerAuthenticationFailed: boolean
}

/** One script of DF31 or 9F5B. */
export interface ReportedResult {
  readonly outcome: ScriptOutcome
  readonly commandNumber: number
  /** 4 bytes; zeros without one. */
  readonly scriptIdentifier: string
}

/** A new intent. */
export interface QueueEvent {
  readonly type: 'queue'
  readonly now: number
  readonly entry: string
  readonly intent: Intent
  readonly origin?: Entry['origin']
  readonly priority?: number
  readonly condition?: Condition
  readonly template?: Template
  readonly earliest?: number
  readonly expiry?: number
  readonly maxAttempts?: number
  readonly operator: string
  readonly reason: string
}

export interface CancelEvent {
  readonly type: 'cancel'
  readonly now: number
  readonly entry: string
}

/** The card was re-issued: this chip's ledger ends. `move` hands what waits over to the new chip's. */
export interface ReissueEvent {
  readonly type: 'reissue'
  readonly now: number
  readonly waiting: 'cancel' | 'move'
  /** The new chip has another PAN. PINs are kept for one PAN, so their entries do not move. */
  readonly otherPan?: boolean
}

/** What another chip's ledger gave away arrives. */
export interface AdoptEvent {
  readonly type: 'adopt'
  readonly now: number
  readonly entries: readonly Entry[]
}

/** An authorization request, after its cryptogram was looked at. */
export interface AuthorizationEvent {
  readonly type: 'authorization-seen'
  readonly now: number
  readonly authorization: string
  /** The network's name of the transaction. */
  readonly reference: string
  readonly atc: number
  readonly kind: CryptogramType
  readonly fingerprint: string
  readonly verified: boolean
  /** A replay for reasons that are not in this ledger: the same cryptogram came under another application of the card. */
  readonly replayed?: boolean
  /** The network decided and only reports. */
  readonly standIn: boolean
  readonly contact: boolean
  /** CVN 17 of Visa, 0x17 of UnionPay and the like: no CVR of use, no second GENERATE AC. */
  readonly contactlessCryptogram: boolean
  readonly dki: number
  readonly scheme: string
  readonly family: SchemeFamily
  readonly macLength: number
  readonly cvr?: CvrFacts
  readonly results?: readonly ReportedResult[]
}

/** The issuer has decided: what does the answer carry? */
export interface AnswerEvent {
  readonly type: 'answer-planned'
  readonly now: number
  readonly authorization: string
  /** The delivery's id, should there be one. */
  readonly delivery: string
  readonly approved: boolean
  /** Fresh values for 9F18, at least as many as the policy allows scripts. */
  readonly scriptIdentifiers: readonly string[]
  /** Where the bytes of the answer will be kept. */
  readonly answer: string
  /** Bytes of the field beside scripts: tags 91 and 8A. */
  readonly otherBytes: number
  /** Whether the answer carries an ARPC. */
  readonly issuerAuthentication: boolean
  /** Entries whose command cannot be built for this transaction, and why. They wait for another one. */
  readonly unbuildable?: readonly { readonly entry: string; readonly reason: Unbuildable }[]
}

/**
 * | reason | |
 * |---|---|
 * | no-balance | the card reported no balance to add to, or not under a right MAC |
 * | no-key | the issuer's set of this card has no key for it |
 * | not-buildable | the command itself is at fault |
 * | too-large | as built, it does not fit the answer |
 */
export type Unbuildable = 'no-balance' | 'no-key' | 'not-buildable' | 'too-large'

/** Script-result notification, reversal, upload of a TC or AAC, clearing line. */
export interface AdviceEvent {
  readonly type: 'advice'
  readonly now: number
  readonly advice: 'script-result' | 'reversal' | 'cryptogram' | 'clearing'
  /** The network's name of the transaction that it is about. */
  readonly reference: string
  /** Of the transaction it is about. */
  readonly atc?: number
  readonly results?: readonly ReportedResult[]
  /** A reversal's reason: the terminal never saw the answer. */
  readonly noAnswer?: boolean
  /** Present when it verified. */
  readonly cryptogram?: {
    readonly atc: number
    readonly kind: CryptogramType
    readonly contactless: boolean
    readonly cvr?: CvrFacts
  }
  /** The application was found blocked: every GENERATE AC gives an AAC. Only of a verified one. */
  readonly applicationBlocked?: boolean
}

/** Somebody found out what became of an entry's last delivery. */
export interface ProofEvent {
  readonly type: 'proof'
  readonly now: number
  readonly entry: string
  readonly executed: boolean
  readonly rank: 'operator' | 'card'
}

export interface TickEvent {
  readonly type: 'tick'
  readonly now: number
}

/** The window of counters starts anew at the next cryptogram, or at `atc`. */
export interface AtcResetEvent {
  readonly type: 'atc-reset'
  readonly now: number
  readonly atc?: number
  /** Forget the counters that were seen, too. */
  readonly forget?: boolean
}

export type LedgerEvent =
  | QueueEvent
  | CancelEvent
  | ReissueEvent
  | AdoptEvent
  | AuthorizationEvent
  | AnswerEvent
  | AdviceEvent
  | ProofEvent
  | TickEvent
  | AtcResetEvent

/** Everything that the world is told. The set is closed. */
export const OUTBOX_TYPES = [
  'created',
  'queued',
  'sent',
  'applied',
  'not-performed',
  'failed-will-retry',
  'failed-final',
  'unknown',
  'superseded',
  'cancelled',
  'expired',
  'moved',
  'contradiction',
  'foreign-script',
  'issuer-authentication-failed',
  'card-changed-though-reversed',
  'atc-reset',
] as const

export type OutboxType = (typeof OUTBOX_TYPES)[number]

export interface OutboxEvent {
  readonly type: OutboxType
  readonly time: number
  readonly entry?: string
  readonly delivery?: string
  readonly rank?: Rank
}

/** Why an entry was not sent with an answer. */
export type Withheld =
  | Unreachable
  | Unbuildable
  | 'condition'
  | 'earliest'
  | 'template'
  | 'same-target'
  | 'hold'
  | 'attempts'
  | 'needs-unblocking-device'
  | 'no-room'
  | 'script-limit'
  | 'no-script-identifier'

/** Why an event was refused; the ledger did not change. */
export type Refusal =
  | 'unknown-entry'
  | 'unknown-authorization'
  | 'repeated-id'
  | 'template-not-allowed'
  | 'expiry-passed'
  | 'ended'
  | 'delivery-open'
  | 'not-sent'
  | 'card-reissued'

/** What the caller of the reducer gets to know, by event. */
export type Outcome =
  | { readonly type: 'done' }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'queued'; readonly entry: string; readonly superseded: readonly string[] }
  | { readonly type: 'reissued'; readonly moved: readonly Entry[] }
  | {
      readonly type: 'authorization'
      readonly authorization: string
      /** The same message came before: answer with the same bytes. */
      readonly repeat: boolean
      /** E: replay. A: out of range. */
      readonly findings: readonly ('E' | 'A')[]
    }
  | {
      readonly type: 'plan'
      readonly repeat: boolean
      readonly delivery: Delivery | null
      readonly withheld: readonly { readonly entry: string; readonly reason: Withheld }[]
    }
  | { readonly type: 'advice'; readonly matched: boolean; readonly delivery: string | null }
