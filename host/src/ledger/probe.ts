/**
 * Traces of a command on the card other than the script counter.
 *
 * | command | executed | not executed |
 * |---|---|---|
 * | APPLICATION BLOCK | every GENERATE AC gives an AAC | a first GENERATE AC gave an ARQC or a TC |
 * | CARD BLOCK | | any later cryptogram |
 * | APPLICATION UNBLOCK, sent to a blocked application | an ARQC or a TC | |
 * | PIN CHANGE/UNBLOCK, alone of its kind | the PIN try limit was exceeded, and is no longer | |
 *
 * @see [PBOC-SCRIPT] 5
 */
import { type Intent, targetOf } from './intent.js'
import type { Delivery } from './model.js'

/** What the delivery's evidence shows of the command, if anything. */
export function probe(intent: Intent, delivery: Delivery): 'executed' | 'not-executed' | undefined {
  const { reading, blockedSeen } = delivery.evidence
  const isAlive = reading !== null && reading.generateAc === 'first' && reading.kind !== 'AAC'
  switch (intent.type) {
    case 'application-block':
      return blockedSeen ? 'executed' : isAlive ? 'not-executed' : undefined
    case 'application-unblock':
      return delivery.kind === 'AAC' && isAlive ? 'executed' : undefined
    case 'card-block':
      return reading === null ? undefined : 'not-executed'
    case 'pin-unblock':
    case 'pin-change':
    case 'pin-change-with-current':
      return isTryLimitLifted(delivery) ? 'executed' : undefined
    default:
      return undefined
  }
}

function isTryLimitLifted({ pinTryLimitExceededBefore, pinCommands, evidence: { reading } }: Delivery): boolean {
  return pinTryLimitExceededBefore && pinCommands === 1 && reading !== null && !reading.pinTryLimitExceeded
}

/** How many commands give PIN tries back. */
export function countPinCommands(intents: readonly Intent[]): number {
  return intents.filter((intent) => targetOf(intent).startsWith('pin')).length
}
