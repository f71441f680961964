/** A conformance run as JUnit XML, which CI servers read. */
import { escapeMarkup } from './markup.js'
import { type CaseReport, type ChapterSummary, type ConformanceReport, chaptersOf, type ReportStep } from './report.js'

/** The report as one XML document: a test suite a chapter, a test case a case, its commands and answers as output. */
export function junitReport(report: ConformanceReport): string {
  const { card, date, total, failed, skipped, cases } = report
  const name = `e-purse conformance: ${card.name}, profile ${card.profile}`
  const head = attributes({ name, tests: total, failures: failed, errors: 0, skipped, time: secondsOf(cases) })
  const suites = chaptersOf(report).map((chapter) => suiteOf(chapter, date))
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites${head}>`, ...suites, '</testsuites>', ''].join('\n')
}

function suiteOf({ chapter, title, failed, skipped, cases }: ChapterSummary, date: string): string {
  const head = attributes({
    name: `${chapter} ${title}`,
    tests: cases.length,
    failures: failed,
    errors: 0,
    skipped,
    time: secondsOf(cases),
    // JUnit's schema knows no zone.
    timestamp: date.replace(/(?:\.[0-9]+)?Z$/, ''),
  })
  return [`  <testsuite${head}>`, ...cases.map(caseOf), '  </testsuite>'].join('\n')
}

function caseOf(one: CaseReport): string {
  const { id, title, chapter, verdict, reason = '', steps, precondition } = one
  const head = attributes({ classname: `conformance.${chapter}`, name: `${id} ${title}`, time: secondsOf([one]) })
  const output = [`precondition: ${precondition}`, ...steps.map(stepLine)].join('\n')
  return [
    `    <testcase${head}>`,
    ...(verdict === 'failed' ? [`      <failure${attributes({ message: reason })}/>`] : []),
    ...(verdict === 'skipped' ? [`      <skipped${attributes({ message: reason })}/>`] : []),
    `      <system-out>${escapeMarkup(output)}</system-out>`,
    '    </testcase>',
  ].join('\n')
}

function stepLine({ action, command, answer, expected, ok }: ReportStep): string {
  const sent = command === '' ? '' : ` ${command}`
  const got = answer === '' ? '' : ` -> ${answer}`
  const wanted = expected === '' ? '' : ` (expected ${expected}: ${ok ? 'ok' : 'NOT OK'})`
  return `${action}${sent}${got}${wanted}`
}

function secondsOf(cases: readonly CaseReport[]): string {
  return (cases.reduce((sum, { duration }) => sum + duration, 0) / 1000).toFixed(3)
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeMarkup(`${value}`)}"`)
    .join('')
}
