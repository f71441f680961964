/** The runner of the conformance test, by cases and cards made by hand. */
import { IssuerkitError } from '@issuerkit/apdu'
import { describe, expect, test } from 'vitest'
import type { CardUnderTest, ConformanceCase } from '../src/conformance/case.js'
import type { CaseReport } from '../src/conformance/report.js'
import { runConformance } from '../src/conformance/runner.js'
import { type HandMadeCard, handMadeCard } from './support/hand-made-card.js'

const VERIFY = '00200000021234'

function caseOf(id: string, more: Partial<ConformanceCase> = {}): ConformanceCase {
  const run: ConformanceCase['run'] = async (t) => void (await t.expect(t.verify('1234'), '9000'))
  return { id, title: `case ${id}`, source: 'seed', destructive: false, run, ...more }
}

/** A card that has copies: each a new hand-made card, kept for the test to look at. */
function cloneable(
  answers: Parameters<typeof handMadeCard>[0] = {},
): CardUnderTest & { readonly copies: HandMadeCard[] } {
  const copies: HandMadeCard[] = []
  const clone = async (): Promise<CardUnderTest> => {
    const copy = { ...handMadeCard(answers), clone }
    copies.push(copy)
    return copy
  }
  return { ...handMadeCard(answers), clone, copies }
}

const verdicts = (cases: readonly CaseReport[]): string[] =>
  cases.map(({ id, verdict, reason }) => `${id} ${verdict}${reason === undefined ? '' : `: ${reason}`}`)

describe('verdicts', () => {
  test('of a case that goes: its steps, and what the card was', async () => {
    const { card, cases, date, ...counts } = await runConformance(handMadeCard({ [VERIFY]: '9000' }), [
      caseOf('4.1.3-1'),
    ])
    expect(card).toEqual({ name: 'hand-made <card>', atr: '3B00', protocol: 'T=0', profile: 'bare' })
    expect(new Date(date).toISOString()).toBe(date)
    expect(counts).toEqual({ total: 1, passed: 1, failed: 0, skipped: 0 })
    expect(cases).toMatchObject([
      {
        id: '4.1.3-1',
        title: 'case 4.1.3-1',
        chapter: '4.1.3',
        source: 'seed',
        verdict: 'passed',
        precondition: 'the card, brought back to its profile behind the case before',
        duration: expect.any(Number),
      },
    ])
    expect(cases[0]).not.toHaveProperty('reason')
    expect(cases[0]?.steps[0]).toEqual({
      action: 'VERIFY',
      command: VERIFY,
      answer: '9000',
      expected: '9000',
      ok: true,
    })
  })

  test('of a case that fails, and the next one goes all the same', async () => {
    const card = handMadeCard({ [VERIFY]: '63C2' })
    const { cases, ...counts } = await runConformance(card, [
      caseOf('1-1'),
      caseOf('1-2', { run: async (t) => void (await t.expect(t.verify('1234'), '63C2')) }),
    ])
    expect(counts).toMatchObject({ total: 2, passed: 1, failed: 1, skipped: 0 })
    expect(verdicts(cases)).toEqual(['1-1 failed: VERIFY: expected 9000, got 63C2', '1-2 passed'])
    expect(cases[0]?.steps[0]).toMatchObject({ answer: '63C2', expected: '9000', ok: false })
  })

  test.each([
    [new IssuerkitError('ERR_READER', { label: 'reader', expected: 'a card', got: 'none' }), /^ERR_READER: /],
    [new TypeError('x is not a function'), /^ERR_INTERNAL: x is not a function$/],
    ['no error at all', /^ERR_INTERNAL: no error at all$/],
  ])('of a case that throws %s: failed, with its code', async (error, reason) => {
    const run = async (): Promise<void> => {
      throw error
    }
    const { cases } = await runConformance(handMadeCard(), [
      caseOf('1-1', { run }),
      caseOf('1-2', { run: async () => {} }),
    ])
    expect(cases).toMatchObject([{ verdict: 'failed', reason: expect.stringMatching(reason) }, { verdict: 'passed' }])
  })

  test('of a case that the card has not what it takes for', async () => {
    const card = handMadeCard()
    const { cases } = await runConformance(card, [caseOf('8-1', { needs: ['fuse', 'clone', 'T=0'] })])
    expect(verdicts(cases)).toEqual(['8-1 skipped: the card does not have what the case needs: fuse, clone'])
    expect(cases[0]).toMatchObject({ precondition: 'none: it was not begun', steps: [] })
    expect(card.log).toEqual([])
  })
})

