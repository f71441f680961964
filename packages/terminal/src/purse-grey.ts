/**
 * The grey lock of the e-purse: a purse is locked before a service of unknown price, and the lock taken off with the debit.
 *
 * ```
 * INITIALIZE FOR GREY LOCK     E07A 08 01, 02     key index (1) terminal (6)
 * GREY LOCK                    E07C 08 00         terminal's serial (4) terminal's random (4) date (4) time (3) MAC1 (4)
 * DEBIT FOR UNLOCK             E07E 08 01, 02     amount (4) serial (2) terminal (6) terminal's serial (4) date (4) time (3) GMAC (4)
 * INITIALIZE FOR GREY UNLOCK   E07A 09 01, 02     key index (1) terminal (6)
 * GREY UNLOCK                  E07C 09 00         amount (4) date (4) time (3) MAC2 (4)
 *
 * temporary key   3DES(DGK, random (4) || offline serial (2) || terminal's serial, its last 2 bytes)
 * session key     DES(temporary key, terminal's random (4) || 80000000)
 * MAC1            over type (91 ED, 92 EP) terminal (6) date (4) time (3)
 * GMAC            over amount (4)
 * ```
 *
 * No published number confirms any of it, and of the online release no source tells the MACs: they are taken as those of
 * load, with the offline serial where the amount is not known yet. GTAC, and the answers of the releases, are not checked.
 * @see [FMCOS], [PBOC] 2
 */
import { concat, expectLength } from '@issuerkit/apdu'
import { withData } from './purse-commands.js'
import {
  greySessionKey,
  isPurseMac,
  onlineSessionKey,
  type PurseKey,
  type PurseSessionKey,
  purchaseSessionKey,
  purseMac,
  wholeNumber,
  withKey,
} from './purse-keys.js'
import { type Completion, dateAndTime, numberOf, type PurseName } from './purse-messages.js'

/** The purse, the key and the terminal of a lock, or of its online release. */
export interface GreyRequest {
  readonly purse: PurseName
  readonly keyIndex: number
  /** 6 bytes. */
  readonly terminal: Uint8Array
}

/** What INITIALIZE FOR GREY LOCK answers: 15 bytes, as INITIALIZE FOR PURCHASE does. */
export interface GreyLockAnswer {
  readonly balance: number
  /** The offline serial. */
  readonly serial: number
  readonly limit: number
  readonly keyVersion: number
  readonly algorithm: number
  readonly random: Uint8Array
}

/** What INITIALIZE FOR GREY UNLOCK answers: 18 bytes. */
export interface GreyUnlockAnswer {
  readonly balance: number
  readonly offlineSerial: number
  readonly onlineSerial: number
  readonly keyVersion: number
  readonly algorithm: number
  readonly random: Uint8Array
  readonly mac1: Uint8Array
}

/** The terminal's part of a lock; it keeps it for the release. */
export interface GreyLock extends Pick<Completion, 'date' | 'time'> {
  readonly terminalSerial: number
  /** 4 bytes. */
  readonly terminalRandom: Uint8Array
}

const CODE = { ed: 1, ep: 2 } as const
/** [FMCOS]: transaction types of the lock and of its online release. */
const LOCK_TYPE = { ed: 0x91, ep: 0x92 } as const
const UNLOCK_TYPE = { ed: 0x95, ep: 0x96 } as const

/** INITIALIZE FOR GREY LOCK. @throws ERR_LENGTH, ERR_OPTION */
export function initializeGreyLockCommand(request: GreyRequest): Uint8Array {
  return initialize(0x08, request, 15)
}

/** @throws ERR_LENGTH when the answer does not have 15 bytes */
export function parseGreyLockAnswer(data: Uint8Array): GreyLockAnswer {
  expectLength(data, 15, 'answer of INITIALIZE FOR GREY LOCK')
  return {
    balance: numberOf(data.subarray(0, 4)),
    serial: numberOf(data.subarray(4, 6)),
    limit: numberOf(data.subarray(6, 9)),
    keyVersion: numberOf(data.subarray(9, 10)),
    algorithm: numberOf(data.subarray(10, 11)),
    random: data.slice(11),
  }
}

/** The session key of a lock, which its release uses, too. @param key DGK @throws ERR_LENGTH, ERR_OPTION, ERR_KEY_DESTROYED */
export function greyLockSessionKey(
  key: PurseKey,
  { random, serial }: Pick<GreyLockAnswer, 'random' | 'serial'>,
  { terminalSerial, terminalRandom }: Pick<GreyLock, 'terminalSerial' | 'terminalRandom'>,
): PurseSessionKey {
  const temporary = purchaseSessionKey(key, random, serial, terminalSerial)
  return withKey(temporary, () => greySessionKey(temporary, terminalRandom))
}

