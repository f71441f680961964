/**
 * Offline data authentication of many cards: one JSON object a line in, one result a line out, in the same order.
 *
 * A line takes one of four forms:
 *
 * | it has | and | |
 * |---|---|---|
 * | `transcript` | | a recorded session, as `parseTranscript` reads it |
 * | `records` | `aip`, `afl`, `aid`?, `tags`?, `dynamic`? | what a card gave: `[{ "sfi": 2, "record": 1, "data": "70…" }]` |
 * | `rid` | `tags`, `staticData`?, `dynamic`? | single tags; the CA key is the store's, by RID and tag 8F |
 * | `caKey` | `tags`, `staticData`?, `dynamic`? | single tags and the CA key itself, as `caKeyFromText` takes it |
 *
 * and each may say of its own `id` (text, given back), `method`, `profile`, `transactionDate` and `allowExpiredCaKey`,
 * which go before the batch's. Single tags need a method. `tags` is an object from tag to value, `dynamic` one with the
 * fields of `DynamicInput`; bytes are hexadecimal text.
 *
 * A bad line is a result with its code, and the lines after it go on. Empty lines are passed over and counted.
 */
import { type ErrorCode, IssuerkitError } from '@issuerkit/apdu'
import { type Json, malformed, optional, read } from './batch-fields.js'
import { linesOf } from './batch-lines.js'
import { judgeLine } from './batch-request.js'
import type { ReadingOptions } from './reading.js'
import { type VerdictText, verdictText } from './verdict.js'

/** What the lines of a batch are judged by. `dynamic` and `tags` are each card's own. */
export interface BatchOptions extends Omit<ReadingOptions, 'dynamic' | 'tags'> {
  /** How many characters a line may have. Default 65536. */
  readonly maxLine?: number
  /** Give each stage and all recovered fields, not the verdict alone. */
  readonly explain?: boolean
  /** What is wrong with a text beside not being JSON, such as a key that stands twice in an object. */
  readonly fault?: (text: string) => string | undefined
}

/** A verdict without its stages, unless they were asked for. */
export type BatchVerdict = Omit<VerdictText, 'stages' | 'recovered'> & Partial<VerdictText>

/** What became of a line, ready for JSON. */
export type BatchResult = {
  /** Counted from 1. */
  readonly line: number
  readonly id?: string
} & (BatchVerdict | { readonly error: BatchError })

/** Why a line could not be judged. */
export interface BatchError {
  readonly code: ErrorCode
  readonly label?: string
  readonly expected?: string
  readonly got?: string
}

const MOST_CHARACTERS = 65_536
const MOST_ID = 64

/**
 * The results of a batch, line by line. Nothing is read before the results of what was read have been taken, and no more
 * than a chunk and a line are held.
 *
 * The codes of a line: ERR_BATCH when it is too long, no UTF-8, no JSON, or has other fields than its form;
 * otherwise those of what is called, such as ERR_HEX, ERR_TRANSCRIPT, ERR_DATE, ERR_AFL, ERR_CA_KEY.
 */
export async function* authenticateBatch(
  input: AsyncIterable<Uint8Array | string>,
  options: BatchOptions,
): AsyncGenerator<BatchResult> {
  let line = 0
  for await (const text of linesOf(input, options.maxLine ?? MOST_CHARACTERS)) {
    line += 1
    if (text === undefined || !/^[ \t\r]*$/.test(text)) yield resultOf(line, text, options)
  }
}

function resultOf(line: number, text: string | undefined, options: BatchOptions): BatchResult {
  let id: string | undefined
  const head = (): { line: number; id?: string } => (id === undefined ? { line } : { line, id })
  try {
    const request = objectOf(text, options)
    id = optional(request, 'id', idOf)
    const verdict = verdictText(judgeLine(request, options))
    const { stages, recovered, ...summary } = verdict
    return { ...head(), ...(options.explain === true ? verdict : summary) }
  } catch (error) {
    if (!(error instanceof IssuerkitError)) throw error
    const { code, label, expected, got } = error
    const details = Object.entries({ label, expected, got }).filter(([, value]) => value !== undefined)
    return { ...head(), error: { code, ...Object.fromEntries(details) } }
  }
}

function objectOf(text: string | undefined, { maxLine = MOST_CHARACTERS, fault }: BatchOptions): Json {
  if (text === undefined) throw malformed('line', `at most ${maxLine} characters`)
  // What is not UTF-8 has become this; a text that means it writes an escape.
  if (text.includes('\ufffd')) throw malformed('line', 'UTF-8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed('line', 'JSON')
  }
  const found = fault?.(text)
  if (found !== undefined) throw malformed('line', found)
  return read.object(value, 'line')
}

function idOf(value: unknown, label: string): string {
  const id = read.text(value, label)
  if (id.length > MOST_ID) throw malformed(label, `at most ${MOST_ID} characters`)
  return id
}
