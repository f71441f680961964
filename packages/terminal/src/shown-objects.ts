/** Data objects of a card as people and programs may see them: named, the holder's data masked. */
import { encodeTlv, isConstructed, parseDol, parseTlv, TAGS, type Tlv, tagName, toHex } from '@issuerkit/apdu'
import { attempt } from './attempt.js'
import { hiddenDigits } from './masking-objects.js'

/** A data object for output. */
export interface ShownObject {
  readonly tag: string
  readonly name: string
  /** Hexadecimal, `*` for a hidden half byte; cut short where `length` is given. Absent for a template. */
  readonly value?: string
  /** Bytes of a value that is not shown in full, or that a data object list asks for. */
  readonly length?: number
  /** The characters of a value that is text, what steers a terminal replaced by `?`. */
  readonly text?: string
  /** What a template holds, or a data object list asks for. */
  readonly objects?: readonly ShownObject[]
}

/** How much is shown. */
export interface ShowOptions {
  /** Show PAN, track data and the holder's personal data. Default false. */
  readonly unmasked?: boolean
}

/** Shows a data object, of a record, an FCI or GET DATA. */
export type ShowObject = (tag: string, value: Uint8Array) => ShownObject

const DATA_OBJECT_LISTS: ReadonlySet<string> = new Set(['9F38', '8C', '8D', '97', '9F49', '9F4F'])
/** [EMV-B2] 6.1, 7.1: who has the CA key recovers the PAN from these. */
const CERTIFICATES_WITH_PAN: ReadonlySet<string> = new Set(['9F46', '9F2D'])
const SHOWN_OF_CERTIFICATE = 16
const TEXT_FORMATS: ReadonlySet<string> = new Set(['a', 'an', 'ans'])

/**
 * A function that shows the data objects of an application. The digits of its PAN are hidden wherever they stand, packed
 * or as characters, also in data objects that nobody expects them in.
 * @param data the application's data objects: its PANs stand in 5A, 57 and 9F6B
 */
export function createShow(data: ReadonlyMap<string, Uint8Array>, { unmasked = false }: ShowOptions): ShowObject {
  const pans = unmasked ? [] : pansOf(data)
  return (tag, value) => {
    const base = { tag, name: tagName(tag) }
    const list = DATA_OBJECT_LISTS.has(tag) ? attempt(() => parseDol(value)) : undefined
    if (list !== undefined) {
      const objects = list.map((entry) => ({ tag: entry.tag, name: tagName(entry.tag), length: entry.length }))
      return { ...base, value: toHex(value), objects }
    }
    const digits = unmasked ? toHex(value) : masked(tag, value, pans)
    if (CERTIFICATES_WITH_PAN.has(tag) && !unmasked && value.length > SHOWN_OF_CERTIFICATE) {
      return { ...base, value: digits.slice(0, 2 * SHOWN_OF_CERTIFICATE), length: value.length }
    }
    const isText = TEXT_FORMATS.has(TAGS[tag]?.format ?? '') && !digits.includes('*')
    return { ...base, value: digits, ...(isText ? { text: printable(String.fromCharCode(...value)) } : {}) }
  }
}

/** Shows a sequence of data objects with the templates in it. */
export function showTlv(list: readonly Tlv[], show: ShowObject): ShownObject[] {
  return list.map(({ tag, value, children }) =>
    children === undefined ? show(tag, value) : { tag, name: tagName(tag), objects: showTlv(children, show) },
  )
}

/** Shows bytes as data objects; `undefined` where they are none. */
export function showBytes(bytes: Uint8Array, show: ShowObject): ShownObject[] | undefined {
  const list = attempt(() => parseTlv(bytes, { nonMinimalLengths: true }))
  return list && showTlv(list, show)
}

/** Text of a card must not steer a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
}

function pansOf(data: ReadonlyMap<string, Uint8Array>): string[] {
  const digits = (tag: string): string => toHex(data.get(tag) ?? new Uint8Array(0))
  const found = [
    /^(\d{8,19})F*$/.exec(digits('5A')),
    /^(\d{8,19})D/.exec(digits('57')),
    /^(\d{8,19})D/.exec(digits('9F6B')),
  ]
  return [...new Set(found.flatMap((match) => match?.[1] ?? []))]
}

function masked(tag: string, value: Uint8Array, pans: readonly string[]): string {
  if (isConstructed(tag)) return '*'.repeat(2 * value.length)
  const object = encodeTlv(tag, value)
  const hidden = hiddenDigits(object, false).slice(2 * (object.length - value.length))
  const digits = Array.from(toHex(value), (digit, i) => (hidden[i] === true ? '*' : digit)).join('')
  return pans.reduce((text, pan) => {
    // As two digits a byte, beginning at either half, and as one character a digit.
    const characters = Array.from(pan, (digit) => `3${digit}`).join('')
    return text.replaceAll(pan, '*'.repeat(pan.length)).replaceAll(characters, '*'.repeat(characters.length))
  }, digits)
}
