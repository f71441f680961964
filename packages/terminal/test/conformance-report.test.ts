/** The reports of a conformance run, written out by hand. */
import { fromHex } from '@issuerkit/apdu'
import { describe, expect, test } from 'vitest'
import { CHAPTERS, chapterOf } from '../src/conformance/chapters.js'
import { escapeMarkup } from '../src/conformance/markup.js'
import {
  type CaseReport,
  type ConformanceReport,
  chapterLines,
  chaptersOf,
  reportOf,
} from '../src/conformance/report.js'
import { htmlReport } from '../src/conformance/report-html.js'
import { junitReport } from '../src/conformance/report-junit.js'
import { reportSteps } from '../src/conformance/report-steps.js'
import { CONFORMANCE_IDS } from './support/conformance-ids.js'

const CARD = { name: 'Reader <1> & "2"', atr: '3B00', protocol: 'T=0', profile: 'etc-2008' } as const
const DATE = '2026-11-22T00:10:00.123Z'

function caseReport(id: string, more: Partial<CaseReport> = {}): CaseReport {
  const chapter = chapterOf(id)
  const precondition = 'a fresh copy'
  return {
    id,
    title: 'a title',
    chapter,
    source: 'seed',
    verdict: 'passed',
    precondition,
    steps: [],
    duration: 1500,
    ...more,
  }
}

const REPORT: ConformanceReport = reportOf(CARD, DATE, [
  caseReport('4.1.3-1', {
    steps: [
      { action: 'cold reset', command: '', answer: '', expected: '', ok: true },
      { action: 'VERIFY', command: '0020000002 1234', answer: '9000', expected: '9000', ok: true },
    ],
  }),
  caseReport('4.1.3-3', {
    title: "wrong's <PIN>",
    verdict: 'failed',
    reason: 'VERIFY: expected "63C2" & got 9000',
    source: 'reconstructed',
    duration: 4.4,
    steps: [
      { action: 'READ', command: '00B0', answer: '6A82', expected: '', ok: true },
      { action: 'VERIFY', command: '0020', answer: '9000', expected: '/^63C[0-2]$/', ok: false },
    ],
  }),
  caseReport('5-1', { verdict: 'skipped', reason: 'no clone', duration: 0 }),
  caseReport('5-2', { verdict: 'skipped', reason: 'no clone', duration: 0 }),
])

describe('the table per chapter', () => {
  test('counts, names what failed and why, and what was skipped', () => {
    expect(chapterLines(REPORT).split('\n')).toEqual([
      'chapter                             passed  failed  skipped',
      '4.1.3    VERIFY                          1       1        0',
      '5        Transaction state machine       0       0        2',
      'total    4 cases                         1       1        2',
      `FAILED 4.1.3-3 wrong's <PIN>: VERIFY: expected "63C2" & got 9000`,
      'skipped, no clone: 5-1, 5-2',
      '',
    ])
  })

  test('of a run of nothing is a total of none', () => {
    const lines = chapterLines(reportOf(CARD, DATE, [])).split('\n')
    expect(lines.map((line) => line.trim())).toEqual([
      expect.stringMatching(/^chapter .*skipped$/),
      expect.stringMatching(/^total +0 cases +0 +0 +0$/),
      '',
    ])
  })

  test('takes a chapter without a title as it is', () => {
    expect(chaptersOf({ cases: [caseReport('9.9-1')] })).toMatchObject([{ chapter: '9.9', title: '9.9', passed: 1 }])
  })

  test('has a title for the chapter of each case, and no other titles', () => {
    expect([...new Set(CONFORMANCE_IDS.map(chapterOf))].sort()).toEqual(Object.keys(CHAPTERS).sort())
  })
})

test('JUnit XML', () => {
  expect(junitReport(REPORT)).toBe(
    [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<testsuites name="e-purse conformance: Reader &lt;1&gt; &amp; &quot;2&quot;, profile etc-2008" tests="4" failures="1" errors="0" skipped="2" time="1.504">',
      '  <testsuite name="4.1.3 VERIFY" tests="2" failures="1" errors="0" skipped="0" time="1.504" timestamp="2026-11-22T00:10:00">',
      '    <testcase classname="conformance.4.1.3" name="4.1.3-1 a title" time="1.500">',
      '      <system-out>precondition: a fresh copy',
      'cold reset',
      'VERIFY 0020000002 1234 -&gt; 9000 (expected 9000: ok)</system-out>',
      '    </testcase>',
      '    <testcase classname="conformance.4.1.3" name="4.1.3-3 wrong&#39;s &lt;PIN&gt;" time="0.004">',
      '      <failure message="VERIFY: expected &quot;63C2&quot; &amp; got 9000"/>',
      '      <system-out>precondition: a fresh copy',
      'READ 00B0 -&gt; 6A82',
      'VERIFY 0020 -&gt; 9000 (expected /^63C[0-2]$/: NOT OK)</system-out>',
      '    </testcase>',
      '  </testsuite>',
      '  <testsuite name="5 Transaction state machine" tests="2" failures="0" errors="0" skipped="2" time="0.000" timestamp="2026-11-22T00:10:00">',
      '    <testcase classname="conformance.5" name="5-1 a title" time="0.000">',
      '      <skipped message="no clone"/>',
      '      <system-out>precondition: a fresh copy</system-out>',
      '    </testcase>',
      '    <testcase classname="conformance.5" name="5-2 a title" time="0.000">',
      '      <skipped message="no clone"/>',
      '      <system-out>precondition: a fresh copy</system-out>',
      '    </testcase>',
      '  </testsuite>',
      '</testsuites>',
      '',
    ].join('\n'),
  )
})

