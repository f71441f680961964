/** Measuring: contestants take turns, round by round, so that whatever else the machine does falls on all of them. */
import { cpus } from 'node:os'

/** Something to be measured. */
export interface Contestant {
  readonly name: string
  /** What is counted, such as `chains/s`. */
  readonly unit: string
  /** Does the i-th piece of work. It throws when the result is wrong. */
  readonly work: (i: number) => void
  /** How many pieces of what is counted one call does. 1 unless given. */
  readonly pieces?: number
  /** The names of other contestants that it is compared with. */
  readonly against?: string | readonly string[]
}

/** What came out, in pieces of work per second. */
export interface BenchResult {
  readonly name: string
  readonly unit: string
  readonly median: number
  readonly min: number
  readonly max: number
  /** The median over the rounds of this rate divided by that of the other contestant in the same round. */
  readonly ratioTo?: RatioTo
  /** Where it is compared with several: all of them. */
  readonly ratios?: readonly RatioTo[]
}

/** A comparison. */
export interface RatioTo {
  readonly name: string
  readonly ratio: number
}

/** How long and how often. */
export interface MeasureOptions {
  readonly rounds: number
  /** Of one contestant in one round. */
  readonly milliseconds: number
}

/** The machine and the day, for results that are kept. */
export interface BenchReport {
  readonly machine: string
  readonly node: string
  readonly date: string
  readonly results: readonly BenchResult[]
}

/** A report of results from this machine, now. */
export function reportOf(results: readonly BenchResult[]): BenchReport {
  const [first] = cpus()
  const machine = `${first?.model.trim() ?? 'unknown'}, ${cpus().length} cores, ${process.platform} ${process.arch}`
  return { machine, node: process.version, date: new Date().toISOString().slice(0, 10), results }
}

/** The rates of the contestants, after one round that does not count. */
export function measure(contestants: readonly Contestant[], options: MeasureOptions): BenchResult[] {
  const rates = new Map(contestants.map(({ name }) => [name, [] as number[]]))
  const next = new Map<string, number>()
  for (let round = 0; round <= options.rounds; round++) {
    for (const { name, work, pieces = 1 } of contestants) {
      const start = next.get(name) ?? 0
      const { rate, end } = timed(work, start, options.milliseconds)
      next.set(name, end)
      if (round > 0) rates.get(name)?.push(rate * pieces)
    }
  }
  return contestants.map(({ name, unit, against }) => {
    const own = rates.get(name) ?? []
    const summary = { name, unit, median: median(own), min: Math.min(...own), max: Math.max(...own) }
    const ratios = [against ?? []].flat().map((other) => {
      const rounds = rates.get(other) ?? []
      return { name: other, ratio: median(own.map((rate, i) => rate / (rounds[i] ?? rate))) }
    })
    const [ratioTo] = ratios
    if (ratioTo === undefined) return summary
    return ratios.length === 1 ? { ...summary, ratioTo } : { ...summary, ratioTo, ratios }
  })
}

function timed(work: (i: number) => void, start: number, milliseconds: number): { rate: number; end: number } {
  let i = start
  const begin = performance.now()
  let now = begin
  while (now - begin < milliseconds) {
    for (const stop = i + 16; i < stop; i++) work(i)
    now = performance.now()
  }
  return { rate: (1000 * (i - start)) / (now - begin), end: i }
}

/** The middle of the values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** The results as a table for people. */
export function table(results: readonly BenchResult[]): string {
  const number = (value: number) => Math.round(value).toLocaleString('en')
  const rows = results.map(({ name, unit, median, min, max, ratioTo, ratios }) => [
    name,
    `${number(median)} ${unit}`,
    `${number(min)} to ${number(max)}`,
    (ratios ?? (ratioTo === undefined ? [] : [ratioTo]))
      .map(({ name: other, ratio }) => `${ratio.toFixed(2)} x ${other}`)
      .join(', '),
  ])
  const all = [['', 'median', 'spread', 'compared'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return `${all.map((row) => line(row).trimEnd()).join('\n')}\n`
}
