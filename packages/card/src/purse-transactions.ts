/** Transactions of the e-purse card: which command goes where. @see [PBOC] 2, [PBOC] 9, [FMCOS] 8, 9 */
import { type Command, toHex } from '@issuerkit/apdu'
import { getBalance } from './purse-balance.js'
import { updateCappDataCache } from './purse-capp.js'
import { greyLock, initializeForGreyLock } from './purse-grey-lock.js'
import { debitForUnlock, getLockProof, greyUnlock, initializeForGreyUnlock } from './purse-grey-unlock.js'
import { creditForLoad, debitForUnload, initializeForLoad, initializeForUnload } from './purse-load.js'
import type { PurseContext } from './purse-model.js'
import { initializeForUpdate, updateOverdraftLimit } from './purse-overdraft.js'
import { getTransactionProve } from './purse-proof.js'
import { debit, initializeForCapp, initializeForCash, initializeForPurchase } from './purse-purchase.js'
import type { CardAnswer } from './virtual-card.js'

/** CLA INS, where P1 chooses the command with P1. */
const COMMANDS: Readonly<Record<string, (context: PurseContext, command: Command) => CardAnswer>> = {
  '805000': initializeForLoad,
  '805001': initializeForPurchase,
  '805002': initializeForCash,
  '805003': initializeForCapp,
  '805004': initializeForUpdate,
  '805005': initializeForUnload,
  '8052': creditForLoad,
  '805401': debit,
  '805403': debitForUnload,
  '8058': updateOverdraftLimit,
  '805A': getTransactionProve,
  '805C': getBalance,
  '80DC': updateCappDataCache,
  E07A08: initializeForGreyLock,
  E07A09: initializeForGreyUnlock,
  E07C08: greyLock,
  E07C09: greyUnlock,
  E07E: debitForUnlock,
  E0CA: getLockProof,
}

/**
 * A command of a transaction, whose P1 P2 and lengths the table has let pass; `undefined` when it is none.
 *
 * GET BALANCE, GET TRANSACTION PROVE and GET LOCK PROOF leave the open transaction as it is. UPDATE CAPP DATA CACHE adds to
 * it. All others end it, and INITIALIZE opens the next one.
 */
export function purseTransaction(context: PurseContext, command: Command): CardAnswer | undefined {
  const { cla, ins, p1 } = command
  const run = COMMANDS[toHex(Uint8Array.of(cla, ins, p1))] ?? COMMANDS[toHex(Uint8Array.of(cla, ins))]
  return run?.(context, command)
}