describe('the HTML page', () => {
  const page = htmlReport(REPORT)

  test('needs nothing besides itself', () => {
    expect(page.startsWith('<!DOCTYPE html>\n<html lang="en">')).toBe(true)
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:|src=/i)
    expect([...page.matchAll(/href="([^"]*)"/g)].map(([, to]) => to)).toEqual(['#chapter-4.1.3', '#chapter-5'])
    for (const id of ['chapter-4.1.3', 'chapter-5']) expect(page).toContain(`<h2 id="${id}">`)
    expect(page).toContain('@media print')
  })

  test('says what was tested, when, by which profile, and how it ended', () => {
    for (const [name, value] of [
      ['Card', 'Reader &lt;1&gt; &amp; &quot;2&quot;'],
      ['Answer to reset', '3B00'],
      ['Protocol', 'T=0'],
      ['Profile', 'etc-2008'],
      ['Date', DATE],
      ['Result', '1 failed: 4 cases, 1 passed, 1 failed, 2 skipped'],
    ] as const) {
      expect(page).toContain(`<dt>${name}</dt><dd>${value}</dd>`)
    }
    expect(page).not.toContain('<1>')
    expect(htmlReport(reportOf(CARD, DATE, [caseReport('5-1')]))).toContain('no case failed: 1 cases, 1 passed')
  })

  test('has a table per chapter', () => {
    expect(page).toContain(
      '<td>VERIFY</td><td class="n passed">1</td><td class="n failed">1</td><td class="n">0</td></tr>',
    )
    expect(page).toContain('<th>Total</th><th>4 cases</th><th class="n">1</th><th class="n">1</th><th class="n">2</th>')
  })

  test('has each case with precondition, commands, answers, what was expected, and verdicts', () => {
    const [, failed] = page.split('<section class="case"').slice(1)
    expect(failed).toContain(' id="case-4.1.3-3">\n<h3>4.1.3-3 wrong&#39;s &lt;PIN&gt;</h3>')
    expect(failed).toContain('Source: reconstructed. Precondition: a fresh copy. Duration: 4 ms.')
    expect(failed).toContain('<p class="failed">Verdict: failed: VERIFY: expected &quot;63C2&quot; &amp; got 9000</p>')
    expect(failed).toContain(
      '<tr><td>READ</td><td class="hex">00B0</td><td class="hex">6A82</td><td class="hex"></td><td class="passed"></td></tr>',
    )
    expect(failed).toContain(
      '<tr><td>VERIFY</td><td class="hex">0020</td><td class="hex">9000</td><td class="hex">/^63C[0-2]$/</td><td class="failed">failed</td></tr>',
    )
    expect(page).toContain('Source: text of the specification.')
    expect(page).toContain('<p class="passed">Verdict: passed</p>')
    expect(page.split('<table class="steps">')).toHaveLength(3)
  })

  test('closes what it opens', () => {
    const open: string[] = []
    for (const [, end, name = ''] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
      if (name === 'meta') continue
      if (end === '') open.push(name)
      else expect(open.pop()).toBe(name)
    }
    expect(open).toEqual([])
  })
})

test.each([
  ['a & b < c > "d" \'e\'', 'a &amp; b &lt; c &gt; &quot;d&quot; &#39;e&#39;'],
  ['tab\t, line\r\n', 'tab\t, line\r\n'],
  ['\u0000\u001b[2J\u0085', '\uFFFD\uFFFD[2J\uFFFD'],
  ['\ud83d\ude00 \ud83d \ude00 \uffff', '\ud83d\ude00 \uFFFD \uFFFD \uFFFD'],
  ['&lt;', '&amp;lt;'],
  ['', ''],
])('%j within markup is %j', (text, expected) => {
  expect(escapeMarkup(text)).toBe(expected)
})

describe('steps of a case', () => {
  const tpdu = (command: string, response: string) => ({ command: fromHex(command), response: fromHex(response) })
  const step = {
    name: 'SELECT',
    command: fromHex('00A4'),
    response: fromHex('6F009000'),
    data: fromHex('6F00'),
    status: '9000',
    tpdus: [tpdu('00A4', '6102'), tpdu('00C0000002', '6F009000')],
  }

  test('are its TPDUs, the last with the verdict', () => {
    expect(reportSteps([{ step, expected: '9000', got: '9000', passed: false }])).toEqual([
      { action: 'SELECT', command: '00A4', answer: '6102', expected: '', ok: true },
      { action: 'SELECT, continued', command: '00C0000002', answer: '6F009000', expected: '9000', ok: false },
    ])
  })

  test('that nobody judged are shown all the same', () => {
    expect(reportSteps([{ step: { ...step, tpdus: step.tpdus.slice(0, 1) } }])).toEqual([
      { action: 'SELECT', command: '00A4', answer: '6102', expected: '', ok: true },
    ])
  })

  test('are what was compared besides answers, too, and remarks', () => {
    expect(reportSteps([{ label: 'balance', expected: '5', got: '6', passed: false }, { label: 'reset' }, {}])).toEqual(
      [
        { action: 'balance', command: '', answer: '6', expected: '5', ok: false },
        { action: 'reset', command: '', answer: '', expected: '', ok: true },
        { action: '', command: '', answer: '', expected: '', ok: true },
      ],
    )
  })
})
