import { describe, expect, it } from 'vitest'
import { RETRY_RULES, retryRule, type ScriptCommandName } from '../src/index.js'

describe('a command with unknown outcome', () => {
  it.each<[ScriptCommandName, string | undefined, string]>([
    ['application-block', undefined, 'repeatable'],
    ['application-unblock', undefined, 'repeatable'],
    ['card-block', undefined, 'repeatable'],
    ['pin-unblock', undefined, 'with-check'],
    ['pin-change', undefined, 'repeatable'],
    ['pin-change-with-current', undefined, 'never'],
    ['put-data', '9F58', 'repeatable'],
    ['put-data', undefined, 'repeatable'],
    ['put-data', '9F79', 'never'],
    ['put-data', 'DF79', 'never'],
    ['put-data', '9F78', 'repeatable'],
    ['update-record', undefined, 'with-check'],
    ['update-record', '9F79', 'with-check'],
  ])('%s %s: %s', (type, tag, again) =>
    expect(retryRule(tag === undefined ? { type } : { type, tag }).again).toBe(again),
  )

  it.each(Object.entries(RETRY_RULES))('%s: says what must hold unless it may be repeated', (_, rule) => {
    expect(rule.proof).not.toBe('')
    expect('condition' in rule).toBe(rule.again !== 'repeatable')
  })
})
