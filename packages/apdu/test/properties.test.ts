import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  aflRecords,
  type Command,
  encodeCommand,
  encodeDol,
  encodeResponse,
  encodeTlv,
  fillDol,
  formatTranscript,
  fromHex,
  IssuerkitError,
  parseAfl,
  parseCommand,
  parseDol,
  parseProcessingOptions,
  parseResponse,
  parseTlv,
  parseTranscript,
  readingFromTranscript,
  recordBody,
  type Tlv,
  type TranscriptEntry,
  toHex,
  xor,
} from '../src/index.js'
import { hex, text } from './support.js'

const RUNS = { numRuns: 1000 }
const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength })

/** One tag of 1 to 3 bytes, primitive or a template, by the rules of [ISO7816-4] 5.2.2.1 and not by the code. */
const tags = (constructed: boolean): fc.Arbitrary<string> => {
  const bit = constructed ? 0x20 : 0
  const first = fc.integer({ min: 0, max: 7 }).map((top) => ((top & 6) << 5) | bit)
  const low = fc.integer({ min: 1, max: 0x1e })
  const digit = fc.integer({ min: 0x01, max: 0x7f })
  const more = fc.integer({ min: 0x81, max: 0xfe })
  return fc
    .oneof(
      fc.tuple(first, low).map(([a, b]) => [a | b]),
      fc.tuple(first, digit).map(([a, b]) => [a | 0x1f, b]),
      fc.tuple(first, more, digit).map(([a, b, c]) => [a | 0x1f, b, c]),
    )
    .map((bytes) => text(Uint8Array.from(bytes)))
}

interface Shape {
  tag: string
  content: Uint8Array | Shape[]
}
const leaf: fc.Arbitrary<Shape> = fc.record({ tag: tags(false), content: fc.oneof(anyBytes(20), anyBytes(300)) })
const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.record({ tag: tags(true), content: fc.array(tie('shape'), { maxLength: 4 }) }),
  ),
}))
const shapes = fc.array(shape, { maxLength: 5 })

const write = ({ tag, content }: Shape): Uint8Array =>
  encodeTlv(tag, content instanceof Uint8Array ? content : content.map(write))
const shapeOf = (tlv: Tlv): Shape => ({ tag: tlv.tag, content: tlv.children?.map(shapeOf) ?? tlv.value })
const join = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
const rewrite = (bytes: Uint8Array): Uint8Array => join(parseTlv(bytes).map((tlv) => write(shapeOf(tlv))))

/** Every prefix of a message, and every flip of one byte: three masks each. */
function* damaged(message: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < message.length; i++) yield message.subarray(0, i)
  for (let i = 0; i < message.length; i++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const flipped = message.slice()
      flipped[i] = (flipped[i] as number) ^ mask
      yield flipped
    }
  }
}

/** Holds a parser to its word: what it takes has a canonical form that parses to the same, the rest is a coded error. */
function holds<T>(message: Uint8Array, parse: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array): void {
  let value: T
  try {
    value = parse(message)
  } catch (error) {
    if (!(error instanceof IssuerkitError)) throw error
    expect(error.code).toMatch(/^ERR_/)
    return
  }
  const canonical = encode(value)
  expect(parse(canonical)).toEqual(value)
  expect(encode(parse(canonical))).toEqual(canonical)
}

const commands: fc.Arbitrary<Command> = fc
  .record(
    {
      cla: fc.integer({ min: 0, max: 0xfe }),
      ins: fc.integer({ min: 0, max: 0xff }).filter((ins) => ins >> 4 !== 6 && ins >> 4 !== 9),
      p1: fc.integer({ min: 0, max: 0xff }),
      p2: fc.integer({ min: 0, max: 0xff }),
      data: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.uint8Array({ minLength: 250, maxLength: 300 })),
      le: fc.oneof(fc.integer({ min: 1, max: 256 }), fc.integer({ min: 1, max: 65536 })),
    },
    { requiredKeys: ['cla', 'ins', 'p1', 'p2'] },
  )
  .map((command) => command as Command)
const statuses = fc
  .tuple(fc.constantFrom(0x61, 0x62, 0x63, 0x67, 0x6a, 0x6c, 0x6f, 0x90, 0x9f), fc.integer({ min: 0, max: 0xff }))
  .map((pair) => text(Uint8Array.from(pair)))
