/** What the issuer in process takes, remembers and gives back. */
import type { CardIdentity, CryptogramVerdict, KeySet, ResultPolicy, SchemeName } from '@issuerkit/keys'
import type {
  BuildScriptOptions,
  BuiltScriptCommand,
  MatchedResults,
  ScriptCommand,
  ScriptOptions,
  ScriptTemplateTag,
} from '@issuerkit/scripts'
import type { OnlineRequest, OnlineResponse, TransactionAdvice } from './online.js'

/** The issuer's word on a request. */
export interface IssuerDecision {
  /** DE39, two characters: `00` approves. */
  readonly arc: string
  /** Card status update for ARPC method 2, 4 bytes; by default what the ARC says. */
  readonly csu?: Uint8Array
}

/** What makes an issuer. */
export interface IssuerOptions {
  /** Issuer master keys by DKI and algorithm: `ac` for cryptograms; `mac`, and for PIN CHANGE `enc`, for scripts. */
  readonly keySets: readonly KeySet[]
  /** The scheme of the cards; without it tag 9F10 names it. */
  readonly scheme?: SchemeName
  /** 00 for a cryptogram that nothing speaks against, else 05. */
  readonly decide?: (verdict: CryptogramVerdict, request: OnlineRequest) => IssuerDecision
  /** Bits of CVR and TVR that turn the verdict into T. */
  readonly policy?: ResultPolicy
  /** How far a card's counter may jump from one request to the next; any number without. */
  readonly atcAhead?: number
  /** How script commands are secured, where the cards differ from their scheme. */
  readonly scripts?: Pick<ScriptOptions, 'macLength' | 'pinBlockKey'> & Partial<BuildScriptOptions>
}

/** Where and for whom a script is meant. */
export interface QueueOptions {
  /** 72 by default. */
  readonly template?: ScriptTemplateTag
  /** Tag 9F18, 4 bytes; by default the next number. `none`: the template has no identifier. */
  readonly id?: Uint8Array | 'none'
  /** Whose next request it waits for; anybody's without. */
  readonly card?: CardIdentity
}

/** A script that waits for a request. */
export interface QueuedScript {
  readonly template: ScriptTemplateTag
  readonly scriptIdentifier?: Uint8Array
  readonly commands: readonly ScriptCommand[]
  readonly card?: CardIdentity
}

/** A script as it was sent. */
export interface DeliveredScript {
  readonly template: ScriptTemplateTag
  readonly scriptIdentifier?: Uint8Array
  readonly commands: readonly BuiltScriptCommand[]
  /** The whole template. */
  readonly bytes: Uint8Array
}

/** What the card itself says of scripts, in the CVR under a later cryptogram that verified. */
export interface CardScriptEvidence {
  /** The script counter's nibble. */
  readonly scriptCounter: number
  readonly scriptFailed: boolean
}

/** One request with its answer, and what was heard of it since. */
export interface Authorization {
  readonly request: OnlineRequest
  readonly verdict: CryptogramVerdict
  readonly response: OnlineResponse
  /** In the order in which they stand in the answer. */
  readonly scripts: readonly DeliveredScript[]
  /** How often the very same request came. */
  readonly requests: number
  /** What terminals said, each different advice once. */
  readonly advices: readonly AdviceVerdict[]
  readonly cardEvidence?: CardScriptEvidence
}

/** What an advice comes to. */
export interface AdviceVerdict {
  readonly advice: TransactionAdvice
  /** The TC or AAC; absent when the advice carries none (a reversal), or its DE55 cannot be read. */
  readonly verdict?: CryptogramVerdict
  /** The script results beside what was sent; absent when there are none to read, or they are malformed. */
  readonly results?: MatchedResults<DeliveredScript>
  /** The same advice was heard before. */
  readonly duplicate: boolean
  /** Another advice of the same transaction had other script results. */
  readonly conflicting: boolean
}

/** The toolkit's own issuer. */
export interface Issuer {
  /**
   * Answers a request: an `IssuerLink`. The same request again gets the same answer and nothing new.
   * Rejects as `answerApplicationCryptogram` and `buildScriptCommands`; with ERR_KEY where a script waits and the key set
   * has no MAC key.
   */
  readonly authorize: (request: OnlineRequest) => Promise<OnlineResponse>
  /** Lets a script wait for the next request whose cryptogram verifies. @throws ERR_SCRIPT without a command */
  readonly queue: (commands: readonly ScriptCommand[], options?: QueueOptions) => QueuedScript
  /** Takes an advice, in any order and any number of times; `undefined` when it belongs to no authorization. */
  readonly advice: (advice: TransactionAdvice) => AdviceVerdict | undefined
  /** All requests in the order in which they first came. */
  readonly authorizations: () => readonly Authorization[]
  readonly waiting: () => readonly QueuedScript[]
}
