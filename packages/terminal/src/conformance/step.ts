/** One command of a case with its answer, what was expected, and the verdict. */
import { toHex } from '@issuerkit/apdu'

/** What passed between reader and card. */
export interface Tpdu {
  readonly command: Uint8Array
  readonly response: Uint8Array
}

/** One command and its answer, GET RESPONSE and the second try after 6CXX included where the action follows them. */
export interface Step {
  /** The action in the field's words: `VERIFY`. */
  readonly name: string
  readonly command: Uint8Array
  /** The last answer, as it came: data and status. */
  readonly response: Uint8Array
  /** The whole data, all pieces joined. */
  readonly data: Uint8Array
  /** The last status, 4 upper-case hexadecimal digits. */
  readonly status: string
  readonly tpdus: readonly Tpdu[]
}

/** What a step should bring: its status, or status and data. */
export type Expected = string | RegExp | ExpectedAnswer

/** Status and data of an answer. */
export interface ExpectedAnswer {
  readonly status: string | RegExp
  /** In hexadecimal, upper case, or as bytes. */
  readonly data?: string | RegExp | Uint8Array
  /** Bytes of data. */
  readonly length?: number
}

/** An entry of a case's protocol. A note has no verdict. */
export interface CaseRecord {
  readonly step?: Step
  /** What was compared, where it was not an answer: `balance`. */
  readonly label?: string
  readonly expected?: string
  readonly got?: string
  readonly passed?: boolean
}

/** The card has not answered as the case expects. */
export class CaseFailed extends Error {
  override readonly name = 'CaseFailed'
  readonly record: CaseRecord

  constructor(record: CaseRecord) {
    super(`${record.step?.name ?? record.label}: expected ${record.expected}, got ${record.got}`)
    this.record = record
  }
}

/** Whether an answer is what was expected. */
export function matches(step: Step, expected: Expected): boolean {
  const { status, data, length } = answerOf(expected)
  if (!fits(step.status, status)) return false
  if (length !== undefined && step.data.length !== length) return false
  return data === undefined || fits(toHex(step.data), data instanceof Uint8Array ? toHex(data) : data)
}

/** What was expected, in words. */
export function wordsOf(expected: Expected): string {
  const { status, data, length } = answerOf(expected)
  const shown = data instanceof Uint8Array ? toHex(data) : data
  return [
    String(status),
    shown === undefined ? undefined : `= ${shown}`,
    length === undefined ? undefined : `${length} bytes`,
  ]
    .filter((part) => part !== undefined)
    .join(' ')
}

/** What came, in words: the data only where they were asked for. */
export function gotOf(step: Step, expected: Expected): string {
  const { data, length } = answerOf(expected)
  const words = [step.status]
  if (data !== undefined) words.push(`= ${toHex(step.data)}`)
  if (length !== undefined) words.push(`${step.data.length} bytes`)
  return words.join(' ')
}

function answerOf(expected: Expected): ExpectedAnswer {
  return typeof expected === 'string' || expected instanceof RegExp ? { status: expected } : expected
}

function fits(text: string, expected: string | RegExp): boolean {
  return typeof expected === 'string' ? text === expected.toUpperCase() : expected.test(text)
}
