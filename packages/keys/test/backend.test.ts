import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { nodeBackend } from '../src/backend-node.js'
import { portableBackend } from '../src/backend-portable.js'
import { type Backend, backend, keyCheckValue, randomBytes, sha1, TdesKey, useBackend } from '../src/index.js'

describe.each([nodeBackend, portableBackend()])('the back end $name', (one) => {
  const { des, aes, sm4 } = one

  // The worked example of Grabbe, "The DES Algorithm Illustrated"; FIPS 197 appendix C; GB/T 32907 appendix A.1.
  it.each([
    ['single DES', des, '133457799BBCDFF1', '0123456789ABCDEF', '85E813540F0AB405'],
    ['two-key TDES with K1 = K2', des, '133457799BBCDFF1133457799BBCDFF1', '0123456789ABCDEF', '85E813540F0AB405'],
    ['three-key TDES with K1 = K2 = K3', des, '133457799BBCDFF1'.repeat(3), '0123456789ABCDEF', '85E813540F0AB405'],
    [
      'AES-128',
      aes,
      '000102030405060708090A0B0C0D0E0F',
      '00112233445566778899AABBCCDDEEFF',
      '69C4E0D86A7B0430D8CDB78070B4C55A',
    ],
    [
      'AES-192',
      aes,
      '000102030405060708090A0B0C0D0E0F1011121314151617',
      '00112233445566778899AABBCCDDEEFF',
      'DDA97CA4864CDFE06EAF70A0EC0D7191',
    ],
    [
      'AES-256',
      aes,
      '000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F',
      '00112233445566778899AABBCCDDEEFF',
      '8EA2B7CA516745BFEAFC49904B496089',
    ],
    [
      'SM4',
      sm4,
      '0123456789ABCDEFFEDCBA9876543210',
      '0123456789ABCDEFFEDCBA9876543210',
      '681EDF34D206965E86B3E94F536E4246',
    ],
  ] as const)('%s', (_, cipher, key, plain, enciphered) => {
    expect(toHex(cipher('encrypt', fromHex(key), fromHex(plain)))).toBe(enciphered)
    expect(toHex(cipher('decrypt', fromHex(key), fromHex(enciphered)))).toBe(plain)
  })

  // NIST SP 800-38A F.2.1 and F.2.2, the first two blocks.
  it('CBC mode', () => {
    const key = fromHex('2B7E151628AED2A6ABF7158809CF4F3C')
    const iv = fromHex('000102030405060708090A0B0C0D0E0F')
    const plain = '6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51'
    const enciphered = '7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2'
    expect(toHex(aes('encrypt', key, fromHex(plain), iv))).toBe(enciphered)
    expect(toHex(aes('decrypt', key, fromHex(enciphered), iv))).toBe(plain)
  })

  it('gives plain arrays, not views of a shared pool', () => {
    const key = new Uint8Array(16)
    const modes = (['encrypt', 'decrypt'] as const).flatMap((direction) => [
      ...[aes, sm4].flatMap((cipher) => [cipher(direction, key, key), cipher(direction, key, key, key)]),
      des(direction, key, new Uint8Array(8)),
      des(direction, key, new Uint8Array(8), new Uint8Array(8)),
    ])
    const modulus = Uint8Array.from([0x80, ...new Uint8Array(62), 1])
    for (const bytes of [
      ...modes,
      one.rsaPublic(modulus, Uint8Array.of(3), new Uint8Array(64)),
      one.rsaPublic(modulus, Uint8Array.of(1, 0, 1), new Uint8Array(64)),
      one.sha1(new Uint8Array(0)),
      one.randomBytes(3),
    ]) {
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
      expect(bytes.buffer.byteLength).toBe(bytes.length)
    }
  })

  // FIPS 180-4 examples.
  it.each([
    ['', 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709'],
    ['abc', 'A9993E364706816ABA3E25717850C26C9CD0D89D'],
    ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983E441C3BD26EBAAE4AA1F95129E5E54670F1'],
  ])('SHA-1 of %j', (text, expected) => expect(toHex(one.sha1(new TextEncoder().encode(text)))).toBe(expected))

  // Web Crypto gives 65,536 bytes at once.
  it.each([0, 1, 65_535, 65_536, 65_537, 200_000])('%i random bytes', (length) => {
    const bytes = one.randomBytes(length)
    expect(bytes).toHaveLength(length)
    // Of so many the last 32 are not zero.
    if (length > 32) expect(bytes.subarray(-32).some((byte) => byte !== 0)).toBe(true)
  })
})

it('sha1 is that of the back end in use', () => {
  expect(toHex(sha1(new TextEncoder().encode('abc')))).toBe('A9993E364706816ABA3E25717850C26C9CD0D89D')
})

describe('randomBytes', () => {
  it.each([0, 1, 8, 32])('gives %i bytes', (length) => expect(randomBytes(length)).toHaveLength(length))
  it('gives others each time', () => expect(toHex(randomBytes(16))).not.toBe(toHex(randomBytes(16))))
})

describe('useBackend', () => {
  it('is for the whole process, and gives the one that was in use', () => {
    const own = backend()
    const other: Backend = { ...own, name: 'other', des: (_, __, data) => data.map(() => 0xab) }
    expect(useBackend(other)).toBe(own)
    try {
      expect(backend()).toBe(other)
      expect(keyCheckValue(TdesKey.create('zone', 'DEK', fromHex('0123456789ABCDEFFEDCBA9876543210')))).toBe('ABABAB')
    } finally {
      expect(useBackend(own)).toBe(other)
    }
    expect(backend()).toBe(own)
  })
})
