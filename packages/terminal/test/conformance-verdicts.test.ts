import { describe, expect, it } from 'vitest'
import { CaseFailed, type Expected, matches, type Step, wordsOf } from '../src/conformance/step.js'
import { PurseTester } from '../src/conformance/tester.js'
import { scriptedCard } from './conformance-support.js'
import { bytes } from './purse-oracle.js'

describe('verdicts', () => {
  const step = (status: string, data = ''): Step => {
    const command = bytes('0084000004')
    return { name: 'GET CHALLENGE', command, response: bytes(data + status), data: bytes(data), status, tpdus: [] }
  }
  it.each<[expected: Expected, words: string, good: boolean]>([
    ['9000', '9000', true],
    ['63c2', '63C2', false],
    ['63C2', '63C2', false],
    [/^9.00$/, '/^9.00$/', true],
    [/^6/, '/^6/', false],
    [{ status: '9000', data: 'aabb' }, '9000 = AABB', true],
    [{ status: '9000', data: bytes('AABB') }, '9000 = AABB', true],
    [{ status: '9000', data: /^AA/ }, '9000 = /^AA/', true],
    [{ status: '9000', data: 'AABBCC' }, '9000 = AABBCC', false],
    [{ status: '9000', data: bytes('AA') }, '9000 = AA', false],
    [{ status: '9000', data: /CC/ }, '9000 = /CC/', false],
    [{ status: '9000', length: 2 }, '9000 2 bytes', true],
    [{ status: '9000', length: 3 }, '9000 3 bytes', false],
    [{ status: '6A82', length: 2 }, '6A82 2 bytes', false],
  ])('%o', (expected, words, good) => {
    expect(matches(step('9000', 'AABB'), expected)).toBe(good)
    expect(wordsOf(expected).toUpperCase()).toBe(words.toUpperCase())
  })

  it('a good one stays with its step, and the step is given back', async () => {
    const tester = new PurseTester(scriptedCard([['00200000021234', '9000']]))
    expect(await tester.expect(tester.verify('1234'), '9000')).toMatchObject({ name: 'VERIFY' })
    expect(tester.records).toMatchObject([{ step: { status: '9000' }, expected: '9000', got: '9000', passed: true }])
  })
  it('a bad one ends the case, and is in the protocol', async () => {
    const tester = new PurseTester(scriptedCard([['00200000029999', '9000']]))
    const failed = await tester.expect(tester.verify('9999'), '63C2').catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(CaseFailed)
    expect(failed).toMatchObject({ name: 'CaseFailed', message: 'VERIFY: expected 63C2, got 9000' })
    expect(tester.records).toEqual([(failed as CaseFailed).record])
    expect(tester.records[0]).toMatchObject({ passed: false })
  })
  it('on data tells the data, on a length the length', async () => {
    const tester = new PurseTester(
      scriptedCard([
        ['*', 'AABB9000'],
        ['*', 'AABB9000'],
      ]),
    )
    const expected = { status: '9000', data: 'AABC' }
    await expect(tester.expect(tester.balance('ep'), expected)).rejects.toThrow('expected 9000 = AABC, got 9000 = AABB')
    await expect(tester.expect(tester.balance('ep'), { status: '9000', length: 4 })).rejects.toThrow('got 9000 2 bytes')
  })
  it('on a step of elsewhere goes to the end of the protocol', async () => {
    const tester = new PurseTester(scriptedCard([]))
    tester.note('before')
    await tester.expect(step('9000'), '9000')
    expect(tester.records).toMatchObject([{ label: 'before' }, { passed: true }])
  })
  it('the same step may be judged twice', async () => {
    const tester = new PurseTester(scriptedCard([['*', '63C2']]))
    const once = await tester.expect(tester.verify('9999'), /^63/)
    await tester.expect(once, '63C2')
    expect(tester.records).toHaveLength(1)
  })
  it('on values', () => {
    const tester = new PurseTester(scriptedCard([]))
    tester.equal('balance', 100, 100)
    expect(() => tester.equal('balance', 100, 101)).toThrow('balance: expected 101, got 100')
    expect(() => tester.equal('balance', '100', 100)).toThrow(CaseFailed)
    expect(tester.records.map(({ passed }) => passed)).toEqual([true, false, false])
  })
})
