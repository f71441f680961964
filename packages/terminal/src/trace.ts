/** A trace of everything that passes between terminal and card, fit for a log: masked, with the time of each answer. */
import { IssuerkitError, type TraceEvent } from '@issuerkit/apdu'
import { createMasker } from './masking.js'

/** Milliseconds from which an answer is marked: another program at the same card is what mostly makes one so late. */
const SLOW = 2000

/**
 * A sink for `withTrace` that writes one line for each command, answer and failure.
 *
 * ```
 * > 00A4040007A0000003330101
 * < 6120 (3 ms)
 * ! no answer: ERR_READER: ... (30000 ms)
 * ```
 *
 * PANs, PINs, keys and the holder's data are hidden as in masking.ts. Of an error that is not one of the toolkit's only
 * the name is written: what its text holds is unknown.
 */
export function traceLines(write: (line: string) => void): (event: TraceEvent) => void {
  const mask = createMasker()
  return ({ command, response, error, duration }) => {
    const [asked = '', answered] = mask({ command, ...(response && { response }) }).split('\n')
    const slow = duration >= SLOW ? ', slow: does another program use the card?' : ''
    write(asked)
    write(`${answered ?? `! no answer: ${reason(error)}`} (${Math.round(duration)} ms${slow})`)
  }
}

function reason(error: unknown): string {
  if (error instanceof IssuerkitError) return error.message
  return error instanceof Error ? error.name : 'unknown'
}
