/**
 * BER-TLV data objects, read strictly.
 *
 * | field | bytes | |
 * |---|---|---|
 * | tag | 1-3 | bit 6 of the first byte: a template |
 * | length | 1 | 00 to 7F |
 * | | 2-5 | 81 to 84, then that many bytes, most significant first |
 * | value | length | bytes, or data objects when the tag is a template |
 *
 * @see [ISO7816-4] 5.2.2, [ISO8825-1] 8.1, [EMV-B3] B1-B3
 */
import { toHex } from './bytes.js'
import { IssuerkitError } from './errors.js'
import { readTag, type TagFailure } from './tag.js'

/** One data object as it stood in the input. */
export interface Tlv {
  /** Upper-case hexadecimal, such as `9F10`. */
  readonly tag: string
  /** The value field. A view into the input, not a copy. */
  readonly value: Uint8Array
  /** The data objects of a template; absent when the tag is primitive. */
  readonly children?: readonly Tlv[]
  /** Where the tag begins, in bytes from the start of the whole input. */
  readonly offset: number
  /** Tag, length and value as they stood. A view into the input, not a copy. */
  readonly bytes: Uint8Array
}

/** The limits of {@link parseTlv}. */
export interface TlvOptions {
  /** How many levels of data objects may lie in each other. Default 8: seven templates and what is in the last. */
  readonly depth?: number
  /** How many data objects there may be, on all levels together. Default 1024. */
  readonly nodes?: number
  /** Accept a length in more bytes than it needs, such as `8105`. Default false. */
  readonly nonMinimalLengths?: boolean
}

interface Level {
  readonly tag: string
  readonly end: number
  readonly list: Tlv[]
}

/**
 * Parses a sequence of data objects. All of the input must be used; an empty input is an empty sequence.
 *
 * Values are views into the input: they change when it does, and keep it alive. Time and memory are bounded by `nodes`
 * alone, whatever the length of the input: a data object takes less than 1 kB beyond the input, so the default takes
 * less than 1 MB. Levels are kept in a list, not on the call stack.
 * @throws ERR_TAG for a tag that is not well-formed, 00 or FF padding among them
 * @throws ERR_TLV for a length that is indefinite (80), not minimal, reserved (85 to FF) or beyond its template, for
 * objects nested deeper than `depth`, and for more than `nodes` of them. `offset` counts from the start of the input;
 * `path` holds the templates from the outside in and, for a length, the object's own tag.
 */
export function parseTlv(bytes: Uint8Array, options: TlvOptions = {}): Tlv[] {
  const { depth = 8, nodes = 1024, nonMinimalLengths = false } = options
  const top: Level = { tag: '', end: bytes.length, list: [] }
  const levels = [top]
  let position = 0
  let count = 0
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    if (position === level.end) {
      levels.pop()
      continue
    }
    const offset = position
    const path = (...own: string[]): string[] => [...levels.slice(1).map((outer) => outer.tag), ...own]
    const failTag: TagFailure = (got) =>
      new IssuerkitError('ERR_TAG', { label: 'tag', expected: 'a tag of 1 to 3 bytes', got, path: path(), offset })
    // Written so that a limit which is not a number refuses everything.
    if (!(levels.length <= depth)) throw limit('nesting', `at most ${depth} levels`, path(), offset)
    count += 1
    if (!(count <= nodes)) throw limit('data objects', `at most ${nodes}`, path(), offset)

    const tag = readTag(bytes, offset, level.end, failTag)
    const lengthAt = offset + tag.length / 2
    const failLength = (expected: string, got: string): IssuerkitError =>
      new IssuerkitError('ERR_TLV', { label: 'length', expected, got, path: path(tag), offset: lengthAt })
    const { length, valueAt } = readLength(bytes, lengthAt, level.end, nonMinimalLengths, failLength)
    position = valueAt + length
    const value = bytes.subarray(valueAt, position)
    const whole = bytes.subarray(offset, position)
    // [ISO7816-4] 5.2.2.1: bit 6 of the first byte set, the value holds data objects.
    if (((bytes[offset] as number) & 0x20) === 0) {
      level.list.push({ tag, value, offset, bytes: whole })
    } else {
      const children: Tlv[] = []
      level.list.push({ tag, value, children, offset, bytes: whole })
      levels.push({ tag, end: position, list: children })
      position = valueAt
    }
  }
  return top.list
}

function limit(label: string, expected: string, path: readonly string[], offset: number): IssuerkitError {
  return new IssuerkitError('ERR_TLV', { label, expected, got: 'more', path, offset })
}

function readLength(
  bytes: Uint8Array,
  at: number,
  end: number,
  nonMinimal: boolean,
  fail: (expected: string, got: string) => IssuerkitError,
): { length: number; valueAt: number } {
  if (at >= end) throw fail('a length', 'the end')
  const first = bytes[at] as number
  let length = first
  let valueAt = at + 1
  if (first >= 0x80) {
    // [EMV-B3] B2: the indefinite form does not occur. [ISO7816-4] 5.2.2.2: four length bytes are the most.
    if (first === 0x80 || first > 0x84) throw fail('00 to 7F or 81 to 84', toHex(bytes.subarray(at, valueAt)))
    valueAt += first & 0x7f
    if (valueAt > end) throw fail(`${first & 0x7f} length bytes`, 'the end')
    length = 0
    for (let i = at + 1; i < valueAt; i++) length = length * 256 + (bytes[i] as number)
    // Two encodings of one length would make two messages of one meaning, with different MACs.
    if (!nonMinimal && valueAt - at !== lengthSize(length)) throw fail('the shortest form', `${valueAt - at} bytes`)
  }
  if (length > end - valueAt) throw fail(`at most ${end - valueAt} bytes of value`, `${length} bytes`)
  return { length, valueAt }
}

/** How many bytes the shortest length field for a value of `length` bytes has. */
export function lengthSize(length: number): number {
  if (length < 0x80) return 1
  if (length < 0x100) return 2
  if (length < 0x10000) return 3
  return length < 0x1000000 ? 4 : 5
}

/**
 * Parses exactly one data object, optionally of a given tag.
 * @throws ERR_TLV when there is none, or bytes follow it; ERR_TAG when it has another tag; otherwise as {@link parseTlv}
 */
export function parseOneTlv(bytes: Uint8Array, tag?: string, options: TlvOptions = {}): Tlv {
  const [only, next] = parseTlv(bytes, options)
  if (only === undefined) throw new IssuerkitError('ERR_TLV', { expected: 'one data object', got: 'none', offset: 0 })
  if (next !== undefined) {
    throw new IssuerkitError('ERR_TLV', { expected: 'one data object', got: 'trailing bytes', offset: next.offset })
  }
  if (tag !== undefined && only.tag !== tag) {
    throw new IssuerkitError('ERR_TAG', { label: 'tag', expected: tag, got: only.tag, offset: 0 })
  }
  return only
}
