/** What the property tests draw, made by the rules of the standards and not by the code under test. */
import fc from 'fast-check'
import { type Command, encodeTlv, IssuerkitError, type Tlv, type TranscriptEntry } from '../src/index.js'
import { same, text } from './support.js'

/** 1000 runs of each property; PROPERTY_RUNS sets another number, for a night or for mutation testing. */
export const RUNS = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 1000) }

export const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength })

/** One tag of 1 to 3 bytes, primitive or a template, by [ISO7816-4] 5.2.2.1. */
export const tags = (constructed: boolean): fc.Arbitrary<string> => {
  const first = fc.constantFrom(0x00, 0x40, 0x80, 0xc0).map((top) => top | (constructed ? 0x20 : 0))
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

/** A data object before it is written. */
export interface Shape {
  readonly tag: string
  readonly content: Uint8Array | readonly Shape[]
}

const leaves = (maxLength: number): fc.Arbitrary<Shape> => fc.record({ tag: tags(false), content: anyBytes(maxLength) })

const { tree } = fc.letrec<{ tree: Shape }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(leaves(20), leaves(300)),
    fc.record({ tag: tags(true), content: fc.array(tie('tree'), { maxLength: 4 }) }),
  ),
}))

/** Sequences of data objects, up to 6 levels deep. */
export const shapes = fc.array(tree, { maxLength: 5 })

/** Short ones with a template in a template. */
export const smallShapes: fc.Arbitrary<readonly Shape[]> = fc
  .tuple(tags(true), leaves(2), tags(true), fc.array(leaves(3), { maxLength: 2 }))
  .map(([outer, before, inner, content]) => [{ tag: outer, content: [before, { tag: inner, content }] }, before])

const write = ({ tag, content }: Shape): Uint8Array =>
  encodeTlv(tag, content instanceof Uint8Array ? content : content.map(write))
export const writeAll = (list: readonly Shape[]): Uint8Array => new Uint8Array(Buffer.concat(list.map(write)))
export const shapeOf = ({ tag, children, value }: Tlv): Shape => ({ tag, content: children?.map(shapeOf) ?? value })

const byte = (max = 0xff) => fc.integer({ min: 0, max })

const commandsOf = (data: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Command> =>
  fc
    .record(
      {
        cla: byte(0xfe),
        ins: byte().filter((ins) => ins >> 4 !== 6 && ins >> 4 !== 9),
        p1: byte(),
        p2: byte(),
        data,
        le: fc.oneof(fc.integer({ min: 1, max: 256 }), fc.integer({ min: 1, max: 65536 })),
      },
      { requiredKeys: ['cla', 'ins', 'p1', 'p2'] },
    )
    .map((command) => command as Command)

const someBytes = fc.uint8Array({ minLength: 1, maxLength: 12 })
export const smallCommands = commandsOf(someBytes)
export const commands = commandsOf(fc.oneof(someBytes, fc.uint8Array({ minLength: 250, maxLength: 300 })))

const statuses = fc
  .tuple(fc.constantFrom(0x61, 0x62, 0x63, 0x67, 0x6a, 0x6c, 0x6f, 0x90, 0x9f), byte())
  .map((pair) => text(Uint8Array.from(pair)))
export const responses = (maxLength: number) => fc.record({ data: anyBytes(maxLength), status: statuses })

export const dols = (maxLength: number) => fc.array(fc.record({ tag: tags(false), length: byte() }), { maxLength })

export const aflEntries = fc
  .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 255 }), byte(), byte())
  .map(([sfi, first, more, some]) => {
    const last = Math.min(255, first + more)
    return { sfi, first, last, signed: some % (last - first + 2) }
  })
export const writeAfl = (afl: readonly { sfi: number; first: number; last: number; signed: number }[]): Uint8Array =>
  Uint8Array.from(afl.flatMap(({ sfi, first, last, signed }) => [sfi << 3, first, last, signed]))

/** One line without control characters, tab apart. */
const line = fc.string({ unit: 'grapheme', maxLength: 30 }).map((characters) => characters.replace(/\p{Cc}/gu, '\t'))
export const notes = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n'))
export const sessions = (maxLength: number): fc.Arbitrary<TranscriptEntry[]> =>
  fc.array(
    fc
      .record(
        { command: someBytes, response: someBytes, note: fc.oneof(line, notes) },
        { requiredKeys: ['command', 'response'] },
      )
      .map((entry) => entry as TranscriptEntry),
    { maxLength },
  )

/** Every prefix of a message, and every message with one byte of it changed: lowest bit, highest bit, all bits. */
export function* damaged(message: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < message.length; i++) yield message.subarray(0, i)
  for (let i = 0; i < message.length; i++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const flipped = message.slice()
      flipped[i] = (flipped[i] as number) ^ mask
      yield flipped
    }
  }
}

/** Holds a codec to its word: what it takes has a canonical form that parses to the same, the rest is a coded error. */
export function holds<T>(message: Uint8Array, parse: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array): void {
  let value: T
  try {
    value = parse(message)
  } catch (error) {
    if (error instanceof IssuerkitError && error.code.startsWith('ERR_')) return
    throw error
  }
  const canonical = encode(value)
  same(parse(canonical), value)
  same(encode(parse(canonical)), canonical)
}
