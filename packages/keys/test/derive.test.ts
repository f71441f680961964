import { createHash } from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AesKey, backend, deriveIccMasterKey, type SecretKey, Sm4Key, TdesKey, useBackend } from '../src/index.js'
import { coded } from './support/errors.js'
import {
  ANY_KEY,
  bytesOf,
  cards,
  digits,
  type Encipher,
  forgeAes,
  forgeDes,
  opensslAes,
  opensslDes,
  opensslSm4,
  THOUSANDS,
} from './support/oracles.js'

const IMK = TdesKey.create('issuer', 'AC', fromHex('0123456789ABCDEFFEDCBA9876543210'))
const AES_IMK = AesKey.create('issuer', 'AC', fromHex('0F0E0D0C0B0A09080706050403020100'))
const SM4_IMK = Sm4Key.create('issuer', 'AC', fromHex('0123456789ABCDEFFEDCBA9876543210'))
const CARD = { pan: '6228000100001', panSequence: '01' }

const hexOf = (key: { expose(): Uint8Array }): string => toHex(key.expose())
const not = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff)
const oddByte = (byte: number): number => {
  const ones = byte.toString(2).replaceAll('0', '').length
  return ones % 2 === 1 ? byte : byte % 2 === 0 ? byte + 1 : byte - 1
}

/** E(Y) ‖ E(NOT Y) by an outside cipher. */
function pair(encipher: Encipher, key: Uint8Array, y: string): Uint8Array {
  const block = fromHex(y)
  return Uint8Array.from([...encipher(key, block), ...encipher(key, not(block))])
}

/** Y of option B by another road than the code's: one pass over the digits of the hash, then one over its letters. */
function optionB(pan: string, panSequence: string): string {
  if (pan.length <= 16) return (pan + panSequence).padStart(16, '0').slice(-16)
  const whole = Buffer.from(
    (pan + panSequence).padStart(pan.length % 2 === 0 ? pan.length + 2 : pan.length + 3, '0'),
    'hex',
  )
  const hash = createHash('sha1').update(whole).digest('hex')
  let y = ''
  for (const digit of hash) if (digit <= '9') y += digit
  for (const digit of hash) if (digit > '9') y += Number.parseInt(digit, 16) - 10
  return y.slice(0, 16)
}

describe('option A', () => {
  it.each([
    ['8 digits', '12345678', '01', '0000001234567801'],
    ['13 digits', '6228000100001', '01', '0622800010000101'],
    ['14 digits, 16 with the sequence number', '12345678901234', '56', '1234567890123456'],
    ['15 digits', '123456789012345', '67', '2345678901234567'],
    ['16 digits', '1234567890123456', '00', '3456789012345600'],
    ['19 digits', '1234567890123456789', '99', '6789012345678999'],
  ])('takes the rightmost 16 digits of %s', (_, pan, panSequence, y) => {
    const key = deriveIccMasterKey(IMK, { pan, panSequence }, { parity: 'none' })
    expect(hexOf(key)).toBe(toHex(pair(opensslDes, IMK.expose(), y)))
    expect(hexOf(deriveIccMasterKey(IMK, { pan, panSequence }, { option: 'A', parity: 'none' }))).toBe(hexOf(key))
  })

  it('makes parity odd unless told not to', () => {
    const raw = deriveIccMasterKey(IMK, CARD, { parity: 'none' }).expose()
    const odd = toHex(raw.map(oddByte))
    expect(toHex(raw)).not.toBe(odd)
    expect(hexOf(deriveIccMasterKey(IMK, CARD))).toBe(odd)
    expect(hexOf(deriveIccMasterKey(IMK, CARD, { parity: 'odd' }))).toBe(odd)
  })

  it('keeps the purpose and gives the level icc', () => {
    const key = deriveIccMasterKey(TdesKey.create('issuer', 'ENC', IMK.expose()), CARD)
    expect([key.algorithm, key.level, key.purpose]).toEqual(['tdes', 'icc', 'ENC'])
  })

  it('gives a key whose halves happen to be equal', () => {
    const zeros = (_: unknown, __: unknown, data: Uint8Array): Uint8Array => new Uint8Array(data.length)
    const previous = useBackend({ ...backend(), des: zeros })
    try {
      expect(hexOf(deriveIccMasterKey(IMK, CARD, { parity: 'none' }))).toBe('00'.repeat(16))
    } finally {
      useBackend(previous)
    }
  })

  it('agrees with OpenSSL and forge', () => {
    fc.assert(
      fc.property(bytesOf(16), cards, (imk, card) => {
        const y = (card.pan + card.panSequence).slice(-16).padStart(16, '0')
        const key = deriveIccMasterKey(TdesKey.create('issuer', 'AC', imk, ANY_KEY), card, { parity: 'none' })
        expect(hexOf(key)).toBe(toHex(pair(opensslDes, imk, y)))
        expect(hexOf(key)).toBe(toHex(pair(forgeDes, imk, y)))
      }),
      THOUSANDS,
    )
  })
})

