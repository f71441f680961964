/**
 * The transactions of the e-purse, message by message, as the terminal (or its SAM) and the host build and check them.
 *
 * | transaction | INITIALIZE | completed by | types | session key | answer |
 * |---|---|---|---|---|---|
 * | load | 8050 00 01, 02 | 8052 0000, MAC2 | 01 ED, 02 EP | SESLK | TAC |
 * | unload | 8050 05 01 | 8054 0300, MAC2 | 03 | SESULK | MAC3 |
 * | cash | 8050 02 01 | 8054 0100, MAC1 | 04 | SESPK | TAC, MAC2 |
 * | purchase | 8050 01 01, 02 | 8054 0100, MAC1 | 05 ED, 06 EP | SESPK | TAC, MAC2 |
 * | overdraft | 8050 04 01 | 8058 0000, MAC2 | 07 | SESUK | TAC |
 * | capp | 8050 03 02 | 8054 0100, MAC1 | 09 | SESPK | TAC, MAC2 |
 *
 * Amounts, serials and limits are whole numbers; balances are those of the card, in which that of ED includes the
 * overdraft limit. Serials are always those before the card counts on.
 * @see [PBOC] 2
 */
import { concat, expectLength, fromHex, IssuerkitError } from '@issuerkit/apdu'
import { expectDate } from '@issuerkit/oda'
import {
  isPurseMac,
  onlineSessionKey,
  type PurseKey,
  type PurseSessionKey,
  purchaseSessionKey,
  purseMac,
  wholeNumber,
} from './purse-keys.js'

/** The two purses: e-deposit 01, e-purse 02. */
export type PurseName = 'ed' | 'ep'

/** What a transaction does. */
export type PurseTransactionKind = 'load' | 'unload' | 'cash' | 'purchase' | 'overdraft' | 'capp'

/** What is asked of the card. */
export interface PurseRequest {
  readonly kind: PurseTransactionKind
  /** ED for unload, cash and overdraft, EP for capp: the command says so itself, whatever stands here. */
  readonly purse: PurseName
  readonly keyIndex: number
  /** Of overdraft the new limit, which the card learns from the second command only. */
  readonly amount: number
  /** The terminal's number, 6 bytes. */
  readonly terminal: Uint8Array
}

/** What INITIALIZE answers; which fields there are depends on the transaction. */
export interface InitializeAnswer {
  readonly balance: number
  /** The online serial of load, unload and overdraft, the offline serial of the others. */
  readonly serial: number
  /** The overdraft limit so far: all but load and unload. */
  readonly limit?: number
  /** 1 byte each. */
  readonly keyVersion: number
  readonly algorithm: number
  /** 4 bytes. */
  readonly random: Uint8Array
  /** 4 bytes: load, unload and overdraft. */
  readonly mac1?: Uint8Array
}

/** What the second command says. */
export interface Completion {
  /** YYYYMMDD and HHMMSS. */
  readonly date: string
  readonly time: string
  /** The terminal's serial; purchase, cash and capp. */
  readonly terminalSerial?: number
}

/** What both sides know once INITIALIZE has been answered. */
export interface InitializedTransaction extends PurseRequest {
  readonly answer: InitializeAnswer
}

/** What is fixed of a transaction. */
export interface KindRow {
  readonly p1: number
  readonly complete: readonly [ins: number, p1: number]
  readonly online: boolean
  readonly limit: boolean
  /** Transaction types for ED and EP. */
  readonly types: Readonly<Record<PurseName, number>>
  /** P2 where the command allows one purse only. */
  readonly p2?: number
}

/** [PBOC] 2, the tables of INITIALIZE and of the transaction types. */
const KINDS: Readonly<Record<PurseTransactionKind, KindRow>> = {
  load: { p1: 0x00, complete: [0x52, 0x00], online: true, limit: false, types: { ed: 1, ep: 2 } },
  unload: { p1: 0x05, complete: [0x54, 0x03], online: true, limit: false, types: { ed: 3, ep: 3 }, p2: 1 },
  cash: { p1: 0x02, complete: [0x54, 0x01], online: false, limit: true, types: { ed: 4, ep: 4 }, p2: 1 },
  purchase: { p1: 0x01, complete: [0x54, 0x01], online: false, limit: true, types: { ed: 5, ep: 6 } },
  overdraft: { p1: 0x04, complete: [0x58, 0x00], online: true, limit: true, types: { ed: 7, ep: 7 }, p2: 1 },
  capp: { p1: 0x03, complete: [0x54, 0x01], online: false, limit: true, types: { ed: 9, ep: 9 }, p2: 2 },
}

const INITIALIZE = 0x50
/** P2 by purse. [PBOC] 2 */
const PURSE_CODE = { ed: 1, ep: 2 } as const

/** The transaction type in MACs, TACs, log and GET TRANSACTION PROVE. @throws ERR_OPTION for no such transaction */
export function transactionType(kind: PurseTransactionKind, purse: PurseName): number {
  return kindOf(kind).types[purse]
}

/**
 * INITIALIZE FOR LOAD, UNLOAD, CASH WITHDRAW, PURCHASE, UPDATE, CAPP PURCHASE.
 * @throws ERR_OPTION for a number that does not fit its field; ERR_LENGTH for a terminal's number that is not 6 bytes
 * @see [PBOC] 2
 */
export function initializeCommand({ kind, purse, keyIndex, amount, terminal }: PurseRequest): Uint8Array {
  const { p1, p2 = PURSE_CODE[purse] } = kindOf(kind)
  const data = concat(
    wholeNumber(keyIndex, 1, 'key index'),
    kind === 'overdraft' ? new Uint8Array(0) : wholeNumber(amount, 4, 'amount'),
    expectLength(terminal, 6, 'terminal'),
  )
  return Uint8Array.of(0x80, INITIALIZE, p1, p2, data.length, ...data, answerLength(kind))
}

