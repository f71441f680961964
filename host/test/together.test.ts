/** What goes to the database together, and that nobody pays for another. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { together } from '../src/store/together.js'

/** A run that ends when it is told to, and remembers what went together. */
function controlled() {
  const groups: (readonly string[])[] = []
  const ends: (() => void)[] = []
  const run = async (items: readonly string[]) => {
    groups.push(items)
    await new Promise<void>((resolve) => ends.push(resolve))
    return items.map((item) => item.toUpperCase())
  }
  const end = async () => {
    ends.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { groups, run, end }
}
const itself = (item: string) => item

describe('together', () => {
  test('one alone goes at once; those that come meanwhile share the next', async () => {
    const { groups, run, end } = controlled()
    const ask = together(run, itself, { lanes: 1, most: 8 })
    const answers = ['a', 'b', 'c'].map(ask)
    expect(groups).toEqual([['a']])
    await end()
    expect(groups).toEqual([['a'], ['b', 'c']])
    await end()
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C'])
  })

  test('as many groups as lanes are on their way', async () => {
    const { groups, run, end } = controlled()
    const ask = together(run, itself, { lanes: 2, most: 8 })
    const answers = ['a', 'b', 'c', 'd'].map(ask)
    expect(groups).toEqual([['a'], ['b']])
    await end()
    expect(groups[2]).toEqual(['c', 'd'])
    await Promise.all([end(), end()])
    await Promise.all(answers)
  })

  test('the same key waits for the next group, and a group has its most', async () => {
    const { groups, run, end } = controlled()
    const ask = together(run, (item) => item.slice(0, 1), { lanes: 1, most: 2 })
    const answers = ['x', 'a1', 'a2', 'b', 'c'].map(ask)
    for (let i = 0; i < 3; i++) await end()
    expect(groups).toEqual([['x'], ['a1', 'b'], ['a2', 'c']])
    await Promise.all(answers)
  })

  test('of a group that fails, each is tried alone: only the culprit fails', async () => {
    const runs: string[][] = []
    const run = async (items: readonly string[]) => {
      runs.push([...items])
      if (items.includes('bad')) throw new Error('no')
      return [...items]
    }
    const ask = together(run, itself, { lanes: 1, most: 8 })
    const answers = await Promise.allSettled(['first', 'good', 'bad', 'fine'].map(ask))
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(runs).toEqual([['first'], ['good', 'bad', 'fine'], ['good'], ['bad'], ['fine']])
    await expect(ask('bad')).rejects.toThrow('no')
    expect(await ask('after')).toBe('after')
  })

  test('whatever comes when, each gets its own answer, once', async () => {
    const options = { lanes: fc.integer({ min: 1, max: 4 }), most: fc.integer({ min: 1, max: 5 }) }
    const items = fc.array(fc.record({ key: fc.nat(3), pause: fc.nat(2), fails: fc.boolean() }), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(fc.record(options), items, async (limits, list) => {
        let running = 0
        const run = async (group: readonly { key: number; n: number; fails: boolean }[]) => {
          running += 1
          expect(running).toBeLessThanOrEqual(limits.lanes * limits.most)
          expect(group.length).toBeLessThanOrEqual(limits.most)
          expect(new Set(group.map(({ key }) => key)).size).toBe(group.length)
          await new Promise((resolve) => setImmediate(resolve))
          running -= 1
          if (group.some(({ fails }) => fails)) throw new Error('fails')
          return group.map(({ n }) => n)
        }
        const ask = together(run, ({ key }) => `${key}`, limits)
        const answers: Promise<PromiseSettledResult<number>>[] = []
        for (const [n, { key, pause, fails }] of list.entries()) {
          const answer = ask({ key, n, fails })
          answers.push(Promise.allSettled([answer]).then(([one]) => one))
          for (let i = 0; i < pause; i++) await new Promise((resolve) => setImmediate(resolve))
        }
        for (const [n, answer] of (await Promise.all(answers)).entries()) {
          expect(answer.status).toBe(list[n]?.fails ? 'rejected' : 'fulfilled')
          if (answer.status === 'fulfilled') expect(answer.value).toBe(n)
        }
      }),
      { numRuns: 200 },
    )
  })
})
