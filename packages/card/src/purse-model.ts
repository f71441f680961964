/**
 * What an e-purse card consists of: the objects of its memory, what was fixed at personalisation, and what it remembers
 * until power goes.
 *
 * | object of the card | holds |
 * |---|---|
 * | `config` | a {@link PurseConfig} as JSON |
 * | `blocked` | 01 once CARD BLOCK was executed |
 * | `mf/fci`, `mf/record/N` | the FCI of the MF, and the records of its directory file (SFI 1) |
 *
 * | object of an application, under `adf/N/` | holds |
 * |---|---|
 * | `fci` | template 6F, whole |
 * | `life` | 00 in use, 01 blocked for a time, 02 blocked for good |
 * | `binary/SFI` | a binary file; SFI as two hexadecimal digits: `15` is file 0015 |
 * | `record/SFI/N` | a record of a linear file, N from 1 |
 * | `cyclic/SFI` | a cyclic file: its records one behind another, the newest first, as many as were written |
 * | `key/NAME/INDEX` | version, algorithm identifier, 16 bytes; NAME of {@link PurseKeyName}, INDEX two hexadecimal digits |
 * | `errors/NAME` | wrong MACs under a key, one after another |
 * | `pin`, `pin-tries` | the reference PIN as its bytes in the command (capacity 6), tries left; only where there is a PIN |
 * | `ed/…`, `ep/…` | {@link PURSE}: each purse has its own balance and serials, ED its limit |
 * | `proof/TYPE` | serial (2), MAC (4), TAC (4) of the last transaction of that type; empty when there was none |
 * | `grey` | the grey lock of the purse: empty, or what its release needs |
 *
 * The index of a key is the one that commands name; where they name none it is 01 for tac, and 00 for maintenance,
 * pin-unblock and pin-reload.
 */
import type { CardMemory } from './memory.js'
import { MemoryScope } from './memory-scope.js'

/** Keys of an application. [PBOC] 2: DPK, DLK, DULK, DUK, DTK, DAMK, DPUK, DRPK; DGK of the grey lock. */
export type PurseKeyName =
  | 'purchase'
  | 'load'
  | 'unload'
  | 'overdraft'
  | 'tac'
  | 'maintenance'
  | 'pin-unblock'
  | 'pin-reload'
  | 'grey'
  | 'external'
  | 'internal'

/** Objects of a purse: name -> bytes. The balance of ED includes the overdraft limit. */
export const PURSE = { balance: 4, onlineSerial: 2, offlineSerial: 2, limit: 3 } as const

/** The two purses, as P2 selects them: e-deposit 01, e-purse 02. */
export type PurseName = 'ed' | 'ep'

/** What sources differ in, one switch a point; a profile is a row of them. */
export interface PurseSwitches {
  /** SELECT by file identifier: refused with 6A86 on a personalised card, or served. */
  readonly selectByFid: 'refuse' | 'serve'
  readonly nothingPending: '6F00' | '6985' | '6D00'
  /** READ BINARY with Le 00: 6CXX, or all that is left. */
  readonly readAll: '6CXX' | 'serve'
  /** A wrong MAC in RELOAD PIN. */
  readonly reloadMacStatus: '6988' | '9302'
  /** PIN UNBLOCK: the PIN in it has to be the stored one, or becomes the new one. */
  readonly unblockPin: 'compare' | 'replace'
  /** Whether a finished transaction clears the PIN flag. */
  readonly pinFlagAfterTransaction: 'keep' | 'clear'
  /** Whether VERIFY in the middle of a transaction ends it. */
  readonly verifyEndsTransaction: boolean
  /** GET BALANCE of the e-purse needs the PIN. */
  readonly balanceNeedsPin: boolean
  /** A load that the balance cannot hold. */
  readonly overflowStatus: '6985' | '9401'
  readonly zeroLoad: 'allow' | '6A80'
  /** DEBIT FOR CAPP PURCHASE without any update before. */
  readonly cappWithoutUpdate: 'allow' | '6901'
  /** UPDATE CAPP DATA CACHE out of state. */
  readonly cappStateStatus: '6901' | '6985'
  /** Key of the TAC of UPDATE OVERDRAFT LIMIT: as everywhere both halves of DTK by XOR, or DTK itself. */
  readonly overdraftTac: 'xor' | 'direct'
}

/** The card as it was personalised. */
export interface PurseConfig {
  readonly atr: string
  readonly protocol: 'T=0' | 'T=1'
  readonly profile: string
  readonly switches: PurseSwitches
  readonly pinTryLimit: number
  readonly keyTryLimit: number
  /** The most that a purse may hold. */
  readonly maximumBalance: number
  /** Name of the MF (PSE) and of each ADF with its file identifier, in hexadecimal; `adf/0` is the first. */
  readonly mf: { readonly name: string }
  readonly adfs: readonly { readonly name: string; readonly fid: string }[]
  /** Binary files that may be read without conditions, and those that UPDATE BINARY with MAC may change. */
  readonly readable: readonly string[]
  readonly updatable: readonly string[]
  /** Bytes of a record of the cyclic files, by SFI; 23 where none is given, as in the transaction log. */
  readonly cyclicRecords?: Readonly<Record<string, number>>
}

/** The transaction that was initialised, and waits for its second command. */
export type PurseState =
  | 'idle'
  | 'load'
  | 'unload'
  | 'purchase'
  | 'cash'
  | 'overdraft'
  | 'capp'
  | 'grey-lock'
  | 'grey-unlock'

/** What INITIALIZE leaves to the command that completes. */
export interface PurseTransaction {
  readonly state: PurseState
  readonly purse: PurseName
  readonly amount: number
  readonly terminal: Uint8Array
  /** 8 bytes, or where the terminal's serial goes into it, what it is derived with. */
  readonly sessionKey: Uint8Array | undefined
  readonly keyIndex: number
  readonly random: Uint8Array
  readonly serial: number
  /** Composite purchase: records written into the cache, by `record/SFI/N` object. */
  readonly cache: Map<string, Uint8Array>
}

/** What power takes with it. */
export interface PurseSession {
  /** -1 for the MF. */
  adf: number
  file: string | undefined
  pinVerified: boolean
  /** Keys that EXTERNAL AUTHENTICATE has proven. */
  authenticated: boolean
  challenge: Uint8Array | undefined
  transaction: PurseTransaction | undefined
}

/** The memory of one ADF. */
export class AdfMemory extends MemoryScope {
  constructor(memory: CardMemory, adf: number) {
    super(memory, `adf/${adf}/`)
  }
}

/** What a command within an ADF works on. */
export interface PurseContext {
  readonly memory: AdfMemory
  readonly config: PurseConfig
  readonly session: PurseSession
  readonly random: (length: number) => Uint8Array
}
