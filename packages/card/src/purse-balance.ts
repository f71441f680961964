/** GET BALANCE. @see [PBOC] 2 (GET BALANCE), [ETC] 4.1.3, 4.2.6 */
import type { Command } from '@issuerkit/apdu'
import { purseOf } from './purse-initialize.js'
import type { PurseContext } from './purse-model.js'
import type { CardAnswer } from './virtual-card.js'

/** GET BALANCE of the purse that P2 selects: 4 bytes, of ED with its overdraft limit; 6982 without PIN. */
export function getBalance({ memory, config, session }: PurseContext, { p2 }: Command): CardAnswer {
  const purse = purseOf(p2)
  const needsPin = purse === 'ed' || config.switches.balanceNeedsPin
  if (needsPin && !session.pinVerified) return { status: '6982' }
  return { status: '9000', data: memory.read(`${purse}/balance`) }
}
