/**
 * Lines of one shape. Bulk requests are written by programs: line after line has the same fields in the same order, with other
 * digits in them. A template is made from one line that was parsed, judged and answered in the long way; it then takes every
 * line that is the same byte for byte but for the values of some fields, and of those it checks every character. A line that
 * differs in anything else, be it a space, is not taken, and goes the long way.
 */
import { LONGEST_ID } from './lines-json.js'
import { afterLiteral, type Literal, literal } from './literal.js'

/** A text whose value may differ from line to line. All slots have all fields: the loop over them is then the fastest. */
export interface Slot {
  /** An `id`, decimal digits, bytes in hexadecimal. */
  readonly kind: 'id' | 'digits' | 'hex'
  /** Where the record takes the value; of an `id` it takes nothing. */
  readonly at: number
  /** Characters that there may be. */
  readonly least: number
  readonly most: number
  /** Where the record takes the number of characters; -1 where it is always the same. */
  readonly count: number
}

/** A slot for an `id`. */
export const idSlot: Slot = { kind: 'id', at: 0, least: 0, most: LONGEST_ID, count: -1 }

/** A slot for decimal digits. */
export function digitsSlot(at: number, least: number, most: number, count = -1): Slot {
  return { kind: 'digits', at, least, most, count }
}

/** A slot for so many bytes. */
export function hexSlot(at: number, bytes: number): Slot {
  return { kind: 'hex', at, least: 2 * bytes, most: 2 * bytes, count: -1 }
}

/** What a line is matched against: fixed bytes, and a slot between any two of them. */
export interface LineTemplate {
  readonly fixed: readonly Literal[]
  readonly slots: readonly Slot[]
}

/** Where the `id` of the line that was matched last begins and ends. */
export interface IdPlace {
  begin: number
  end: number
}

/** Bytes, and a view of the same. */
export interface Text {
  readonly bytes: Uint8Array
  readonly view: DataView
}

/** What a slot is chosen by: the path of a text in the line, such as `pan` or `commands.0.value`. */
export type SlotOf = (path: string) => Slot | undefined

const PRINTABLE = /^[\x20-\x7e]*$/
const TOKEN = /"[^"]*"|[^\s"{}[\],:]+|[{}[\],:]/g

/**
 * The template of a line; `undefined` for one with an escape or anything beyond ASCII.
 * @param line valid JSON
 */
export function lineTemplate(line: string, slotOf: SlotOf): LineTemplate | undefined {
  if (!PRINTABLE.test(line.replace(/[\t\r]/g, ' ')) || line.includes('\\')) return undefined
  const fixed: Literal[] = []
  const slots: Slot[] = []
  /** The key or the number at which each open object or list stands. */
  const path: (string | number)[] = []
  let from = 0
  for (const { 0: token, index } of line.matchAll(TOKEN)) {
    if (token === '{') path.push('')
    else if (token === '[') path.push(0)
    else if (token === '}' || token === ']') path.pop()
    else if (token === ',' && typeof path.at(-1) === 'number') path.push((path.pop() as number) + 1)
    else if (token === ',') path.splice(-1, 1, '')
    else if (path.at(-1) === '') path.splice(-1, 1, token.slice(1, -1))
    else if (token !== ':') {
      const slot = token.startsWith('"') ? slotOf(path.join('.')) : undefined
      if (slot === undefined) continue
      fixed.push(literal(line.slice(from, index + 1)))
      slots.push(slot)
      from = index + token.length - 1
    }
  }
  fixed.push(literal(line.slice(from)))
  return { fixed, slots }
}

/** The value of a hexadecimal digit by its character, 255 for what is none. */
const NIBBLE = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase())
  return value < 0 ? 255 : value
})

/**
 * Whether a line is of the template. If so, its values are in `record`, from `base` on, and `id` says where its id is.
 * A record of a line that is not may have been written in part.
 */
export function matchLine(
  { fixed, slots }: LineTemplate,
  { bytes, view }: Text,
  begin: number,
  end: number,
  record: Uint8Array,
  base: number,
  id: IdPlace,
): boolean {
  let at = begin
  for (let n = 0; n < slots.length; n++) {
    at = afterLiteral(fixed[n] as Literal, view, at, end)
    if (at < 0) return false
    const { kind, at: place, least, most, count } = slots[n] as Slot
    const stop = Math.min(end, at + most)
    let after = at
    if (kind === 'hex') after = afterHex(bytes, at, stop, record, base + place)
    else if (kind === 'digits') after = afterDigits(bytes, at, stop, record, base + place)
    else {
      after = afterId(bytes, at, stop)
      id.begin = at
      id.end = after
    }
    if (after - at < least) return false
    if (count >= 0) record[base + count] = after - at
    at = after
  }
  return afterLiteral(fixed[slots.length] as Literal, view, at, end) === end
}

function afterHex(bytes: Uint8Array, from: number, stop: number, to: Uint8Array, place: number): number {
  let out = place
  for (let at = from; at < stop; at += 2) {
    const high = NIBBLE[bytes[at] as number] as number
    const low = NIBBLE[bytes[at + 1] as number] as number
    if ((high | low) === 255) return at
    to[out++] = (high << 4) | low
  }
  return stop
}

function afterDigits(bytes: Uint8Array, from: number, stop: number, to: Uint8Array, place: number): number {
  let at = from
  for (; at < stop; at++) {
    const byte = bytes[at] as number
    if (byte < 0x30 || byte > 0x39) break
    to[place + at - from] = byte
  }
  return at
}

/** Up to a quotation mark, or to a character that JSON may write otherwise: no literal begins with one. */
function afterId(bytes: Uint8Array, from: number, stop: number): number {
  let at = from
  for (; at < stop; at++) {
    const byte = bytes[at] as number
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) break
  }
  return at
}
