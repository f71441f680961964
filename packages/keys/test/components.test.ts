import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CombineOptions, combineComponents, type KeyComponent } from '../src/index.js'
import { coded } from './support/errors.js'
import { bytesOf, opensslAes, opensslDes, opensslSm4, xorBytes } from './support/oracles.js'

const ONE = fromHex('0123456789ABCDEFFEDCBA9876543210')
const TWO = fromHex('11111111111111112222222222222222')
const THREE = fromHex('CA978112CA1BBDCAFAC231B39A23DC4D')
const of = (...bytes: readonly Uint8Array[]): KeyComponent[] => bytes.map((part) => ({ bytes: part }))
const combine = (components: readonly KeyComponent[], options?: CombineOptions) =>
  combineComponents('issuer', 'AC', 'tdes', components, options)

describe('combineComponents', () => {
  it('is the exclusive or of two or three', () => {
    expect(toHex(combine(of(ONE, TWO)).expose())).toBe('1032547698BADCFEDCFE98BA54761032')
    expect(toHex(combine(of(ONE, TWO, THREE)).expose())).toBe('DAA5D56452A16134263CA909CE55CC7F')
  })

  it.each([
    ['tdes', 16, 8],
    ['aes', 16, 16],
    ['aes', 24, 16],
    ['aes', 32, 16],
    ['sm4', 16, 16],
  ] as const)('gives keys of %s of %i bytes, checked by the values given', (algorithm, length, block) => {
    const legacy = { tdes: opensslDes, aes: opensslAes, sm4: opensslSm4 }[algorithm]
    const kcv = (key: Uint8Array): string => toHex(legacy(key, new Uint8Array(block)).subarray(0, 3))
    // Without bias: fast-check likes zeros, and a zero component is refused.
    const part = fc.noBias(bytesOf(length))
    fc.assert(
      fc.property(part, part, part, (...parts) => {
        const whole = parts.reduce(xorBytes)
        const components = parts.map((bytes) => ({ bytes, kcv: kcv(bytes) }))
        const options = { kcv: kcv(whole), kcvMethod: 'legacy' } as const
        const key = combineComponents('zone', 'KBPK', algorithm, components, options)
        expect([key.algorithm, key.level, key.purpose, toHex(key.expose())]).toEqual([
          algorithm,
          'zone',
          'KBPK',
          toHex(whole),
        ])
      }),
      { numRuns: 500 },
    )
  })

  it('takes three-key TDES for the level zone', () => {
    const [a, b] = [Uint8Array.from([...ONE, ...THREE.subarray(0, 8)]), Uint8Array.from([...THREE, ...TWO.subarray(8)])]
    expect(combineComponents('zone', 'KBPK', 'tdes', of(a, b)).expose()).toHaveLength(24)
    expect(() => combine(of(a, b))).toThrow(coded('ERR_KEY'))
    expect(() => combineComponents('zone', 'KBPK', 'tdes', of(a, ONE))).toThrow(
      coded('ERR_KEY', { label: 'component 2' }),
    )
  })

  it('accepts a component with equal halves, and the key in which they are gone', () =>
    expect(toHex(combine(of(fromHex('11'.repeat(16)), ONE)).expose())).toBe('1032547698BADCFEEFCDAB8967452301'))

  it('leaves the components as they were', () => {
    const [a, b] = [ONE.slice(), TWO.slice()]
    combine(of(a, b))
    expect([toHex(a), toHex(b)]).toEqual([toHex(ONE), toHex(TWO)])
  })
})

