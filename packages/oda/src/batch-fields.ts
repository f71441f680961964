/** Values of JSON that came from outside: each is of its kind, or ERR_BATCH names it. */
import { expectLength, fromHex, IssuerkitError } from '@issuerkit/apdu'
import type { DynamicInput } from './authenticate.js'
import type { CaKey } from './ca-key.js'
import { caKeyFromObject } from './ca-key-import.js'
import type { CaKeyProfile } from './ca-key-store.js'
import { METHODS, type OdaMethod } from './methods.js'

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>

type Read<T> = (value: unknown, label: string) => T

/** A field that must be there. */
export function required<T>(object: Json, name: string, readValue: Read<T>, within?: string): T {
  const label = within === undefined ? name : `${within}: ${name}`
  if (!Object.hasOwn(object, name)) throw malformed(label, 'a value')
  return readValue(object[name], label)
}

/** A field that may be there; `undefined` where it is not. */
export function optional<T>(object: Json, name: string, readValue: Read<T>): T | undefined {
  return Object.hasOwn(object, name) ? readValue(object[name], name) : undefined
}

/** Refuses fields of other names. */
export function expectFields(object: Json, names: readonly string[], label: string): void {
  const unknown = Object.keys(object).some((name) => !names.includes(name))
  if (unknown) throw malformed(label, `no other fields than ${names.join(', ')}`)
}

/** The error for a value of another kind. It names what was expected, never the value. */
export function malformed(label: string, expected: string): IssuerkitError {
  return new IssuerkitError('ERR_BATCH', { label, expected })
}

const DYNAMIC = [
  'terminalData',
  'signedDynamicApplicationData',
  'unpredictableNumber',
  'pdolData',
  'cdol1Data',
  'cdol2Data',
  'response',
] as const satisfies readonly (keyof DynamicInput)[]

const text: Read<string> = (value, label) => {
  if (typeof value !== 'string') throw malformed(label, 'text')
  return value
}

const object: Read<Json> = (value, label) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(label, 'an object')
  return value as Json
}

const hex: Read<Uint8Array> = (value, label) => fromHex(text(value, label), label)

const choice =
  <T extends string>(choices: readonly T[]): Read<T> =>
  (value, label) => {
    const chosen = choices.find((one) => one === value)
    if (chosen === undefined) throw malformed(label, choices.join(', '))
    return chosen
  }

/** Readers by kind. Bytes are hexadecimal text (ERR_HEX). */
export const read = {
  text,
  object,
  hex,
  method: choice(Object.keys(METHODS) as OdaMethod[]),
  profile: choice<CaKeyProfile>(['live', 'test']),
  boolean: ((value, label) => {
    if (typeof value !== 'boolean') throw malformed(label, 'true or false')
    return value
  }) as Read<boolean>,
  byte: ((value, label) => {
    if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > 255) throw malformed(label, '1 to 255')
    return value as number
  }) as Read<number>,
  list: ((value, label) => {
    if (!Array.isArray(value)) throw malformed(label, 'a list')
    return value as readonly unknown[]
  }) as Read<readonly unknown[]>,
  /** Two bytes. ERR_LENGTH. */
  aip: ((value, label) => expectLength(hex(value, label), 2, label)) as Read<Uint8Array>,
  /** Five bytes. ERR_LENGTH. */
  rid: ((value, label) => expectLength(hex(value, label), 5, label)) as Read<Uint8Array>,
  /** ERR_CA_KEY. */
  caKey: ((value) => caKeyFromObject(value)) as Read<CaKey>,
  /** Values by upper-case tag. */
  tags: ((value, label) => {
    const entries = Object.entries(object(value, label))
    return new Map(entries.map(([tag, one]) => [expectTag(tag, label), hex(one, `${label}: ${tag}`)]))
  }) as Read<ReadonlyMap<string, Uint8Array>>,
  dynamic: ((value, label) => {
    const fields = object(value, label)
    expectFields(fields, DYNAMIC, label)
    return Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, hex(one, `${label}: ${name}`)]))
  }) as Read<DynamicInput>,
}

function expectTag(tag: string, label: string): string {
  if (!/^(?:[0-9A-F]{2}){1,3}$/.test(tag)) throw malformed(label, 'tags as 2, 4 or 6 upper-case hexadecimal digits')
  return tag
}
