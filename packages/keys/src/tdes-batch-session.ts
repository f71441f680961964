/**
 * The session key methods of TDES over records: which fields each method takes, as a table of rows like that of
 * session.ts, and where their values stand in the block that is enciphered.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import type { Parity } from './parity.js'
import type { TdesSessionKeyInput } from './session.js'
import { expectTreeShape } from './session-tree.js'
import { type Column, expectColumn, type RecordField, recordValue } from './tdes-batch-fields.js'

/**
 * The method of {@link TdesSessionKeyInput}, and the fields that hold what it diversifies by: `atc` 2 bytes,
 * `diversificationValue` 8, `unpredictableNumber` 4, `iv` of the tree 16 (zeros without it).
 */
export type BatchSession =
  | { readonly method: 'emv-common'; readonly atc: RecordField }
  | { readonly method: 'emv-common'; readonly diversificationValue: RecordField }
  | { readonly method: 'visa-xor'; readonly atc: RecordField }
  | { readonly method: 'mastercard-skd'; readonly atc: RecordField; readonly unpredictableNumber: RecordField }
  | {
      readonly method: 'emv2000-tree'
      readonly atc: RecordField
      readonly branch?: number
      readonly height?: number
      readonly iv?: RecordField
    }
  | { readonly method: 'pboc'; readonly atc: RecordField }

/** The fields, checked; `parts` are the values of one block and the byte at which each stands, `iv` is the tree's. */
export type SessionColumns =
  | { readonly method: 'emv-common' | 'visa-xor' | 'mastercard-skd' | 'pboc'; readonly parts: readonly BlockPart[] }
  | {
      readonly method: 'emv2000-tree'
      readonly parts: readonly BlockPart[]
      readonly branch: number
      readonly height: number
      readonly iv: Column
    }

/** Bytes of a block. */
export interface BlockPart {
  readonly at: number
  readonly column: Column
}

/** The parity bits of a session key unless said: as session.ts has them. */
export const SESSION_PARITY = {
  'emv-common': 'odd',
  'mastercard-skd': 'odd',
  'emv2000-tree': 'odd',
  'visa-xor': 'none',
  pboc: 'none',
} as const satisfies Record<BatchSession['method'], Parity>

/**
 * The fields of a method.
 * @throws ERR_LENGTH, ERR_OPTION
 */
export function sessionColumns(session: BatchSession, count: number): SessionColumns {
  if (!Object.hasOwn(SESSION_PARITY, session.method)) {
    throw new IssuerkitError('ERR_OPTION', { label: 'method', expected: Object.keys(SESSION_PARITY).join(', ') })
  }
  const part = (at: number, field: RecordField, length: number, label: string) => ({
    at,
    column: expectColumn(field, length, count, label),
  })
  if ('diversificationValue' in session) {
    return { method: session.method, parts: [part(0, session.diversificationValue, 8, 'diversificationValue')] }
  }
  const last = [part(6, session.atc, 2, 'atc')]
  switch (session.method) {
    case 'emv-common':
      return { method: session.method, parts: [part(0, session.atc, 2, 'atc')] }
    case 'mastercard-skd': {
      const number = part(4, session.unpredictableNumber, 4, 'unpredictableNumber')
      return { method: session.method, parts: [part(0, session.atc, 2, 'atc'), number] }
    }
    case 'emv2000-tree': {
      const { branch = 4, height = 8, iv = { bytes: new Uint8Array(16), stride: 0 } } = session
      expectTreeShape(branch, height)
      return { method: session.method, parts: last, branch, height, iv: expectColumn(iv, 16, count, 'iv') }
    }
    default:
      return { method: session.method, parts: last }
  }
}

/** All columns of a method in one list, and a method with the columns of such a list. */
export function columnsOf(session: SessionColumns): Column[] {
  const columns = session.parts.map(({ column }) => column)
  return session.method === 'emv2000-tree' ? [...columns, session.iv] : columns
}

/** The inverse of {@link columnsOf}. */
export function withColumns(session: SessionColumns, columns: readonly Column[]): SessionColumns {
  const parts = session.parts.map(({ at }, n) => ({ at, column: columns[n] as Column }))
  return session.method === 'emv2000-tree'
    ? { ...session, parts, iv: columns[parts.length] as Column }
    : { method: session.method, parts }
}

/** What deriveSessionKey takes for one record. */
export function sessionInput(session: SessionColumns, record: number): TdesSessionKeyInput {
  const [value, second] = session.parts.map(({ column }) => recordValue(column, record)) as [Uint8Array, Uint8Array?]
  switch (session.method) {
    case 'emv-common': {
      const { method } = session
      return value.length === 8 ? { method, diversificationValue: value } : { method, atc: value }
    }
    case 'mastercard-skd':
      return { method: session.method, atc: value, unpredictableNumber: second as Uint8Array }
    case 'emv2000-tree': {
      const { method, branch, height } = session
      return { method, atc: value, branch, height, iv: recordValue(session.iv, record) }
    }
    default:
      return { method: session.method, atc: value }
  }
}