describe('option B', () => {
  it.each([
    ['16 digits, as option A', '1234567890123456', '00', '3456789012345600'],
    ['17 digits, 11 decimal digits in the hash', '62000000046421178', '01', '0525002376843410'],
    ['17 digits, 15 decimal digits in the hash', '62000000000989875', '01', '4014109504801604'],
    ['17 digits, 16 decimal digits in the hash', '62000000001892641', '01', '7937567689307694'],
    ['18 digits, 11 decimal digits in the hash', '620000000530493810', '01', '1375368070340544'],
    ['18 digits, 15 decimal digits in the hash', '620000000006097630', '01', '2566272583738462'],
    ['19 digits, 10 decimal digits in the hash', '6200000000991047012', '01', '8786887106531531'],
    ['19 digits, 16 decimal digits in the hash', '6200000000000831495', '01', '3447317062628207'],
  ])('takes the digits of %s', (_, pan, panSequence, y) => {
    expect(optionB(pan, panSequence)).toBe(y)
    const key = deriveIccMasterKey(IMK, { pan, panSequence }, { option: 'B', parity: 'none' })
    expect(hexOf(key)).toBe(toHex(pair(opensslDes, IMK.expose(), y)))
  })

  it('makes parity odd unless told not to', () => {
    const card = { pan: '62000000046421178', panSequence: '01' }
    const raw = deriveIccMasterKey(IMK, card, { option: 'B', parity: 'none' }).expose()
    expect(hexOf(deriveIccMasterKey(IMK, card, { option: 'B' }))).toBe(toHex(raw.map(oddByte)))
  })

  it('agrees with OpenSSL and forge', () => {
    fc.assert(
      fc.property(bytesOf(16), cards, (imk, card) => {
        const y = optionB(card.pan, card.panSequence)
        const key = deriveIccMasterKey(TdesKey.create('issuer', 'AC', imk, ANY_KEY), card, {
          option: 'B',
          parity: 'none',
        })
        expect(hexOf(key)).toBe(toHex(pair(opensslDes, imk, y)))
        expect(hexOf(key)).toBe(toHex(pair(forgeDes, imk, y)))
      }),
      THOUSANDS,
    )
  })
})

describe('option C', () => {
  // Published beside the 16-byte cases of vectors/icc-master-key.json: card42.test.AesVectorTest, computed with OpenSSL.
  it('gives 32 bytes from a key of 16', () => {
    const key = deriveIccMasterKey(AES_IMK, { pan: '1234567890', panSequence: '00' }, { option: 'C', keyBytes: 32 })
    expect(hexOf(key)).toBe('F5C0A799FFBED1DB4F9BD2E54BF2CFD983BC15FBEDDB610DB33F851BAD25B47A')
  })

  it.each([16, 24, 32])('gives as many bytes as the issuer master key has: %i', (length) => {
    const imk = AesKey.create('issuer', 'MAC', new Uint8Array(length).fill(7))
    const key = deriveIccMasterKey(imk, CARD)
    expect(hexOf(key)).toBe(
      toHex(pair(opensslAes, imk.expose(), '00000000000000000622800010000101').subarray(0, length)),
    )
    expect([key.algorithm, key.level, key.purpose]).toEqual(['aes', 'icc', 'MAC'])
  })

  it('leaves the parity bits alone', () => {
    expect(hexOf(deriveIccMasterKey(AES_IMK, CARD, { parity: 'odd' }))).toBe(
      hexOf(deriveIccMasterKey(AES_IMK, CARD, { parity: 'none' })),
    )
  })

  it.each([0, 8, 15, 17, 31, 33, 16.5])('refuses %d bytes', (keyBytes) => {
    expect(() => deriveIccMasterKey(AES_IMK, CARD, { keyBytes })).toThrow(coded('ERR_OPTION', { label: 'keyBytes' }))
  })

  it('agrees with OpenSSL and forge for all sizes', () => {
    const size = fc.constantFrom(16, 24, 32)
    fc.assert(
      fc.property(size.chain(bytesOf), size, cards, (imk, keyBytes, card) => {
        const y = (card.pan + card.panSequence).padStart(32, '0')
        const key = deriveIccMasterKey(AesKey.create('issuer', 'AC', imk), card, { keyBytes })
        expect(hexOf(key)).toBe(toHex(pair(opensslAes, imk, y).subarray(0, keyBytes)))
        expect(hexOf(key)).toBe(toHex(pair(forgeAes, imk, y).subarray(0, keyBytes)))
      }),
      THOUSANDS,
    )
  })
})

