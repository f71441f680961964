import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AesKey,
  deriveSessionKey,
  type SecretKey,
  type SessionKeyInput,
  Sm4Key,
  scriptDiversificationValue,
  TdesKey,
} from '../src/index.js'
import { coded } from './support/errors.js'
import {
  ANY_KEY,
  bytesOf,
  type Encipher,
  forgeAes,
  forgeDes,
  opensslAes,
  opensslDes,
  opensslSm4,
  THOUSANDS,
} from './support/oracles.js'

const MK = fromHex('0123456789ABCDEFFEDCBA9876543210')
const TDES = TdesKey.create('icc', 'AC', MK)
const AES = AesKey.create('icc', 'AC', MK)
const SM4 = Sm4Key.create('icc', 'AC', MK)
const ATC = fromHex('001C')
const R = fromHex('D17B15836FAB99A2')

const hexOf = (key: { expose(): Uint8Array }): string => toHex(key.expose())
const odd = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte) => (byte.toString(2).replaceAll('0', '').length % 2 === 1 ? byte : byte ^ 1))
const tdes = (bytes: Uint8Array): TdesKey<'icc', 'AC'> => TdesKey.create('icc', 'AC', bytes, ANY_KEY)
const notAtc = ([high = 0, low = 0]: Uint8Array): number[] => [high ^ 0xff, low ^ 0xff]
const blocks = (encipher: Encipher, key: Uint8Array, ...of: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from(of.flatMap((block) => [...encipher(key, Uint8Array.from(block))]))

/** Runs a comparison against both outside ciphers, thousands of times. */
function differential(
  compare: (encipher: Encipher, key: Uint8Array, atc: Uint8Array, eight: Uint8Array) => void,
  ciphers: readonly Encipher[] = [opensslDes, forgeDes],
  keyBytes: readonly number[] = [16],
): void {
  const key = fc.constantFrom(...keyBytes).chain(bytesOf)
  const property = fc.property(key, bytesOf(2), bytesOf(8), (...values) => {
    for (const encipher of ciphers) compare(encipher, ...values)
  })
  fc.assert(property, THOUSANDS)
}

describe('emv-common', () => {
  const method = 'emv-common'
  it('agrees with OpenSSL and forge', () =>
    differential((encipher, key, _, r) => {
      const [a = 0, b = 0, , ...rest] = r
      const expected = odd(blocks(encipher, key, [a, b, 0xf0, ...rest], [a, b, 0x0f, ...rest]))
      expect(hexOf(deriveSessionKey(tdes(key), { method, diversificationValue: r }))).toBe(toHex(expected))
    }))

  it('takes an ATC as ATC and six zero bytes', () =>
    expect(hexOf(deriveSessionKey(TDES, { method, atc: ATC }))).toBe('E9FB384AF807B940FEDCEA613461B0C4'))

  it('leaves the parity bits when told', () => {
    const raw = deriveSessionKey(TDES, { method, diversificationValue: R }, { parity: 'none' })
    expect(hexOf(raw)).not.toBe(hexOf(deriveSessionKey(TDES, { method, diversificationValue: R })))
    expect(toHex(odd(raw.expose()))).toBe(
      hexOf(deriveSessionKey(TDES, { method, diversificationValue: R }, { parity: 'odd' })),
    )
  })

  it.each([0, 2, 7, 9, 16])('refuses a diversification value of %i bytes', (length) => {
    const input = { method, diversificationValue: new Uint8Array(length) } as const
    expect(() => deriveSessionKey(TDES, input)).toThrow(coded('ERR_LENGTH', { label: 'diversificationValue' }))
  })
})

describe('mastercard-skd', () => {
  const method = 'mastercard-skd'
  it('agrees with OpenSSL and forge', () =>
    differential((encipher, key, atc, eight) => {
      const un = eight.subarray(0, 4)
      const expected = odd(blocks(encipher, key, [...atc, 0xf0, 0, ...un], [...atc, 0x0f, 0, ...un]))
      expect(hexOf(deriveSessionKey(tdes(key), { method, atc, unpredictableNumber: un }))).toBe(toHex(expected))
    }))

  it.each([0, 3, 5, 8])('refuses an unpredictable number of %i bytes', (length) => {
    const input = { method, atc: ATC, unpredictableNumber: new Uint8Array(length) } as const
    expect(() => deriveSessionKey(TDES, input)).toThrow(coded('ERR_LENGTH', { label: 'unpredictableNumber' }))
  })
})

describe('visa-xor', () => {
  const method = 'visa-xor'
  it('is the exclusive or with ATC and NOT ATC, parity left', () => {
    expect(hexOf(deriveSessionKey(TDES, { method, atc: ATC }))).toBe('0123456789ABCDF3FEDCBA987654CDF3')
    expect(hexOf(deriveSessionKey(TDES, { method, atc: fromHex('A5C3') }))).toBe('0123456789AB682CFEDCBA987654682C')
  })

  it('makes parity odd when told', () =>
    expect(hexOf(deriveSessionKey(TDES, { method, atc: ATC }, { parity: 'odd' }))).toBe(
      '0123456789ABCDF2FEDCBA987654CDF2',
    ))

  it('gives a key whose halves happen to be equal', () => {
    const key = tdes(fromHex('0123456789ABCDEF0123456789AB3210'))
    expect(hexOf(deriveSessionKey(key, { method, atc: fromHex('0000') }))).toBe('0123456789ABCDEF'.repeat(2))
  })

  it('prints no check value, as it is the ICC master key but for the ATC', () => {
    const key = deriveSessionKey(TDES, { method, atc: ATC })
    expect(key.kcv).toBe('withheld')
    expect(String(key)).toBe('TdesKey(session AC, kcv withheld)')
    expect(deriveSessionKey(TDES, { method: 'pboc', atc: ATC }).kcv).toMatch(/^[0-9A-F]{6}$/)
  })

  it('agrees with arithmetic', () =>
    differential(
      (_, key, atc) => {
        const number = BigInt(`0x${toHex(atc)}`)
        const expected = BigInt(`0x${toHex(key)}`) ^ (number << 64n) ^ (number ^ 0xffffn)
        expect(hexOf(deriveSessionKey(tdes(key), { method, atc }))).toBe(
          expected.toString(16).toUpperCase().padStart(32, '0'),
        )
      },
      [opensslDes],
    ))
})

describe('pboc', () => {
  const method = 'pboc'
  it('agrees with OpenSSL and forge', () =>
    differential((encipher, key, atc) => {
      const expected = blocks(encipher, key, [0, 0, 0, 0, 0, 0, ...atc], [0, 0, 0, 0, 0, 0, ...notAtc(atc)])
      expect(hexOf(deriveSessionKey(tdes(key), { method, atc }))).toBe(toHex(expected))
      expect(hexOf(deriveSessionKey(tdes(key), { method, atc }, { parity: 'odd' }))).toBe(toHex(odd(expected)))
    }))
})

describe('emv-aes', () => {
  const method = 'emv-aes'
  // card42.test.AesVectorTest, computed with OpenSSL; the ATC case stands in vectors/session-key.json.
  it.each(['AABBCCDDEEFF0011', 'AABBCCDDEEFF00110000000000000000'])('takes the ARQC %s for scripts', (r) => {
    const key = AesKey.create('icc', 'MAC', fromHex('0F0E0D0C0B0A09080706050403020100'))
    const session = deriveSessionKey(key, { method, diversificationValue: fromHex(r) })
    expect(hexOf(session)).toBe('C1994753F99E6196418C14F7DD5F1AF9')
    expect([session.algorithm, session.level, session.purpose]).toEqual(['aes', 'session', 'MAC'])
  })

  it('agrees with OpenSSL and forge for all key sizes', () =>
    differential(
      (encipher, key, atc, eight) => {
        for (const [input, r] of [
          [{ method, atc }, [...atc, ...new Uint8Array(14)]],
          [{ method, diversificationValue: Uint8Array.from([...eight, ...eight]) }, [...eight, ...eight]],
        ] as const) {
          const [a = 0, b = 0, , ...rest] = r
          const expected =
            key.length === 16
              ? blocks(encipher, key, r)
              : blocks(encipher, key, [a, b, 0xf0, ...rest], [a, b, 0x0f, ...rest]).subarray(0, key.length)
          expect(hexOf(deriveSessionKey(AesKey.create('icc', 'AC', key), input))).toBe(toHex(expected))
        }
      },
      [opensslAes, forgeAes],
      [16, 24, 32],
    ))

  it('leaves the parity bits alone', () =>
    expect(hexOf(deriveSessionKey(AES, { method, atc: ATC }, { parity: 'odd' }))).toBe(
      hexOf(deriveSessionKey(AES, { method, atc: ATC })),
    ))

  it.each([0, 7, 9, 15, 17])('refuses a diversification value of %i bytes', (length) => {
    const input = { method, diversificationValue: new Uint8Array(length) } as const
    expect(() => deriveSessionKey(AES, input)).toThrow(coded('ERR_LENGTH', { label: 'diversificationValue' }))
  })
})

describe('pboc-sm4', () => {
  it('agrees with OpenSSL', () =>
    differential(
      (encipher, key, atc) => {
        const block = [0, 0, 0, 0, 0, 0, ...atc, 0, 0, 0, 0, 0, 0, ...notAtc(atc)]
        const session = deriveSessionKey(Sm4Key.create('icc', 'AC', key), { method: 'pboc-sm4', atc })
        expect(hexOf(session)).toBe(toHex(blocks(encipher, key, block)))
      },
      [opensslSm4],
    ))
})

describe('refused by every method', () => {
  const un = new Uint8Array(4)
  const withAtc = (atc: Uint8Array): readonly (readonly [SecretKey<'icc', 'AC'>, SessionKeyInput])[] => [
    [TDES, { method: 'emv-common', atc }],
    [TDES, { method: 'mastercard-skd', atc, unpredictableNumber: un }],
    [TDES, { method: 'emv2000-tree', atc }],
    [TDES, { method: 'visa-xor', atc }],
    [TDES, { method: 'pboc', atc }],
    [AES, { method: 'emv-aes', atc }],
    [SM4, { method: 'pboc-sm4', atc }],
  ]

  it.each([0, 1, 3])('an ATC of %i bytes', (length) => {
    for (const [key, input] of withAtc(new Uint8Array(length))) {
      expect(() => deriveSessionKey(key, input)).toThrow(coded('ERR_ATC', { label: 'atc' }))
    }
  })

  it('a key of another algorithm', () => {
    for (const [right, input] of withAtc(ATC)) {
      expect(deriveSessionKey(right, input).algorithm).toBe(right.algorithm)
      for (const key of [TDES, AES, SM4].filter(({ algorithm }) => algorithm !== right.algorithm)) {
        expect(() => deriveSessionKey(key as SecretKey<'icc', 'AC'>, input)).toThrow(
          coded('ERR_KEY', { label: 'icc AC key', got: key.algorithm }),
        )
      }
    }
  })

  it.each(['none', 'toString', '', 'EMV-COMMON'])('the method %j', (method) => {
    expect(() => deriveSessionKey(TDES, { method: method as 'pboc', atc: ATC })).toThrow(
      coded('ERR_OPTION', { label: 'method' }),
    )
  })

  it('another parity', () => {
    const options = { parity: 'even' as 'odd' }
    expect(() => deriveSessionKey(TDES, { method: 'pboc', atc: ATC }, options)).toThrow(
      coded('ERR_OPTION', { label: 'parity' }),
    )
  })

  it('a destroyed key', () => {
    const key = tdes(MK)
    key.destroy()
    expect(() => deriveSessionKey(key, { method: 'visa-xor', atc: ATC })).toThrow(coded('ERR_KEY_DESTROYED'))
  })
})

describe('scriptDiversificationValue', () => {
  it.each([
    ['D17B15836FAB99A2', 0, 'D17B15836FAB99A2'],
    ['D17B15836FAB99A2', 1, 'D17B15836FAB99A3'],
    ['00000000000000FE', 2, '0000000000000100'],
    ['0000000000000000', 255, '00000000000000FF'],
    ['00FFFFFFFFFFFFFF', 1, '0100000000000000'],
    ['FFFFFFFFFFFFFFFF', 1, '0000000000000000'],
    ['FFFFFFFFFFFFFFFE', 3, '0000000000000001'],
  ])('%s + %i is %s', (arqc, n, expected) => expect(toHex(scriptDiversificationValue(fromHex(arqc), n))).toBe(expected))

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses n = %d', (n) =>
    expect(() => scriptDiversificationValue(R, n)).toThrow(coded('ERR_OPTION', { label: 'n' })),
  )
  it.each([0, 7, 9])('refuses an ARQC of %i bytes', (length) =>
    expect(() => scriptDiversificationValue(new Uint8Array(length), 0)).toThrow(coded('ERR_ARQC')),
  )
})
