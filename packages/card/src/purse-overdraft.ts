/**
 * The overdraft limit of ED, under a session key of the online serial. Type 07; the PIN is needed.
 *
 * | command | data | answer |
 * |---|---|---|
 * | INITIALIZE FOR UPDATE | key index (1) terminal (6) | balance (4) online serial (2) old limit (3) version algorithm random (4) MAC1 (4) |
 * | UPDATE OVERDRAFT LIMIT | new limit (3) date (4) time (3) MAC2 (4) | TAC (4) |
 *
 * | | over |
 * |---|---|
 * | MAC1 | balance ‖ old limit ‖ type ‖ terminal |
 * | MAC2 | new limit ‖ type ‖ terminal ‖ date ‖ time |
 * | TAC | new balance ‖ online serial before ‖ new limit ‖ type ‖ terminal ‖ date ‖ time |
 *
 * The balance includes the limit, and moves with it: new balance = old balance + new limit − old limit.
 * @see [PBOC] 2 (overdraft limit), [ETC] 4.2.5, [FMCOS] 8.12
 */
import { type Command, concat } from '@issuerkit/apdu'
import { bytesOf, fieldsOf, numberOf } from './purse-fields.js'
import { completing, dataOf, enterTransaction, INITIALIZE_WITHOUT_AMOUNT, openTransaction } from './purse-initialize.js'
import type { PurseContext } from './purse-model.js'
import { isPurseMac, overdraftTac, purseMac, withOnlineKey } from './purse-session-keys.js'
import type { CardAnswer } from './virtual-card.js'

const UPDATE_DATA = { limit: 3, date: 4, time: 3, mac2: 4 } as const
const TYPE = 7

/** INITIALIZE FOR UPDATE, of ED alone. */
export function initializeForUpdate(context: PurseContext, command: Command): CardAnswer {
  const { keyIndex, terminal } = fieldsOf(dataOf(command), INITIALIZE_WITHOUT_AMOUNT)
  const opened = openTransaction(context, {
    state: 'overdraft',
    purse: 'ed',
    key: 'overdraft',
    serial: 'onlineSerial',
    needsPin: true,
    keyIndex: numberOf(keyIndex),
    amount: 0,
    terminal,
  })
  if (typeof opened === 'string') return { status: opened }
  const { transaction, balance, serial, keyHeader } = opened
  const limit = context.memory.read('ed/limit')
  const mac1 = withOnlineKey(context, 'overdraft', transaction, (sessionKey) =>
    purseMac(sessionKey, balance, limit, Uint8Array.of(TYPE), terminal),
  )
  return { status: '9000', data: concat(balance, serial, limit, keyHeader, transaction.random, mac1) }
}

/**
 * UPDATE OVERDRAFT LIMIT. 9401 when the holder already owes more than the new limit; when the purse would hold too much,
 * the status of the profile; 9302 for a wrong MAC2.
 */
export function updateOverdraftLimit(context: PurseContext, command: Command): CardAnswer {
  return completing(context, ['overdraft'], (transaction) => {
    const { memory, config } = context
    const { limit, date, time, mac2 } = fieldsOf(dataOf(command), UPDATE_DATA)
    const balance = memory.readNumber('ed/balance') + numberOf(limit) - memory.readNumber('ed/limit')
    if (balance < 0) return { status: '9401' }
    if (balance > config.maximumBalance) return { status: config.switches.overflowStatus }
    return withOnlineKey(context, 'overdraft', transaction, (sessionKey) => {
      const parts = [limit, Uint8Array.of(TYPE), transaction.terminal, date, time]
      if (!isPurseMac(sessionKey, mac2, ...parts)) return { status: '9302' }
      const tac = overdraftTac(context, bytesOf(balance, 4), bytesOf(transaction.serial, 2), ...parts)
      memory.write('ed/limit', limit)
      const entry = { type: TYPE, serialName: 'onlineSerial', balance, date, time, mac: mac2, tac } as const
      enterTransaction(context, transaction, entry)
      return { status: '9000', data: tac }
    })
  })
}
