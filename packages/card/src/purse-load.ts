/**
 * Load and unload: money between the account and the card, both under a session key of the online serial.
 *
 * | command | data | answer |
 * |---|---|---|
 * | INITIALIZE FOR LOAD, UNLOAD | key index (1) amount (4) terminal (6) | balance (4) online serial (2) version algorithm random (4) MAC1 (4) |
 * | CREDIT FOR LOAD, DEBIT FOR UNLOAD | date (4) time (3) MAC2 (4) | TAC; of unload MAC3 |
 *
 * | | over |
 * |---|---|
 * | MAC1 | old balance ‖ amount ‖ type ‖ terminal |
 * | MAC2 | amount ‖ type ‖ terminal ‖ date ‖ time |
 * | TAC, MAC3 | new balance ‖ online serial before ‖ amount ‖ type ‖ terminal ‖ date ‖ time |
 *
 * Types: 01 load ED, 02 load EP, 03 unload. Both need the PIN. Credit that the issuer granted cannot be unloaded.
 * @see [PBOC] 2 (load, unload), [ETC] 4.2.1, 4.2.2
 */
import { type Command, concat } from '@issuerkit/apdu'
import { bytesOf, fieldsOf, numberOf } from './purse-fields.js'
import {
  completing,
  dataOf,
  enterTransaction,
  INITIALIZE_DATA,
  limitOf,
  openTransaction,
  type PurseOpening,
  purseOf,
} from './purse-initialize.js'
import type { PurseContext, PurseTransaction } from './purse-model.js'
import { isPurseMac, purseMac, purseTac, withOnlineKey } from './purse-session-keys.js'
import type { CardAnswer } from './virtual-card.js'

const COMPLETE_DATA = { date: 4, time: 3, mac2: 4 } as const
const LOAD_TYPE = { ed: 1, ep: 2 } as const
const UNLOAD_TYPE = 3

/** INITIALIZE FOR LOAD. Too much for the purse is refused as the profile says; so is nothing, where it is refused. */
export function initializeForLoad(context: PurseContext, command: Command): CardAnswer {
  const { maximumBalance, switches } = context.config
  const purse = purseOf(command.p2)
  const amount = amountOf(command)
  return initialize(context, command, LOAD_TYPE[purse], {
    state: 'load',
    purse,
    key: 'load',
    refuseAmount: (balance) => (balance + amount > maximumBalance ? switches.overflowStatus : undefined),
    refuseData: amount === 0 && switches.zeroLoad === '6A80' ? '6A80' : undefined,
  })
}

/** INITIALIZE FOR UNLOAD, of ED alone; 9401 for more than the purse holds of its own. */
export function initializeForUnload(context: PurseContext, command: Command): CardAnswer {
  const amount = amountOf(command)
  return initialize(context, command, UNLOAD_TYPE, {
    state: 'unload',
    purse: 'ed',
    key: 'unload',
    refuseAmount: (balance) => (amount > balance - limitOf(context.memory, 'ed') ? '9401' : undefined),
  })
}

/** CREDIT FOR LOAD. 9302 for a wrong MAC2. */
export function creditForLoad(context: PurseContext, command: Command): CardAnswer {
  return completing(context, ['load'], (transaction) => {
    const { signed, mac2 } = confirmation(command, transaction, LOAD_TYPE[transaction.purse])
    return withOnlineKey(context, 'load', transaction, (sessionKey) => {
      if (!isPurseMac(sessionKey, mac2, ...signed.parts)) return { status: '9302' }
      const balance = context.memory.readNumber(`${transaction.purse}/balance`) + transaction.amount
      const tac = purseTac(context, bytesOf(balance, 4), bytesOf(transaction.serial, 2), ...signed.parts)
      enterTransaction(context, transaction, { ...signed, serialName: 'onlineSerial', balance, mac: mac2, tac })
      return { status: '9000', data: tac }
    })
  })
}

/** DEBIT FOR UNLOAD. 9302 for a wrong MAC2. */
export function debitForUnload(context: PurseContext, command: Command): CardAnswer {
  return completing(context, ['unload'], (transaction) => {
    const { signed, mac2 } = confirmation(command, transaction, UNLOAD_TYPE)
    return withOnlineKey(context, 'unload', transaction, (sessionKey) => {
      if (!isPurseMac(sessionKey, mac2, ...signed.parts)) return { status: '9302' }
      const balance = context.memory.readNumber('ed/balance') - transaction.amount
      const mac3 = purseMac(sessionKey, bytesOf(balance, 4), bytesOf(transaction.serial, 2), ...signed.parts)
      enterTransaction(context, transaction, { ...signed, serialName: 'onlineSerial', balance, mac: mac3 })
      return { status: '9000', data: mac3 }
    })
  })
}

function amountOf(command: Command): number {
  return numberOf(fieldsOf(dataOf(command), INITIALIZE_DATA).amount)
}

function initialize(
  context: PurseContext,
  command: Command,
  type: number,
  kind: Pick<PurseOpening, 'state' | 'purse' | 'key' | 'refuseAmount' | 'refuseData'>,
): CardAnswer {
  const { keyIndex, amount, terminal } = fieldsOf(dataOf(command), INITIALIZE_DATA)
  const opened = openTransaction(context, {
    ...kind,
    serial: 'onlineSerial',
    needsPin: true,
    keyIndex: numberOf(keyIndex),
    amount: numberOf(amount),
    terminal,
  })
  if (typeof opened === 'string') return { status: opened }
  const { transaction, balance, serial, keyHeader } = opened
  const mac1 = withOnlineKey(context, kind.key, transaction, (sessionKey) =>
    purseMac(sessionKey, balance, amount, Uint8Array.of(type), terminal),
  )
  return { status: '9000', data: concat(balance, serial, keyHeader, transaction.random, mac1) }
}

/** What the host says, and what its MAC2 is over. */
function confirmation(command: Command, { amount, terminal }: PurseTransaction, type: number) {
  const { date, time, mac2 } = fieldsOf(dataOf(command), COMPLETE_DATA)
  const parts = [bytesOf(amount, 4), Uint8Array.of(type), terminal, date, time]
  return { signed: { type, date, time, parts }, mac2 }
}