describe('a card without copies', () => {
  const dead = (id: string): ConformanceCase => caseOf(id, { destructive: true })

  test('is brought back behind each case', async () => {
    const card = handMadeCard({ [VERIFY]: '9000' })
    await runConformance(card, [caseOf('1-1'), caseOf('1-2')])
    const restored = ['reset', '00A4040005A000000001', '00A4040005A000000002', 'reset']
    expect(card.log).toEqual([VERIFY, ...restored, VERIFY, ...restored])
  })

  test('that cannot be brought back fails the case; the others go on', async () => {
    const gone = new IssuerkitError('ERR_READER', { label: 'reader', expected: 'a card', got: 'none' })
    const card = handMadeCard({ [VERIFY]: '63C2', '00A4040005A000000001': gone })
    const { cases } = await runConformance(card, [caseOf('1-1'), caseOf('1-2', { run: async () => {} })])
    expect(verdicts(cases)).toEqual([
      expect.stringMatching(/^1-1 failed: VERIFY: expected 9000, got 63C2; the card was not brought back: ERR_READER/),
      expect.stringMatching(/^1-2 failed: the card was not brought back: ERR_READER/),
    ])
  })

  test('is not killed', async () => {
    const card = handMadeCard({ [VERIFY]: '9000' })
    const { cases } = await runConformance(card, [dead('1-1'), caseOf('1-2')])
    expect(verdicts(cases)).toEqual(['1-1 skipped: it kills the card, which has no copies', '1-2 passed'])
  })

  test('is killed where that is asked for: once, behind all else, and is not touched again', async () => {
    const card = handMadeCard({ [VERIFY]: '9000', '00200000025678': '63C2' })
    const alive = caseOf('1-3', { run: async (t) => void (await t.expect(t.verify('5678'), '63C2')) })
    const cases = [dead('1-1'), dead('1-2'), alive]
    const report = await runConformance(card, cases, { includeDestructive: true })
    expect(verdicts(report.cases)).toEqual(['1-1 passed', '1-2 skipped: case 1-1 has killed the card', '1-3 passed'])
    expect([card.log[0], card.log.at(-1)]).toEqual(['00200000025678', VERIFY])
  })

  test('that a case was skipped on still lives', async () => {
    const card = handMadeCard({ [VERIFY]: '9000' })
    const cases = [caseOf('1-1', { destructive: true, needs: ['fuse'] }), dead('1-2')]
    const report = await runConformance(card, cases, { includeDestructive: true })
    expect(report.cases.map(({ verdict }) => verdict)).toEqual(['skipped', 'passed'])
  })
})

describe('a card with copies', () => {
  test('gives each case one of its own, and stays untouched', async () => {
    const card = cloneable({ [VERIFY]: '9000' })
    const { cases } = await runConformance(card, [
      caseOf('1-1', { destructive: true }),
      caseOf('1-2', { destructive: true }),
      caseOf('1-3', { needs: ['clone'] }),
    ])
    expect(cases.map(({ verdict, precondition }) => [verdict, precondition])).toEqual(
      Array(3).fill(['passed', 'a fresh copy of the card as personalised']),
    )
    expect(card.copies.map(({ log }) => log)).toEqual(Array(3).fill([VERIFY, 'disconnect']))
  })

  test('that gives no copy fails the case', async () => {
    let times = 0
    const clone = async (): Promise<CardUnderTest> => {
      times += 1
      if (times === 1) throw new Error('no more')
      return handMadeCard({ [VERIFY]: '9000' })
    }
    const { cases } = await runConformance({ ...handMadeCard(), clone }, [caseOf('1-1'), caseOf('1-2')])
    expect(verdicts(cases)).toEqual(['1-1 failed: ERR_INTERNAL: no more', '1-2 passed'])
    expect(cases[0]).toMatchObject({ precondition: 'none: the card could not be copied', steps: [] })
  })

  test('whose copy does not let go fails the case', async () => {
    const one = handMadeCard({ [VERIFY]: '9000' })
    const connection = { ...one.connection, disconnect: () => Promise.reject(new Error('stuck')) }
    const card = { ...one, clone: async () => ({ ...one, connection }) }
    const { cases } = await runConformance(card, [caseOf('1-1')])
    expect(verdicts(cases)).toEqual(['1-1 failed: the copy does not go: ERR_INTERNAL: stuck'])
  })
})

describe('what is asked for', () => {
  const ids = ['4.1.1-1a', '4.1.1-1b', '4.1.10-1', '4.1.2-1', '5-1', '7.0']
  const run = async (...only: string[]): Promise<string[]> => {
    const cases = ids.map((id) => caseOf(id, { run: async () => {} }))
    return (await runConformance(handMadeCard(), cases, { only })).cases.map(({ id }) => id)
  }

  test.each([
    [[], ids],
    [['4.1.1'], ['4.1.1-1a', '4.1.1-1b']],
    [['4.1.1-1a'], ['4.1.1-1a']],
    [['4'], ['4.1.1-1a', '4.1.1-1b', '4.1.10-1', '4.1.2-1']],
    [
      ['5', '4.1.10'],
      ['4.1.10-1', '5-1'],
    ],
    [['7.0'], ['7.0']],
    [['7'], ['7.0']],
  ])('%j', async (only, expected) => {
    expect(await run(...only)).toEqual(expected)
  })

  test.each(['4.1.1-1', '4.', '4.1.3', '', '41', 'x'])('%j names nothing', async (only) => {
    await expect(run('5', only)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})

describe('progress', () => {
  const idle = { run: async (): Promise<void> => {} }

  test('is told behind each case', async () => {
    const told: string[] = []
    await runConformance(handMadeCard(), [caseOf('1-1', idle), caseOf('1-2')], {
      onProgress: ({ done, total, last }) => told.push(`${done}/${total} ${last.id} ${last.verdict}`),
    })
    expect(told).toEqual(['1/2 1-1 passed', '2/2 1-2 failed'])
  })

  test('that throws ends the run', async () => {
    const stop = new Error('stop')
    const onProgress = (): never => {
      throw stop
    }
    await expect(runConformance(handMadeCard(), [caseOf('1-1', idle)], { onProgress })).rejects.toBe(stop)
  })
})
