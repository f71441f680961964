import { describe, expect, it } from 'vitest'
import { type AtcKnowledge, judgeAtc } from '../src/index.js'

const seen = [
  { atc: 5, type: 'ARQC' },
  { atc: 5, type: 'TC' },
  { atc: 7, type: 'AAC' },
] as const

describe('a replay', () => {
  it.each([
    [5, 'ARQC', ['E']],
    [5, 'TC', ['E']],
    [5, 'AAC', []],
    [7, 'AAC', ['E']],
    [7, 'ARQC', []],
    [6, 'ARQC', []],
    [7, undefined, ['E']],
    [6, undefined, []],
  ] as const)('at %i of %s: %j', (atc, type, expected) => expect(judgeAtc(atc, type, { seen })).toEqual(expected))
})

describe('the window', () => {
  const window = { highest: 100, ahead: 10, behind: 20 }
  it.each([
    [79, ['A']],
    [80, []],
    [100, []],
    [110, []],
    [111, ['A']],
  ])('at %i: %j', (atc, expected) => expect(judgeAtc(atc, 'ARQC', { window })).toEqual(expected))

  it.each([
    [{ ...window, highest: Number.NaN }],
    [{ ...window, ahead: Number.NaN }],
    [{ ...window, behind: Number.NaN }],
  ])('refuses every counter when a limit is no number: %j', (wrong) => {
    expect(judgeAtc(100, 'ARQC', { window: wrong })).toEqual(['A'])
  })

  it('may speak beside a replay, and nothing speaks without knowledge', () => {
    const both: AtcKnowledge = { seen: [{ atc: 5, type: 'ARQC' }], window }
    expect(judgeAtc(5, 'ARQC', both)).toEqual(['E', 'A'])
    expect(judgeAtc(65535, 'ARQC', {})).toEqual([])
  })
})
