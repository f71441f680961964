/** The end of a transaction of the e-purse: the card's last answer checked, the new balance, the record of the log. */
import { concat } from '@issuerkit/apdu'
import { constantTimeEqual, macAlgorithm3 } from '@issuerkit/keys'
import {
  isPurseMac,
  PURSE_MAC_LENGTH,
  type PurseKey,
  type PurseSessionKey,
  purseMac,
  purseTac,
  wholeNumber,
} from './purse-keys.js'
import {
  amountField,
  type Completion,
  dateAndTime,
  type InitializedTransaction,
  kindOf,
  typeAndTerminal,
} from './purse-messages.js'

/** The most that 4 bytes hold. */
const MOST = 0xffff_ffff

/** The keys that the card's last answer is checked with. */
export interface CompletionKeys {
  readonly session: PurseSessionKey
  /** DTK; only unload does without. */
  readonly dtk: PurseKey
  /** The TAC of the overdraft limit: as every other one, or by DTK itself, which two descriptions of cards say. */
  readonly tac?: 'xor' | 'direct'
}

/**
 * Whether the card's last answer is right: the TAC of load and overdraft, TAC and MAC2 of purchase, cash and capp, MAC3
 * of unload.
 * ```
 * load, overdraft   TAC (4) over new balance (4) serial (2) amount (4; limit: 3) type (1) terminal (6) date (4) time (3)
 * unload            MAC3 (4) over the same, by SESULK
 * cash, purchase, capp   TAC (4) over amount (4) type (1) terminal (6) terminal's serial (4) date (4) time (3); MAC2 (4) over the amount
 * ```
 * @param answer the data of the answer, of whatever length
 * @throws ERR_OPTION, ERR_LENGTH, ERR_DATE for a transaction that cannot have been sent; ERR_KEY_DESTROYED
 * @see [PBOC] 2
 */
export function verifyCompletion(
  { session, dtk, tac = 'xor' }: CompletionKeys,
  transaction: InitializedTransaction,
  completion: Completion,
  answer: Uint8Array,
): boolean {
  const { kind, answer: initialized } = transaction
  const when = dateAndTime(completion)
  const amount = amountField(transaction)
  const type = typeAndTerminal(transaction)
  if (!kindOf(kind).online) {
    const serial = wholeNumber(completion.terminalSerial ?? 0, 4, 'terminal serial')
    return constantTimeEqual(
      answer,
      concat(purseTac(dtk, concat(amount, type, serial, when)), purseMac(session, amount)),
    )
  }
  const balance = balanceAfter(transaction)
  // What the card answered to INITIALIZE cannot be true then.
  if (balance < 0 || balance > MOST) return false
  const data = concat(
    wholeNumber(balance, 4, 'balance'),
    wholeNumber(initialized.serial, 2, 'serial'),
    amount,
    type,
    when,
  )
  if (kind === 'unload') return isPurseMac(session, data, answer)
  const direct = kind === 'overdraft' && tac === 'direct'
  return constantTimeEqual(
    answer,
    direct ? macAlgorithm3(dtk, data, { length: PURSE_MAC_LENGTH }) : purseTac(dtk, data),
  )
}

/** What a purse holds after the transaction. Below zero for one that the card must refuse. */
export function balanceAfter({ kind, amount, answer }: InitializedTransaction): number {
  if (kind === 'load') return answer.balance + amount
  return answer.balance + (kind === 'overdraft' ? amount - (answer.limit ?? 0) : -amount)
}

/**
 * The record that the card writes into the transaction log (0018), 23 bytes:
 * serial (2) overdraft limit (3) amount (4) type (1) terminal (6) date (4) time (3).
 * @param limit of the purse; what INITIALIZE told unless given, 0 where it did not
 * @throws ERR_OPTION, ERR_LENGTH, ERR_DATE
 * @see [PBOC] 2
 */
export function logRecordOf(
  transaction: InitializedTransaction,
  completion: Completion,
  limit: number = transaction.answer.limit ?? 0,
): Uint8Array {
  return concat(
    wholeNumber(transaction.answer.serial, 2, 'serial'),
    wholeNumber(limit, 3, 'limit'),
    wholeNumber(transaction.amount, 4, 'amount'),
    typeAndTerminal(transaction),
    dateAndTime(completion),
  )
}