const responses = fc.record({ data: anyBytes(300), status: statuses })
const dols = fc.array(fc.record({ tag: tags(false), length: fc.integer({ min: 0, max: 255 }) }), { maxLength: 60 })
const note = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((line) => !/[\u0000-\u0008\u000B-\u001F\u007F]/.test(line))
const sessions: fc.Arbitrary<TranscriptEntry[]> = fc.array(
  fc
    .record(
      {
        command: fc.uint8Array({ minLength: 1, maxLength: 40 }),
        response: fc.uint8Array({ minLength: 1, maxLength: 40 }),
        note: fc.oneof(
          note,
          fc.array(note, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n')),
        ),
      },
      { requiredKeys: ['command', 'response'] },
    )
    .map((entry) => entry as TranscriptEntry),
  { maxLength: 6 },
)
const aflEntries = fc
  .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 255 }), fc.nat(254), fc.nat(255))
  .map(([sfi, first, more, some]) => {
    const last = Math.min(255, first + more)
    return { sfi, first, last, signed: some % (last - first + 2) }
  })
const afls = fc.array(aflEntries, { minLength: 1, maxLength: 63 })
const writeAfl = (afl: ReturnType<typeof parseAfl>): Uint8Array =>
  Uint8Array.from(afl.flatMap(({ sfi, first, last, signed }) => [sfi << 3, first, last, signed]))

const same = <T>(arbitrary: fc.Arbitrary<T>, there: (value: T) => Uint8Array, back: (bytes: Uint8Array) => T): void =>
  fc.assert(
    fc.property(arbitrary, (value) => expect(back(there(value))).toEqual(value)),
    RUNS,
  )
const survives = <T>(
  arbitrary: fc.Arbitrary<T>,
  there: (value: T) => Uint8Array,
  back: (bytes: Uint8Array) => T,
): void =>
  fc.assert(
    fc.property(arbitrary, (value) => {
      for (const message of damaged(there(value))) holds(message, back, there)
    }),
    { numRuns: 100 },
  )

describe('parse after encode is the identity', () => {
  it('hexadecimal', () =>
    fc.assert(
      fc.property(anyBytes(200), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes)
        expect(fromHex(toHex(bytes).toLowerCase())).toEqual(bytes)
      }),
      RUNS,
    ))

  it('data objects', () =>
    same(
      shapes,
      (list) => join(list.map(write)),
      (bytes) => parseTlv(bytes, { nodes: 5000 }).map(shapeOf),
    ))
  it('data object lists', () => same(dols, encodeDol, parseDol))
  it('command APDUs', () => same(commands, encodeCommand, parseCommand))
  it('response APDUs', () => same(responses, encodeResponse, parseResponse))
  it('application file locators', () => same(afls, writeAfl, parseAfl))

  it('extended command APDUs', () =>
    same(commands, (command) => encodeCommand(command, { extended: true }), parseCommand))

  it('transcripts', () =>
    fc.assert(
      fc.property(sessions, note, (session, title) => {
        expect(parseTranscript(formatTranscript(session, { title }))).toEqual(session)
        expect(parseTranscript(formatTranscript(session))).toEqual(session)
      }),
      RUNS,
    ))
})

describe('encode after parse is the identity', () => {
  it('data objects: offsets and bytes are those of the input', () =>
    fc.assert(
      fc.property(shapes, (list) => {
        const input = join(list.map(write))
        const check = (tlv: Tlv): void => {
          expect(input.subarray(tlv.offset, tlv.offset + tlv.bytes.length)).toEqual(tlv.bytes)
          expect(encodeTlv(tlv.tag, tlv.value)).toEqual(tlv.bytes)
          tlv.children?.forEach(check)
        }
        parseTlv(input, { nodes: 5000 }).forEach(check)
      }),
      RUNS,
    ))

  it('command APDUs in their shortest form', () =>
    fc.assert(
      fc.property(commands, (command) => {
        const bytes = encodeCommand(command)
        expect(encodeCommand(parseCommand(bytes))).toEqual(bytes)
      }),
      RUNS,
    ))
})

