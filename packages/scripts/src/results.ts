/**
 * Issuer script results: what a terminal says became of the scripts of the last answer. Tag 9F5B of EMV terminals and tag
 * DF31 of UnionPay's have the same coding, five bytes a script:
 *
 * | byte | |
 * |---|---|
 * | 1, left | 0 not performed, 1 failed, 2 successful |
 * | 1, right | when failed, the number of the command: 1 to 14, F = 15 or later, 0 not specified |
 * | 2-5 | script identifier (9F18), zeros where there was none |
 *
 * No MAC of the card covers them: they are what a terminal says, and the CVR under a later cryptogram outranks them.
 * @see [EMV-B4] Annex A5, [UPI-F55] (DF31)
 */
import { concat, expectLength, IssuerkitError, toHex } from '@issuerkit/apdu'

/** 9F5B: EMV. DF31: UnionPay; there five zero bytes alone say that there was no script. */
export type ScriptResultTag = '9F5B' | 'DF31'

/** What became of a whole script. */
export type ScriptOutcome = 'not-performed' | 'failed' | 'successful'

/** The result of one script. */
export interface ScriptResult {
  readonly outcome: ScriptOutcome
  /** The right half of byte 1, 0 to 15: where a failed script failed. Terminals leave it 0 otherwise. */
  readonly commandNumber: number
  /** 4 bytes; zeros when the script had no identifier, or the terminal does not know of them. */
  readonly scriptIdentifier: Uint8Array
}

const OUTCOMES: readonly ScriptOutcome[] = ['not-performed', 'failed', 'successful']
const NO_SCRIPT = '0000000000'

/**
 * The results in the value of tag 9F5B or DF31: none, one or several.
 * @throws ERR_LENGTH when the value is not whole entries of 5 bytes; ERR_SCRIPT for an outcome above 2, with its offset
 * @see [EMV-B4] Annex A5
 */
export function decodeScriptResults(value: Uint8Array, tag: ScriptResultTag = '9F5B'): ScriptResult[] {
  if (value.length % 5 !== 0) {
    const got = `${value.length} bytes`
    throw new IssuerkitError('ERR_LENGTH', { label: `tag ${tag}`, expected: '5 bytes a script', got })
  }
  if (tag === 'DF31' && toHex(value) === NO_SCRIPT) return []
  return Array.from({ length: value.length / 5 }, (_, i) => decodeOne(value.subarray(5 * i, 5 * i + 5), 5 * i, tag))
}

function decodeOne(entry: Uint8Array, offset: number, tag: ScriptResultTag): ScriptResult {
  const first = entry[0] as number
  const outcome = OUTCOMES[first >> 4]
  if (outcome === undefined) {
    const got = toHex(entry.subarray(0, 1))
    throw new IssuerkitError('ERR_SCRIPT', { label: `tag ${tag}`, expected: '0X, 1X or 2X', got, offset })
  }
  return { outcome, commandNumber: first & 0x0f, scriptIdentifier: entry.slice(1) }
}

/**
 * The value of tag 9F5B or DF31, the inverse of {@link decodeScriptResults}. No results are an empty 9F5B, and five zero
 * bytes in DF31; a single script that was not performed and had no identifier therefore reads as none in DF31.
 * @throws ERR_SCRIPT when a command number is not 0 to 15, or an outcome is unknown; ERR_LENGTH for the script identifier
 * @see [EMV-B4] Annex A5, [UPI-F55]
 */
export function encodeScriptResults(results: readonly ScriptResult[], tag: ScriptResultTag = '9F5B'): Uint8Array {
  if (tag === 'DF31' && results.length === 0) return new Uint8Array(5)
  return concat(
    ...results.flatMap(({ outcome, commandNumber, scriptIdentifier }) => {
      const left = OUTCOMES.indexOf(outcome)
      if (left < 0 || !Number.isInteger(commandNumber) || commandNumber < 0 || commandNumber > 15) {
        const expected = 'an outcome and a command number of 0 to 15'
        throw new IssuerkitError('ERR_SCRIPT', { label: `tag ${tag}`, expected, got: `${outcome} ${commandNumber}` })
      }
      return [Uint8Array.of((left << 4) | commandNumber), expectLength(scriptIdentifier, 4, 'script identifier')]
    }),
  )
}

/** What a script result says of one command. `unknown`: it says nothing, or something that cannot be. */
export type CommandOutcome = 'executed' | 'failed' | 'not-executed' | 'unknown'

/**
 * What the result of a script says of each of its commands, in their order. A command that the card answered with a
 * warning (62XX, 63XX) counts as executed: the terminal goes on after it.
 *
 * A number beyond the commands that were sent contradicts itself, and leaves them all unknown.
 * @param count how many commands the script had
 * @see [EMV-B4] Annex A5, [EMV-B3] 10.10 (the first failing command ends its script)
 */
export function commandOutcomes({ outcome, commandNumber }: ScriptResult, count: number): CommandOutcome[] {
  const each = (of: (number: number) => CommandOutcome): CommandOutcome[] =>
    Array.from({ length: count }, (_, i) => of(i + 1))
  if (outcome === 'successful') return each(() => 'executed')
  if (outcome === 'not-performed') return each(() => 'not-executed')
  if (commandNumber === 0 || commandNumber > count) return each(() => 'unknown')
  // F says the fifteenth or a later one: which, is known only when the script ends there.
  const later = commandNumber === 15 && count > 15
  return each((number) => {
    if (number < commandNumber) return 'executed'
    if (later) return 'unknown'
    return number === commandNumber ? 'failed' : 'not-executed'
  })
}
