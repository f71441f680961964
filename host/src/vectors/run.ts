/**
 * Running vector files: each case goes through the public functions of the packages and its answer is compared with the
 * expectation, which is not looked at before the answer exists.
 */
import { IssuerkitError } from '@issuerkit/apdu'
import { CaseInputs, fields } from './fields.js'
import { fail, parseVectorFile, type VectorCase } from './format.js'
import { OPERATIONS, type Operation } from './operations.js'

/** One case that failed: where (a field of the answer, or `error`), what was expected, what came. */
export interface VectorFailure {
  readonly id: string
  readonly stage: string
  readonly expected: string
  readonly got: string
}

/** The outcome of one file. */
export interface VectorReport {
  readonly operation: string
  readonly passed: number
  readonly failed: number
  readonly failures: readonly VectorFailure[]
}

/**
 * Run the cases of one file.
 * @param text the file's content
 * @throws ERR_VECTOR_FILE when the file is not of the format, or names an operation that the format does not have
 */
export function runVectorFile(text: string): VectorReport {
  const { operation: name, cases } = parseVectorFile(text)
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined
  if (operation === undefined) return fail('operation', Object.keys(OPERATIONS).join(', '), name)
  for (const vector of cases) checkFields(operation, vector)
  const outcomes = cases.map((vector) => runCase(operation, vector))
  const failed = outcomes.filter((failures) => failures.length > 0).length
  return { operation: name, passed: cases.length - failed, failed, failures: outcomes.flat() }
}

/** A case that expects an error may carry any value in a field it has; otherwise every value obeys its rule. */
function checkFields(operation: Operation, { id, inputs, expect }: VectorCase): void {
  const anyValue = Object.fromEntries(Object.keys(operation.inputs).map((name) => [name, () => {}]))
  fields(expect === undefined ? anyValue : operation.inputs)(inputs, `case ${id}: inputs`)
  if (expect !== undefined) fields(operation.outputs)(expect, `case ${id}: expect`)
}

function runCase(operation: Operation, vector: VectorCase): VectorFailure[] {
  const { id, inputs, expect, error, ignoreParity } = vector
  let answer: Readonly<Record<string, unknown>>
  try {
    answer = operation.run(new CaseInputs(inputs, `case ${id}: inputs`))
  } catch (thrown) {
    const got = thrown instanceof IssuerkitError ? thrown.code : `${thrown}`
    if (got === 'ERR_VECTOR_FILE' && error === undefined) throw thrown
    if (got === error) return []
    const told = thrown instanceof IssuerkitError ? thrown.message : got
    return [{ id, stage: 'error', expected: error ?? 'an answer', got: told }]
  }
  if (expect === undefined) {
    return [{ id, stage: 'error', expected: `${error}`, got: JSON.stringify(answer) }]
  }
  return Object.entries(expect).flatMap(([field, expected]) =>
    matches(field, expected, answer[field], ignoreParity)
      ? []
      : [{ id, stage: field, expected: `${expected}`, got: `${answer[field] ?? 'nothing'}` }],
  )
}

/** Hex is compared without regard to case; a KCV of any length is a prefix; parity bits are left out where asked for. */
function matches(field: string, expected: unknown, got: unknown, ignoreParity: boolean): boolean {
  if (typeof expected !== 'string' || typeof got !== 'string') return expected === got
  const [want, have] = [expected.toUpperCase(), got.toUpperCase()]
  if (field === 'kcv') return want.length > 0 && have.startsWith(want)
  return ignoreParity ? maskParity(want) === maskParity(have) : want === have
}

function maskParity(hexText: string): string {
  return hexText.replace(/(.)(.)/g, (_, high, low) => high + (Number.parseInt(low, 16) & 14).toString(16))
}
