/**
 * The conformance test finds faults: each of these e-purse cards has one, and the case that is named for it fails. The card
 * without a fault passes the same cases. With BROKEN=all in the environment each broken card goes through all cases, and
 * those that find it are printed.
 */
import { describe, expect, test } from 'vitest'
import { CONFORMANCE_CASES, type ConformanceReport, runConformance } from '../packages/terminal/src/index.js'
import { cardOf, occurrences } from './support/broken-purse.js'
import { BROKEN_PURSES } from './support/broken-purses.js'

const ALL = process.env['BROKEN'] === 'all'
const names = BROKEN_PURSES.map(({ name }) => name)

/** The cases that failed, but for faults of the case itself: a card that stops with an exception proves nothing. */
function failedIn({ cases }: ConformanceReport): string[] {
  const failed = cases.filter(({ verdict, reason = '' }) => verdict === 'failed' && !reason.startsWith('ERR_INTERNAL'))
  return failed.map(({ id }) => id)
}

test('the card without a fault passes the cases that find faults', async () => {
  const card = await cardOf('whole')
  const only = [...new Set(BROKEN_PURSES.map(({ caughtBy }) => caughtBy))]
  const report = await runConformance(card, CONFORMANCE_CASES, { only })
  expect(report).toMatchObject({ total: only.length, passed: only.length })
})

test('each fault is one change, and they are enough', () => {
  expect(BROKEN_PURSES.filter((one) => occurrences(one) !== 1)).toEqual([])
  expect(BROKEN_PURSES.filter(({ find, replace }) => find === replace)).toEqual([])
  expect(new Set(names).size).toBe(names.length)
  expect(names.length).toBeGreaterThanOrEqual(36)
})

describe('a card', () => {
  test.each(BROKEN_PURSES.map((one) => [one.name, one] as const))(
    '%s',
    async (name, { caughtBy, ...change }) => {
      const card = await cardOf(name, change)
      const report = await runConformance(card, CONFORMANCE_CASES, ALL ? {} : { only: [caughtBy] })
      const failed = failedIn(report)
      if (ALL) process.stdout.write(`${name}: ${failed.join(' ') || 'NOTHING'}\n`)
      expect(failed).toContain(caughtBy)
    },
    ALL ? 600_000 : undefined,
  )
})