describe('a prefix, or one byte changed, parses to a canonical form or is a coded error', () => {
  const small = fc.array(
    leaf.map(({ tag, content }) => ({ tag, content: (content as Uint8Array).slice(0, 12) })),
    { maxLength: 3 },
  )
  const nested = fc
    .tuple(tags(true), small, tags(true), small)
    .map(([outer, before, inner, within]): Shape[] => [
      { tag: outer, content: [...before, { tag: inner, content: within }] },
      ...before,
    ])

  it('data objects', () =>
    fc.assert(
      fc.property(nested, (list) => {
        for (const message of damaged(join(list.map(write)))) holds(message, rewrite, (bytes) => bytes)
      }),
      { numRuns: 100 },
    ))
  it('data object lists', () =>
    survives(
      fc.array(dols, { maxLength: 1 }).map((lists) => (lists[0] ?? []).slice(0, 8)),
      encodeDol,
      parseDol,
    ))
  it('command APDUs', () => survives(commands, encodeCommand, parseCommand))
  it('extended command APDUs', () =>
    fc.assert(
      fc.property(commands, (command) => {
        for (const message of damaged(encodeCommand(command, { extended: true })))
          holds(message, parseCommand, encodeCommand)
      }),
      { numRuns: 100 },
    ))
  it('response APDUs', () => survives(responses, encodeResponse, parseResponse))
  it('application file locators', () =>
    survives(fc.array(aflEntries, { minLength: 1, maxLength: 5 }), writeAfl, parseAfl))

  it('transcripts', () =>
    fc.assert(
      fc.property(sessions, (session) => {
        const bytes = new TextEncoder().encode(formatTranscript(session))
        const read = (message: Uint8Array) => parseTranscript(new TextDecoder().decode(message))
        for (const message of damaged(bytes.subarray(0, 200))) {
          holds(message, read, (entries) => new TextEncoder().encode(formatTranscript(entries)))
        }
      }),
      { numRuns: 100 },
    ))
})

describe('any bytes', () => {
  const parsers: [string, (bytes: Uint8Array) => unknown][] = [
    ['parseTlv', (bytes) => parseTlv(bytes)],
    ['parseTlv with long lengths', (bytes) => parseTlv(bytes, { nonMinimalLengths: true })],
    ['parseDol', parseDol],
    ['parseCommand', parseCommand],
    ['parseResponse', parseResponse],
    ['parseAfl', parseAfl],
    ['parseProcessingOptions', parseProcessingOptions],
    ['recordBody', (data) => recordBody({ sfi: 1, record: 1, data })],
    ['readingFromTranscript', (response) => readingFromTranscript([{ command: hex('80A80000028300 00'), response }])],
    ['parseTranscript', (bytes) => parseTranscript(Buffer.from(bytes).toString('latin1'))],
  ]
  it.each(parsers)('%s gives a value or a coded error', (_, parse) => {
    fc.assert(
      fc.property(anyBytes(64), (bytes) => {
        try {
          parse(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(IssuerkitError)
        }
      }),
      RUNS,
    )
  })

  it.each(parsers)('%s is done with 10 MB at once', (_, parse) => {
    for (const byte of [0x00, 0x0a, 0x23, 0x30, 0x3e, 0x70, 0xff]) {
      const input = new Uint8Array(10_000_000).fill(byte)
      const start = performance.now()
      expect(() => parse(input)).toThrow(IssuerkitError)
      expect(performance.now() - start).toBeLessThan(1000)
    }
  })
})

describe('laws', () => {
  it('xor undoes itself', () =>
    fc.assert(
      fc.property(fc.tuple(anyBytes(40), anyBytes(40)), ([a, b]) => {
        const n = Math.min(a.length, b.length)
        const [left, right] = [a.subarray(0, n), b.subarray(0, n)]
        expect(xor(xor(left, right), right)).toEqual(left)
      }),
      RUNS,
    ))

  it('fillDol gives the bytes that the list asks for', () =>
    fc.assert(
      fc.property(dols, anyBytes(40), (dol, value) => {
        const filled = fillDol(dol, new Map(dol.map(({ tag }) => [tag, value])))
        expect(filled.length).toBe(dol.reduce((sum, { length }) => sum + length, 0))
      }),
      RUNS,
    ))

  it('aflRecords signs the first of each entry', () =>
    fc.assert(
      fc.property(aflEntries, (entry) => {
        const records = aflRecords([entry])
        expect(records).toHaveLength(entry.last - entry.first + 1)
        expect(records.filter(({ signed }) => signed)).toHaveLength(entry.signed)
        expect(records.slice(0, entry.signed).every(({ signed }) => signed)).toBe(true)
      }),
      RUNS,
    ))
})
