/**
 * What all transactions have in common: INITIALIZE FOR … opens one, its second command completes it.
 *
 * | INITIALIZE refuses with | when |
 * |---|---|
 * | 9403 | no key of that index |
 * | 6982 | the PIN was not verified, where the transaction needs it |
 * | 9402 | the serial is at its maximum |
 * | 9401, 6985, … | the amount: the transaction's own rule |
 * | 9408 | the purse is grey-locked |
 * | 6A80 | the data: the transaction's own rule |
 *
 * in this order, and whatever was open before is closed. The second command goes only in the state that its INITIALIZE
 * left (6901), and closes the transaction, whether it succeeds or not.
 * @see [PBOC] 2 (transaction state table)
 */
import type { Command } from '@issuerkit/apdu'
import { logTransaction } from './purse-log.js'
import type { AdfMemory, PurseContext, PurseKeyName, PurseName, PurseState, PurseTransaction } from './purse-model.js'
import { keepProof, NO_TAC } from './purse-proof.js'
import { endTransaction } from './purse-select.js'
import { keyHeaderOf, keyObject } from './purse-session-keys.js'
import type { CardAnswer } from './virtual-card.js'

/** The serial at which a purse does no more transactions of that kind. */
const LAST_SERIAL = 0xffff

/** Data of INITIALIZE: key index, amount, terminal number; without the amount where there is none yet. */
export const INITIALIZE_DATA = { keyIndex: 1, amount: 4, terminal: 6 } as const
export const INITIALIZE_WITHOUT_AMOUNT = { keyIndex: 1, terminal: 6 } as const

/** What a transaction needs to be opened. */
export interface PurseOpening {
  readonly state: PurseState
  readonly purse: PurseName
  readonly key: PurseKeyName
  /** Online serials count what the issuer takes part in. */
  readonly serial: 'onlineSerial' | 'offlineSerial'
  readonly needsPin: boolean
  readonly keyIndex: number
  readonly amount: number
  readonly terminal: Uint8Array
  /** The status that refuses the amount, given what the purse holds. */
  readonly refuseAmount?: (balance: number) => string | undefined
  /** The status that refuses the data, when all else is well. */
  readonly refuseData?: string | undefined
  /** That it is the release of a grey lock, the one transaction that goes while there is a lock. */
  readonly releases?: boolean
}

/** An open transaction, and what its answer is made of. */
export interface OpenedTransaction {
  readonly transaction: PurseTransaction
  /** As bytes: balance (4), serial (2), version and algorithm of the key (2). */
  readonly balance: Uint8Array
  readonly serial: Uint8Array
  readonly keyHeader: Uint8Array
}

/** The purse of P2: 01 ED, 02 EP. */
export function purseOf(p2: number): PurseName {
  return p2 === 1 ? 'ed' : 'ep'
}

/** The overdraft limit of a purse: EP has none. */
export function limitOf(memory: AdfMemory, purse: PurseName): number {
  return purse === 'ed' ? memory.readNumber('ed/limit') : 0
}

/** Whether the application waits for the release of a grey lock. There is one lock, which stops both purses. */
export function isGreyLocked(memory: AdfMemory): boolean {
  return memory.read('grey').length > 0
}

/**
 * Opens a transaction, or says what refuses it. Its session key is derived when it is needed, and nowhere kept: the serial
 * and the random number are.
 */
export function openTransaction(context: PurseContext, opening: PurseOpening): OpenedTransaction | string {
  const { memory, session } = context
  const { state, purse, key, keyIndex, amount, terminal } = opening
  endTransaction(session)
  const object = keyObject(key, keyIndex)
  const serialObject = `${purse}/${opening.serial}`
  if (!memory.has(object)) return '9403'
  if (opening.needsPin && !session.pinVerified) return '6982'
  const serial = memory.readNumber(serialObject)
  if (serial === LAST_SERIAL) return '9402'
  const refused = opening.refuseAmount?.(memory.readNumber(`${purse}/balance`))
  if (refused !== undefined) return refused
  if (isGreyLocked(memory) && opening.releases !== true) return '9408'
  if (opening.refuseData !== undefined) return opening.refuseData
  const random = context.random(4)
  const transaction = {
    state,
    purse,
    amount,
    terminal,
    sessionKey: undefined,
    keyIndex,
    random,
    serial,
    cache: new Map<string, Uint8Array>(),
  }
  session.transaction = transaction
  return {
    transaction,
    balance: memory.read(`${purse}/balance`),
    serial: memory.read(serialObject),
    keyHeader: keyHeaderOf(memory, object),
  }
}

/** Runs the second command of a transaction in one of these states, and closes the transaction; 6901 in another. */
export function completing(
  { session }: PurseContext,
  states: readonly PurseState[],
  complete: (transaction: PurseTransaction) => CardAnswer,
): CardAnswer {
  const { transaction } = session
  try {
    return transaction !== undefined && states.includes(transaction.state) ? complete(transaction) : { status: '6901' }
  } finally {
    endTransaction(session)
  }
}

/** What the second command of a transaction has brought. */
export interface PurseEntry {
  readonly type: number
  /** The serial that goes up. */
  readonly serialName: 'onlineSerial' | 'offlineSerial'
  /** What the purse holds from now on. */
  readonly balance: number
  readonly date: Uint8Array
  readonly time: Uint8Array
  /** For GET TRANSACTION PROVE, 4 bytes each. */
  readonly mac: Uint8Array
  readonly tac?: Uint8Array
}

/** Writes a transaction into memory: balance, serial, log and proof, which the end of the command commits as one. */
export function enterTransaction(
  { memory, config, session }: PurseContext,
  { purse, serial, amount, terminal }: Pick<PurseTransaction, 'purse' | 'serial' | 'amount' | 'terminal'>,
  { type, serialName, balance, date, time, mac, tac = NO_TAC }: PurseEntry,
): void {
  memory.writeNumber(`${purse}/balance`, balance)
  memory.writeNumber(`${purse}/${serialName}`, serial + 1)
  logTransaction(memory, { serial, limit: limitOf(memory, purse), amount, type, terminal, date, time })
  keepProof(memory, { type, serial, mac, tac })
  if (config.switches.pinFlagAfterTransaction === 'clear') session.pinVerified = false
}

/** The data field of a command whose table asks for one. */
export function dataOf({ data = new Uint8Array(0) }: Command): Uint8Array {
  return data
}
