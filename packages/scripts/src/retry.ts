/**
 * Whether a command whose outcome is unknown may be sent again, as data. The answer is the issuer's; these rows say what
 * a second execution does to the card, and what shows whether there was a first.
 */
import type { ScriptCommandName } from './secure-command.js'

/** A row on one kind of command. */
export interface RetryRule {
  /**
   * | again | |
   * |---|---|
   * | repeatable | a second execution leaves the card as the first did |
   * | with-check | it does so only when what `condition` says holds |
   * | never | a second execution may do harm: build a new command from what `proof` shows |
   */
  readonly again: 'repeatable' | 'with-check' | 'never'
  /** What must hold before it is sent again, or why it must not be. */
  readonly condition?: string
  /** What shows that the command was executed. */
  readonly proof: string
}

/** The rows. `put-data-value`: PUT DATA of an object that offline spending changes. @see [PBOC-SCRIPT] 5 */
export const RETRY_RULES = {
  'application-block': { again: 'repeatable', proof: 'only AACs follow' },
  'application-unblock': { again: 'repeatable', proof: 'an ARQC or TC follows' },
  'card-block': { again: 'repeatable', proof: 'no transaction follows' },
  'pin-unblock': {
    again: 'with-check',
    condition: 'each execution gives all PIN tries back: keep count',
    proof: 'PIN try limit exceeded is not set in the CVR',
  },
  'pin-change': { again: 'repeatable', proof: 'an offline PIN verification with the new PIN in the CVR' },
  'pin-change-with-current': {
    again: 'never',
    condition: 'the current PIN is the old or the new one, and a wrong D4 looks like an attack',
    proof: 'an offline PIN verification in the CVR; it tells which PIN is current',
  },
  'put-data': { again: 'repeatable', proof: 'none is needed: an absolute value' },
  'put-data-value': {
    again: 'never',
    condition: 'the card may have spent since, and an older balance gives the money back',
    proof: 'the balance in the issuer discretionary data of the next cryptogram',
  },
  'update-record': {
    again: 'with-check',
    condition: 'no newer content was sent for the record',
    proof: 'the next reading of the record',
  },
} as const satisfies Readonly<Record<ScriptCommandName | 'put-data-value', RetryRule>>

/** Electronic cash balances, of the first and the second currency: the card lowers them by itself. [PBOC] */
const VALUE_BEARING: readonly string[] = ['9F79', 'DF79']

/** The row of a command: by its kind, and for PUT DATA by its tag. */
export function retryRule(command: { readonly type: ScriptCommandName; readonly tag?: string }): RetryRule {
  const { type, tag = '' } = command
  return RETRY_RULES[type === 'put-data' && VALUE_BEARING.includes(tag) ? 'put-data-value' : type]
}
