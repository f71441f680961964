/**
 * What the fields of a case may hold. An operation names its fields with a rule each; the runner checks a whole file by
 * them before it computes anything.
 */
import { fromHex } from '@issuerkit/apdu'
import { expectObject, fail, type Inputs } from './format.js'

/** The rule of a field: whether its value belongs to the format. A wrong value refuses the file. */
export type FieldRule = (value: unknown, label: string) => void

/** Hexadecimal text, an even number of digits or none. */
export const hex: FieldRule = (value, label) => {
  if (typeof value !== 'string' || !/^(?:[0-9A-Fa-f]{2})*$/.test(value)) fail(label, 'hexadecimal text', value)
}

/** Text whose content the operation itself judges: digits, where a wrong character is a case of its own. */
export const text: FieldRule = (value, label) => {
  if (typeof value !== 'string') fail(label, 'text', value)
}

/** A number. Whether it is in range is for the operation to say. */
export const number: FieldRule = (value, label) => {
  if (typeof value !== 'number') fail(label, 'a number', value)
}

export const boolean: FieldRule = (value, label) => {
  if (typeof value !== 'boolean') fail(label, 'true or false', value)
}

/** One of the values named. */
export function oneOf(...values: readonly (string | number)[]): FieldRule {
  return (value, label) => {
    if (!values.some((known) => known === value)) fail(label, values.join(', '), value)
  }
}

/** An object with these fields, each under its rule; every one may be absent. */
export function fields(rules: Readonly<Record<string, FieldRule>>): FieldRule {
  return (value, label) => {
    for (const [name, item] of Object.entries(expectObject(value, label))) {
      const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
      if (rule === undefined) fail(label, Object.keys(rules).join(', '), name)
      else rule(item, `${label}: ${name}`)
    }
  }
}

/** An object from tags (or the names given) to hexadecimal text. */
export function tagMap(...names: readonly string[]): FieldRule {
  return (value, label) => {
    for (const [name, item] of Object.entries(expectObject(value, label))) {
      if (!/^(?:[0-9A-F]{2}){1,3}$/.test(name) && !names.includes(name)) fail(label, `a tag ${names.join(', ')}`, name)
      hex(item, `${label}: ${name}`)
    }
  }
}

/** Typed access to the checked inputs of a case. A missing field is an error of the file. */
export class CaseInputs {
  readonly #inputs: Inputs
  readonly #label: string

  constructor(inputs: Inputs, label: string) {
    this.#inputs = inputs
    this.#label = label
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#inputs, name)
  }

  /** Whether the field holds `null`: said to be none. */
  isNull(name: string): boolean {
    return this.#inputs[name] === null
  }

  text(name: string): string {
    const value = this.#value(name)
    return typeof value === 'string' ? value : fail(`${this.#label}: ${name}`, 'text', value)
  }

  bytes(name: string): Uint8Array {
    return fromHex(this.text(name), name)
  }

  number(name: string): number {
    const value = this.#value(name)
    return typeof value === 'number' ? value : fail(`${this.#label}: ${name}`, 'a number', value)
  }

  /** A list of hexadecimal texts, as bytes. */
  list(name: string): Uint8Array[] {
    const value = this.#value(name)
    if (!Array.isArray(value)) return fail(`${this.#label}: ${name}`, 'a list', value)
    return value.map((item) => fromHex(item, name))
  }

  /** The fields of an object, as inputs of their own. */
  object(name: string): CaseInputs {
    return new CaseInputs(expectObject(this.#value(name), `${this.#label}: ${name}`), `${this.#label}: ${name}`)
  }

  /** A map of tags to bytes. */
  tags(name: string): Map<string, Uint8Array> {
    const map = this.object(name)
    return new Map(Object.keys(map.#inputs).map((tag) => [tag, map.bytes(tag)]))
  }

  #value(name: string): unknown {
    return this.has(name) ? this.#inputs[name] : fail(this.#label, `the input ${name}`, 'nothing')
  }
}
