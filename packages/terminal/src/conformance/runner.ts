/**
 * Runs conformance cases on a card, one after another, and reports on each: a case that fails stops nothing but itself.
 *
 * | card | each case runs on | cases that kill the card |
 * |---|---|---|
 * | has copies (virtual) | a fresh copy | run, on theirs |
 * | has none (in a reader) | the card, brought back to its profile behind each case | are skipped unless asked for; then one of them runs, behind all others, and the rest is skipped |
 */
import { IssuerkitError, toHex } from '@issuerkit/apdu'
import { type CardUnderTest, type ConformanceCase, missingNeeds } from './case.js'
import { chapterOf, isWithin } from './chapters.js'
import { type CaseReport, type CaseVerdict, type ConformanceReport, reportOf } from './report.js'
import { reportSteps } from './report-steps.js'
import { CaseFailed } from './step.js'
import { PurseTester } from './tester.js'

/** How a run goes. */
export interface ConformanceOptions {
  /** Only these cases and chapters: `4.1.3-5`, `4.1.3`, `4`. All when absent or empty. */
  readonly only?: readonly string[]
  /** On a card without copies, let a case kill it. */
  readonly includeDestructive?: boolean
  /** Told behind each case. What it throws ends the run. */
  readonly onProgress?: (progress: ConformanceProgress) => void
}

/** How far a run is. */
export interface ConformanceProgress {
  readonly done: number
  readonly total: number
  readonly last: CaseReport
}

/** Why a case that could run does not, or what it runs on. */
type Begin =
  | { readonly skip: string }
  | { readonly on: CardUnderTest; readonly precondition: string; readonly copy: boolean }

/**
 * Runs cases.
 * @returns the report, its cases in the order given
 * @throws ERR_OPTION when `only` names nothing
 */
export async function runConformance(
  card: CardUnderTest,
  cases: readonly ConformanceCase[],
  { only = [], includeDestructive = false, onProgress }: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const chosen = chosenOf(cases, only)
  const { name, atr, protocol } = card.connection
  const tested = { name, atr: toHex(atr), protocol, profile: card.profile.name }
  const date = new Date().toISOString()
  const reports = new Map<ConformanceCase, CaseReport>()
  let killer: string | undefined
  for (const one of inOrder(chosen, card)) {
    const started = performance.now()
    const outcome = await runCase(one, () => begin(one, card, includeDestructive, killer))
    if (one.destructive && card.clone === undefined && outcome.verdict !== 'skipped') killer = one.id
    const { id, title, source } = one
    const report = { id, title, chapter: chapterOf(id), source, ...outcome, duration: performance.now() - started }
    reports.set(one, report)
    onProgress?.({ done: reports.size, total: chosen.length, last: report })
  }
  return reportOf(
    tested,
    date,
    chosen.map((one) => reports.get(one) as CaseReport),
  )
}

function chosenOf(cases: readonly ConformanceCase[], only: readonly string[]): readonly ConformanceCase[] {
  for (const wanted of only) {
    if (!cases.some(({ id }) => isWithin(id, wanted))) {
      throw new IssuerkitError('ERR_OPTION', { label: 'only', expected: 'a case or a chapter', got: wanted })
    }
  }
  return only.length === 0 ? cases : cases.filter(({ id }) => only.some((wanted) => isWithin(id, wanted)))
}

/** A card without copies is killed last. */
function inOrder(cases: readonly ConformanceCase[], card: CardUnderTest): readonly ConformanceCase[] {
  if (card.clone !== undefined) return cases
  return [...cases.filter(({ destructive }) => !destructive), ...cases.filter(({ destructive }) => destructive)]
}

async function begin(
  one: ConformanceCase,
  card: CardUnderTest,
  includeDestructive: boolean,
  killer: string | undefined,
): Promise<Begin> {
  const missing = missingNeeds(one, card)
  if (missing.length > 0) return { skip: `the card does not have what the case needs: ${missing.join(', ')}` }
  if (card.clone !== undefined) {
    return { on: await card.clone(), precondition: 'a fresh copy of the card as personalised', copy: true }
  }
  if (one.destructive && !includeDestructive) return { skip: 'it kills the card, which has no copies' }
  if (killer !== undefined) return { skip: `case ${killer} has killed the card` }
  return { on: card, precondition: 'the card, brought back to its profile behind the case before', copy: false }
}

type Outcome = Pick<CaseReport, 'verdict' | 'reason' | 'precondition' | 'steps'>

async function runCase(one: ConformanceCase, beginning: () => Promise<Begin>): Promise<Outcome> {
  let begun: Begin
  try {
    begun = await beginning()
  } catch (error) {
    return { verdict: 'failed', reason: reasonOf(error), precondition: 'none: the card could not be copied', steps: [] }
  }
  if ('skip' in begun)
    return { verdict: 'skipped', reason: begun.skip, precondition: 'none: it was not begun', steps: [] }
  const { on, precondition, copy } = begun
  const tester = new PurseTester(on)
  const reasons: string[] = []
  const attempt = async (work: () => Promise<unknown>, say: (reason: string) => string): Promise<void> => {
    try {
      await work()
    } catch (error) {
      reasons.push(say(reasonOf(error)))
    }
  }
  await attempt(
    () => one.run(tester),
    (reason) => reason,
  )
  if (copy)
    await attempt(
      () => on.connection.disconnect(),
      (reason) => `the copy does not go: ${reason}`,
    )
  else if (!one.destructive)
    await attempt(
      () => tester.restore(),
      (reason) => `the card was not brought back: ${reason}`,
    )
  const verdict: CaseVerdict = reasons.length === 0 ? 'passed' : 'failed'
  const steps = reportSteps(tester.records)
  return { verdict, ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }), precondition, steps }
}

/** A mismatch in the case's words; anything else with its code: it is the card's fault, the reader's, or the case's. */
function reasonOf(error: unknown): string {
  if (error instanceof CaseFailed) return error.message
  if (error instanceof IssuerkitError) return error.message
  return `ERR_INTERNAL: ${error instanceof Error ? error.message : String(error)}`
}
