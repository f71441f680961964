/**
 * The life of an application and of the card: APPLICATION BLOCK, APPLICATION UNBLOCK, CARD BLOCK, all by the
 * maintenance key.
 *
 * | life | SELECT answers | what goes |
 * |---|---|---|
 * | 00 in use | the FCI | everything |
 * | 01 blocked for a time | 6A81, the FCI by GET RESPONSE | GET CHALLENGE and the three commands here; else 6985 |
 * | 02 blocked for good | 9303 | GET CHALLENGE and CARD BLOCK; else 9303 |
 *
 * @see [PBOC] 2 (commands of the e-purse), [ETC] 4.1.8 to 4.1.10
 */
import type { Command } from '@issuerkit/apdu'
import { LIFE, macIsRight, notReady, underMac } from './purse-messaging.js'
import type { PurseContext } from './purse-model.js'
import type { CardAnswer } from './virtual-card.js'

/** P2 of APPLICATION BLOCK: 00 for a time, 01 for good. */
const FOR_GOOD = 1

/** APPLICATION BLOCK, blocked already for a time or not: 6984, 6988, 9303, 9403 as all secure messaging. */
export function applicationBlock(context: PurseContext, command: Command): CardAnswer {
  const life = command.p2 === FOR_GOOD ? LIFE.blockedForGood : LIFE.blockedForATime
  return underMac(context, command, 'maintenance', () => become(context, life))
}

/** APPLICATION UNBLOCK of what is blocked for a time: 6985 when it is not; 6984, 6988, 9303, 9403. */
export function applicationUnblock(context: PurseContext, command: Command): CardAnswer {
  if (context.memory.readNumber('life') !== LIFE.blockedForATime) return { status: '6985' }
  return underMac(context, command, 'maintenance', () => become(context, LIFE.inUse))
}

/**
 * CARD BLOCK, in whatever life: 6984, 9403; 6988 for a wrong MAC, however often: it is counted nowhere. [ETC] 4.1.10
 */
export function cardBlock(context: PurseContext, command: Command): CardAnswer {
  const refused = notReady(context, 'maintenance')
  if (refused !== undefined) return refused
  if (!macIsRight(context, command, 'maintenance')) return { status: '6988' }
  context.memory.blockCard()
  return { status: '9000' }
}

function become({ memory }: PurseContext, life: number): CardAnswer {
  memory.writeNumber('life', life)
  return { status: '9000' }
}
