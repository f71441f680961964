/**
 * Purchase and cash withdrawal, offline: the terminal's security module knows the key, and numbers the transactions.
 *
 * | command | data | answer |
 * |---|---|---|
 * | INITIALIZE FOR PURCHASE, CASH WITHDRAW, CAPP PURCHASE | key index (1) amount (4) terminal (6) | balance (4) offline serial (2) limit (3) version algorithm random (4) |
 * | DEBIT | terminal serial (4) date (4) time (3) MAC1 (4) | TAC (4) MAC2 (4) |
 *
 * | | over |
 * |---|---|
 * | MAC1 | amount ‖ type ‖ terminal ‖ date ‖ time |
 * | MAC2 | amount |
 * | TAC | amount ‖ type ‖ terminal ‖ terminal serial ‖ date ‖ time |
 *
 * Types: 04 cash, 05 purchase ED, 06 purchase EP, 09 composite purchase. ED needs the PIN; EP is money in the hand.
 * @see [PBOC] 2 (purchase, cash withdrawal), [PBOC] 9 (composite purchase), [ETC] 4.2.3, 4.2.4, 4.3
 */
import { type Command, concat } from '@issuerkit/apdu'
import { writeCachedRecords } from './purse-capp.js'
import { bytesOf, fieldsOf, numberOf } from './purse-fields.js'
import {
  completing,
  dataOf,
  enterTransaction,
  INITIALIZE_DATA,
  limitOf,
  openTransaction,
  purseOf,
} from './purse-initialize.js'
import type { PurseContext, PurseName, PurseTransaction } from './purse-model.js'
import { isPurseMac, purseMac, purseTac, withOfflineKey } from './purse-session-keys.js'
import type { CardAnswer } from './virtual-card.js'

type DebitState = 'purchase' | 'cash' | 'capp'

const DEBIT_DATA = { terminalSerial: 4, date: 4, time: 3, mac1: 4 } as const
const CASH_TYPE = 4
const PURCHASE_TYPE = { ed: 5, ep: 6 } as const
const CAPP_TYPE = 9

/** INITIALIZE FOR PURCHASE. 9401 for more than the purse holds; an amount of 0 is a purchase like any other. */
export function initializeForPurchase(context: PurseContext, command: Command): CardAnswer {
  return initialize(context, command, 'purchase', purseOf(command.p2))
}

/** INITIALIZE FOR CASH WITHDRAW, of ED alone. */
export function initializeForCash(context: PurseContext, command: Command): CardAnswer {
  return initialize(context, command, 'cash', 'ed')
}

/** INITIALIZE FOR CAPP PURCHASE, of EP alone. */
export function initializeForCapp(context: PurseContext, command: Command): CardAnswer {
  return initialize(context, command, 'capp', 'ep')
}

/** DEBIT FOR PURCHASE, CASH WITHDRAW and CAPP PURCHASE: the state tells them apart. 9302 for a wrong MAC1. */
export function debit(context: PurseContext, command: Command): CardAnswer {
  return completing(context, ['purchase', 'cash', 'capp'], (transaction) => {
    const { state, purse, terminal, cache } = transaction
    const isBare = state === 'capp' && cache.size === 0
    if (isBare && context.config.switches.cappWithoutUpdate === '6901') return { status: '6901' }
    const { terminalSerial, date, time, mac1 } = fieldsOf(dataOf(command), DEBIT_DATA)
    const amount = bytesOf(transaction.amount, 4)
    const type = typeOf(transaction)
    return withOfflineKey(context, 'purchase', transaction, terminalSerial, (sessionKey) => {
      const sender = [amount, Uint8Array.of(type), terminal]
      if (!isPurseMac(sessionKey, mac1, ...sender, date, time)) return { status: '9302' }
      const balance = context.memory.readNumber(`${purse}/balance`) - transaction.amount
      const tac = purseTac(context, ...sender, terminalSerial, date, time)
      const mac = purseMac(sessionKey, amount)
      writeCachedRecords(context, cache)
      enterTransaction(context, transaction, { type, serialName: 'offlineSerial', balance, date, time, mac, tac })
      return { status: '9000', data: concat(tac, mac) }
    })
  })
}

function typeOf({ state, purse }: PurseTransaction): number {
  if (state === 'capp') return CAPP_TYPE
  return state === 'cash' ? CASH_TYPE : PURCHASE_TYPE[purse]
}

function initialize(context: PurseContext, command: Command, state: DebitState, purse: PurseName): CardAnswer {
  const { keyIndex, amount: amountBytes, terminal } = fieldsOf(dataOf(command), INITIALIZE_DATA)
  const amount = numberOf(amountBytes)
  const opened = openTransaction(context, {
    state,
    purse,
    key: 'purchase',
    serial: 'offlineSerial',
    needsPin: purse === 'ed',
    keyIndex: numberOf(keyIndex),
    amount,
    terminal,
    refuseAmount: (balance) => (amount > balance ? '9401' : undefined),
  })
  if (typeof opened === 'string') return { status: opened }
  const { transaction, balance, serial, keyHeader } = opened
  const limit = bytesOf(limitOf(context.memory, purse), 3)
  return { status: '9000', data: concat(balance, serial, limit, keyHeader, transaction.random) }
}
