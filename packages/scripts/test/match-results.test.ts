import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { decodeScriptResults, matchScriptResults, type SentScript } from '../src/index.js'

interface Sent extends SentScript {
  readonly name: string
}
const sent = (name: string, identifier: string | undefined, commands = 2): Sent => ({
  name,
  commands: Array(commands).fill('a command'),
  ...(identifier === undefined ? {} : { scriptIdentifier: fromHex(identifier) }),
})
const A = sent('A', '0000000A')
const B = sent('B', '0000000B')
const ZERO = sent('zero', '00000000')
const BARE = sent('bare', undefined, 1)

/** name, evidence, commands by their first letters, of each script | unmatched results */
function match(scripts: readonly Sent[], results: string): unknown {
  const { scripts: found, unmatched } = matchScriptResults(scripts, decodeScriptResults(fromHex(results)))
  const rows = found.map(
    (row) => `${row.sent.name} ${row.evidence} ${row.commands.map((command) => command[0]).join('')}`,
  )
  return [rows.join(', '), unmatched.map(({ scriptIdentifier }) => toHex(scriptIdentifier)).join(' ')]
}

describe('results are matched', () => {
  it.each<[string, Sent[], string, [string, string]]>([
    ['nothing with nothing', [], '', ['', '']],
    ['no result', [A], '', ['A none uu', '']],
    ['by identifier', [A], '200000000A', ['A identifier ee', '']],
    ['by identifier, a failed second', [A], '120000000A', ['A identifier ef', '']],
    ['by identifier, not performed', [A], '000000000A', ['A identifier nn', '']],
    ['by identifier in any order', [A, B], '100000000B200000000A', ['A identifier ee, B identifier uu', '']],
    ['the one that has a result', [A, B], '200000000B', ['A none uu, B identifier ee', '']],
    ['another script', [A], '200000000C', ['A none uu', '0000000C']],
    ['another script beside', [A], '200000000C200000000A200000000D', ['A identifier ee', '0000000C 0000000D']],
    ['nothing sent', [], '20000000002000000001', ['', '00000000 00000001']],

    ['a terminal without identifiers', [A], '2000000000', ['A no-identifier ee', '']],
    ['a script of zeros', [ZERO], '1100000000', ['zero no-identifier fn', '']],
    ['a script without identifier', [BARE], '1100000000', ['bare no-identifier f', '']],
    [
      'an identifier and the rest',
      [A, BARE],
      '10000000002000000 00A'.replace(' ', ''),
      ['A identifier ee, bare no-identifier u', ''],
    ],
    [
      'all alike without identifiers',
      [A, BARE],
      '20000000002000000000',
      ['A no-identifier ee, bare no-identifier e', ''],
    ],
    ['all alike but for the number', [A, B], '11000000001200000000', ['A ambiguous uu, B ambiguous uu', '']],
    ['all alike but for the outcome', [A, B], '10000000002000000000', ['A ambiguous uu, B ambiguous uu', '']],
    ['one of two', [A, ZERO], '2000000000', ['A ambiguous uu, zero ambiguous uu', '']],
    ['two of one', [ZERO], '20000000002000000000', ['zero ambiguous uu', '']],
    ['zeros when each has its own', [A], '200000000A1000000000', ['A identifier ee', '00000000']],

    ['twice the same identifier, alike', [A, A2()], '120000000A120000000A', ['A identifier ef, A2 identifier ef', '']],
    [
      'twice the same identifier, not alike',
      [A, A2()],
      '100000000A200000000A',
      ['A ambiguous uu, A2 ambiguous uu', ''],
    ],
    ['one result for two of an identifier', [A, A2()], '200000000A', ['A ambiguous uu, A2 ambiguous uu', '']],
    ['two results for one', [A], '200000000A200000000A', ['A ambiguous uu', '']],
    [
      'zeros beside an ambiguous one',
      [A, A2()],
      '200000000A2000000000',
      ['A ambiguous uu, A2 ambiguous uu', '00000000'],
    ],
  ])('%s', (_, scripts, results, expected) => expect(match(scripts, results)).toEqual(expected))

  it('with what was sent and what was reported', () => {
    const [result] = decodeScriptResults(fromHex('200000000A'))
    expect(matchScriptResults([A], result === undefined ? [] : [result])).toEqual({
      scripts: [{ sent: A, evidence: 'identifier', result, commands: ['executed', 'executed'] }],
      unmatched: [],
    })
    expect(matchScriptResults([A], []).scripts[0]).not.toHaveProperty('result')
    expect(matchScriptResults([A, B], decodeScriptResults(fromHex('2000000000'))).scripts[0]).not.toHaveProperty(
      'result',
    )
  })

  it('each once, also when one object was sent twice', () => {
    const { scripts } = matchScriptResults([A, A], decodeScriptResults(fromHex('200000000A200000000A')))
    expect(scripts).toHaveLength(2)
  })
})

function A2(): Sent {
  return sent('A2', '0000000A')
}
