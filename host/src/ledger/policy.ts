/** What an issuer may set about its ledgers. */
import type { SchemeFamily } from '@issuerkit/keys'
import type { Template } from './model.js'

/**
 * How a family of cards counts script commands in four bits of the CVR.
 *
 * | | |
 * |---|---|
 * | counts | `maced`: every command with a MAC after the second GENERATE AC, a wrong MAC included; `executed`: successes |
 * | overflow | above 15 the counter stays, wraps to 0, or nobody knows |
 * | resets | at the end of an online transaction unless issuer authentication failed or was missing, or never |
 */
export interface CounterRule {
  readonly counts: 'maced' | 'executed'
  readonly overflow: 'saturate' | 'wrap' | 'either'
  readonly resets: 'online-completion' | 'never'
}

/** Times in milliseconds. */
export interface LedgerPolicy {
  /** Which templates may be sent; 71 only where the issuer knows its terminals. */
  readonly templates: readonly Template[]
  /** Scripts in one answer: 1, because many terminals run only the first. */
  readonly maxScripts: number
  /** Commands in one delivery. Above 14 a script result cannot name the one that failed. */
  readonly maxCommands: number
  /** Bytes of all templates of one answer. [EMV-B4] 6.3.9 */
  readonly scriptBytes: number
  /** Bytes of field 55. [UPI-F55] */
  readonly fieldBytes: number
  /** 1 where commands end with Le 00, else 0. */
  readonly trailer: 0 | 1
  /** While a delivery is younger, another authorization of the card gets no scripts. */
  readonly answerTimeout: number
  /** When nothing has been heard of a delivery for so long, its commands are unknown. */
  readonly unknownAfter: number
  /** How often an entry is sent unless it says otherwise. */
  readonly maxAttempts: number
  /** How long an entry waits unless it says otherwise. */
  readonly lifetime: number
  /** How often PIN UNBLOCK goes out again after an unknown outcome: each execution gives all tries back. */
  readonly pinUnblockResends: number
  readonly atc: {
    /** How many pairs of ATC and kind are remembered. */
    readonly seen: number
    /** How far ahead of the highest counter a card may be. */
    readonly ahead: number
    /** How late an ARQC may come. */
    readonly behindOnline: number
    /** How late a TC or AAC may come. */
    readonly behindOffline: number
  }
  /** Exceptions to the rules of the families. */
  readonly counters: Partial<Readonly<Record<SchemeFamily, CounterRule>>>
  /** The issuer's cards refuse scripts without issuer authentication. [PBOC-SCRIPT] 10 */
  readonly requiresIssuerAuthentication: boolean
  /** A device that unblocks sends the AAC of a blocked card online; unblocking commands may answer it. [PBOC-SCRIPT] 11 */
  readonly scriptsAfterAac: boolean
  /** How many authorizations are remembered, for repeats that come soon; older ones are found where requests are kept. */
  readonly authorizationsKept: number
  /** How many closed deliveries stay in the ledger for late advices. */
  readonly deliveriesKept: number
}

const DAY = 86_400_000

/** What holds where the issuer has set nothing. */
export const DEFAULT_POLICY: LedgerPolicy = {
  templates: ['72'],
  maxScripts: 1,
  maxCommands: 14,
  scriptBytes: 128,
  fieldBytes: 255,
  trailer: 0,
  answerTimeout: 60_000,
  unknownAfter: 7 * DAY,
  maxAttempts: 3,
  lifetime: 180 * DAY,
  pinUnblockResends: 1,
  atc: { seen: 2000, ahead: 1000, behindOnline: 16, behindOffline: 65_535 },
  counters: {},
  requiresIssuerAuthentication: false,
  scriptsAfterAac: false,
  authorizationsKept: 4,
  deliveriesKept: 8,
}
