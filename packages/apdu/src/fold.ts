/** The T=0 dialogue of a recorded session, put together. */
import { concat, equalBytes } from './bytes.js'
import type { TranscriptEntry } from './transcript.js'

/** [EMV-B1] 9.3.1.3: the header of GET RESPONSE. */
const GET_RESPONSE = Uint8Array.of(0x00, 0xc0, 0x00, 0x00)

/** [ISO7816-4] 5.1: 65536 bytes of data and the status. Without a bound the copying would grow with the square. */
const MAX_RESPONSE = 65538

/**
 * A session as a T=1 card would have had it: the answers to GET RESPONSE after 61XX join the answer before them, and a
 * command that was sent again after 6CXX, alike in its header, takes the place of the first. The first entry's note stays.
 * An answer that would grow beyond 65538 bytes is not joined.
 * @see [ISO7816-4] 5.1.3
 */
export function foldTranscript(entries: readonly TranscriptEntry[]): TranscriptEntry[] {
  const folded: TranscriptEntry[] = []
  for (const entry of entries) {
    const last = folded.at(-1)
    const joined = last === undefined ? undefined : join(last, entry)
    if (joined === undefined) folded.push(entry)
    else folded[folded.length - 1] = joined
  }
  return folded
}

/** The two entries as one; `undefined` when the second stands for itself. */
function join(last: TranscriptEntry, entry: TranscriptEntry): TranscriptEntry | undefined {
  const header = entry.command.subarray(0, 4)
  const [before, after] = [last.response.at(-2), entry.response.at(-2)]
  if (before === 0x61 && equalBytes(header, GET_RESPONSE)) {
    // 6CXX to GET RESPONSE: it will be sent again, and the answer before it still waits.
    if (after === 0x6c) return last
    const response = concat(last.response.subarray(0, -2), entry.response)
    return response.length > MAX_RESPONSE ? undefined : { ...last, response }
  }
  if (before === 0x6c && equalBytes(header, last.command.subarray(0, 4))) {
    return { ...last, command: entry.command, response: entry.response }
  }
  return undefined
}
