/** The T=0 dialogue of a recorded session, put together. */
import { concatAll, equalBytes } from './bytes.js'
import type { TranscriptEntry } from './transcript.js'

/** [EMV-B1] 9.3.1: the header of GET RESPONSE. */
const GET_RESPONSE = Uint8Array.of(0x00, 0xc0, 0x00, 0x00)

/** A command with the pieces of its answer; all but the last without their status. */
interface Chain {
  readonly first: TranscriptEntry
  command: Uint8Array
  pieces: Uint8Array[]
}

/**
 * A session as a T=1 card would have had it: the answers to GET RESPONSE after 61XX join the answer before them, and a
 * command that was sent again after 6CXX, alike in its header, takes the place of the first. The first entry's note stays.
 * The answers are copies.
 * @see [ISO7816-4] 5.1.3
 */
export function foldTranscript(entries: readonly TranscriptEntry[]): TranscriptEntry[] {
  const chains: Chain[] = []
  for (const entry of entries) {
    const last = chains.at(-1)
    if (last === undefined || !joins(last, entry)) {
      chains.push({ first: entry, command: entry.command, pieces: [entry.response] })
    }
  }
  return chains.map(({ first, command, pieces }) => ({ ...first, command, response: concatAll(pieces) }))
}

/** Adds the entry to the chain; `false` when it does not continue it. */
function joins(chain: Chain, { command, response }: TranscriptEntry): boolean {
  const header = command.subarray(0, 4)
  const last = chain.pieces.at(-1) as Uint8Array
  const waiting = last.at(-2)
  if (waiting === 0x61 && equalBytes(header, GET_RESPONSE)) {
    // 6CXX to GET RESPONSE: it will be sent again, and the answer still waits.
    if (response.at(-2) === 0x6c) return true
    chain.pieces[chain.pieces.length - 1] = last.subarray(0, -2)
    chain.pieces.push(response)
    return true
  }
  if (waiting === 0x6c && equalBytes(header, chain.command.subarray(0, 4))) {
    chain.command = command
    chain.pieces = [response]
    return true
  }
  return false
}
