/** The judge of the rounds, judged: histories that can be are taken, and each kind of lie is found. */
import { describe, expect, test } from 'vitest'
import { isLinearizable, type Recorded } from './support/faults/history.js'
import type { Call } from './support/faults/model.js'

const RULES = { answerTimeout: 60, maxAttempts: 2 }

const queue = (entry: string, target = entry, superseded: readonly string[] = []): Call => ({
  type: 'queue',
  target,
  told: { entry, superseded },
})
const authorize = (
  reference: string,
  told: readonly string[],
  more: Partial<Call & { type: 'authorize' }> = {},
): Call => ({
  type: 'authorize',
  ...{ reference, now: 0, counter: 0, notCompleted: false, told },
  ...more,
})
const cancel = (entry: string, told: 'cancelled' | 'refused'): Call => ({ type: 'cancel', entry, told })
const read = (told: Record<string, string>): Call => ({ type: 'read', told })
const advise = (reference: string, told: readonly string[] | 'matched' | 'unmatched'): Call => ({
  ...{ type: 'advise', reference, told },
})
/** One after the other. */
const inTurn = (...calls: readonly Call[]): Recorded[] =>
  calls.map((call, i) => ({ ...call, from: 2 * i, to: 2 * i + 1 }))
/** All at the same time. */
const atOnce = (...calls: readonly Call[]): Recorded[] => calls.map((call) => ({ ...call, from: 0, to: 1 }))

describe('what can be', () => {
  test.each([
    ['nothing', []],
    [
      'a command that is sent, told and proven',
      inTurn(
        queue('a'),
        authorize('1', ['a']),
        advise('1', ['a']),
        authorize('2', [], { counter: 1, now: 60 }),
        read({ a: 'confirmed card' }),
      ),
    ],
    ['the same request again', inTurn(queue('a'), authorize('1', ['a']), queue('b'), authorize('1', ['a']))],
    [
      'a script that did not run goes again',
      inTurn(queue('a'), authorize('1', ['a']), authorize('2', ['a'], { now: 60, notCompleted: true })),
    ],
    ['a newer command for the same', inTurn(queue('a', 't'), queue('b', 't', ['a']), authorize('1', ['b']))],
    ['two at once, the later first', atOnce(authorize('1', ['a']), queue('a'))],
    ['a cancelled command', inTurn(queue('a'), cancel('a', 'cancelled'), authorize('1', []), read({}))],
    [
      'somebody asks while the answer is on its way',
      inTurn(queue('a'), authorize('1', ['a']), queue('b'), authorize('2', [], { now: 59, counter: 1 })),
    ],
    [
      'attempts that are used up',
      inTurn(
        queue('a'),
        authorize('1', ['a']),
        authorize('2', ['a'], { now: 60, notCompleted: true }),
        authorize('3', [], { now: 120, notCompleted: true }),
        read({ a: 'failed' }),
      ),
    ],
  ])('%s', (_, history) => expect(isLinearizable(history, RULES)).toBe(true))
})

describe('what cannot be', () => {
  test.each([
    [
      'a command that is sent twice',
      inTurn(queue('a'), authorize('1', ['a']), authorize('2', ['a'], { now: 60, counter: 1 })),
    ],
    ['a command that is forgotten', inTurn(queue('a'), authorize('1', []))],
    ['a command before it was queued', inTurn(authorize('1', ['a']), queue('a'))],
    ['another answer to the same request', inTurn(queue('a'), authorize('1', ['a']), authorize('1', []))],
    ['commands in another order', inTurn(queue('a'), queue('b'), authorize('1', ['b', 'a']))],
    ['a command that was cancelled', inTurn(queue('a'), cancel('a', 'cancelled'), authorize('1', ['a']))],
    ['a command that was cancelled twice', inTurn(queue('a'), cancel('a', 'cancelled'), cancel('a', 'cancelled'))],
    [
      'a command that was taken back from the card',
      inTurn(queue('a'), authorize('1', ['a']), cancel('a', 'cancelled')),
    ],
    ['a command that could have been cancelled', inTurn(queue('a'), cancel('a', 'refused'))],
    ['a command that was replaced', inTurn(queue('a', 't'), queue('b', 't', ['a']), authorize('1', ['a', 'b']))],
    ['a replacement that nobody was told of', inTurn(queue('a', 't'), queue('b', 't'))],
    [
      'a script while another answer is on its way',
      inTurn(queue('a'), authorize('1', ['a']), queue('b'), authorize('2', ['b'], { now: 59, counter: 1 })),
    ],
    [
      'more attempts than are allowed',
      inTurn(
        queue('a'),
        authorize('1', ['a']),
        authorize('2', ['a'], { now: 60, notCompleted: true }),
        authorize('3', ['a'], { now: 120, notCompleted: true }),
      ),
    ],
    ['an old state', inTurn(queue('a'), authorize('1', ['a']), read({ a: 'pending' }))],
    ['a command that nobody shows', inTurn(queue('a'), read({}))],
    ['a command that nobody queued', inTurn(read({ a: 'pending' }))],
    ['an advice that moves twice', inTurn(queue('a'), authorize('1', ['a']), advise('1', ['a']), advise('1', ['a']))],
    ['an advice that finds nothing', inTurn(queue('a'), authorize('1', ['a']), advise('1', 'unmatched'))],
    [
      'an advice that is believed though the card spoke',
      inTurn(queue('a'), authorize('1', ['a']), authorize('2', [], { counter: 1, now: 60 }), advise('1', ['a'])),
    ],
    ['two commands at once, each before the other', atOnce(queue('a', 't', ['b']), queue('b', 't', ['a']))],
  ])('%s', (_, history) => expect(isLinearizable(history, RULES)).toBe(false))

  test('a card that ran a part of a script is no card of the model', () => {
    const history = inTurn(queue('a'), queue('b'), authorize('1', ['a', 'b']), authorize('2', [], { counter: 1 }))
    expect(() => isLinearizable(history, RULES)).toThrow('a part of a script')
  })
})