describe('check values', () => {
  it.each(['08D7', '08D7B4', '08d7b4', '08D7B4FB629D0885'])('accept %s', (kcv) =>
    expect(() =>
      combine([
        { bytes: ONE, kcv },
        { bytes: TWO, kcv: 'D2B91C' },
      ]),
    ).not.toThrow(),
  )

  it.each([
    ['component 1', [{ bytes: ONE, kcv: '08D7B5' }, { bytes: TWO }]],
    ['component 2', [{ bytes: ONE }, { bytes: TWO, kcv: '08D7B4' }]],
    [
      'component 2',
      [
        { bytes: ONE, kcv: '08D7B4' },
        { bytes: TWO, kcv: 'D2B91CFFFF' },
      ],
    ],
  ])('that are wrong name %s', (label, components: KeyComponent[]) =>
    expect(() => combine(components)).toThrow(coded('ERR_KCV', { label, got: 'another value' })),
  )

  it('of the key are checked', () => {
    const kcv = toHex(opensslDes(xorBytes(ONE, TWO), new Uint8Array(8)))
    expect(() => combine(of(ONE, TWO), { kcv })).not.toThrow()
    expect(() => combine(of(ONE, TWO), { kcv: kcv.slice(0, 4) })).not.toThrow()
    expect(() => combine(of(ONE, TWO), { kcv: '08D7B4' })).toThrow(coded('ERR_KCV', { label: 'issuer AC key' }))
  })

  it('are the CMAC form for AES unless told', () => {
    const components = [{ bytes: ONE, kcv: toHex(opensslAes(ONE, new Uint8Array(16))) }, { bytes: TWO }]
    expect(() => combineComponents('issuer', 'AC', 'aes', components)).toThrow(coded('ERR_KCV'))
    expect(() => combineComponents('issuer', 'AC', 'aes', components, { kcvMethod: 'legacy' })).not.toThrow()
  })

  it.each(['', '08', '08D7B4FB629D088500'])('of another length are refused: %j', (kcv) =>
    expect(() => combine([{ bytes: ONE, kcv }, { bytes: TWO }])).toThrow(
      coded('ERR_KCV', { label: 'component 1', expected: '2 to 8 bytes' }),
    ),
  )

  it('that are no hex are refused', () =>
    expect(() => combine([{ bytes: ONE, kcv: '08D7BG' }, { bytes: TWO }])).toThrow(
      coded('ERR_HEX', { label: 'kcv of component 1' }),
    ))
})

describe('refused', () => {
  it.each([
    ['none', [], '0 components'],
    ['one', [ONE], '1 components'],
    ['four', [ONE, TWO, THREE, ONE], '4 components'],
  ])('%s', (_, parts, got) =>
    expect(() => combine(of(...parts))).toThrow(coded('ERR_KEY', { label: 'components', got })),
  )

  it.each([
    ['equal components', [ONE, ONE], 'component 2'],
    ['a third equal to the first', [ONE, TWO, ONE], 'component 3'],
    ['a third equal to the second', [ONE, TWO, TWO], 'component 3'],
    ['a zero component', [ONE, new Uint8Array(16)], 'component 2'],
    ['a zero first component', [new Uint8Array(16), ONE], 'component 1'],
    ['another length', [ONE, TWO.subarray(0, 8)], 'issuer AC key'],
    ['three that cancel out', [ONE, TWO, xorBytes(ONE, TWO)], 'issuer AC key'],
    ['a weak half', [ONE, xorBytes(ONE, fromHex('0101010101010101FEDCBA9876543210'))], 'issuer AC key'],
    ['equal halves', [ONE, xorBytes(ONE, fromHex('0123456789ABCDEE0123456789ABCDEF'))], 'issuer AC key'],
  ])('%s', (_, parts, label) => expect(() => combine(of(...parts))).toThrow(coded('ERR_KEY', { label })))

  it('components of one AES key of two sizes', () => {
    const parts = of(ONE, Uint8Array.from([...TWO, ...TWO]))
    expect(() => combineComponents('issuer', 'AC', 'aes', parts)).toThrow(
      coded('ERR_KEY', { label: 'component 2', expected: '16 bytes' }),
    )
  })

  it('three that cancel out for AES and SM4 too; a weak DES key is an ordinary key of theirs', () => {
    for (const algorithm of ['aes', 'sm4'] as const) {
      const run = (...parts: Uint8Array[]) => combineComponents('issuer', 'AC', algorithm, of(...parts))
      expect(() => run(ONE, TWO, xorBytes(ONE, TWO))).toThrow(coded('ERR_KEY', { label: 'issuer AC key' }))
      expect(() => run(ONE, xorBytes(ONE, fromHex('01'.repeat(16))))).not.toThrow()
    }
  })

  it('an unknown algorithm', () =>
    expect(() => combineComponents('issuer', 'AC', 'des' as 'tdes', of(ONE, TWO))).toThrow(coded('ERR_OPTION')))
})
