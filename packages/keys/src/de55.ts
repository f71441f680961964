/**
 * DE55, the field of an authorization message that carries the data of the chip: a sequence of TLV data objects, with or
 * without a length in front, depending on how much of the message's framing a host has taken off.
 * @see [UPI-F55], [EMV-B3] B1
 */
import { equalBytes, IssuerkitError, parseTlv, TAGS, type Tlv, toHex } from '@issuerkit/apdu'
import type { TagValues, Tolerance } from './de55-tolerances.js'

/** The field, taken apart. All bytes are views into the input. */
export interface Field55 {
  /** The primitive data objects of the outermost level by tag. */
  readonly tags: TagValues
  /** All data objects of the outermost level in the order in which they stood, templates 71 and 72 among them. */
  readonly list: readonly Tlv[]
  readonly tolerances: readonly Tolerance[]
}

/** One way in which a field may begin with its own length: how many bytes that takes, and how they say it. */
interface Prefix {
  readonly detail: string
  readonly bytes: number
  readonly read: (prefix: Uint8Array) => number
}

const digits = (text: string): number => (/^[0-9]+$/.test(text) ? Number(text) : Number.NaN)

/** The ways, the more telling ones first. [UPI-F55]: LLLVAR, three digits as characters or in two bytes. */
const PREFIXES: readonly Prefix[] = [
  { detail: 'LLLVAR, characters', bytes: 3, read: (prefix) => digits(String.fromCharCode(...prefix)) },
  { detail: 'LLLVAR, BCD', bytes: 2, read: (prefix) => digits(toHex(prefix)) },
  { detail: 'one byte', bytes: 1, read: (prefix) => prefix[0] ?? Number.NaN },
  { detail: 'two bytes', bytes: 2, read: (prefix) => Number.parseInt(toHex(prefix), 16) },
]

/**
 * Takes DE55 apart. The order of the tags is free, unknown tags are kept, and what had to be tolerated is named.
 *
 * A template (71, 72) may stand more than once; it is in `list` only.
 * @param field the data objects, or a length of 1 to 3 bytes that counts exactly what follows, and then the data objects
 * @throws ERR_TLV, ERR_TAG when the field is no sequence of data objects, with the offset into what follows the length;
 *   ERR_TAG also when a primitive tag is repeated with another value
 */
export function parseField55(field: Uint8Array): Field55 {
  const { list, tolerances: read } = readList(field)
  const tolerances = [...read]
  const tags = new Map<string, Uint8Array>()
  for (const { tag, value, children, offset } of list) {
    if (TAGS[tag] === undefined) tolerances.push({ name: 'unknown-tag', tag })
    if (children !== undefined) continue
    const earlier = tags.get(tag)
    if (earlier === undefined) {
      tags.set(tag, value)
    } else if (equalBytes(earlier, value)) {
      tolerances.push({ name: 'repeated-tag', tag })
    } else {
      // Two values of one tag: whichever were taken, a party that takes the other sees another message.
      throw new IssuerkitError('ERR_TAG', { label: `tag ${tag}`, expected: 'one value', got: 'two', offset })
    }
  }
  return { tags, list, tolerances }
}

interface Reading {
  readonly list: readonly Tlv[]
  readonly tolerances: readonly Tolerance[]
}

/**
 * The reading of the field that knows the most tags. A length byte 9F before a tag 9F26 makes a well-formed tag 9F9F26, so
 * that the field holds with and without its length; only the names of the tags tell which was meant.
 */
function readList(field: Uint8Array): Reading {
  const readings = [attempt(field), ...PREFIXES.map((prefix) => attemptWithout(prefix, field))]
  const possible = readings.filter((reading) => reading !== undefined)
  const unknown = ({ list }: Reading): number => list.filter(({ tag }) => TAGS[tag] === undefined).length
  const [best] = possible.toSorted((a, b) => unknown(a) - unknown(b))
  // When none holds, what is wrong with the field as it stands says the most.
  return best ?? { list: parseTlv(field), tolerances: [] }
}

function attemptWithout({ detail, bytes, read }: Prefix, field: Uint8Array): Reading | undefined {
  if (read(field.subarray(0, bytes)) !== field.length - bytes) return undefined
  const rest = attempt(field.subarray(bytes))
  return rest && { list: rest.list, tolerances: [{ name: 'length-prefix', detail }, ...rest.tolerances] }
}

/** The data objects, strictly and then with lengths that are not minimal; `undefined` when neither holds. */
function attempt(bytes: Uint8Array): Reading | undefined {
  for (const nonMinimalLengths of [false, true]) {
    try {
      const list = parseTlv(bytes, { nonMinimalLengths })
      return { list, tolerances: nonMinimalLengths ? [{ name: 'non-minimal-length' }] : [] }
    } catch {
      // Whether it is a sequence of data objects is the question; what is wrong with it is said in the end.
    }
  }
  return undefined
}

/** The tags of UnionPay's messages in their order. [UPI-F55] usages 1, 2 and 3 */
const UNIONPAY_ORDERS = {
  request:
    '9F26 9F27 9F10 9F37 9F36 95 9A 9C 9F02 5F2A 82 9F1A 9F03 9F33 9F34 9F35 9F1E 84 9F09 9F41 9F63 9F74 8A'.split(' '),
  reversal: '95 9F1E 9F10 9F36 DF31'.split(' '),
  scriptResult: '9F33 95 9F37 9F1E 9F10 9F26 9F36 82 DF31 9F1A 9A'.split(' '),
} as const

/**
 * Whether the tags stand as UnionPay orders them: those of a request, or with script results (DF31) those of a
 * notification, or without a cryptogram those of a reversal. A tag that the order does not name may stand anywhere.
 */
export function isUnionPayOrder(list: readonly Tlv[]): boolean {
  const tags = list.map(({ tag }) => tag)
  const usage = !tags.includes('DF31') ? 'request' : tags.includes('9F26') ? 'scriptResult' : 'reversal'
  const places = tags.map((tag) => UNIONPAY_ORDERS[usage].indexOf(tag)).filter((place) => place >= 0)
  return places.every((place, i) => i === 0 || place > (places[i - 1] as number))
}
