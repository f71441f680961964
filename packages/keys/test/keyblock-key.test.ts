/** From an unwrapped key block to a key of one level and purpose. */
import {
  type AesKey,
  KEY_BLOCK_PURPOSES,
  keyFromKeyBlock,
  type PurposeUsage,
  Secret,
  type TdesKey,
  type UnwrappedKeyBlock,
  unwrapKeyBlock,
  wrapKeyBlock,
} from '@issuerkit/keys'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { coded } from './support/errors.js'
import { hexBytes, hexText } from './support/key-blocks.js'

const BYTES = hexBytes('00112233445566778899AABBCCDDEEFF0123456789ABCDEF1032547698BADCFE')

/** What unwrapping gives for a key of so many bytes. */
function unwrapped(change: Partial<UnwrappedKeyBlock['header']>, length = 16): UnwrappedKeyBlock {
  const header = {
    ...{ version: 'D', usage: 'E0', algorithm: 'T', modeOfUse: 'X', keyVersion: '00', exportability: 'N' },
    ...{ reserved: '00', optionalBlocks: [], ...change },
  } as UnwrappedKeyBlock['header']
  return { header, key: Secret.of(BYTES.subarray(0, length), 'key') }
}

describe('the key of a key block', () => {
  it.each([
    ['E0', 'N', 'issuer', 'AC'],
    ['E0', 'X', 'issuer', 'AC'],
    ['E1', 'X', 'issuer', 'ENC'],
    ['E2', 'N', 'issuer', 'MAC'],
    ['P0', 'B', 'zone', 'PIN'],
    ['P0', 'D', 'zone', 'PIN'],
    ['K1', 'E', 'zone', 'KBPK'],
  ] as const)('of usage %s, mode %s, is a key of level %s for %s', (usage, modeOfUse, level, purpose) => {
    const tdes = keyFromKeyBlock(unwrapped({ usage, modeOfUse, version: 'B' }), usage)
    expect([tdes.algorithm, tdes.level, tdes.purpose]).toEqual(['tdes', level, purpose])
    expect(hexText(tdes.expose())).toBe(hexText(BYTES.subarray(0, 16)))
    const aes = keyFromKeyBlock(unwrapped({ usage, modeOfUse, algorithm: 'A' }, 32), usage)
    expect([aes.algorithm, aes.level, aes.purpose]).toEqual(['aes', level, purpose])
    expect(hexText(aes.expose())).toBe(hexText(BYTES))
  })

  it('has its level and purpose in its type', () => {
    const key = keyFromKeyBlock(unwrapped({}), 'E0')
    expectTypeOf(key).toEqualTypeOf<TdesKey<'issuer', 'AC'> | AesKey<'issuer', 'AC'>>()
    expectTypeOf(keyFromKeyBlock<'P0'>).returns.toEqualTypeOf<TdesKey<'zone', 'PIN'> | AesKey<'zone', 'PIN'>>()
  })

  it('is refused under every other usage', () => {
    const usages = Object.keys(KEY_BLOCK_PURPOSES) as PurposeUsage[]
    for (const usage of [...usages, 'E3', 'D0', 'K0', 'e0', '00']) {
      for (const wanted of usages.filter((other) => other !== usage)) {
        expect(() => keyFromKeyBlock(unwrapped({ usage }), wanted)).toThrow(
          coded('ERR_KEY_BLOCK', { label: 'key usage', expected: wanted, got: usage }),
        )
      }
    }
  })

  it.each([
    ['E0', 'E', 'N, X'],
    ['E1', 'C', 'N, X'],
    ['P0', 'X', 'B, D, E, N'],
    ['P0', 'y', 'B, D, E, N'],
  ] as const)('of usage %s is refused with mode of use %s', (usage, modeOfUse, expected) => {
    expect(() => keyFromKeyBlock(unwrapped({ usage, modeOfUse }), usage)).toThrow(
      coded('ERR_KEY_BLOCK', { label: 'mode of use', expected, got: modeOfUse }),
    )
  })

  it.each([
    ['D', 'R', 'A, T'],
    ['D', 'D', 'A, T'],
    ['D', 'H', 'A, T'],
    ['B', 'A', 'T'],
    ['C', 'A', 'T'],
    ['B', 'D', 'T'],
  ] as const)('in version %s is refused with algorithm %s', (version, algorithm, expected) => {
    expect(() => keyFromKeyBlock(unwrapped({ version, algorithm }), 'E0')).toThrow(
      coded('ERR_KEY_BLOCK', { label: 'algorithm', expected, got: algorithm }),
    )
  })

  it.each([
    ['T', 8],
    ['T', 24],
    ['T', 32],
    ['A', 8],
  ] as const)('is refused as a key: %s of %i bytes at issuer level', (algorithm, length) => {
    expect(() => keyFromKeyBlock(unwrapped({ algorithm }, length), 'E0')).toThrow(
      coded('ERR_KEY', { label: 'issuer AC key' }),
    )
  })

  it('may have three TDES parts in a zone', () => {
    expect(keyFromKeyBlock(unwrapped({ usage: 'K1', modeOfUse: 'B' }, 24), 'K1').expose()).toHaveLength(24)
  })

  it('is refused with equal halves unless they are allowed', () => {
    const block = { ...unwrapped({}), key: Secret.of(hexBytes('CC'.repeat(16)), 'key') }
    expect(() => keyFromKeyBlock(block, 'E0')).toThrow(coded('ERR_KEY', { got: 'equal halves' }))
    expect(keyFromKeyBlock(block, 'E0', { allowEqualHalves: true }).expose()).toHaveLength(16)
  })
})

/** Never called: what must not compile. The mark itself is an error when its line compiles. */
export function mustNotCompile(pin: TdesKey<'zone', 'PIN'>, kbpk: AesKey<'zone', 'KBPK'>, text: string): void {
  const fields = { version: 'D', usage: 'E0', algorithm: 'T', modeOfUse: 'X', exportability: 'N' } as const
  // @ts-expect-error a PIN key protects no key blocks
  unwrapKeyBlock(pin, text)
  // @ts-expect-error an issuer key protects no key blocks
  wrapKeyBlock(TdesKey.create('issuer', 'AC', BYTES), fields, pin)
  // @ts-expect-error bytes are no key and no secret
  wrapKeyBlock(kbpk, fields, BYTES)
  // @ts-expect-error there is no such usage
  wrapKeyBlock(kbpk, { ...fields, usage: 'E8' }, pin)
  // @ts-expect-error RSA keys are read, never written
  wrapKeyBlock(kbpk, { ...fields, algorithm: 'R' }, pin)
  // @ts-expect-error version A is neither read nor written
  wrapKeyBlock(kbpk, { ...fields, version: 'A' }, pin)
  // @ts-expect-error D0 stands for no one purpose
  keyFromKeyBlock(unwrapKeyBlock(kbpk, text), 'D0')
}
