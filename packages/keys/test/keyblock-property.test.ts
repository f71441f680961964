/** Key blocks at random: wrapped and unwrapped they are the same, the reference agrees, and no single change gets through. */
import {
  KEY_USAGES,
  type KeyUsage,
  type NewKeyBlockHeader,
  type OptionalBlock,
  Secret,
  unwrapKeyBlock,
  wrapKeyBlock,
} from '@issuerkit/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coded } from './support/errors.js'
import { referenceUnwrap } from './support/key-block-reference.js'
import { ALL_VERSIONS, hexText, KBPK } from './support/key-blocks.js'
import { bytesOf } from './support/oracles.js'

const ALNUM = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i))

const usages = (Object.keys(KEY_USAGES) as KeyUsage[]).filter((usage) => KEY_USAGES[usage].modes !== '')
const identifiers = fc
  .string({ unit: fc.constantFrom(...ALNUM.slice(0, 36)), minLength: 2, maxLength: 2 })
  .filter((id) => id !== 'PB')
const optionalBlock: fc.Arbitrary<OptionalBlock> = fc.record({
  id: identifiers,
  // Around 252 characters of data the length becomes an extended one.
  data: fc
    .tuple(fc.string({ unit: fc.constantFrom(...PRINTABLE), maxLength: 12 }), fc.constantFrom(0, 0, 0, 246))
    .map(([text, more]) => text + '~'.repeat(more)),
})

/** A KBPK, a header for it, and a key that is not stronger. */
const wrapping = fc
  .constantFrom(
    ...([
      ['B', KBPK.tdes16, 'T', 16],
      ['B', KBPK.tdes24, 'T', 24],
      ['C', KBPK.tdes16, 'T', 16],
      ['C', KBPK.tdes24, 'T', 16],
      ['D', KBPK.aes16, 'T', 24],
      ['D', KBPK.aes24, 'A', 24],
      ['D', KBPK.aes32, 'A', 16],
      ['D', KBPK.aes32, 'A', 32],
    ] as const),
  )
  .chain(([version, kbpk, algorithm, length]) =>
    fc.record({
      kbpk: fc.constant(kbpk),
      bytes: bytesOf(length),
      maskedKeyLength: fc.integer({ min: length, max: algorithm === 'A' ? 32 : 24 }),
      header: fc.constantFrom(...usages).chain((usage) =>
        fc.record<NewKeyBlockHeader>({
          version: fc.constant(version),
          usage: fc.constant(usage),
          algorithm: fc.constant(algorithm),
          modeOfUse: fc.constantFrom(...([...KEY_USAGES[usage].modes] as NewKeyBlockHeader['modeOfUse'][])),
          keyVersion: fc.string({ unit: fc.constantFrom(...ALNUM), minLength: 2, maxLength: 2 }),
          exportability: fc.constantFrom('E', 'N', 'S'),
          optionalBlocks: fc.uniqueArray(optionalBlock, { selector: ({ id }) => id, maxLength: 5 }),
        }),
      ),
    }),
  )

describe('random key blocks', { timeout: 60_000 }, () => {
  it('are unwrapped to what was wrapped, in either case of the digits, and read alike by the reference', () => {
    fc.assert(
      fc.property(wrapping, ({ kbpk, bytes, maskedKeyLength, header }) => {
        const text = wrapKeyBlock(kbpk, header, Secret.of(bytes, 'key'), { ...ALL_VERSIONS, maskedKeyLength })
        const size = header.version === 'D' ? 16 : 8
        const keyDataLength = Math.ceil((2 + maskedKeyLength) / size) * size
        const end = text.length - 2 * (keyDataLength + { B: 8, C: 4, D: 16 }[header.version])

        const found = unwrapKeyBlock(kbpk, text.slice(0, end) + text.slice(end).toLowerCase(), ALL_VERSIONS)
        expect(found.header).toEqual({ ...header, reserved: '00' })
        expect(hexText(found.key.expose())).toBe(hexText(bytes))

        const { data, ok } = referenceUnwrap(kbpk.expose(), text, end)
        expect(ok).toBe(true)
        expect(data).toHaveLength(keyDataLength)
        expect(data.readUInt16BE(0)).toBe(8 * bytes.length)
        expect(hexText(data.subarray(2, 2 + bytes.length))).toBe(hexText(bytes))
      }),
      { numRuns: 1000 },
    )
  })
})

// Long for a busy machine; a second or two for an idle one.
describe('a single character changed', { timeout: 60_000 }, () => {
  const blocks = [
    ['B', KBPK.tdes16],
    ['C', KBPK.tdes24],
    ['D', KBPK.aes16],
  ] as const
  const LETTER_CHANGES = [...PRINTABLE, '\n', 'é']

  it.each(blocks)('in the header of version %s is refused, every place and every character', (version, kbpk) => {
    const header: NewKeyBlockHeader = {
      ...{ version, usage: 'E0', algorithm: 'T', modeOfUse: 'X', exportability: 'E' },
      optionalBlocks: [{ id: 'KS', data: '00604B120F9292' }],
    }
    const text = wrapKeyBlock(
      kbpk,
      header,
      Secret.of(
        Uint8Array.from({ length: 16 }, (_, i) => i),
        'key',
      ),
      ALL_VERSIONS,
    )
    const end = text.indexOf('PB') + (version === 'D' ? 14 : 6)
    for (let at = 0; at < end; at++) {
      for (const character of LETTER_CHANGES.filter((other) => other !== text.charAt(at))) {
        const changed = text.slice(0, at) + character + text.slice(at + 1)
        expect(() => unwrapKeyBlock(kbpk, changed, ALL_VERSIONS), `${at} ${character}`).toThrow(coded('ERR_KEY_BLOCK'))
      }
    }
  })

  it.each(blocks)('in key data or MAC of version %s is refused, every place and every digit', (version, kbpk) => {
    const header = { version, usage: 'E0', algorithm: 'T', modeOfUse: 'X', exportability: 'E' } as const
    const text = wrapKeyBlock(
      kbpk,
      header,
      Secret.of(
        Uint8Array.from({ length: 16 }, (_, i) => i),
        'key',
      ),
      ALL_VERSIONS,
    )
    for (let at = 16; at < text.length; at++) {
      for (const digit of [...'0123456789ABCDEFabcdefGg '].filter((other) => other !== text.charAt(at))) {
        const changed = text.slice(0, at) + digit + text.slice(at + 1)
        expect(() => unwrapKeyBlock(kbpk, changed, ALL_VERSIONS), `${at} ${digit}`).toThrow(coded('ERR_KEY_BLOCK'))
      }
    }
  })

  it.each(blocks)('at the end of version %s is refused: shorter and longer', (version, kbpk) => {
    const header = { version, usage: 'E0', algorithm: 'T', modeOfUse: 'X', exportability: 'E' } as const
    const text = wrapKeyBlock(
      kbpk,
      header,
      Secret.of(
        Uint8Array.from({ length: 16 }, (_, i) => i),
        'key',
      ),
      ALL_VERSIONS,
    )
    for (let length = 0; length < text.length; length++) {
      expect(() => unwrapKeyBlock(kbpk, text.slice(0, length), ALL_VERSIONS)).toThrow(coded('ERR_KEY_BLOCK'))
    }
    expect(() => unwrapKeyBlock(kbpk, `${text}0`, ALL_VERSIONS)).toThrow(coded('ERR_KEY_BLOCK'))
  })
})
