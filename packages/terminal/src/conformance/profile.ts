/**
 * What the conformance test has to know of the card before it: PIN, keys, names, contents, and which of the permitted
 * behaviours it shows. It is read from JSON, so that a laboratory describes its own card.
 */

/** What an application's keys are for, in the card's names. [PBOC] 2 */
export const TEST_KEY_NAMES = [
  'purchase',
  'load',
  'unload',
  'overdraft',
  'tac',
  'maintenance',
  'pin-unblock',
  'pin-reload',
  'grey',
  'external',
  'internal',
] as const

/** DPK, DLK, DULK, DUK, DTK, DAMK, DPUK, DRPK, DGK, and the keys of the two authentications. */
export type TestKeyName = (typeof TEST_KEY_NAMES)[number]

/** A key of the card; everything in hexadecimal. */
export interface TestKey {
  readonly name: TestKeyName
  /** What the command says, 1 byte; `00` where no command names it. */
  readonly index: string
  /** 1 byte each, as INITIALIZE answers them. */
  readonly version: string
  readonly algorithm: string
  /** 16 bytes. */
  readonly value: string
}

/** An application of the card; names and contents in hexadecimal. */
export interface TestApplication {
  readonly name: string
  /** 2 bytes. */
  readonly fid: string
  readonly fci: string
  /** The binary files by their short file identifier (two hexadecimal digits): whole contents. */
  readonly binaries: Readonly<Record<string, string>>
  readonly keys: readonly TestKey[]
}

/** Where sources leave a choice: which one the card has made. The words are those of the card's own switches. */
export interface TestBehaviour {
  readonly selectByFid: 'refuse' | 'serve'
  readonly nothingPending: '6F00' | '6985' | '6D00'
  readonly readAll: '6CXX' | 'serve'
  readonly reloadMacStatus: '6988' | '9302'
  readonly unblockPin: 'compare' | 'replace'
  readonly pinFlagAfterTransaction: 'keep' | 'clear'
  readonly verifyEndsTransaction: boolean
  readonly balanceNeedsPin: boolean
  readonly overflowStatus: '6985' | '9401'
  readonly zeroLoad: 'allow' | '6A80'
  readonly cappWithoutUpdate: 'allow' | '6901'
  readonly cappStateStatus: '6901' | '6985'
  readonly overdraftTac: 'xor' | 'direct'
}

/** The card as it should be. */
export interface PurseTestProfile {
  readonly name: string
  /** 2 to 6 bytes in hexadecimal: digits, F filled. */
  readonly pin: string
  readonly pinTries: number
  readonly mf: { readonly name: string; readonly fid: string; readonly fci: string }
  /** The records of the directory file, in hexadecimal. */
  readonly directory: readonly string[]
  /** ADF1 and ADF2. */
  readonly applications: readonly [TestApplication, TestApplication]
  /** The short file identifier of a binary file of more than 255 bytes in ADF1, two hexadecimal digits. */
  readonly longFile?: string
  /** The file of the composite purchase in ADF1: short file identifier, and its records, in hexadecimal. */
  readonly composite?: { readonly sfi: string; readonly records: readonly string[] }
  readonly maximumBalance: number
  /** Records that the transaction log keeps. */
  readonly logRecords: number
  readonly behaviour: TestBehaviour
}
