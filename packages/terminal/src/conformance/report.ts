/** What a conformance run found, and its table per chapter. */
import { CHAPTERS, chapterOf } from './chapters.js'

/** Failed: an answer that the case does not allow, or a case that could not go on. Skipped: it was not begun. */
export type CaseVerdict = 'passed' | 'failed' | 'skipped'

/** One command and its answer, or what the card was done to without one: power. */
export interface ReportStep {
  /** In the field's words: `VERIFY`, `power cycle`. */
  readonly action: string
  /** Hexadecimal as sent; empty where nothing was. */
  readonly command: string
  /** Hexadecimal as received, the status last; empty when there was none. */
  readonly answer: string
  /** What the case allows; empty where it leaves the answer open. */
  readonly expected: string
  readonly ok: boolean
}

/** One case as it went. */
export interface CaseReport {
  readonly id: string
  readonly title: string
  readonly chapter: string
  /** `seed`: as the card test specification has it; `reconstructed`: its text is lost or it has none. */
  readonly source: 'seed' | 'reconstructed'
  readonly verdict: CaseVerdict
  /** Why it failed or was skipped. */
  readonly reason?: string
  /** What the card was when the case began. */
  readonly precondition: string
  readonly steps: readonly ReportStep[]
  /** Milliseconds. */
  readonly duration: number
}

/** The card that was tested. */
export interface TestedCard {
  /** The reader's name, or that of the virtual card. */
  readonly name: string
  /** Hexadecimal. */
  readonly atr: string
  readonly protocol: 'T=0' | 'T=1'
  /** The profile that the card was judged by. */
  readonly profile: string
}

/** A whole run. */
export interface ConformanceReport {
  readonly card: TestedCard
  /** When the run began: ISO 8601, UTC. */
  readonly date: string
  readonly total: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly cases: readonly CaseReport[]
}

/** One chapter of a run. */
export interface ChapterSummary {
  readonly chapter: string
  readonly title: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly cases: readonly CaseReport[]
}

/** A report of cases that have gone. */
export function reportOf(card: TestedCard, date: string, cases: readonly CaseReport[]): ConformanceReport {
  return { card, date, total: cases.length, ...countOf(cases), cases }
}

/** The chapters that a run touched, in the order of its cases. */
export function chaptersOf({ cases }: Pick<ConformanceReport, 'cases'>): readonly ChapterSummary[] {
  return [...new Set(cases.map(({ id }) => chapterOf(id)))].map((chapter) => {
    const those = cases.filter(({ id }) => chapterOf(id) === chapter)
    return { chapter, title: CHAPTERS[chapter] ?? chapter, ...countOf(those), cases: those }
  })
}

/** The table per chapter as text, ended by a newline; below it what failed, each with its reason, and what was skipped. */
export function chapterLines(report: ConformanceReport): string {
  const head = ['chapter', '', 'passed', 'failed', 'skipped']
  const rows = chaptersOf(report).map(({ chapter, title, passed, failed, skipped }) => [
    chapter,
    title,
    `${passed}`,
    `${failed}`,
    `${skipped}`,
  ])
  const total = ['total', `${report.total} cases`, `${report.passed}`, `${report.failed}`, `${report.skipped}`]
  const all = [head, ...rows, total]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)))
  const lines = all.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number),
      )
      .join('  '),
  )
  const failures = report.cases
    .filter(({ verdict }) => verdict === 'failed')
    .map(({ id, title, reason }) => `FAILED ${id} ${title}: ${reason}`)
  const skipped = report.cases.filter(({ verdict }) => verdict === 'skipped')
  const skips = [...new Set(skipped.map(({ reason }) => reason))].map((why) => {
    const ids = skipped.filter(({ reason }) => reason === why).map(({ id }) => id)
    return `skipped, ${why}: ${ids.join(', ')}`
  })
  return `${[...lines, ...failures, ...skips].join('\n')}\n`
}

function countOf(cases: readonly CaseReport[]): { passed: number; failed: number; skipped: number } {
  const count = (verdict: CaseVerdict): number => cases.filter((one) => one.verdict === verdict).length
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
}