/** GREY LOCK; the card answers GTAC (4) and MAC2 (4). @throws ERR_LENGTH, ERR_OPTION, ERR_DATE, ERR_KEY_DESTROYED */
export function greyLockCommand(
  session: PurseSessionKey,
  { purse, terminal }: GreyRequest,
  lock: GreyLock,
): Uint8Array {
  const when = dateAndTime(lock)
  const mac = purseMac(session, concat(Uint8Array.of(LOCK_TYPE[purse]), expectLength(terminal, 6, 'terminal'), when))
  const serial = wholeNumber(lock.terminalSerial, 4, 'terminal serial')
  return withAnswer(withData(0xe0, 0x7c, 0x08, 0x00, concat(serial, lock.terminalRandom, when, mac)), 8)
}

/**
 * DEBIT FOR UNLOCK: the debit that takes the lock off, by the session key of the lock, also after a reset. The card
 * answers TAC (4).
 * @param serial the offline serial that INITIALIZE FOR GREY LOCK answered
 * @throws ERR_LENGTH, ERR_OPTION, ERR_DATE, ERR_KEY_DESTROYED
 */
export function debitForUnlockCommand(
  session: PurseSessionKey,
  { purse, terminal }: GreyRequest,
  lock: Omit<GreyLock, 'terminalRandom'>,
  amount: number,
  serial: number,
): Uint8Array {
  const value = wholeNumber(amount, 4, 'amount')
  const data = concat(
    value,
    wholeNumber(serial, 2, 'serial'),
    expectLength(terminal, 6, 'terminal'),
    wholeNumber(lock.terminalSerial, 4, 'terminal serial'),
    dateAndTime(lock),
    purseMac(session, value),
  )
  return withAnswer(withData(0xe0, 0x7e, 0x08, CODE[purse], data), 4)
}

/** INITIALIZE FOR GREY UNLOCK: the online release begins. @throws ERR_LENGTH, ERR_OPTION */
export function initializeGreyUnlockCommand(request: GreyRequest): Uint8Array {
  return initialize(0x09, request, 18)
}

/** @throws ERR_LENGTH when the answer does not have 18 bytes */
export function parseGreyUnlockAnswer(data: Uint8Array): GreyUnlockAnswer {
  expectLength(data, 18, 'answer of INITIALIZE FOR GREY UNLOCK')
  return {
    balance: numberOf(data.subarray(0, 4)),
    offlineSerial: numberOf(data.subarray(4, 6)),
    onlineSerial: numberOf(data.subarray(6, 8)),
    keyVersion: numberOf(data.subarray(8, 9)),
    algorithm: numberOf(data.subarray(9, 10)),
    random: data.slice(10, 14),
    mac1: data.slice(14),
  }
}

/** The session key of the online release, by the online serial. @param key DGK @throws ERR_KEY_DESTROYED */
export function greyUnlockSessionKey(key: PurseKey, { random, onlineSerial }: GreyUnlockAnswer): PurseSessionKey {
  return onlineSessionKey(key, random, onlineSerial)
}

/** Whether MAC1 of the online release is right: balance (4) offline serial (2) type (1) terminal (6). */
export function verifyGreyUnlockMac1(
  session: PurseSessionKey,
  request: GreyRequest,
  answer: GreyUnlockAnswer,
): boolean {
  const data = concat(
    wholeNumber(answer.balance, 4, 'balance'),
    wholeNumber(answer.offlineSerial, 2, 'serial'),
    Uint8Array.of(UNLOCK_TYPE[request.purse]),
    expectLength(request.terminal, 6, 'terminal'),
  )
  return isPurseMac(session, data, answer.mac1)
}

/**
 * GREY UNLOCK: the host's debit, and the lock goes. MAC2 is over amount (4) type (1) terminal (6) date (4) time (3).
 * @throws ERR_LENGTH, ERR_OPTION, ERR_DATE, ERR_KEY_DESTROYED
 */
export function greyUnlockCommand(
  session: PurseSessionKey,
  { purse, terminal }: GreyRequest,
  amount: number,
  completion: Pick<Completion, 'date' | 'time'>,
): Uint8Array {
  const value = wholeNumber(amount, 4, 'amount')
  const when = dateAndTime(completion)
  const type = Uint8Array.of(UNLOCK_TYPE[purse])
  const mac = purseMac(session, concat(value, type, expectLength(terminal, 6, 'terminal'), when))
  return withAnswer(withData(0xe0, 0x7c, 0x09, 0x00, concat(value, when, mac)), 4)
}

function initialize(p1: number, { purse, keyIndex, terminal }: GreyRequest, answer: number): Uint8Array {
  const data = concat(wholeNumber(keyIndex, 1, 'key index'), expectLength(terminal, 6, 'terminal'))
  return withAnswer(withData(0xe0, 0x7a, p1, CODE[purse], data), answer)
}

function withAnswer(command: Uint8Array, le: number): Uint8Array {
  return concat(command, Uint8Array.of(le))
}
