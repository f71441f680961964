/**
 * The release of a grey lock: by the terminal that locked, once it knows the amount; or by the issuer, when that terminal
 * is far away. And the proof that there is one.
 *
 * | command | data | answer |
 * |---|---|---|
 * | DEBIT FOR UNLOCK | amount (4) offline serial (2) terminal (6) terminal serial (4) date (4) time (3) GMAC (4) | TAC (4) |
 * | INITIALIZE FOR GREY UNLOCK | key index (1) terminal (6) | balance (4) offline serial (2) online serial (2) version algorithm random (4) MAC1 (4) |
 * | GREY UNLOCK | amount (4) date (4) time (3) MAC2 (4) | MAC3 (4) |
 * | GET LOCK PROOF, P1 P2 00 00 | | type (1) offline serial (2) terminal (6) terminal serial (4) date (4) time (3) GTAC (4) MAC2 (4) |
 *
 * | | over |
 * |---|---|
 * | GMAC, by the session key of the lock | amount |
 * | TAC | amount ‖ type ‖ terminal ‖ terminal serial ‖ date ‖ time |
 * | MAC1 | balance ‖ offline serial ‖ type ‖ terminal |
 * | MAC2 | amount ‖ type ‖ terminal ‖ date ‖ time |
 * | MAC3 | new balance ‖ online serial before ‖ amount ‖ type ‖ terminal ‖ date ‖ time |
 *
 * Types: 93 ED, 94 EP offline; 95 ED, 96 EP online. The offline serial of DEBIT FOR UNLOCK is that of the lock. What MAC1
 * and MAC3 are over, and the proof, is put together after unload; no number of a real card confirms them.
 * @see [PBOC] 9 (grey lock), [FMCOS] 9
 */
import { type Command, concat } from '@issuerkit/apdu'
import { constantTimeEqual } from '@issuerkit/keys'
import { bytesOf, fieldsOf, numberOf } from './purse-fields.js'
import { GREY_LOCK, LOCK_TYPE } from './purse-grey-lock.js'
import {
  completing,
  dataOf,
  enterTransaction,
  INITIALIZE_WITHOUT_AMOUNT,
  isGreyLocked,
  openTransaction,
  purseOf,
} from './purse-initialize.js'
import type { AdfMemory, PurseContext, PurseName } from './purse-model.js'
import { endTransaction } from './purse-select.js'
import { isPurseMac, purseMac, purseTac, withOnlineKey } from './purse-session-keys.js'
import type { CardAnswer } from './virtual-card.js'

type GreyLock = Record<keyof typeof GREY_LOCK, Uint8Array>

const DEBIT_DATA = { amount: 4, serial: 2, terminal: 6, terminalSerial: 4, date: 4, time: 3, gmac: 4 } as const
const UNLOCK_DATA = { amount: 4, date: 4, time: 3, mac2: 4 } as const
const OFFLINE_TYPE = { ed: 0x93, ep: 0x94 } as const
const ONLINE_TYPE = { ed: 0x95, ep: 0x96 } as const
const NOTHING = new Uint8Array(0)

/**
 * DEBIT FOR UNLOCK. 6901 when the purse is not locked, 9401 for more than it holds, 9302 for a wrong GMAC, 6A80 when the
 * lock is not that of the serial, the terminal and its serial. A refusal leaves the lock.
 */
export function debitForUnlock(context: PurseContext, command: Command): CardAnswer {
  const { memory, session } = context
  endTransaction(session)
  const purse = purseOf(command.p2)
  const lock = lockOf(memory, purse)
  if (lock === undefined) return { status: '6901' }
  try {
    const { amount, serial, terminal, terminalSerial, date, time, gmac } = fieldsOf(dataOf(command), DEBIT_DATA)
    const balance = memory.readNumber(`${purse}/balance`) - numberOf(amount)
    if (balance < 0) return { status: '9401' }
    if (!isPurseMac(lock.sessionKey, gmac, amount)) return { status: '9302' }
    const given = concat(serial, terminal, terminalSerial)
    if (!constantTimeEqual(given, concat(lock.serial, lock.terminal, lock.terminalSerial))) return { status: '6A80' }
    const type = OFFLINE_TYPE[purse]
    const tac = purseTac(context, amount, Uint8Array.of(type), terminal, terminalSerial, date, time)
    memory.write('grey', NOTHING)
    const transaction = { purse, serial: numberOf(serial), amount: numberOf(amount), terminal }
    enterTransaction(context, transaction, { type, serialName: 'offlineSerial', balance, date, time, mac: gmac, tac })
    return { status: '9000', data: tac }
  } finally {
    lock.sessionKey.fill(0)
  }
}

