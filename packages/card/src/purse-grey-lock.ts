/**
 * The grey lock: a terminal that does not know the amount yet (a filling station) locks the purse, and debits it later,
 * even after the card has been without power. Meanwhile no transaction of the application goes: 9408.
 *
 * | command | data | answer |
 * |---|---|---|
 * | INITIALIZE FOR GREY LOCK | key index (1) terminal (6) | balance (4) offline serial (2) limit (3) version algorithm random (4) |
 * | GREY LOCK | terminal serial (4) terminal random (4) date (4) time (3) MAC1 (4) | GTAC (4) MAC2 (4) |
 *
 * | | over |
 * |---|---|
 * | MAC1 | type ‖ terminal ‖ date ‖ time |
 * | MAC2 | balance ‖ offline serial before |
 * | GTAC, by the TAC key | balance ‖ offline serial before ‖ type ‖ terminal ‖ terminal serial ‖ date ‖ time |
 *
 * Types: 91 ED, 92 EP. The lock takes a serial, so that its session key never comes twice. MAC2 and GTAC are over what the
 * public descriptions suggest; no number of a real card confirms them.
 * @see [PBOC] 9 (grey lock), [FMCOS] 9
 */
import { type Command, concat } from '@issuerkit/apdu'
import { bytesOf, fieldsOf, numberOf } from './purse-fields.js'
import { completing, dataOf, INITIALIZE_WITHOUT_AMOUNT, limitOf, openTransaction, purseOf } from './purse-initialize.js'
import type { PurseContext } from './purse-model.js'
import { keepProof } from './purse-proof.js'
import { isPurseMac, purseMac, purseTac, withGreyKey } from './purse-session-keys.js'
import type { CardAnswer } from './virtual-card.js'

/** What the card keeps of a lock, in the object `grey`: 36 bytes. */
export const GREY_LOCK = {
  purse: 1,
  sessionKey: 8,
  serial: 2,
  terminal: 6,
  terminalSerial: 4,
  date: 4,
  time: 3,
  gtac: 4,
  mac2: 4,
} as const
/** The bytes that the object `grey` has to hold. */
export const GREY_LOCK_LENGTH = 36

const LOCK_DATA = { terminalSerial: 4, terminalRandom: 4, date: 4, time: 3, mac1: 4 } as const
/** Types of the lock by the byte that selects the purse. */
export const LOCK_TYPE = { ed: 0x91, ep: 0x92 } as const

/** INITIALIZE FOR GREY LOCK. ED needs the PIN. */
export function initializeForGreyLock(context: PurseContext, command: Command): CardAnswer {
  const { memory } = context
  const { keyIndex, terminal } = fieldsOf(dataOf(command), INITIALIZE_WITHOUT_AMOUNT)
  const purse = purseOf(command.p2)
  const opened = openTransaction(context, {
    state: 'grey-lock',
    purse,
    key: 'grey',
    serial: 'offlineSerial',
    needsPin: purse === 'ed',
    keyIndex: numberOf(keyIndex),
    amount: 0,
    terminal,
  })
  if (typeof opened === 'string') return { status: opened }
  const { transaction, balance, serial, keyHeader } = opened
  return {
    status: '9000',
    data: concat(balance, serial, bytesOf(limitOf(memory, purse), 3), keyHeader, transaction.random),
  }
}

/** GREY LOCK. 9302 for a wrong MAC1. */
export function greyLock(context: PurseContext, command: Command): CardAnswer {
  return completing(context, ['grey-lock'], (transaction) => {
    const { memory, config, session } = context
    const { purse, terminal } = transaction
    const { terminalSerial, terminalRandom, date, time, mac1 } = fieldsOf(dataOf(command), LOCK_DATA)
    return withGreyKey(context, transaction, terminalSerial, terminalRandom, (sessionKey) => {
      const type = Uint8Array.of(LOCK_TYPE[purse])
      if (!isPurseMac(sessionKey, mac1, type, terminal, date, time)) return { status: '9302' }
      const serial = bytesOf(transaction.serial, 2)
      const balance = memory.read(`${purse}/balance`)
      const mac2 = purseMac(sessionKey, balance, serial)
      const gtac = purseTac(context, balance, serial, type, terminal, terminalSerial, date, time)
      const which = Uint8Array.of(purse === 'ed' ? 1 : 2)
      memory.write('grey', concat(which, sessionKey, serial, terminal, terminalSerial, date, time, gtac, mac2))
      memory.writeNumber(`${purse}/offlineSerial`, transaction.serial + 1)
      keepProof(memory, { type: LOCK_TYPE[purse], serial: transaction.serial, mac: mac2, tac: gtac })
      if (config.switches.pinFlagAfterTransaction === 'clear') session.pinVerified = false
      return { status: '9000', data: concat(gtac, mac2) }
    })
  })
}
