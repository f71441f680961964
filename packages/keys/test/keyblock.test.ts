/** Wrapping and unwrapping: which key under which, the length hidden, one error for every change, nothing left behind. */
import {
  type KeyBlockProtectionKey,
  type KeyBlockVersion,
  type NewKeyBlockHeader,
  peekKeyBlockHeader,
  Secret,
  TdesKey,
  unwrapKeyBlock,
  wrapKeyBlock,
} from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { coded } from './support/errors.js'
import { referenceWrap } from './support/key-block-reference.js'
import { ALL_VERSIONS, hexBytes, hexText, KBPK } from './support/key-blocks.js'

const BYTES = hexBytes('00112233445566778899AABBCCDDEEFF0123456789ABCDEF1032547698BADCFE')
const secret = (length: number): Secret => Secret.of(BYTES.subarray(0, length), 'key')
const header = (version: KeyBlockVersion, algorithm: 'A' | 'T', change: object = {}): NewKeyBlockHeader => ({
  ...{ version, usage: 'D0', algorithm, modeOfUse: 'N', exportability: 'E' },
  ...change,
})
const zeros = (length: number): Uint8Array => new Uint8Array(length)

describe('the length of a key block', () => {
  it.each([
    ['B', 'T', 16, undefined, 96],
    ['B', 'T', 24, undefined, 96],
    ['B', 'T', 16, 16, 80],
    ['B', 'T', 16, 22, 80],
    ['B', 'T', 16, 23, 96],
    ['B', 'T', 16, 24, 96],
    ['C', 'T', 16, undefined, 88],
    ['C', 'T', 16, 16, 72],
    ['D', 'T', 16, undefined, 112],
    ['D', 'T', 16, 16, 112],
    ['D', 'A', 16, undefined, 144],
    ['D', 'A', 24, undefined, 144],
    ['D', 'A', 32, undefined, 144],
    ['D', 'A', 16, 16, 112],
    ['D', 'A', 16, 30, 112],
    ['D', 'A', 16, 31, 144],
  ] as const)(
    'of version %s, algorithm %s, %i bytes masked as %s is %i',
    (version, algorithm, length, masked, expected) => {
      const kbpk = version === 'D' ? KBPK.aes32 : KBPK.tdes24
      const options = masked === undefined ? ALL_VERSIONS : { ...ALL_VERSIONS, maskedKeyLength: masked }
      const text = wrapKeyBlock(kbpk, header(version, algorithm), secret(length), options)
      expect(text).toHaveLength(expected)
      expect(hexText(unwrapKeyBlock(kbpk, text, ALL_VERSIONS).key.expose())).toBe(hexText(BYTES.subarray(0, length)))
    },
  )

  it.each([
    ['T', 16, 15, '16 to 24 bytes'],
    ['T', 16, 25, '16 to 24 bytes'],
    ['T', 24, 23, '24 to 24 bytes'],
    ['A', 24, 33, '24 to 32 bytes'],
    ['A', 16, 20.5, '16 to 32 bytes'],
    ['A', 16, Number.NaN, '16 to 32 bytes'],
  ] as const)('is refused for algorithm %s, %i bytes masked as %d', (algorithm, length, maskedKeyLength, expected) => {
    expect(() => wrapKeyBlock(KBPK.aes32, header('D', algorithm), secret(length), { maskedKeyLength })).toThrow(
      coded('ERR_KEY_BLOCK', { label: 'masked key length', expected, got: String(maskedKeyLength) }),
    )
  })
})

describe('the random fill', () => {
  it('comes from the platform unless a source is given, and differs each time', () => {
    const blocks = Array.from({ length: 3 }, () => wrapKeyBlock(KBPK.aes16, header('D', 'T'), secret(16)))
    expect(new Set(blocks).size).toBe(3)
  })

  it.each([13, 15])('is refused when its source gives %i of 14 bytes', (given) => {
    const options = { maskedKeyLength: 16, random: () => zeros(given) }
    expect(() => wrapKeyBlock(KBPK.aes16, header('D', 'T'), secret(16), options)).toThrow(
      coded('ERR_LENGTH', { label: 'random', expected: '14 bytes', got: `${given} bytes` }),
    )
  })
})

