/** A card that plays a recorded session back, and the recorder that writes one. The text form stands in transcript.ts. */
import { equalBytes } from './bytes.js'
import { IssuerkitError } from './errors.js'
import { commandSummary, type Exchange } from './exchange.js'
import type { TranscriptEntry } from './transcript.js'

/**
 * A card that gives the recorded answers, as long as it is asked the recorded commands in the recorded order.
 * A refused command does not count: the recorded one may still follow.
 *
 * Rejects with ERR_TRANSCRIPT when the command differs from the recorded one, with ERR_EXCHANGE when the recording has no
 * more entries. Label `entry N`, counted from 1; `offset` of the first byte that differs. The error shows header and
 * length of the commands, never a data field: that may be a PIN.
 */
export function replay(entries: readonly TranscriptEntry[]): Exchange {
  let next = 0
  return async (command) => {
    const label = `entry ${next + 1}`
    const entry = entries[next]
    const got = commandSummary(command)
    if (entry === undefined)
      throw new IssuerkitError('ERR_EXCHANGE', { label, expected: 'the end of the session', got })
    if (!equalBytes(command, entry.command)) {
      const differs = entry.command.findIndex((byte, i) => byte !== command[i])
      const offset = differs < 0 ? entry.command.length : differs
      throw new IssuerkitError('ERR_TRANSCRIPT', { label, expected: commandSummary(entry.command), got, offset })
    }
    next += 1
    return entry.response.slice()
  }
}

/**
 * Writes down what passes an exchange. An exchange that fails leaves no entry.
 * @returns the exchange to use instead, and the entries so far, copies of what passed
 */
export function record(exchange: Exchange): { exchange: Exchange; entries: readonly TranscriptEntry[] } {
  const entries: TranscriptEntry[] = []
  return {
    entries,
    exchange: async (command) => {
      const sent = command.slice()
      const response = await exchange(command)
      entries.push({ command: sent, response: response.slice() })
      return response
    },
  }
}
