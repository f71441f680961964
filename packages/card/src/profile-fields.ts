/**
 * Fields of a card profile: each takes a JSON value and its place, and gives the value checked. What is not named is
 * refused, and no error repeats a value: it may be a key, a PIN or a PAN.
 */
import { type ErrorCode, fromHex, IssuerkitError, TAGS, toHex } from '@issuerkit/apdu'

/** Checks a JSON value; `path` is its place, as `applications[0].pan`, or what it is of, in parentheses. */
export type Field<T> = (value: unknown, path: string) => T

/** The error for a value that does not fit. */
export function misfit(path: string, expected: string, code: ErrorCode = 'ERR_CARD'): IssuerkitError {
  return new IssuerkitError(code, { label: path, expected })
}

/** A name that is plainly a word is told; one that could be a key or a PAN is not. */
function unknownName(path: string, names: readonly string[], given: string): IssuerkitError {
  const isWord = /^[A-Za-z][A-Za-z0-9]{0,29}$/.test(given) && !/^[0-9A-Fa-f]+$/.test(given)
  const got = isWord ? given : 'another name'
  return new IssuerkitError('ERR_CARD', { label: path, expected: `no fields but ${names.join(', ')}`, got })
}

/** An object of exactly these fields. @throws ERR_CARD for another one, or one that is missing */
export function object<S extends Readonly<Record<string, Field<unknown>>>>(
  shape: S,
): Field<{ readonly [K in keyof S]: ReturnType<S[K]> }> {
  return (value, path) => {
    const given = expectObject(value, path)
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(shape, name)) throw unknownName(path, Object.keys(shape), name)
    }
    const checked = Object.entries(shape).map(([name, field]) => [name, field(given[name], below(path, name))])
    return Object.fromEntries(checked) as { readonly [K in keyof S]: ReturnType<S[K]> }
  }
}

/** A field that may be left out and is then `otherwise`. */
export function optional<T>(field: Field<T>): Field<T | undefined>
export function optional<T>(field: Field<T>, otherwise: NoInfer<T>): Field<T>
export function optional<T>(field: Field<T>, otherwise?: T): Field<T | undefined> {
  return (value, path) => (value === undefined ? otherwise : field(value, path))
}

/** An array of `least` to `most` values. */
export function list<T>(field: Field<T>, least: number, most: number): Field<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      throw misfit(path, `an array of ${least} to ${most}`)
    }
    return value.map((item: unknown, i) => field(item, `${path}[${i}]`))
  }
}

/** `true` or `false`. */
export const flag: Field<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw misfit(path, 'true or false')
  return value
}

/** One of some words. */
export function choice<const T extends string>(...words: readonly T[]): Field<T> {
  return (value, path) => {
    const found = words.find((word) => word === value)
    if (found === undefined) throw misfit(path, words.join(', '))
    return found
  }
}

/** One of some numbers. */
export function oneOf<const T extends number>(...numbers: readonly T[]): Field<T> {
  return (value, path) => {
    const found = numbers.find((number) => number === value)
    if (found === undefined) throw misfit(path, numbers.join(' or '))
    return found
  }
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number): Field<number> {
  return (value, path) => {
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
      throw misfit(path, `a whole number from ${least} to ${most}`)
    }
    return value as number
  }
}

/** Text of a shape that `expected` tells. */
export function text(shape: RegExp, expected: string, code?: ErrorCode): Field<string> {
  return (value, path) => {
    if (typeof value !== 'string' || !shape.test(value)) throw misfit(path, expected, code)
    return value
  }
}

/** Bytes in hexadecimal, given back in upper case. @throws ERR_HEX; ERR_CARD for fewer or more bytes */
export function hex(least: number, most: number = least): Field<string> {
  return (value, path) => {
    if (typeof value !== 'string') throw misfit(path, 'hexadecimal digits', 'ERR_HEX')
    const bytes = fromHex(value, path)
    if (bytes.length < least || bytes.length > most) {
      throw misfit(path, least === most ? `${least} bytes` : `${least} to ${most} bytes`)
    }
    return toHex(bytes)
  }
}

/** A day, YYYYMMDD, of the years that two digits stand for without doubt: 2000 to 2049. @throws ERR_DATE */
export const day: Field<string> = (value, path) => {
  const date = text(/^20[0-4][0-9]{5}$/, 'a day of 2000 to 2049, YYYYMMDD', 'ERR_DATE')(value, path)
  const iso = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
  const parsed = new Date(`${iso}T00:00:00Z`)
  // Date takes 30 February for a day of March.
  if (Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== iso) {
    throw misfit(path, 'a day of the calendar', 'ERR_DATE')
  }
  return date
}

/** Data objects by tag, each of the bytes that the table gives it: least and most. */
export function dataObjects(
  lengths: Readonly<Record<string, readonly [least: number, most: number]>>,
): Field<Readonly<Record<string, string>>> {
  return (value, path) => {
    const given = Object.entries(expectObject(value, path)).map(([tag, bytes]) => {
      const length = Object.hasOwn(lengths, tag) ? lengths[tag] : undefined
      if (length === undefined) throw unknownName(path, Object.keys(lengths), tag)
      const place = below(path, tag)
      const checked = hex(...length)(bytes, place)
      // [EMV-B3] 4.3: format n is decimal digits, two a byte.
      if (TAGS[tag]?.format === 'n' && !/^[0-9]*$/.test(checked)) throw misfit(place, 'decimal digits')
      return [tag, checked]
    })
    return Object.fromEntries(given) as Readonly<Record<string, string>>
  }
}

function expectObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misfit(path, 'an object')
  return value as Readonly<Record<string, unknown>>
}

function below(path: string, name: string): string {
  return path.startsWith('(') ? name : `${path}.${name}`
}
