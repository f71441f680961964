/** What holds of every cryptogram: it verifies as generated, in any order of tags, and with no bit changed. */
import { toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cryptogramData,
  generateApplicationCryptogram,
  type SchemeName,
  scheme,
  verifyApplicationCryptogram,
} from '../src/index.js'
import { CARD, field55, issuerKey, SCHEME_NAMES, transaction, transactions } from './support/transactions.js'

const verify = (name: SchemeName, tags: ReadonlyMap<string, Uint8Array>) =>
  verifyApplicationCryptogram({ scheme: name, imk: issuerKey(name), card: CARD, tags })

/** A transaction with its cryptogram, and CVR and counters beside tag 9F10 where the scheme covers them. */
function complete(name: SchemeName, tags: Map<string, Uint8Array>): Map<string, Uint8Array> {
  const made = generateApplicationCryptogram({ scheme: name, imk: issuerKey(name), card: CARD, tags })
  const whole = new Map([...tags, ['9F26', made.cryptogram] as const])
  for (const { element } of made.parts) {
    const part = element === 'IAD5' ? 'CVR' : element
    if (part !== 'CVR' && part !== 'COUNTERS') continue
    const value = cryptogramData(name, tags, { elements: [part] }).data
    whole.set(part, value)
  }
  return whole
}

/** Which bits of which values the cryptogram covers. */
function coveredBits(name: SchemeName, tags: ReadonlyMap<string, Uint8Array>): [tag: string, bit: number][] {
  const ranges = scheme(name).cryptogramData.map((element): [string, number, number] => {
    if (element === 'IAD5') return ['CVR', 8, 16]
    const tag = element === 'IAD' ? '9F10' : element
    return [tag, 0, 8 * (tags.get(tag)?.length ?? 0)]
  })
  return [...ranges, ['9F26', 0, 64] as [string, number, number]].flatMap(([tag, from, to]) =>
    Array.from({ length: to - from }, (_, i): [string, number] => [tag, from + i]),
  )
}

function flip(tags: ReadonlyMap<string, Uint8Array>, tag: string, bit: number): Map<string, Uint8Array> {
  const value = Uint8Array.from(tags.get(tag) ?? [])
  value[bit >> 3] = (value[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
  return new Map([...tags, [tag, value]])
}

describe.each(SCHEME_NAMES)('%s', (name) => {
  it('does not verify with any bit changed, of the cryptogram or of what it covers', () => {
    const tags = complete(name, transaction(name))
    expect(verify(name, tags).code).toBe('V')
    const bits = coveredBits(name, tags)
    expect(bits.length).toBeGreaterThanOrEqual(64 + 8 * 13)
    const wrong = bits.filter(([tag, bit]) => verify(name, flip(tags, tag, bit)).code !== 'I')
    expect(wrong).toEqual([])
  })

  it('verifies as generated, from arbitrary values in any order', () => {
    const shuffled = transactions(name).chain((tags) => {
      const whole = [...complete(name, tags)].filter(([tag]) => tag.length > 1 && !['CVR', 'COUNTERS'].includes(tag))
      return fc.shuffledSubarray(whole, { minLength: whole.length }).map((entries) => new Map(entries))
    })
    fc.assert(
      fc.property(shuffled, fc.uint8Array({ maxLength: 8 }), (tags, other) => {
        const field = field55(new Map([...tags, ['DF01', other]]))
        const input = { scheme: name, imk: issuerKey(name), card: CARD, field55: field }
        const verdict = verifyApplicationCryptogram(input)
        expect(verdict.code).toBe('V')
        expect(toHex(verdict.tags.get('DF01') ?? field)).toBe(toHex(other))
        expect(verdict.tolerances).toContainEqual({ name: 'unknown-tag', tag: 'DF01' })
      }),
      { numRuns: 40 },
    )
  })
})

describe('any message', () => {
  const codes = ['V', 'I', 'E', 'A', 'G', 'T', 'K', 'F', 'U']

  it('has a verdict and throws nothing, whatever its bytes', () => {
    const tags = complete('pboc', transaction('pboc'))
    for (const part of ['CVR', 'COUNTERS']) tags.delete(part)
    const valid = field55(tags)
    const cut = fc.tuple(fc.nat(valid.length), fc.nat(valid.length), fc.uint8Array({ maxLength: 6 }))
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      cut.map(([from, to, bytes]) => Uint8Array.from([...valid.subarray(0, from), ...bytes, ...valid.subarray(to)])),
    )
    fc.assert(
      fc.property(hostile, (field) => {
        const verdict = verifyApplicationCryptogram({ imk: issuerKey('pboc'), card: CARD, field55: field })
        expect(codes).toContain(verdict.code)
        expect(verdict.ok).toBe(verdict.code === 'V')
        expect(verdict.cryptogramValid).toBe(
          verdict.code === 'I' ? false : 'KFU'.includes(verdict.code) ? undefined : true,
        )
      }),
      { numRuns: 2000 },
    )
  })
})
