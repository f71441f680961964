/** What a transaction takes, and what it comes to. */
import type { Pin } from '@issuerkit/scripts'
import type { CardholderVerification } from './cardholder-verification.js'
import type { GeneratedAc } from './generate-ac.js'
import type { AuthenticationOptions, OfflineAuthentication } from './offline-authentication.js'
import type { IssuerLink, OnlineRequest, OnlineResponse, TransactionAdvice } from './online.js'
import type { ScriptResultTags, ScriptRun } from './script-processing.js'
import type { ActionAnalysis, TerminalActionCodes } from './terminal-action-analysis.js'
import type { RiskOptions } from './terminal-risk.js'
import type { TransactionEnd, TransactionStep } from './transaction-state.js'

/** The inputs of a transaction. */
export interface TransactionOptions {
  /** The terminal's values by tag, of this transaction: `createTerminalData`. */
  readonly terminal: ReadonlyMap<string, Uint8Array>
  /** The application, 5 to 16 bytes; without it the one of the highest priority that the card has. */
  readonly aid?: Uint8Array
  /** Tried on a card without a directory. */
  readonly aids?: readonly Uint8Array[]
  /** Whose keys vouch for the card; without, offline data authentication is not performed. */
  readonly authentication?: AuthenticationOptions
  /** What the holder enters at the PIN pad, one try after another. The online PIN is the first of them. */
  readonly pins?: readonly Pin[]
  readonly risk?: RiskOptions
  readonly actionCodes?: TerminalActionCodes
  /** The way to the issuer; without it the terminal is unable to go online. */
  readonly issuer?: IssuerLink
  /** Told once an online transaction has ended, however it did. */
  readonly report?: (advice: TransactionAdvice) => void | Promise<void>
  /**
   * A device of the issuer: it selects a blocked application and goes online with the AAC of the first GENERATE AC, for
   * the scripts that unblock it; there is no second one. [PBOC-SCRIPT] 5, 11
   */
  readonly specialDevice?: boolean
}

/**
 * | decision | |
 * |---|---|
 * | approved, declined | the last cryptogram was given; what came after it may have been interrupted, see `end` |
 * | terminated | the card or its data ended the transaction before |
 * | interrupted | an answer of the card was lost before: what the card decided is not known |
 */
export type TransactionDecision = 'approved' | 'declined' | 'terminated' | 'interrupted'

/** A transaction with every value on its way. */
export interface TransactionResult {
  readonly decision: TransactionDecision
  /** Why it did not reach its last step; absent when it did. */
  readonly end?: TransactionEnd
  /** All values by tag: the card's, the terminal's, 95, 9B, 9F34, 8A, 91, 9F5B and DF31. */
  readonly values: ReadonlyMap<string, Uint8Array>
  /** Terminal verification results (95), 5 bytes. */
  readonly tvr: Uint8Array
  /** Transaction status information (9B), 2 bytes. */
  readonly tsi: Uint8Array
  readonly authentication?: OfflineAuthentication
  readonly cardholderVerification?: CardholderVerification
  /** What the terminal asked for in the first GENERATE AC, and why. */
  readonly actionAnalysis?: ActionAnalysis
  readonly first?: GeneratedAc
  readonly request?: OnlineRequest
  readonly response?: OnlineResponse | 'unable-to-go-online'
  /** The status of EXTERNAL AUTHENTICATE; absent when it was not sent. */
  readonly externalAuthenticate?: string
  readonly second?: GeneratedAc
  /** The scripts in the order in which they were run: 71, then 72. */
  readonly scripts: readonly ScriptRun[]
  readonly scriptResults: ScriptResultTags
  /** What the issuer was told; absent when the transaction did not go online. */
  readonly advice?: TransactionAdvice
  /** Every command with its status. */
  readonly steps: readonly TransactionStep[]
}

/** A result on its way: what is known so far. */
export type TransactionProgress = {
  -readonly [K in
    | 'authentication'
    | 'cardholderVerification'
    | 'actionAnalysis'
    | 'first'
    | 'request'
    | 'response'
    | 'externalAuthenticate'
    | 'second']?: TransactionResult[K]
} & {
  decision?: 'approved' | 'declined'
  readonly scripts: ScriptRun[]
}
