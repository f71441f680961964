/**
 * Issuer scripts at the terminal: each command goes to the card as it stands, up to the first that fails.
 *
 * | SW1 | |
 * |---|---|
 * | 90, 62, 63 | the script goes on |
 * | other | the script ends; the next one begins |
 *
 * @see [EMV-B3] 10.10, [EMV-B4] 6.3.9, 12.2.4 and A5, [UPI-F55] (DF31)
 */
import { toHex } from '@issuerkit/apdu'
import {
  encodeScriptResults,
  type ParsedScript,
  parseScripts,
  type ScriptOutcome,
  type ScriptTemplateTag,
} from '@issuerkit/scripts'
import { attempt } from './attempt.js'
import { send, TransactionEnded, type TransactionState } from './transaction-state.js'

/** What became of one command of a script. */
export interface ScriptCommandRun {
  /** CLA INS P1 P2 in hexadecimal. */
  readonly header: string
  /** Its status word; `no-answer`: it was sent, and what the card did is not known; `not-sent`. */
  readonly status: string
}

/** What became of one script. */
export interface ScriptRun {
  readonly template: ScriptTemplateTag
  /** Tag 9F18, 4 bytes; absent when the script has none. */
  readonly scriptIdentifier?: Uint8Array
  readonly commands: readonly ScriptCommandRun[]
  /** `unknown`: a command was sent without an answer. */
  readonly outcome: ScriptOutcome | 'unknown'
  /** The number of the command that failed, 1 for the first, 15 for the fifteenth and later ones; 0 when none did. */
  readonly failedCommand: number
}

/** The issuer's scripts as they came: whole templates 71 and 72, one in each item. */
export type IssuerScripts = readonly Uint8Array[]

/** Script results, 5 bytes a script, under the tags of both kinds of terminals. */
export interface ScriptResultTags {
  /** Empty when there was no script. */
  readonly '9F5B': Uint8Array
  /** Five zero bytes when there was no script. */
  readonly DF31: Uint8Array
}

/** A script that fails to parse cannot be run, and its kind shows in its first byte only. */
interface ReceivedScript {
  readonly template: ScriptTemplateTag
  readonly parsed: ParsedScript | undefined
}

/**
 * Runs the scripts of one kind, in their order. A malformed one is not performed. Sets the bits of TVR byte 5 and the TSI
 * bit.
 * @param runs takes up the results, also of scripts that an exchange without answer left behind
 */
export async function processScripts(
  state: TransactionState,
  scripts: IssuerScripts,
  template: ScriptTemplateTag,
  runs: ScriptRun[],
): Promise<void> {
  const received = scripts.map(receive).filter((script) => script.template === template)
  if (received.length === 0) return
  state.phase = template === '71' ? 'script-71' : 'script-72'
  const { bits } = state
  bits.setTsi('scriptPerformed')
  let lost: TransactionEnded | undefined
  for (const { parsed } of received) {
    const isRun = parsed !== undefined && lost === undefined
    const { run, ended } = isRun ? await runScript(state, parsed) : { run: notPerformed(template, parsed), ended: lost }
    lost = ended
    runs.push(run)
    if (run.outcome !== 'successful') {
      bits.setTvr(template === '71' ? 'scriptFailedBeforeFinalAc' : 'scriptFailedAfterFinalAc')
    }
  }
  if (lost !== undefined) throw lost
}

function receive(bytes: Uint8Array): ReceivedScript {
  const [parsed, ...more] = attempt(() => parseScripts(bytes)) ?? []
  return { template: bytes[0] === 0x71 ? '71' : '72', parsed: more.length === 0 ? parsed : undefined }
}

function notPerformed(template: ScriptTemplateTag, parsed: ParsedScript | undefined): ScriptRun {
  const commands = parsed?.commands.map(({ apdu }) => ({ header: headerOf(apdu), status: 'not-sent' })) ?? []
  return { template, ...identifier(parsed), commands, outcome: 'not-performed', failedCommand: 0 }
}

/** A script that was run, and the end of the transaction where an answer was lost. */
interface RanScript {
  readonly run: ScriptRun
  readonly ended: TransactionEnded | undefined
}

async function runScript(state: TransactionState, script: ParsedScript): Promise<RanScript> {
  const { template, commands } = script
  const runs: ScriptCommandRun[] = commands.map(({ apdu }) => ({ header: headerOf(apdu), status: 'not-sent' }))
  const ran = (outcome: ScriptRun['outcome'], failedCommand: number, ended?: TransactionEnded): RanScript => ({
    run: { template, ...identifier(script), commands: runs, outcome, failedCommand },
    ended,
  })
  for (const [i, { apdu }] of commands.entries()) {
    try {
      const { status } = await send(state, apdu)
      runs[i] = { header: headerOf(apdu), status }
      // [EMV-B4] 12.2.4
      if (!/^(?:90|62|63)/.test(status)) return ran('failed', Math.min(i + 1, 15))
    } catch (error) {
      if (!(error instanceof TransactionEnded)) throw error
      runs[i] = { header: headerOf(apdu), status: 'no-answer' }
      return ran('unknown', 0, error)
    }
  }
  return ran('successful', 0)
}

function identifier(parsed: ParsedScript | undefined): Pick<ScriptRun, 'scriptIdentifier'> {
  return parsed?.scriptIdentifier === undefined ? {} : { scriptIdentifier: parsed.scriptIdentifier.slice() }
}

function headerOf(apdu: Uint8Array): string {
  return toHex(apdu.subarray(0, 4))
}

/**
 * The results as the terminal reports them. A script of which a command got no answer is reported as failed, the command
 * not specified (10): a number would say of the commands before and after it what nobody knows.
 * @see [EMV-B4] A5, [UPI-F55]
 */
export function scriptResultTags(runs: readonly ScriptRun[]): ScriptResultTags {
  const results = runs.map(({ outcome, failedCommand, scriptIdentifier }) => ({
    outcome: outcome === 'unknown' ? ('failed' as const) : outcome,
    commandNumber: failedCommand,
    scriptIdentifier: scriptIdentifier ?? new Uint8Array(4),
  }))
  return { '9F5B': encodeScriptResults(results, '9F5B'), DF31: encodeScriptResults(results, 'DF31') }
}