/**
 * The answer of INITIALIZE: 16 bytes of load and unload, 15 of cash, purchase and capp, 19 of overdraft.
 * @throws ERR_LENGTH when it has another length
 * @see [PBOC] 2
 */
export function parseInitialized(kind: PurseTransactionKind, data: Uint8Array): InitializeAnswer {
  const { online, limit } = kindOf(kind)
  expectLength(data, answerLength(kind), 'answer of INITIALIZE')
  const at = limit ? 9 : 6
  return {
    balance: numberOf(data.subarray(0, 4)),
    serial: numberOf(data.subarray(4, 6)),
    ...(limit && { limit: numberOf(data.subarray(6, 9)) }),
    keyVersion: data[at] as number,
    algorithm: data[at + 1] as number,
    random: data.slice(at + 2, at + 6),
    ...(online && { mac1: data.slice(at + 6) }),
  }
}

/**
 * The session key of a transaction: SESLK, SESULK, SESUK by the online serial, SESPK with the terminal's serial.
 * @param key DLK, DULK, DUK or DPK of the card
 * @throws ERR_LENGTH, ERR_OPTION, ERR_KEY_DESTROYED
 */
export function transactionSessionKey(
  key: PurseKey,
  kind: PurseTransactionKind,
  { random, serial }: Pick<InitializeAnswer, 'random' | 'serial'>,
  terminalSerial = 0,
): PurseSessionKey {
  if (kindOf(kind).online) return onlineSessionKey(key, random, serial)
  return purchaseSessionKey(key, random, serial, terminalSerial)
}

/**
 * Whether MAC1 of the card is right: the host's first check of load, unload and overdraft.
 * ```
 * load, unload   balance (4) amount (4) type (1) terminal (6)
 * overdraft      balance (4) limit so far (3) type (1) terminal (6)
 * ```
 * @returns false also where the transaction has no MAC1 of the card
 */
export function verifyMac1(session: PurseSessionKey, transaction: InitializedTransaction): boolean {
  const { kind, amount, answer } = transaction
  if (answer.mac1 === undefined) return false
  const value = kind === 'overdraft' ? wholeNumber(answer.limit ?? 0, 3, 'limit') : wholeNumber(amount, 4, 'amount')
  const data = concat(wholeNumber(answer.balance, 4, 'balance'), value, typeAndTerminal(transaction))
  return isPurseMac(session, data, answer.mac1)
}

/**
 * The command that completes: CREDIT FOR LOAD, DEBIT FOR UNLOAD, DEBIT FOR PURCHASE / CASH WITHDRAW / CAPP PURCHASE,
 * UPDATE OVERDRAW LIMIT. Its MAC (MAC2 of the host, MAC1 of the terminal) is over
 * `amount (4; limit: 3) type (1) terminal (6) date (4) time (3)`.
 * @throws ERR_DATE, ERR_OPTION, ERR_LENGTH, ERR_KEY_DESTROYED
 * @see [PBOC] 2
 */
export function completeCommand(
  session: PurseSessionKey,
  transaction: InitializedTransaction,
  completion: Completion,
): Uint8Array {
  const { kind } = transaction
  const [ins, p1] = kindOf(kind).complete
  const when = dateAndTime(completion)
  const amount = amountField(transaction)
  const first =
    kind === 'overdraft'
      ? amount
      : kindOf(kind).online
        ? new Uint8Array(0)
        : wholeNumber(completion.terminalSerial ?? 0, 4, 'terminal serial')
  const data = concat(first, when, purseMac(session, concat(amount, typeAndTerminal(transaction), when)))
  return Uint8Array.of(0x80, ins, p1, 0x00, data.length, ...data, kindOf(kind).online ? 4 : 8)
}

/** What is fixed of a transaction. @throws ERR_OPTION for no such transaction */
export function kindOf(kind: PurseTransactionKind): KindRow {
  if (!Object.hasOwn(KINDS, kind)) {
    throw new IssuerkitError('ERR_OPTION', { label: 'transaction', expected: Object.keys(KINDS).join(', ') })
  }
  return KINDS[kind]
}

function answerLength(kind: PurseTransactionKind): number {
  const { online, limit } = kindOf(kind)
  return 12 + (online ? 4 : 0) + (limit ? 3 : 0)
}

/** The amount as it stands in MACs: 4 bytes; 3 of a limit. @throws ERR_OPTION */
export function amountField({ kind, amount }: PurseRequest): Uint8Array {
  return kind === 'overdraft' ? wholeNumber(amount, 3, 'limit') : wholeNumber(amount, 4, 'amount')
}

/** Type (1) and terminal (6). @throws ERR_LENGTH */
export function typeAndTerminal({ kind, purse, terminal }: PurseRequest): Uint8Array {
  return concat(Uint8Array.of(transactionType(kind, purse)), expectLength(terminal, 6, 'terminal'))
}

/** Date and time as they stand in messages: 7 bytes. @throws ERR_DATE; ERR_OPTION for a time that is none */
export function dateAndTime({ date, time }: Pick<Completion, 'date' | 'time'>): Uint8Array {
  if (!/^(?:[01]\d|2[0-3])(?:[0-5]\d){2}$/.test(time)) {
    throw new IssuerkitError('ERR_OPTION', { label: 'time', expected: 'a time as HHMMSS' })
  }
  return fromHex(expectDate(date, 'date') + time)
}

/** A field of a message as a whole number, its highest byte first. */
export function numberOf(bytes: Uint8Array): number {
  return bytes.reduce((number, byte) => number * 256 + byte, 0)
}
