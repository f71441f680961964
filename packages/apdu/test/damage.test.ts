import fc from 'fast-check'
import { describe, it } from 'vitest'
import {
  encodeCommand,
  encodeDol,
  encodeResponse,
  formatTranscript,
  parseAfl,
  parseCommand,
  parseDol,
  parseResponse,
  parseTlv,
  parseTranscript,
  type TranscriptEntry,
} from '../src/index.js'
import * as any from './arbitraries.js'
import { damaged, holds, RUNS } from './arbitraries.js'
import { SLOW } from './support.js'

interface Codec<T, V> {
  readonly drawn: fc.Arbitrary<T>
  readonly write: (value: T) => Uint8Array
  readonly parse: (bytes: Uint8Array) => V
  readonly encode: (value: V) => Uint8Array
}

/** Each message is damaged in some forty ways. */
const MESSAGES = { numRuns: Math.ceil(RUNS.numRuns / 10) }
/** A text has ten times the bytes to damage. */
const FEWER = { numRuns: Math.ceil(RUNS.numRuns / 25) }

/** Each message that is drawn, each prefix of it, and each of its bytes changed. */
const survives = <T, V>({ drawn, write, parse, encode }: Codec<T, V>, runs = MESSAGES): void =>
  fc.assert(
    fc.property(drawn, (value) => {
      const message = write(value)
      holds(message, parse, encode)
      for (const broken of damaged(message)) holds(broken, parse, encode)
    }),
    runs,
  )

describe('a prefix, or one byte changed, parses to a canonical form or is a coded error', SLOW, () => {
  const { smallShapes, writeAll, shapeOf, smallCommands, writeAfl } = any
  const shapes = (options: Parameters<typeof parseTlv>[1]) => (bytes: Uint8Array) =>
    parseTlv(bytes, options).map(shapeOf)

  it('data objects', () => survives({ drawn: smallShapes, write: writeAll, parse: shapes({}), encode: writeAll }))
  it('data objects with long lengths', () =>
    survives({ drawn: smallShapes, write: writeAll, parse: shapes({ nonMinimalLengths: true }), encode: writeAll }))
  it('data object lists', () => survives({ drawn: any.dols(5), write: encodeDol, parse: parseDol, encode: encodeDol }))
  it('command APDUs', () =>
    survives({ drawn: smallCommands, write: encodeCommand, parse: parseCommand, encode: encodeCommand }))
  it('response APDUs', () =>
    survives({ drawn: any.responses(12), write: encodeResponse, parse: parseResponse, encode: encodeResponse }))

  it('extended command APDUs', () => {
    const write = (command: Parameters<typeof encodeCommand>[0]) => encodeCommand(command, { extended: true })
    survives({ drawn: smallCommands, write, parse: parseCommand, encode: encodeCommand })
  })

  it('long command APDUs', () =>
    survives(
      { drawn: any.commands, write: encodeCommand, parse: parseCommand, encode: encodeCommand },
      { numRuns: Math.ceil(RUNS.numRuns / 100) },
    ))

  it('application file locators', () => {
    const drawn = fc.array(any.aflEntries, { minLength: 1, maxLength: 4 })
    survives({ drawn, write: writeAfl, parse: parseAfl, encode: writeAfl })
  })

  it('transcripts', () => {
    const write = (entries: TranscriptEntry[]) => new TextEncoder().encode(formatTranscript(entries))
    const parse = (bytes: Uint8Array) => parseTranscript(new TextDecoder().decode(bytes))
    survives({ drawn: any.sessions(2), write, parse, encode: write }, FEWER)
  })
})
