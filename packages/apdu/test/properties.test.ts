import fc from 'fast-check'
import { describe, it } from 'vitest'
import {
  aflRecords,
  encodeCommand,
  encodeDol,
  encodeResponse,
  encodeTlv,
  fillDol,
  formatTranscript,
  fromHex,
  parseAfl,
  parseCommand,
  parseDol,
  parseResponse,
  parseTlv,
  parseTranscript,
  type Tlv,
  toHex,
  xor,
} from '../src/index.js'
import * as any from './arbitraries.js'
import { RUNS } from './arbitraries.js'
import { SLOW, same } from './support.js'

/** What is drawn, written and parsed again, is what was drawn. */
const roundTrip = <T>(drawn: fc.Arbitrary<T>, write: (value: T) => Uint8Array, parse: (bytes: Uint8Array) => T): void =>
  fc.assert(
    fc.property(drawn, (value) => same(parse(write(value)), value)),
    RUNS,
  )

describe('parse after encode is the identity', SLOW, () => {
  it('hexadecimal', () => {
    const lower = (bytes: Uint8Array) => fromHex(toHex(bytes).toLowerCase())
    fc.assert(
      fc.property(any.anyBytes(200), (bytes) => {
        same(fromHex(toHex(bytes)), bytes)
        same(lower(bytes), bytes)
      }),
      RUNS,
    )
  })

  it('data objects', () =>
    roundTrip(any.shapes, any.writeAll, (bytes) => parseTlv(bytes, { nodes: 5000 }).map(any.shapeOf)))
  it('data object lists', () => roundTrip(any.dols(60), encodeDol, parseDol))
  it('command APDUs', () => roundTrip(any.commands, encodeCommand, parseCommand))
  it('command APDUs, all extended', () =>
    roundTrip(any.commands, (command) => encodeCommand(command, { extended: true }), parseCommand))
  it('response APDUs', () => roundTrip(any.responses(300), encodeResponse, parseResponse))
  it('application file locators', () =>
    roundTrip(fc.array(any.aflEntries, { minLength: 1, maxLength: 63 }), any.writeAfl, parseAfl))

  it('transcripts, with and without a title', () =>
    fc.assert(
      fc.property(any.sessions(6), any.notes, (session, title) => {
        same(parseTranscript(formatTranscript(session, { title })), session)
        same(parseTranscript(formatTranscript(session)), session)
      }),
      RUNS,
    ))
})

describe('encode after parse is the identity', SLOW, () => {
  it('data objects: each stands in the input where its offset says, and is written back the same', () =>
    fc.assert(
      fc.property(any.shapes, (list) => {
        const input = any.writeAll(list)
        const check = (tlv: Tlv): void => {
          same(input.subarray(tlv.offset, tlv.offset + tlv.bytes.length), tlv.bytes)
          same(encodeTlv(tlv.tag, tlv.value), tlv.bytes)
          tlv.children?.forEach(check)
        }
        parseTlv(input, { nodes: 5000 }).forEach(check)
      }),
      RUNS,
    ))

  it('command APDUs in their shortest form', () =>
    fc.assert(
      fc.property(any.commands, (command) => {
        const bytes = encodeCommand(command)
        same(encodeCommand(parseCommand(bytes)), bytes)
      }),
      RUNS,
    ))
})

describe('laws', SLOW, () => {
  it('xor undoes itself', () =>
    fc.assert(
      fc.property(any.anyBytes(40), fc.infiniteStream(fc.integer({ min: 0, max: 255 })), (a, stream) => {
        const b = Uint8Array.from(a, () => stream.next().value as number)
        same(xor(xor(a, b), b), a)
      }),
      RUNS,
    ))

  it('fillDol gives as many bytes as the list asks for', () =>
    fc.assert(
      fc.property(any.dols(20), any.anyBytes(40), (dol, value) => {
        const filled = fillDol(dol, new Map(dol.map(({ tag }) => [tag, value])))
        same(
          filled.length,
          dol.reduce((sum, { length }) => sum + length, 0),
        )
      }),
      RUNS,
    ))

  it('aflRecords lists every record once, the first of each entry signed', () =>
    fc.assert(
      fc.property(any.aflEntries, (entry) => {
        const records = aflRecords([entry])
        same(records.length, entry.last - entry.first + 1)
        same(
          records.map(({ signed }) => signed),
          records.map((_, i) => i < entry.signed),
        )
      }),
      RUNS,
    ))
})
