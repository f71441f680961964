/**
 * A recorded session as a card that can be read again, by a terminal that asks in another order or with values of its own.
 *
 * `replay` of apdu demands the very commands of the recording. A reading has a date and random numbers in its commands, so
 * here it is what a command means that decides:
 *
 * | command | answered by the recorded one |
 * |---|---|
 * | SELECT by name | of the same name, or of its first bytes, from 5 on |
 * | GET PROCESSING OPTIONS, INTERNAL AUTHENTICATE | of the same instruction in that application |
 * | any other | of the same header and data in that application |
 *
 * What was not recorded is answered as a card does that has no such thing: 6A82, 6A83, 6A88, 6D00.
 */
import { type Exchange, equalBytes, foldTranscript, fromHex, parseCommand, type TranscriptEntry } from '@issuerkit/apdu'
import { attempt } from './attempt.js'

/** The card of a recording. */
export interface RecordedCard {
  readonly exchange: Exchange
  /** The recorded command behind the last answer, where it was another than the one that was sent. */
  readonly asSent: () => Uint8Array | undefined
}

/** One application, or what came before the first. */
interface Section {
  readonly select?: TranscriptEntry
  readonly entries: TranscriptEntry[]
}

const SELECT = 0xa4
const GET_PROCESSING_OPTIONS = 0xa8
const INTERNAL_AUTHENTICATE = 0x88

const NOT_RECORDED: Readonly<Record<number, string>> = { [SELECT]: '6A82', 178: '6A83', 202: '6A88' }

/** The card of a recorded session. Each SELECT goes on to the next recording of that application, or to the last of it. */
export function recordedCard(entries: readonly TranscriptEntry[]): RecordedCard {
  const sections: Section[] = [{ entries: [] }]
  for (const entry of foldTranscript(entries)) {
    if (isSelect(entry.command)) sections.push({ select: entry, entries: [] })
    else sections.at(-1)?.entries.push(entry)
  }
  let current = sections[0]
  let sent: Uint8Array | undefined
  const used = new Set<Section>()

  const answerTo = (command: Uint8Array): TranscriptEntry | undefined => {
    if (!isSelect(command)) return current?.entries.find((entry) => answers(entry.command, command))
    const fitting = sections.filter(({ select }) => select !== undefined && selects(select.command, command))
    const section = fitting.find((one) => !used.has(one)) ?? fitting.at(-1)
    if (section === undefined) return undefined
    used.add(section)
    current = section
    return section.select
  }
  return {
    exchange: async (command) => {
      const entry = answerTo(command)
      sent = entry?.command
      return entry === undefined ? fromHex(NOT_RECORDED[command[1] ?? 0] ?? '6D00') : entry.response.slice()
    },
    asSent: () => sent,
  }
}

function isSelect(command: Uint8Array): boolean {
  return command[1] === SELECT
}

/** Whether the recorded SELECT is for the name asked for: the card of the recording may have been asked by less of it. */
function selects(recorded: Uint8Array, asked: Uint8Array): boolean {
  if (!equalBytes(recorded.subarray(0, 4), asked.subarray(0, 4))) return false
  const [short, name] = [dataIn(recorded), dataIn(asked)]
  return short.length >= 5 && equalBytes(short, name.subarray(0, short.length))
}

/** The same header and data; Le may differ, since a card of T=0 has it corrected. */
function answers(recorded: Uint8Array, asked: Uint8Array): boolean {
  if (!equalBytes(recorded.subarray(0, 4), asked.subarray(0, 4))) return false
  const free = asked[1] === GET_PROCESSING_OPTIONS || asked[1] === INTERNAL_AUTHENTICATE
  return free || equalBytes(dataIn(recorded), dataIn(asked))
}

/** The data field; of a malformed command, which a recording may hold, all behind the header. */
function dataIn(command: Uint8Array): Uint8Array {
  return attempt(() => parseCommand(command).data ?? new Uint8Array(0)) ?? command.subarray(4)
}
