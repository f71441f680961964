/**
 * What a debit/credit card consists of: the objects of its memory, what was fixed at personalisation, and what it
 * remembers of the transaction under way. The commands are functions over these three.
 *
 * | object of the card | holds |
 * |---|---|
 * | `config` | a {@link CardConfig} as JSON |
 * | `blocked` | 01 once CARD BLOCK was executed |
 * | `pse/fci`, `pse/record/1`, `ppse/fci` | the directories, whole; absent when the card has none |
 *
 * | object of an application, under `app/N/` | holds |
 * |---|---|
 * | `config` | an {@link ApplicationConfig} as JSON |
 * | `fci` | template 6F, whole |
 * | `record/SFI/NUMBER` | a record, whole |
 * | `data/TAG` | the value of a data object: ATC (9F36), last online ATC (9F13), PIN try counter (9F17), limits |
 * | `key/ac`, `key/mac`, `key/enc` | ICC master keys, 16 bytes |
 * | `rsa/icc`, `rsa/pin` | private keys as JSON of hexadecimal parts; absent when the card has none |
 * | `pin`, `pin-try-limit` | the reference PIN as ASCII digits (capacity 12); 1 byte |
 * | `state/…` | {@link STATE}: indicators and counters, 0 when new |
 */
import type { SchemeName } from '@issuerkit/keys'
import type { CardVerification } from './card-verification-results.js'
import type { CardMemory } from './memory.js'
import { MemoryScope } from './memory-scope.js'

/** What sources differ in: one switch a point. Those of the card, then those of the script engine. */
export interface CardSwitches {
  /** SELECT of a blocked application: the warning 6283 with the FCI, or 6A81 with the FCI by GET RESPONSE. */
  readonly selectBlocked: '6283' | '6A81'
  /** GET RESPONSE with nothing pending. */
  readonly nothingPending: '6D00' | '6F00' | '6985'
  /** Whether an AAC is signed when CDA is asked for, which EMV says it is not. For terminals that insist. */
  readonly signAac: boolean
  /** Whether scripts need EXTERNAL AUTHENTICATE (or issuer authentication in the second GENERATE AC) to have succeeded. */
  readonly scriptsNeedIssuerAuth: 'never' | 'ifPerformed' | 'ifAipSupports'
  /** Whether APPLICATION UNBLOCK needs it, whatever the switch above says. */
  readonly unblockNeedsIssuerAuth: boolean
  /** The script counter over 15: stays there, or begins anew at 0. */
  readonly scriptCounterOverflow: 'saturate' | 'wrap'
  /** PUT DATA of a data object that the card does not let change. */
  readonly unknownPutDataTag: '6A80' | '6A88'
  /** A script command without secure messaging in its class. */
  readonly missingMac: '6E00' | '6987'
  /** Wrong MACs one after another before script commands are refused for good with 6985; 0 for no limit. */
  readonly macFailureLimit: number
  /** Bytes of a script's MAC; the scheme's unless given. */
  readonly macLength?: number
  /** Whether the n-th script command of a transaction is secured with ARQC + n (emv-common only). */
  readonly chainedScripts: boolean
  /** The ICC master key in D1 of a VIS PIN block; the scheme's unless given. */
  readonly pinBlockKey?: 'ac' | 'enc'
  /** Which limit tag 9F14 holds: EMV's lower, or the article's upper one. Tag 9F23 holds the other. */
  readonly offlineLimitTags: 'emv' | 'pboc-script'
}

/** The card beside its applications. */
export interface CardConfig {
  /** Hexadecimal. It decides the protocol, too. */
  readonly atr: string
  readonly protocol: 'T=0' | 'T=1'
  /** How many applications there are, `app/0` to `app/N-1`. */
  readonly applications: number
  readonly switches: CardSwitches
}

/** An application as it was personalised; hexadecimal unless said otherwise. */
export interface ApplicationConfig {
  readonly aid: string
  readonly scheme: SchemeName
  /** Derivation key index, 0 to 255. */
  readonly dki: number
  /** Decimal digits; the card's own identity, for records and certificates. */
  readonly pan: string
  readonly panSequence: string
  /** Data object lists; an empty PDOL for none. */
  readonly pdol: string
  readonly cdol1: string
  readonly cdol2: string
  readonly ddol: string
  readonly aip: string
  readonly afl: string
  /** Tags that GET DATA gives, and that PUT DATA may change. */
  readonly getData: readonly string[]
  readonly putData: readonly string[]
  /** What stands behind the CVR in tag 9F10 where the family leaves it to the issuer: discretionary data, DAC. */
  readonly issuerDiscretionaryData: string
}