describe('the strength of the KBPK', () => {
  const refused = (kbpk: KeyBlockProtectionKey, algorithm: 'A' | 'T', length: number, needed: number, had: number) => {
    const version = kbpk.algorithm === 'aes' ? 'D' : 'B'
    expect(() => wrapKeyBlock(kbpk, header(version, algorithm), secret(length))).toThrow(
      coded('ERR_KEY_BLOCK', { label: 'KBPK', expected: `a strength of ${needed} bits`, got: `${had} bits` }),
    )
  }

  it('is that of the key at least', () => {
    refused(KBPK.tdes16, 'T', 24, 112, 80)
    refused(KBPK.tdes16, 'A', 16, 128, 80)
    refused(KBPK.tdes24, 'A', 16, 128, 112)
    refused(KBPK.aes16, 'A', 24, 192, 128)
    refused(KBPK.aes16, 'A', 32, 256, 128)
    refused(KBPK.aes24, 'A', 32, 256, 192)
  })

  it.each([
    [KBPK.tdes16, 'B', 'T', 16],
    [KBPK.tdes24, 'B', 'T', 24],
    [KBPK.aes16, 'D', 'T', 24],
    [KBPK.aes16, 'D', 'A', 16],
    [KBPK.aes24, 'D', 'A', 24],
    [KBPK.aes32, 'D', 'A', 32],
  ] as const)(
    'is enough when it is the same: %s in version %s wraps %s of %i bytes',
    (kbpk, version, algorithm, length) => {
      expect(wrapKeyBlock(kbpk, header(version, algorithm), secret(length)).charAt(0)).toBe(version)
    },
  )

  it.each([
    ['T', 8, '16 or 24 bytes'],
    ['T', 32, '16 or 24 bytes'],
    ['A', 8, '16 or 24 or 32 bytes'],
    ['A', 17, '16 or 24 or 32 bytes'],
  ] as const)('does not help a key of %s with %i bytes', (algorithm, length, expected) => {
    expect(() => wrapKeyBlock(KBPK.aes32, header('D', algorithm), secret(length))).toThrow(
      coded('ERR_KEY_BLOCK', { label: 'key length', expected, got: `${length} bytes` }),
    )
  })
})

describe('the version of the KBPK', () => {
  const single = TdesKey.create('zone', 'KBPK', BYTES.subarray(0, 8), { allowSingleLength: true })

  it.each([
    ['B', KBPK.aes16, 'a key of tdes for version B', 'aes'],
    ['C', KBPK.aes32, 'a key of tdes for version C', 'aes'],
    ['D', KBPK.tdes16, 'a key of aes for version D', 'tdes'],
    ['B', single, '16 or 24 bytes', '8 bytes'],
    ['C', single, '16 or 24 bytes', '8 bytes'],
  ] as const)('%s is refused with another key, wrapping and unwrapping', (version, kbpk, expected, got) => {
    const right = version === 'D' ? KBPK.aes16 : KBPK.tdes16
    const text = wrapKeyBlock(right, header(version, 'T'), secret(16), ALL_VERSIONS)
    const error = coded('ERR_KEY_BLOCK', { label: 'KBPK', expected, got })
    expect(() => wrapKeyBlock(kbpk, header(version, 'T'), secret(16), ALL_VERSIONS)).toThrow(error)
    expect(() => unwrapKeyBlock(kbpk, text, ALL_VERSIONS)).toThrow(error)
  })

  it('is B or D unless C is named', () => {
    const error = coded('ERR_KEY_BLOCK', { label: 'version', expected: 'B, D', got: 'C' })
    expect(() => wrapKeyBlock(KBPK.tdes16, header('C', 'T'), secret(16))).toThrow(error)
    const text = wrapKeyBlock(KBPK.tdes16, header('C', 'T'), secret(16), { versions: ['C'] })
    expect(() => unwrapKeyBlock(KBPK.tdes16, text)).toThrow(error)
    expect(unwrapKeyBlock(KBPK.tdes16, text, { versions: ['C'] }).header.version).toBe('C')
    expect(peekKeyBlockHeader(text).version).toBe('C')
  })

  it('is the one that the KBPK is bound to', () => {
    const [b, c] = (['B', 'C'] as const).map((v) => wrapKeyBlock(KBPK.tdes16, header(v, 'T'), secret(16), ALL_VERSIONS))
    const refused = (got: string, expected: string) => coded('ERR_KEY_BLOCK', { label: 'version', expected, got })
    expect(() => unwrapKeyBlock(KBPK.tdes16, b ?? '', { versions: ['C'] })).toThrow(refused('B', 'C'))
    expect(() => unwrapKeyBlock(KBPK.tdes16, c ?? '', { versions: ['B'] })).toThrow(refused('C', 'B'))
    expect(() => unwrapKeyBlock(KBPK.tdes16, b ?? '', { versions: [] })).toThrow(refused('B', 'none'))
  })
})

