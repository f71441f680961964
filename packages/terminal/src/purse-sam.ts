/**
 * The SAM of a purchase terminal (PSAM): it derives the card's DPK from the master key, and makes and checks the MACs, so
 * that the terminal holds no key.
 *
 * ```
 * 8070 0000   random (4) offline serial (2) amount (4) type (1) date (4) time (3) key version (1) algorithm (1) factors (8 each)
 *             -> terminal's serial (4) MAC1 (4)
 * 8072 0000   MAC2 (4)
 *             -> 9000 where it is right
 * ```
 * @see [FMCOS], [PBOC] 2
 */
import { concat, expectLength, IssuerkitError } from '@issuerkit/apdu'
import { withData } from './purse-commands.js'
import { PURSE_MAC_LENGTH, wholeNumber } from './purse-keys.js'
import {
  type Completion,
  dateAndTime,
  type InitializedTransaction,
  numberOf,
  transactionType,
} from './purse-messages.js'

/** What the SAM answers: its transaction serial, and MAC1 for the card. */
export interface SamMac1 {
  readonly terminalSerial: number
  readonly mac1: Uint8Array
}

/**
 * The SAM's INITIALIZE FOR PURCHASE: it makes MAC1.
 * @param factors of the diversification, 8 bytes each: the card's application serial number first, then those of the levels above
 * @throws ERR_LENGTH, ERR_OPTION, ERR_DATE
 */
export function samInitializeCommand(
  { kind, purse, amount, answer }: Pick<InitializedTransaction, 'kind' | 'purse' | 'amount' | 'answer'>,
  completion: Pick<Completion, 'date' | 'time'>,
  factors: readonly Uint8Array[],
): Uint8Array {
  if (factors.length === 0) throw new IssuerkitError('ERR_OPTION', { label: 'factors', expected: 'one or more' })
  const data = concat(
    expectLength(answer.random, 4, 'random'),
    wholeNumber(answer.serial, 2, 'serial'),
    wholeNumber(amount, 4, 'amount'),
    Uint8Array.of(transactionType(kind, purse)),
    dateAndTime(completion),
    Uint8Array.of(answer.keyVersion, answer.algorithm),
    ...factors.map((factor) => expectLength(factor, 8, 'factor')),
  )
  return concat(withData(0x80, 0x70, 0x00, 0x00, data), Uint8Array.of(8))
}

/** @throws ERR_LENGTH when the answer does not have 8 bytes */
export function parseSamInitialized(data: Uint8Array): SamMac1 {
  expectLength(data, 4 + PURSE_MAC_LENGTH, 'answer of the SAM')
  return { terminalSerial: numberOf(data.subarray(0, 4)), mac1: data.slice(4) }
}

/** The SAM checks MAC2 of the card: the second half of the answer of DEBIT. @throws ERR_LENGTH */
export function samCheckCommand(mac2: Uint8Array): Uint8Array {
  return withData(0x80, 0x72, 0x00, 0x00, expectLength(mac2, PURSE_MAC_LENGTH, 'MAC2'))
}
