/** Which half bytes of a sequence of data objects are the holder's, and hidden in a trace. */
import { toHex } from '@issuerkit/apdu'

/** Which digits of a value, in hexadecimal, are hidden. */
type Rule = (digits: string) => boolean[]

const everything: Rule = (digits) => Array<boolean>(digits.length).fill(true)

/** The first six and last four of 13 digits and more, the last four of fewer. */
function shownOfPan(length: number): (i: number) => boolean {
  return (i) => (length >= 13 && i < 6) || (i >= length - 4 && i < length)
}

/** All but the shown digits of the PAN that the pattern's first group finds; all when there is none. */
function panOnly(pattern: RegExp): Rule {
  return (digits) => {
    const pan = pattern.exec(digits)?.[1]
    if (pan === undefined) return everything(digits)
    const shown = shownOfPan(pan.length)
    return Array.from(digits, (_, i) => !shown(i))
  }
}

const RULES: Readonly<Record<string, Rule>> = {
  '5A': panOnly(/^(\d{8,19})F*$/),
  '57': panOnly(/^(\d{8,19})D/),
  '9F6B': panOnly(/^(\d{8,19})D/),
  '56': everything,
  '99': everything,
  '5F20': everything,
  '5F53': everything,
  '9F0B': everything,
  '9F1F': everything,
  '9F20': everything,
  '9F61': everything,
  '9F62': everything,
}

/** Where a data object's value begins and how long it says it is; `undefined` when it is cut short or malformed. */
interface Head {
  readonly tag: string
  readonly valueAt: number
  readonly length: number
}

/**
 * For each half byte whether it is hidden. Templates are stepped into whatever their length says, so that a damaged one
 * hides what it holds all the same; behind a data object that cannot be read, or says it is longer than what is there,
 * everything is hidden.
 * @param more the end of the data has not come yet: the last data object may be cut short
 */
export function hiddenDigits(data: Uint8Array, more: boolean): boolean[] {
  const digits = toHex(data)
  const hidden = Array<boolean>(digits.length).fill(false)
  for (let at = 0; at < data.length; ) {
    // [ISO7816-4] 5.2.2.1: bytes 00 may stand between data objects.
    if (data[at] === 0) {
      at += 1
      continue
    }
    const head = readHead(data, at)
    if (head === undefined) return hidden.fill(true, 2 * at)
    const { tag, valueAt, length } = head
    if (((data[at] as number) & 0x20) !== 0) {
      at = valueAt
      continue
    }
    const end = valueAt + length
    const rule = RULES[tag]
    if (end > data.length) {
      // What is cut in two shows none of its digits before its last piece.
      return rule === undefined && more ? hidden : hidden.fill(true, 2 * valueAt)
    }
    rule?.(digits.slice(2 * valueAt, 2 * end)).forEach((hide, i) => {
      hidden[2 * valueAt + i] = hide
    })
    at = end
  }
  return hidden
}

/** [ISO7816-4] 5.2.2.1, 5.2.2.2 */
function readHead(data: Uint8Array, at: number): Head | undefined {
  let next = at + 1
  if (((data[at] as number) & 0x1f) === 0x1f) {
    while (((data[next] ?? 0) & 0x80) !== 0) next += 1
    next += 1
  }
  const first = data[next]
  if (first === undefined) return undefined
  const tag = toHex(data.subarray(at, next))
  if (first < 0x80) return { tag, valueAt: next + 1, length: first }
  const valueAt = next + 1 + (first & 0x7f)
  // 80 is the indefinite form; nothing here is longer than three bytes can say.
  if (first === 0x80 || first > 0x83 || valueAt > data.length) return undefined
  const length = data.subarray(next + 1, valueAt).reduce((number, byte) => number * 256 + byte, 0)
  return { tag, valueAt, length }
}
