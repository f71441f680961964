/** Writing: only what the tables hold goes into a header, and the padding block comes where it must. */
import { KEY_USAGES, type KeyUsage, MODES_OF_USE, type NewKeyBlockHeader, Secret, wrapKeyBlock } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { coded } from './support/errors.js'
import { ALL_VERSIONS, hexBytes, KBPK } from './support/key-blocks.js'

const HEADER: NewKeyBlockHeader = { version: 'D', usage: 'E0', algorithm: 'T', modeOfUse: 'X', exportability: 'N' }
const KEY = Secret.of(hexBytes('0123456789ABCDEFFEDCBA9876543210'), 'key')
const write = (change: object, kbpk = KBPK.aes16 as typeof KBPK.aes16 | typeof KBPK.tdes16): string =>
  wrapKeyBlock(kbpk, { ...HEADER, ...change } as NewKeyBlockHeader, KEY, ALL_VERSIONS)
const optional = (...blocks: [string, string][]) => ({ optionalBlocks: blocks.map(([id, data]) => ({ id, data })) })

describe('the fields of a new header', () => {
  it('are put in their places', () => {
    expect(write({}).slice(0, 16)).toBe('D0112E0TX00N0000')
    expect(write({ usage: 'P0', modeOfUse: 'B', keyVersion: 'c1', exportability: 'S' }).slice(0, 16)).toBe(
      'D0112P0TBc1S0000',
    )
  })

  it.each([
    ['version', { version: 'A' }, 'B, C, D', 'A'],
    ['version', { version: 'E' }, 'B, C, D', 'E'],
    ['version', { version: '' }, 'B, C, D', ''],
    ['version', { version: undefined }, 'B, C, D', 'undefined'],
    ['algorithm', { algorithm: 'D' }, 'A, T', 'D'],
    ['algorithm', { algorithm: 'R' }, 'A, T', 'R'],
    ['algorithm', { algorithm: 'toString' }, 'A, T', 'toString'],
    ['mode of use', { modeOfUse: 'E' }, 'N, X', 'E'],
    ['mode of use', { modeOfUse: 'NX' }, 'N, X', 'NX'],
    ['mode of use', { modeOfUse: '' }, 'N, X', ''],
    ['mode of use', { usage: 'S0', modeOfUse: 'S' }, 'none', 'S'],
    ['mode of use', { usage: 'P0', modeOfUse: 'X' }, 'B, D, E, N', 'X'],
    ['exportability', { exportability: 'X' }, 'E, N, S', 'X'],
    ['key version', { keyVersion: '0' }, 'two letters or digits', '0'],
    ['key version', { keyVersion: '000' }, 'two letters or digits', '000'],
    ['key version', { keyVersion: '0_' }, 'two letters or digits', '0_'],
    ['key version', { keyVersion: 12 }, 'two letters or digits', '12'],
  ])('are refused: %s %j', (label, change, expected, got) => {
    expect(() => write(change)).toThrow(coded('ERR_KEY_BLOCK', { label, expected, got }))
  })

  it.each(['E9', 'e0', 'E', 'E00', 'toString', ''])('are refused: key usage %j', (usage) => {
    expect(() => write({ usage })).toThrow(coded('ERR_KEY_BLOCK', { label: 'key usage', got: usage }))
  })

  it('take each usage with its own modes of use, and with no other', () => {
    for (const usage of Object.keys(KEY_USAGES) as KeyUsage[]) {
      const allowed = Object.keys(MODES_OF_USE).filter((modeOfUse) => {
        try {
          return write({ usage, modeOfUse }).slice(5, 9) === `${usage}T${modeOfUse}`
        } catch (error) {
          expect(error).toEqual(coded('ERR_KEY_BLOCK', { label: 'mode of use', got: modeOfUse }))
          return false
        }
      })
      expect(allowed.join(''), usage).toBe(MODES_BY_LETTER[usage] ?? MODES_BY_LETTER[usage.charAt(0)])
    }
  })
})

/** The modes of use by the first letter of the usage, and by the usage where one departs from its letter. */
const MODES_BY_LETTER: Readonly<Record<string, string>> = {
  ...{ B: 'NX', C: 'CGNV', D: 'BDEN', D1: '', E: 'NX', E7: '', I: 'N', K: 'BDEN', K2: '', K3: '', M: 'CGNV' },
  ...{ P0: 'BDEN', P1: 'CGNV', S: '', V: 'CGNV' },
}

