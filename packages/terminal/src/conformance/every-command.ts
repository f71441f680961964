/** The commands that an application gives nobody while it is blocked. [ETC] 4.1.8 steps 7 and 9, 4.1.10 step 1 */
import { contentOf } from './case-helpers.js'
import type { Step } from './step.js'
import type { PurseTester } from './tester.js'

const NONE = '0000000000000000'

/**
 * Every command of an application besides GET CHALLENGE and the blocking ones, well-formed, each ready to be sent. What
 * they need of the card (a challenge, an INITIALIZE) they do not have: being blocked is asked first.
 */
export function everyCommand(t: PurseTester): readonly (() => Promise<Step>)[] {
  const { pin } = t.profile
  return [
    () => t.readBinary(0x15, 0, 1),
    () => t.readRecord(0x18, 1),
    () => t.updateBinary(0x15, 0, contentOf(t, '15')),
    () => t.verify(pin),
    () => t.changePin(pin, pin),
    () => t.reloadPin(pin),
    () => t.unblockPin(pin),
    () => t.externalAuthenticate(1, NONE),
    () => t.internalAuthenticate(0, 1, NONE),
    () => t.balance('ed'),
    () => t.balance('ep'),
    () => t.initializeForLoad('ed', 1, 1),
    () => t.creditForLoad(),
    () => t.initializeForUnload(1, 1),
    () => t.debitForUnload(),
    () => t.initializeForPurchase('ep', 1, 1),
    () => t.debit(),
    () => t.initializeForCash(1, 1),
    () => t.initializeForUpdate(1),
    () => t.updateOverdraftLimit(0),
    () => t.initializeForCapp(1, 1),
    () => t.debitCapp(),
    () => t.prove(6, 0),
  ]
}