describe('a wrong MAC', () => {
  const wrong = coded('ERR_KEY_BLOCK', { label: 'MAC', expected: 'the MAC of this KBPK', got: 'another one' })
  const cases = [
    ['B', KBPK.tdes16, KBPK.tdes24],
    ['C', KBPK.tdes24, KBPK.tdes16],
    ['D', KBPK.aes16, KBPK.aes24],
  ] as const

  it.each(cases)('of version %s is one error, whatever was changed', (version, kbpk, other) => {
    const text = wrapKeyBlock(kbpk, header(version, 'T'), secret(16), ALL_VERSIONS)
    const changed = (at: number, character: string): string => text.slice(0, at) + character + text.slice(at + 1)
    const digit = (at: number): string => (text.charAt(at) === '0' ? '1' : '0')
    const last = text.length - 1
    const touched = [
      changed(6, '1'),
      changed(8, 'X'),
      changed(11, 'S'),
      ...[16, last].map((at) => changed(at, digit(at))),
    ]
    for (const block of touched) expect(() => unwrapKeyBlock(kbpk, block, ALL_VERSIONS)).toThrow(wrong)
    expect(() => unwrapKeyBlock(other, text, ALL_VERSIONS)).toThrow(wrong)
  })

  it.each([
    ['B', KBPK.tdes16, 'C'],
    ['C', KBPK.tdes16, 'B'],
  ] as const)('is not even reached when the letter of version %s is changed', (version, kbpk, letter) => {
    const text = wrapKeyBlock(kbpk, header(version, 'T'), secret(16), ALL_VERSIONS)
    const error = coded('ERR_KEY_BLOCK', { label: 'key data' })
    expect(() => unwrapKeyBlock(kbpk, letter + text.slice(1), ALL_VERSIONS)).toThrow(error)
  })
})

describe('the length of the key inside', () => {
  /** A block of version B or D that is well made but for the length of the key in it. */
  const block = (version: 'B' | 'D', bits: number, length: number): string => {
    const size = version === 'D' ? 16 : 8
    const data = zeros(Math.ceil((2 + length) / size) * size)
    data.set([bits >> 8, bits & 0xff])
    const total = 16 + 2 * data.length + (version === 'D' ? 32 : 16)
    const text = `${version}${String(total).padStart(4, '0')}D0TN00E0000`
    return referenceWrap((version === 'D' ? KBPK.aes16 : KBPK.tdes16).expose(), text, data)
  }
  const unwrap = (version: 'B' | 'D', bits: number, length: number) =>
    unwrapKeyBlock(version === 'D' ? KBPK.aes16 : KBPK.tdes16, block(version, bits, length))

  it.each([
    ['B', 8, 6, 1],
    ['B', 48, 6, 6],
    ['B', 112, 14, 14],
    ['D', 240, 30, 30],
    ['D', 256, 32, 32],
  ] as const)('of version %s may be %i bits in %i bytes', (version, bits, length, expected) => {
    expect(unwrap(version, bits, length).key).toHaveLength(expected)
  })

  it.each([
    ['B', 0, 6, '8 to 48 bits, whole bytes'],
    ['B', 7, 6, '8 to 48 bits, whole bytes'],
    ['B', 9, 6, '8 to 48 bits, whole bytes'],
    ['B', 56, 6, '8 to 48 bits, whole bytes'],
    ['D', 248, 30, '8 to 240 bits, whole bytes'],
    ['D', 0x8010, 30, '8 to 240 bits, whole bytes'],
  ] as const)('of version %s may not be %i bits in %i bytes', (version, bits, length, expected) => {
    expect(() => unwrap(version, bits, length)).toThrow(
      coded('ERR_KEY_BLOCK', { label: 'key length', expected, got: `${bits} bits` }),
    )
  })
})