describe('the optional blocks of a new header', () => {
  it.each([
    ['C', optional(['KS', '00604B120F9292800000']), '0112E0TX00N0100KS1800604B120F9292800000'],
    ['B', optional(['KS', '00604B120F9292']), '0120E0TX00N0200KS1200604B120F9292PB0600'],
  ] as const)('of version %s', (version, blocks, expected) => {
    const text = write({ version, ...blocks }, KBPK.tdes16)
    expect(text.slice(1, 1 + expected.length)).toBe(expected)
  })

  it.each([
    [4, 'PB0C00000000'],
    [5, 'PB0B0000000'],
    [11, 'PB050'],
    [12, 'PB04'],
    [13, 'PB13000000000000000'],
    [15, 'PB110000000000000'],
    [16, ''],
    [17, 'PB0F00000000000'],
  ])('of %i characters in version D are followed by %j', (length, padding) => {
    const block = `LB${length.toString(16).toUpperCase().padStart(2, '0')}${'x'.repeat(length - 4)}`
    const text = write(optional(['LB', 'x'.repeat(length - 4)]))
    expect(text.slice(12, 14)).toBe(padding === '' ? '01' : '02')
    expect(text.slice(16, -96)).toBe(block + padding)
  })

  it.each([
    [4, 'PB04'],
    [5, 'PB0B0000000'],
    [7, 'PB0900000'],
    [8, ''],
    [9, 'PB07000'],
  ])('of %i characters in version B are followed by %j', (length, padding) => {
    const text = write({ version: 'B', ...optional(['LB', 'x'.repeat(length - 4)]) }, KBPK.tdes16)
    expect(text.slice(16 + length, -(64 + 16))).toBe(padding)
  })

  it.each([
    [251, 'LBFF'],
    [252, 'LB00020106'],
    [253, 'LB00020107'],
    [5000, 'LB00021392'],
  ])('with %i characters of data begin with %s', (length, prefix) => {
    const text = write(optional(['LB', 'x'.repeat(length)]))
    expect(text.slice(16, 16 + prefix.length + length)).toBe(prefix + 'x'.repeat(length))
  })

  it.each([
    ['no identifier', '', 'two upper-case letters or digits'],
    ['one letter', 'K', 'two upper-case letters or digits'],
    ['three letters', 'KSS', 'two upper-case letters or digits'],
    ['a lower-case letter', 'Ks', 'two upper-case letters or digits'],
  ])('are refused with %s', (_, id, expected) => {
    expect(() => write(optional([id, '']))).toThrow(coded('ERR_KEY_BLOCK', { label: `optional block ${id}`, expected }))
  })

  it('are refused when one comes again, and when one is the padding block', () => {
    const expected = 'an identifier of its own'
    expect(() => write(optional(['KS', ''], ['LB', ''], ['KS', '1']))).toThrow(
      coded('ERR_KEY_BLOCK', { label: 'optional block KS', expected, got: 'KS' }),
    )
    expect(() => write(optional(['PB', '0000']))).toThrow(
      coded('ERR_KEY_BLOCK', { label: 'optional block PB', expected, got: 'PB' }),
    )
  })

  it('are refused with data beyond printable ASCII', () => {
    const label = 'optional block LB'
    expect(() => write(optional(['LB', 'abcé']))).toThrow(coded('ERR_KEY_BLOCK', { label, offset: 3 }))
    expect(() => write({ optionalBlocks: [{ id: 'LB', data: 5 }] })).toThrow(
      coded('ERR_KEY_BLOCK', { label, expected: 'text', got: 'number' }),
    )
  })

  it('are 99 at most, the padding block counted', () => {
    const blocks = (count: number, data: string) =>
      optional(...Array.from({ length: count }, (_, i): [string, string] => [String(i).padStart(2, '0'), data]))
    expect(write(blocks(96, '')).slice(12, 14)).toBe('96')
    expect(write(blocks(98, '')).slice(12, 14)).toBe('99')
    const label = 'number of optional blocks'
    expect(() => write(blocks(99, ''))).toThrow(coded('ERR_KEY_BLOCK', { label, expected: 'at most 99', got: '100' }))
    expect(write(blocks(99, 'x'.repeat(12))).slice(12, 14)).toBe('99')
  })

  it('leave a key block of 9999 characters at most', () => {
    // 16 of header, 96 of key data and MAC: 9872 is what is left of the greatest multiple of 16 below 10,000.
    expect(write(optional(['LB', 'x'.repeat(9872 - 10)])).slice(1, 5)).toBe('9984')
    expect(() => write(optional(['LB', 'x'.repeat(9872 - 9)]))).toThrow(
      coded('ERR_KEY_BLOCK', { label: 'key block length', expected: 'four digits', got: '10000' }),
    )
  })
})