/** Indicators and counters of an application, as objects under `state/`: name -> bytes. Amounts are whole numbers. */
export const STATE = {
  /** 00 not blocked, 01 by APPLICATION BLOCK, 02 by the PIN try limit (ADA). */
  blocked: 1,
  scriptCounter: 1,
  scriptFailed: 1,
  /** Wrong MACs one after another. */
  macFailures: 1,
  issuerAuthenticationFailed: 1,
  /** Set by an ARQC, reset by the second GENERATE AC: online authorisation was not completed. */
  onlineAuthorisation: 1,
  sdaFailed: 1,
  ddaFailed: 1,
  /** Offline approvals since the last online one: all, international by country, international by currency. */
  consecutiveOffline: 1,
  consecutiveInternationalCountry: 1,
  consecutiveInternationalCurrency: 1,
  /** Amounts approved offline in the application's currency, and in the second one converted into it. */
  cumulativeAmount: 6,
  cumulativeAmountDual: 6,
  /** Go online in the next transaction, as a card status update asked. */
  goOnlineNext: 1,
} as const

/** The name of a state object. */
export type StateName = keyof typeof STATE

/** A key's place in the memory of an application. */
export type CardKeyName = 'ac' | 'mac' | 'enc'

/** The memory of one application: the card's, under a prefix. */
export class ApplicationMemory extends MemoryScope {
  constructor(memory: CardMemory, index: number) {
    super(memory, `app/${index}/`)
  }

  state(name: StateName): number {
    return this.readNumber(`state/${name}`)
  }

  setState(name: StateName, value: number): void {
    this.writeNumber(`state/${name}`, value)
  }
}

/** The kind of a cryptogram. */
export type CryptogramKind = 'AAC' | 'TC' | 'ARQC'

/** What an application remembers of the transaction under way; SELECT and reset forget it. */
export interface Transaction {
  /** Whether GET PROCESSING OPTIONS was answered, and the value of tag 83 that it came with. */
  started: boolean
  pdolData: Uint8Array
  /** GENERATE AC answered so far. */
  generateAcs: 0 | 1 | 2
  cdol1Data: Uint8Array
  /** The cryptogram of the first GENERATE AC and its kind: 8 bytes, empty before. */
  cryptogram: Uint8Array
  firstKind: CryptogramKind | undefined
  /**
   * Whether scripts may follow an AAC of the first GENERATE AC: the application or the PIN was blocked at that time. Any
   * other TC or AAC there ends the transaction.
   */
  scriptsAfterAac: boolean
  /** What the card saw up to the first GENERATE AC; the CVR of the second one tells the same of it. */
  verification: CardVerification | undefined
  /** Issuer authentication in this transaction: EXTERNAL AUTHENTICATE, or tag 91 in the second GENERATE AC. */
  issuerAuthentication: 'none' | 'succeeded' | 'failed'
  /** The card status update that came with it (ARPC method 2), 4 bytes. */
  csu: Uint8Array | undefined
  /** Offline PIN in this transaction. */
  pin: 'none' | 'succeeded' | 'failed'
  /** Whether that PIN came enciphered. */
  pinEnciphered: boolean
  /** Whether the PIN try counter was 0 before this transaction. */
  pinBlockedBefore: boolean
  /** INTERNAL AUTHENTICATE was answered, or CDA signed. */
  dynamicAuthentication: boolean
  /** 8 bytes, good for the next command alone. */
  challenge: Uint8Array | undefined
  /** A script command's MAC was wrong: later ones are refused. */
  scriptsClosed: boolean
  /** Script commands of this transaction whose MAC was right, for chained keys. */
  scriptCommands: number
}

/** A transaction that has not begun. */
export function newTransaction(): Transaction {
  const none = new Uint8Array(0)
  return {
    started: false,
    pdolData: none,
    generateAcs: 0,
    cdol1Data: none,
    cryptogram: none,
    firstKind: undefined,
    scriptsAfterAac: false,
    verification: undefined,
    issuerAuthentication: 'none',
    csu: undefined,
    pin: 'none',
    pinEnciphered: false,
    pinBlockedBefore: false,
    dynamicAuthentication: false,
    challenge: undefined,
    scriptsClosed: false,
    scriptCommands: 0,
  }
}

/** Zeroes what the card knew of a transaction. */
export function forgetTransaction({ pdolData, cdol1Data, cryptogram, csu, challenge }: Transaction): void {
  for (const bytes of [pdolData, cdol1Data, cryptogram, csu, challenge]) bytes?.fill(0)
}

/** What every command of an application works on. */
export interface ApplicationContext {
  readonly memory: ApplicationMemory
  readonly config: ApplicationConfig
  readonly switches: CardSwitches
  readonly transaction: Transaction
  /** The card's random number generator. */
  readonly random: (length: number) => Uint8Array
}
