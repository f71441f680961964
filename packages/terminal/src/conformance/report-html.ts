/** A conformance run as one HTML page for the file of a laboratory: it needs nothing besides itself, and prints well. */
import { escapeMarkup } from './markup.js'
import { type CaseReport, type ChapterSummary, type ConformanceReport, chaptersOf, type ReportStep } from './report.js'

const STYLE = `
body { font: 14px/1.4 system-ui, sans-serif; color: #111; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.5rem } h3 { font-size: 1rem; margin: 1.5rem 0 .25rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem } dt { color: #555 } dd { margin: 0 }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 } th { text-align: left; background: #f2f2f2 }
th, td { border: 1px solid #ccc; padding: .2rem .45rem; vertical-align: top } td.n, th.n { text-align: right }
td.hex { font: 12px/1.35 ui-monospace, monospace; overflow-wrap: anywhere; word-break: break-all }
table.steps { table-layout: fixed } .steps th:nth-child(1) { width: 16% } .steps th:nth-child(2) { width: 29% }
.steps th:nth-child(3) { width: 27% } .steps th:nth-child(5) { width: 4.5rem }
.passed { color: #0a5c22 } .failed { color: #a40000; font-weight: 600 } .skipped { color: #6b4e00 }
p { margin: .2rem 0 } footer { margin-top: 3rem; color: #555 }
@media print { body { margin: 0; max-width: none; font-size: 10pt } section { break-before: page } a { color: inherit }
  section.case, tr { break-inside: avoid } section.case { break-before: auto } thead { display: table-header-group } }
`

/** The report as one HTML page: header, table per chapter, then each case with every command and answer. */
export function htmlReport(report: ConformanceReport): string {
  const { card, date, total, passed, failed, skipped } = report
  const chapters = chaptersOf(report)
  const title = `Conformance test of an e-purse card: ${card.name}`
  const facts = {
    Card: card.name,
    'Answer to reset': card.atr,
    Protocol: card.protocol,
    Profile: card.profile,
    Specification: 'ETC user card test specification, Highway Research Institute, 2008; e-purse, JR/T 0025 part 2',
    Date: date,
    Result: `${failed === 0 ? 'no case failed' : `${failed} failed`}: ${total} cases, ${passed} passed, ${failed} failed, ${skipped} skipped`,
  }
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
<dl>
${Object.entries(facts)
  .map(([name, value]) => `<dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(value)}</dd>`)
  .join('\n')}
</dl>
<h2>Chapters</h2>
<table>
<thead><tr><th>Chapter</th><th>Title</th><th class="n">Passed</th><th class="n">Failed</th><th class="n">Skipped</th></tr></thead>
<tbody>
${chapters.map(chapterRow).join('\n')}
<tr><th>Total</th><th>${total} cases</th><th class="n">${passed}</th><th class="n">${failed}</th><th class="n">${skipped}</th></tr>
</tbody>
</table>
${chapters.map(chapterSection).join('\n')}
<footer><p>The commands hold the PIN and what was enciphered with the keys of a test card; this page is for test cards only.</p></footer>
</body>
</html>
`
}

function chapterRow({ chapter, title, passed, failed, skipped }: ChapterSummary): string {
  const link = `<a href="#chapter-${escapeMarkup(chapter)}">${escapeMarkup(chapter)}</a>`
  const cell = (count: number, verdict: string): string =>
    `<td class="n${count > 0 ? ` ${verdict}` : ''}">${count}</td>`
  return `<tr><td>${link}</td><td>${escapeMarkup(title)}</td>${cell(passed, 'passed')}${cell(failed, 'failed')}${cell(skipped, 'skipped')}</tr>`
}

function chapterSection({ chapter, title, cases }: ChapterSummary): string {
  return `<section>
<h2 id="chapter-${escapeMarkup(chapter)}">${escapeMarkup(`${chapter} ${title}`)}</h2>
${cases.map(caseSection).join('\n')}
</section>`
}

function caseSection({ id, title, source, verdict, reason, precondition, steps, duration }: CaseReport): string {
  const origin = source === 'seed' ? 'text of the specification' : 'reconstructed'
  const verdictText = reason === undefined ? verdict : `${verdict}: ${reason}`
  return `<section class="case" id="case-${escapeMarkup(id)}">
<h3>${escapeMarkup(`${id} ${title}`)}</h3>
<p>Source: ${origin}. Precondition: ${escapeMarkup(precondition)}. Duration: ${Math.round(duration)} ms.</p>
<p class="${verdict}">Verdict: ${escapeMarkup(verdictText)}</p>
${steps.length === 0 ? '' : stepTable(steps)}</section>`
}

function stepTable(steps: readonly ReportStep[]): string {
  return `<table class="steps">
<thead><tr><th>Action</th><th>Command</th><th>Answer</th><th>Expected</th><th>Verdict</th></tr></thead>
<tbody>
${steps.map(stepRow).join('\n')}
</tbody>
</table>
`
}

function stepRow({ action, command, answer, expected, ok }: ReportStep): string {
  const verdict = ok ? 'passed' : 'failed'
  const shown = expected === '' && ok ? '' : verdict
  return `<tr><td>${escapeMarkup(action)}</td><td class="hex">${escapeMarkup(command)}</td><td class="hex">${escapeMarkup(answer)}</td><td class="hex">${escapeMarkup(expected)}</td><td class="${verdict}">${shown}</td></tr>`
}
