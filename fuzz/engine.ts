/** The fuzzer: makes inputs from a seed, judges what a target does with each, and shrinks what it finds. */
import { ERROR_CODES, IssuerkitError } from '../packages/apdu/src/index.js'
import { mutate } from './mutate.js'
import { Random } from './random.js'

export interface Target {
  readonly name: string
  /**
   * Ends in any value, or throws an IssuerkitError; a text tells one kind of value from another, such as the reason of a
   * verdict. A broken promise of the target (a round trip) is a plain Error.
   */
  readonly run: (input: Uint8Array) => unknown
  /** How many inputs `npm test` gives it, 100,000 if nothing is said: fewer where RSA, long texts or long lists take their time. */
  readonly inputs?: number
  /** The longest input that is made for it, in bytes; 512 if nothing is said. */
  readonly longest?: number
}

/** Holds a target to a promise of what it tries: what `run` throws here is a failure. */
export function hold(promise: boolean, message: string): void {
  if (!promise) throw new Error(message)
}

/** An input that a target must not answer as it did. */
export interface Failure {
  readonly reason: string
  /** Number of the input in its run, from 1; 0 for an input of the corpus. */
  readonly number: number
  readonly input: Uint8Array
}

export interface Outcome {
  readonly inputs: number
  /** How many ended in a value; the others were refused with a code. */
  readonly accepted: number
  /** Inputs that were answered in a way not seen before, and so became material for mutations. */
  readonly kept: number
  readonly seconds: number
  readonly failure?: Failure
}

export interface FuzzOptions {
  readonly seed: number
  readonly inputs: number
  readonly corpus: readonly Uint8Array[]
  /** No input may take longer; in milliseconds. */
  readonly limit?: number
}

const LIMIT_MS = 50
const MOST_KEPT = 512
const SHRINK_MS = 10_000

interface Judgement {
  readonly accepted: boolean
  /** The shape of the answer: inputs with a new one are worth mutating further. */
  readonly shape: string
  readonly fault?: string
}

function answer(target: Target, input: Uint8Array): Judgement {
  try {
    const value = target.run(input)
    return { accepted: true, shape: typeof value === 'string' ? value : 'value' }
  } catch (error) {
    if (error instanceof IssuerkitError && Object.hasOwn(ERROR_CODES, error.code)) {
      const where = `${error.label} ${error.expected}`.replaceAll(/\d+/g, '')
      return { accepted: false, shape: `${error.code} ${where} ${error.path?.length}` }
    }
    const fault = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`
    return { accepted: false, shape: 'fault', fault }
  }
}

/** What a target did with an input, and what is wrong with that. */
export function judge(target: Target, input: Uint8Array, limit: number = LIMIT_MS): Judgement {
  const start = performance.now()
  const judgement = answer(target, input)
  if (performance.now() - start <= limit || judgement.fault !== undefined) return judgement
  // A busy machine or a garbage collection may stop anything once: only an input that is slow each time is at fault.
  const best = Math.min(...[1, 2, 3].map(() => timed(target, input)))
  return best <= limit ? judgement : { ...judgement, fault: `takes more than ${limit} ms` }
}

function timed(target: Target, input: Uint8Array): number {
  const start = performance.now()
  answer(target, input)
  return performance.now() - start
}

/** The corpus, then `inputs` mutations of it; stops at the first failure. The same seed and corpus give the same inputs. */
export function fuzz(target: Target, options: FuzzOptions): Outcome {
  // Refusing is the usual answer, and most of its cost would be a stack trace that nobody reads.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return run(target, options)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function run(target: Target, { seed, inputs, corpus, limit = LIMIT_MS }: FuzzOptions): Outcome {
  const random = new Random(seed, target.name)
  const pool = [...corpus, new Uint8Array(0)]
  const shapes = new Set<string>()
  let accepted = 0
  let kept = 0
  const start = performance.now()
  const outcome = (done: number): Outcome => ({
    inputs: done,
    accepted,
    kept,
    seconds: (performance.now() - start) / 1000,
  })
  for (let n = 1 - pool.length; n <= inputs; n++) {
    const fromCorpus = n <= 0
    const input = fromCorpus ? (pool[n + corpus.length] as Uint8Array) : mutate(pool, random, target.longest)
    const { accepted: value, shape, fault } = judge(target, input, limit)
    if (fault !== undefined) {
      const failure = { reason: fault, number: Math.max(n, 0), input }
      return { ...outcome(Math.max(n, 0)), failure }
    }
    if (value && !fromCorpus) accepted++
    if (!shapes.has(shape)) {
      shapes.add(shape)
      if (!fromCorpus && kept < MOST_KEPT) {
        pool.push(input)
        kept++
      }
    }
  }
  return outcome(inputs)
}

/** A smaller input with the same kind of fault: ever shorter slices are left out, then bytes set to zero. */
export function shrink(target: Target, input: Uint8Array, limit: number = LIMIT_MS): Uint8Array {
  const deadline = performance.now() + SHRINK_MS
  const kind = (candidate: Uint8Array): string | undefined =>
    performance.now() > deadline ? undefined : judge(target, candidate, limit).fault?.replace(/\d+/g, 'N')
  const wanted = kind(input)
  if (wanted === undefined) return input
  let best = input
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.length; ) {
      const candidate = Uint8Array.from([...best.subarray(0, start), ...best.subarray(start + size)])
      if (kind(candidate) === wanted) best = candidate
      else start += size
    }
  }
  for (let i = 0; i < best.length; i++) {
    const candidate = best.slice()
    candidate[i] = 0
    if (kind(candidate) === wanted) best = candidate
  }
  return best
}
