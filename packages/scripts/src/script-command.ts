/** Any issuer script command from one description of it: for callers that take commands as data. */
import { IssuerkitError } from '@issuerkit/apdu'
import { applicationBlock, applicationUnblock, cardBlock } from './application.js'
import { type PutDataCommand, type PutDataInput, putData, type UpdateRecordInput, updateRecord } from './card-data.js'
import { expectPin, type Pin } from './pin-block.js'
import { type PinChangeCommand, pinChange, pinUnblock } from './pin-change.js'
import { openScript, type ScriptInput, type ScriptSession } from './script-session.js'
import type { SecuredCommand } from './secure-command.js'

/** A command as data. */
export type ScriptCommand =
  | { readonly type: 'application-block' | 'application-unblock' | 'card-block' | 'pin-unblock' }
  | { readonly type: 'pin-change'; readonly newPin: Pin }
  | { readonly type: 'pin-change-with-current'; readonly newPin: Pin; readonly currentPin: Pin }
  | ({ readonly type: 'put-data' } & PutDataInput)
  | ({ readonly type: 'update-record' } & UpdateRecordInput)

/** A command as built; `type` tells which values it carries. */
export type BuiltScriptCommand = SecuredCommand | PinChangeCommand | PutDataCommand

/**
 * One command, from the transaction, the keys and its description.
 * @throws ERR_SCRIPT when the type is unknown; otherwise as {@link openScript} and the builder of the command
 * @see [PBOC-SCRIPT] 5
 */
export function buildScriptCommand(input: ScriptInput, command: ScriptCommand): BuiltScriptCommand {
  return build(openScript(input), command)
}

/** How the commands of one script follow each other. */
export interface BuildScriptOptions {
  /**
   * `none`: every command is secured with the session's ATC and ARQC as they are. `arqc-counts`: the second command is
   * secured with ARQC + 1, the third with ARQC + 2, as M/Chip cards count; for schemes with emv-common script keys only.
   */
  readonly chaining: 'none' | 'arqc-counts'
}

/**
 * The commands of one script, in their order.
 * @throws as {@link buildScriptCommand}; ERR_SCHEME when `arqc-counts` is not for the scheme and there are several
 * @see [PBOC-SCRIPT] 5, [MCHIP]
 */
export function buildScriptCommands(
  input: ScriptInput,
  commands: readonly ScriptCommand[],
  { chaining }: BuildScriptOptions,
): BuiltScriptCommand[] {
  if (chaining !== 'none' && chaining !== 'arqc-counts') {
    throw new IssuerkitError('ERR_OPTION', { label: 'chaining', expected: 'none or arqc-counts' })
  }
  const session = openScript(input)
  const first = input.chainedCommand ?? 0
  return commands.map((command, i) => build(chaining === 'none' ? session : session.chained(first + i), command))
}

function build(session: ScriptSession, command: ScriptCommand): BuiltScriptCommand {
  switch (command.type) {
    case 'application-block':
      return applicationBlock(session)
    case 'application-unblock':
      return applicationUnblock(session)
    case 'card-block':
      return cardBlock(session)
    case 'pin-unblock':
      return pinUnblock(session)
    case 'pin-change':
      return pinChange(session, { newPin: command.newPin })
    case 'pin-change-with-current':
      // Without its current PIN this would become the command without one.
      expectPin(command.currentPin, 'current PIN')
      return pinChange(session, command)
    case 'put-data':
      return putData(session, command)
    case 'update-record':
      return updateRecord(session, command)
    default:
      throw new IssuerkitError('ERR_SCRIPT', { label: 'command', expected: 'a command of issuer scripts' })
  }
}