/** INITIALIZE FOR GREY UNLOCK. 6901 when the purse is not locked. ED needs the PIN. */
export function initializeForGreyUnlock(context: PurseContext, command: Command): CardAnswer {
  const { memory, session } = context
  const purse = purseOf(command.p2)
  const lock = lockOf(memory, purse)
  lock?.sessionKey.fill(0)
  if (lock === undefined) {
    endTransaction(session)
    return { status: '6901' }
  }
  const { keyIndex, terminal } = fieldsOf(dataOf(command), INITIALIZE_WITHOUT_AMOUNT)
  const opened = openTransaction(context, {
    state: 'grey-unlock',
    purse,
    key: 'grey',
    serial: 'onlineSerial',
    needsPin: purse === 'ed',
    keyIndex: numberOf(keyIndex),
    amount: 0,
    terminal,
    releases: true,
  })
  if (typeof opened === 'string') return { status: opened }
  const { transaction, balance, serial, keyHeader } = opened
  const offline = memory.read(`${purse}/offlineSerial`)
  const mac1 = withOnlineKey(context, 'grey', transaction, (sessionKey) =>
    purseMac(sessionKey, balance, offline, Uint8Array.of(ONLINE_TYPE[purse]), terminal),
  )
  return { status: '9000', data: concat(balance, offline, serial, keyHeader, transaction.random, mac1) }
}

/** GREY UNLOCK. 9401 for more than the purse holds, 9302 for a wrong MAC2. A refusal leaves the lock. */
export function greyUnlock(context: PurseContext, command: Command): CardAnswer {
  return completing(context, ['grey-unlock'], (transaction) => {
    const { memory } = context
    const { purse, terminal } = transaction
    const { amount, date, time, mac2 } = fieldsOf(dataOf(command), UNLOCK_DATA)
    const balance = memory.readNumber(`${purse}/balance`) - numberOf(amount)
    if (balance < 0) return { status: '9401' }
    const type = ONLINE_TYPE[purse]
    return withOnlineKey(context, 'grey', transaction, (sessionKey) => {
      const parts = [amount, Uint8Array.of(type), terminal, date, time]
      if (!isPurseMac(sessionKey, mac2, ...parts)) return { status: '9302' }
      const mac = purseMac(sessionKey, bytesOf(balance, 4), bytesOf(transaction.serial, 2), ...parts)
      memory.write('grey', NOTHING)
      const entry = { type, serialName: 'onlineSerial', balance, date, time, mac } as const
      enterTransaction(context, { ...transaction, amount: numberOf(amount) }, entry)
      return { status: '9000', data: mac }
    })
  })
}

/** GET LOCK PROOF: what the lock was made with; 6A86 for another P1 P2, 6700 with data, 9406 when there is no lock. */
export function getLockProof({ memory }: PurseContext, { p1, p2, data }: Command): CardAnswer {
  if (p1 !== 0 || p2 !== 0) return { status: '6A86' }
  if (data !== undefined) return { status: '6700' }
  if (!isGreyLocked(memory)) return { status: '9406' }
  const { purse, sessionKey, ...proof } = fieldsOf(memory.read('grey'), GREY_LOCK)
  sessionKey.fill(0)
  const type = LOCK_TYPE[purseOf(numberOf(purse))]
  return { status: '9000', data: concat(Uint8Array.of(type), ...Object.values(proof)) }
}

/** The lock of a purse; `undefined` when there is none, or the other purse has it. */
function lockOf(memory: AdfMemory, purse: PurseName): GreyLock | undefined {
  if (!isGreyLocked(memory)) return undefined
  const lock = fieldsOf(memory.read('grey'), GREY_LOCK)
  return purseOf(numberOf(lock.purse)) === purse ? lock : undefined
}
