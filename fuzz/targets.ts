/** What is fuzzed: one row a target. Each row parses its input and holds what it parsed against a promise of the parser. */
import {
  aflRecords,
  collectRecords,
  concat,
  dolLength,
  encodeCommand,
  encodeDol,
  encodeResponse,
  encodeTlv,
  equalBytes,
  fillDol,
  formatTranscript,
  fromHex,
  parseAfl,
  parseCommand,
  parseDol,
  parseResponse,
  parseTlv,
  parseTranscript,
  readingFromTranscript,
  recordBody,
  type Tlv,
  toHex,
} from '../packages/apdu/src/index.js'
import { hold, type Target } from './engine.js'
import { dealRecords, splitParts } from './parts.js'
import { KEY_TARGETS } from './targets-keys.js'

const text = (input: Uint8Array): string => new TextDecoder().decode(input)

/** The data objects written again from their tags and values. */
function encodeAll(list: readonly Tlv[]): Uint8Array {
  return concat(...list.map(({ tag, value, children }) => encodeTlv(tag, children ? [encodeAll(children)] : value)))
}

export const TARGETS: readonly Target[] = [
  {
    name: 'hex',
    run(input) {
      const bytes = fromHex(text(input))
      hold(toHex(bytes) === text(input).toUpperCase(), 'hex is not what was read')
    },
  },
  {
    name: 'tlv',
    run(input) {
      const list = parseTlv(input)
      hold(equalBytes(encodeAll(list), input), 'what was parsed is not what was read')
      hold(equalBytes(concat(...list.map(({ bytes }) => bytes)), input), 'the objects do not cover the input')
    },
  },
  {
    name: 'dol',
    run(input) {
      const dol = parseDol(input)
      hold(equalBytes(encodeDol(dol), input), 'what was parsed is not what was read')
      const values = new Map(dol.map(({ tag }, i) => [tag, input.subarray(0, i)]))
      hold(fillDol(dol, values).length === dolLength(dol), 'the values do not have the length of the list')
    },
  },
  {
    name: 'command',
    run(input) {
      const command = parseCommand(input)
      const extended = input.length > 5 && input[4] === 0
      const again = encodeCommand(command, extended ? { extended } : {})
      hold(equalBytes(again, input), 'what was parsed is not what was read')
    },
  },
  {
    name: 'response',
    run(input) {
      hold(equalBytes(encodeResponse(parseResponse(input)), input), 'what was parsed is not what was read')
    },
  },
  {
    // An AFL behind its length byte, then records behind theirs, dealt to the AFL's places one after another.
    name: 'afl-records',
    inputs: 20_000,
    run(input) {
      const [afl = input, ...data] = splitParts(input, 1)
      const { records } = dealRecords(parseAfl(afl), data)
      const found = collectRecords(records)
      const most = records.reduce((sum, record) => sum + recordBody(record).length, 0)
      hold([...found.values()].reduce((sum, value) => sum + value.length, 0) <= most, 'more data than the records hold')
    },
  },
  {
    name: 'transcript',
    inputs: 10_000,
    run(input) {
      const entries = parseTranscript(text(input))
      const written = formatTranscript(entries)
      hold(formatTranscript(parseTranscript(written)) === written, 'what was written is not what is read')
      const { afl, records, missing } = readingFromTranscript(entries)
      hold(records.length + missing.length <= aflRecords(afl).length, 'more records than the AFL lists')
    },
  },
  ...KEY_TARGETS,
]
