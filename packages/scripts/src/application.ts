/** Commands on the whole application or card. Their data field holds the MAC alone. */
import type { ScriptSession } from './script-session.js'
import { type SecuredCommand, secureCommand } from './secure-command.js'

/**
 * APPLICATION BLOCK, 84 1E 00 00: the application answers every later GENERATE AC with an AAC, until it is unblocked.
 * @throws ERR_KEY_DESTROYED
 * @see [PBOC-SCRIPT] 5, table 2-21; [EMV-B3] 6.5.1
 */
export function applicationBlock(session: ScriptSession): SecuredCommand {
  return secureCommand(session, 'application-block', [0x84, 0x1e, 0, 0])
}

/**
 * APPLICATION UNBLOCK, 84 18 00 00. It reaches a card on the issuer's own devices only: others stop after the AAC.
 * @throws ERR_KEY_DESTROYED
 * @see [PBOC-SCRIPT] 5, table 2-22; [EMV-B3] 6.5.2
 */
export function applicationUnblock(session: ScriptSession): SecuredCommand {
  return secureCommand(session, 'application-unblock', [0x84, 0x18, 0, 0])
}

/**
 * CARD BLOCK, 84 16 00 00: every application of the card, for good. No command undoes it.
 * @throws ERR_KEY_DESTROYED
 * @see [PBOC-SCRIPT] 5, table 2-23; [EMV-B3] 6.5.3
 */
export function cardBlock(session: ScriptSession): SecuredCommand {
  return secureCommand(session, 'card-block', [0x84, 0x16, 0, 0])
}
