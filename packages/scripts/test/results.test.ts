import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CommandOutcome,
  commandOutcomes,
  decodeScriptResults,
  encodeScriptResults,
  type ScriptOutcome,
  type ScriptResult,
} from '../src/index.js'
import { coded } from './support/session.js'

const result = (outcome: ScriptOutcome, commandNumber: number, scriptIdentifier = '00000001'): ScriptResult => ({
  outcome,
  commandNumber,
  scriptIdentifier: fromHex(scriptIdentifier),
})
const TABLE: readonly [string, ScriptResult[]][] = [
  ['', []],
  ['2000000001', [result('successful', 0)]],
  ['1000000001', [result('failed', 0)]],
  ['1300000001', [result('failed', 3)]],
  ['1F00000001', [result('failed', 15)]],
  ['0000000001', [result('not-performed', 0)]],
  ['2400000001', [result('successful', 4)]],
  [
    '200000000A12FFFFFFFF0000000000',
    [result('successful', 0, '0000000A'), result('failed', 2, 'FFFFFFFF'), result('not-performed', 0, '00000000')],
  ],
]

describe('script results', () => {
  it.each(TABLE)('%s are decoded and encoded', (text, results) => {
    expect(decodeScriptResults(fromHex(text))).toEqual(results)
    expect(toHex(encodeScriptResults(results))).toBe(text)
  })

  it.each(TABLE.slice(1))('%s mean the same in DF31', (text, results) => {
    expect(decodeScriptResults(fromHex(text), 'DF31')).toEqual(results)
    expect(toHex(encodeScriptResults(results, 'DF31'))).toBe(text)
  })

  it('are none when DF31 is zeros, and one in 9F5B', () => {
    expect(decodeScriptResults(new Uint8Array(5), 'DF31')).toEqual([])
    expect(decodeScriptResults(new Uint8Array(5), '9F5B')).toEqual([result('not-performed', 0, '00000000')])
    expect(decodeScriptResults(new Uint8Array(10), 'DF31')).toHaveLength(2)
    expect(decodeScriptResults(new Uint8Array(0), 'DF31')).toEqual([])
    expect(toHex(encodeScriptResults([], 'DF31'))).toBe('0000000000')
    expect(toHex(encodeScriptResults([], '9F5B'))).toBe('')
  })

  it('survive both ways', () => {
    const outcome = fc.constantFrom<ScriptOutcome>('not-performed', 'failed', 'successful')
    const entry = fc.record({
      outcome,
      commandNumber: fc.integer({ min: 0, max: 15 }),
      scriptIdentifier: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), (results) => {
        expect(decodeScriptResults(encodeScriptResults(results))).toEqual(results)
      }),
    )
  })

  it.each([1, 4, 6, 9, 11])('are refused with %i bytes', (length) =>
    expect(() => decodeScriptResults(new Uint8Array(length), 'DF31')).toThrow(
      coded('ERR_LENGTH', { label: 'tag DF31', got: `${length} bytes` }),
    ),
  )
  it.each(['30', '4F', 'FF', '80'])('are refused with a first byte %s', (first) =>
    expect(() => decodeScriptResults(fromHex(`2000000000${first}00000000`))).toThrow(
      coded('ERR_SCRIPT', { label: 'tag 9F5B', got: first, offset: 5 }),
    ),
  )
  it('are refused with the offset of the entry', () =>
    expect(() => decodeScriptResults(fromHex('200000000020000000003000000000'))).toThrow(
      coded('ERR_SCRIPT', { expected: '0X, 1X or 2X', offset: 10 }),
    ))

  it.each([-1, 16, 0.5])('are not encoded with command %d', (commandNumber) =>
    expect(() => encodeScriptResults([result('failed', commandNumber)])).toThrow(
      coded('ERR_SCRIPT', { label: 'tag 9F5B', got: `failed ${commandNumber}` }),
    ),
  )
  it('are not encoded with another outcome or identifier', () => {
    expect(() => encodeScriptResults([result('done' as 'failed', 0)], 'DF31')).toThrow(
      coded('ERR_SCRIPT', { label: 'tag DF31', got: 'done 0' }),
    )
    expect(() => encodeScriptResults([result('failed', 1, '000001')])).toThrow(coded('ERR_LENGTH'))
  })
})

describe('what a result says of each command', () => {
  const [E, F, N, U] = ['executed', 'failed', 'not-executed', 'unknown'] as const
  const many = (first: CommandOutcome, count: number, ...rest: CommandOutcome[]): CommandOutcome[] => [
    ...Array<CommandOutcome>(count).fill(first),
    ...rest,
  ]

  it.each<[string, ScriptOutcome, number, CommandOutcome[]]>([
    ['all of 3', 'successful', 0, [E, E, E]],
    ['all of 3, whatever the number', 'successful', 2, [E, E, E]],
    ['none of 3', 'not-performed', 0, [N, N, N]],
    ['none of 3, whatever the number', 'not-performed', 2, [N, N, N]],
    ['the first of 3 failed', 'failed', 1, [F, N, N]],
    ['the second of 3 failed', 'failed', 2, [E, F, N]],
    ['the third of 3 failed', 'failed', 3, [E, E, F]],
    ['the fourth of 3 failed', 'failed', 4, [U, U, U]],
    ['one of 3 failed', 'failed', 0, [U, U, U]],
    ['the only one failed, not said which', 'failed', 0, [U]],
    ['the fifteenth or later of 3', 'failed', 15, [U, U, U]],
    ['the fourteenth of 14', 'failed', 14, many(E, 13, F)],
    ['the fifteenth or later of 14', 'failed', 15, many(U, 14)],
    ['the fifteenth or later of 15', 'failed', 15, many(E, 14, F)],
    ['the fifteenth or later of 16', 'failed', 15, many(E, 14, U, U)],
    ['the fourteenth of 16', 'failed', 14, many(E, 13, F, N, N)],
    ['nothing of no commands', 'successful', 0, []],
  ])('%s', (_, outcome, number, expected) =>
    expect(commandOutcomes(result(outcome, number), expected.length)).toEqual(expected),
  )
})
