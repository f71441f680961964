/**
 * The closed format of vector files, `issuerkit-vectors/1`: one operation, many cases. Whatever the format does not name
 * is an error of the file, never skipped: a misspelt field would otherwise look like a case that passed.
 */
import { IssuerkitError } from '@issuerkit/apdu'

/** The values of a case's inputs: text (hex, digits or a name), numbers, maps of them. */
export type Inputs = Readonly<Record<string, unknown>>

/** One case. Exactly one of `expect` and `error` is there. */
export interface VectorCase {
  readonly id: string
  readonly source: string
  readonly note?: string
  /** Compare keys without their DES parity bits. */
  readonly ignoreParity: boolean
  readonly inputs: Inputs
  readonly expect?: Readonly<Record<string, unknown>>
  readonly error?: string
}

/** One file. */
export interface VectorFile {
  readonly operation: string
  readonly cases: readonly VectorCase[]
}

const FILE_FIELDS = ['format', 'operation', 'cases']
const CASE_FIELDS = ['id', 'source', 'note', 'ignoreParity', 'inputs', 'expect', 'error']

/**
 * A vector file from its text.
 * @throws ERR_VECTOR_FILE when it is not JSON or not of the format, naming the case and the field
 */
export function parseVectorFile(text: string): VectorFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new IssuerkitError('ERR_VECTOR_FILE', { label: 'file', expected: 'JSON' })
  }
  const file = expectObject(json, 'file')
  expectFields(file, FILE_FIELDS, 'file')
  if (file['format'] !== 'issuerkit-vectors/1') fail('format', 'issuerkit-vectors/1', file['format'])
  const cases = file['cases']
  if (!Array.isArray(cases)) return fail('cases', 'a list', cases)
  if (cases.length === 0) fail('cases', 'at least one case', cases)
  return { operation: expectText(file['operation'], 'operation'), cases: cases.map(parseCase) }
}

function parseCase(value: unknown, index: number): VectorCase {
  const object = expectObject(value, `case ${index}`)
  const id = expectText(object['id'], `case ${index}: id`)
  const label = `case ${id}`
  expectFields(object, CASE_FIELDS, label)
  const { note, ignoreParity = false, expect, error } = object
  if (typeof ignoreParity !== 'boolean') fail(`${label}: ignoreParity`, 'true or false', ignoreParity)
  if ((expect === undefined) === (error === undefined)) fail(label, 'either expect or error', 'both or neither')
  return {
    id,
    source: expectText(object['source'], `${label}: source`),
    ...(note === undefined ? {} : { note: expectText(note, `${label}: note`, true) }),
    ignoreParity: ignoreParity === true,
    inputs: expectObject(object['inputs'], `${label}: inputs`),
    ...(expect === undefined ? {} : { expect: expectSomeFields(expect, `${label}: expect`) }),
    ...(error === undefined ? {} : { error: expectErrorCode(error, `${label}: error`) }),
  }
}

/** An object of the file that is not a list. @throws ERR_VECTOR_FILE */
export function expectObject(value: unknown, label: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(label, 'an object', value)
  return value as Readonly<Record<string, unknown>>
}

function expectSomeFields(value: unknown, label: string): Readonly<Record<string, unknown>> {
  const object = expectObject(value, label)
  if (Object.keys(object).length === 0) fail(label, 'at least one field', value)
  return object
}

/** Every field of the object is one of `known`. @throws ERR_VECTOR_FILE naming the first that is not */
export function expectFields(object: Readonly<Record<string, unknown>>, known: readonly string[], label: string): void {
  for (const field of Object.keys(object)) {
    if (!known.includes(field)) fail(label, known.join(', '), field)
  }
}

function expectText(value: unknown, label: string, mayBeEmpty = false): string {
  if (typeof value !== 'string' || (value === '' && !mayBeEmpty)) return fail(label, 'text', value)
  return value
}

function expectErrorCode(value: unknown, label: string): string {
  const text = expectText(value, label)
  if (!/^ERR_[A-Z0-9_]{1,40}$/.test(text)) fail(label, 'an error code', text)
  return text
}

/** Refuse the file. Vector files hold test data only, so the offending value may be shown, shortened. */
export function fail(label: string, expected: string, got: unknown): never {
  const shown = typeof got === 'string' ? got : (JSON.stringify(got) ?? 'nothing')
  throw new IssuerkitError('ERR_VECTOR_FILE', { label, expected, got: shown.slice(0, 60) })
}