describe('the SM4 twin of option A', () => {
  it('agrees with OpenSSL', () => {
    fc.assert(
      fc.property(bytesOf(16), cards, (imk, card) => {
        const y = fromHex((card.pan + card.panSequence).slice(-16).padStart(16, '0'))
        const key = deriveIccMasterKey(Sm4Key.create('issuer', 'AC', imk), card, { option: 'A', parity: 'none' })
        expect(hexOf(key)).toBe(toHex(opensslSm4(imk, Uint8Array.from([...y, ...not(y)]))))
      }),
      THOUSANDS,
    )
  })

  it('is the default of an SM4 key, and leaves the parity bits alone', () => {
    const key = deriveIccMasterKey(SM4_IMK, CARD)
    expect(hexOf(key)).toBe(hexOf(deriveIccMasterKey(SM4_IMK, CARD, { option: 'A', parity: 'none' })))
    expect([key.algorithm, key.level, key.purpose]).toEqual(['sm4', 'icc', 'AC'])
  })
})

describe('refused', () => {
  it.each([
    ['option C with TDES', IMK, { option: 'C' }, 'option'],
    ['an unknown option', IMK, { option: 'D' as 'A' }, 'option'],
    ['option A with AES', AES_IMK, { option: 'A' }, 'option'],
    ['option B with AES', AES_IMK, { option: 'B' }, 'option'],
    ['option B with SM4', SM4_IMK, { option: 'B' }, 'option'],
    ['option C with SM4', SM4_IMK, { option: 'C' }, 'option'],
    ['a length with TDES', IMK, { keyBytes: 16 }, 'keyBytes'],
    ['a length with SM4', SM4_IMK, { keyBytes: 16 }, 'keyBytes'],
    ['an unknown parity', IMK, { parity: 'even' as 'odd' }, 'parity'],
  ] as const)('%s', (_, imk: SecretKey<'issuer', 'AC'>, options, label) => {
    expect(() => deriveIccMasterKey(imk, CARD, options)).toThrow(coded('ERR_OPTION', { label }))
  })

  it.each([IMK, AES_IMK, SM4_IMK] as const)(
    'a bad PAN or sequence number, whatever the key',
    (imk: SecretKey<'issuer', 'AC'>) => {
      expect(() => deriveIccMasterKey(imk, { ...CARD, pan: '123456789012345A' })).toThrow(coded('ERR_PAN'))
      expect(() => deriveIccMasterKey(imk, { ...CARD, panSequence: '1' })).toThrow(coded('ERR_PAN_SEQUENCE'))
    },
  )

  it('any PAN with something in it that is no digit', () => {
    fc.assert(
      fc.property(digits(7, 18), fc.nat(18), fc.constantFrom('A', 'f', ' ', '-', '٣', '\n', '='), (pan, at, odd) => {
        const broken = pan.slice(0, at) + odd + pan.slice(at)
        expect(() => deriveIccMasterKey(IMK, { ...CARD, pan: broken })).toThrow(coded('ERR_PAN'))
      }),
    )
  })

  it.each([
    () => TdesKey.create('issuer', 'AC', IMK.expose()),
    () => AesKey.create('issuer', 'AC', IMK.expose()),
    () => Sm4Key.create('issuer', 'AC', IMK.expose()),
  ])('a destroyed key', (create) => {
    const imk: SecretKey<'issuer', 'AC'> = create()
    imk.destroy()
    expect(() => deriveIccMasterKey(imk, CARD)).toThrow(coded('ERR_KEY_DESTROYED', { label: 'issuer AC key' }))
  })
})
