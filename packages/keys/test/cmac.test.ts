import { existsSync, readFileSync } from 'node:fs'
import { fromHex, toHex } from '@issuerkit/apdu'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cmac } from '../src/cmac.js'
import { AesKey, keyCheckValue, macAesCmac, TdesKey } from '../src/index.js'
import { coded } from './support/errors.js'
import {
  bytesOf,
  bytesUpTo,
  cbcLast,
  type Encipher,
  forgeAes,
  forgeDes,
  opensslAes,
  opensslDes,
  opensslSm4,
  padded,
  THOUSANDS,
} from './support/oracles.js'

/** CMAC with big numbers: the subkeys are powers of x in the field of the block. */
function reference(encipher: Encipher, key: Uint8Array, data: Uint8Array, size: 8 | 16): string {
  const bits = BigInt(8 * size)
  const field = (1n << bits) | (size === 8 ? 0x1bn : 0x87n)
  const timesX = (value: bigint): bigint => ((value << 1n) >> bits === 1n ? (value << 1n) ^ field : value << 1n)
  const isWhole = data.length > 0 && data.length % size === 0
  let subkey = timesX(BigInt(`0x${toHex(encipher(key, new Uint8Array(size)))}`))
  if (!isWhole) subkey = timesX(subkey)
  const message = padded(data, isWhole ? 1 : 2, size)
  const last = BigInt(`0x${toHex(message.subarray(-size))}`) ^ subkey
  message.set(fromHex(last.toString(16).padStart(2 * size, '0')), message.length - size)
  return toHex(cbcLast(encipher, key, message, size))
}

const MESSAGE =
  '6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51' +
  '30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710'
const KEYS = {
  'AES-128': '2B7E151628AED2A6ABF7158809CF4F3C',
  'AES-192': '8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B',
  'AES-256': '603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4',
} as const

describe('macAesCmac', () => {
  // NIST SP 800-38B, examples for CMAC: bytes of the message, and the whole MAC.
  it.each([
    ['AES-128', 0, 'BB1D6929E95937287FA37D129B756746'],
    ['AES-128', 16, '070A16B46B4D4144F79BDD9DD04A287C'],
    ['AES-128', 40, 'DFA66747DE9AE63030CA32611497C827'],
    ['AES-128', 64, '51F0BEBF7E3B9D92FC49741779363CFE'],
    ['AES-192', 0, 'D17DDF46ADAACDE531CAC483DE7A9367'],
    ['AES-192', 16, '9E99A7BF31E710900662F65E617C5184'],
    ['AES-192', 40, '8A1DE5BE2EB31AAD089A82E6EE908B0E'],
    ['AES-192', 64, 'A1D5DF0EED790F794D77589659F39A11'],
    ['AES-256', 0, '028962F61B7BF89EFC6B551F4667D983'],
    ['AES-256', 16, '28A7023F452E8F82BD4BF28D8C37C35C'],
    ['AES-256', 40, 'AAF3D8F1DE5640C232F5B169B9C911E6'],
    ['AES-256', 64, 'E1992190549F6ED5696A2C056C315410'],
  ] as const)('%s over %i bytes', (name, length, expected) => {
    const key = AesKey.create('session', 'MAC', fromHex(KEYS[name]))
    const data = fromHex(MESSAGE.slice(0, 2 * length))
    expect(toHex(macAesCmac(key, data))).toBe(expected)
    expect(toHex(macAesCmac(key, data, { length: 8 }))).toBe(expected.slice(0, 16))
    expect(toHex(data)).toBe(MESSAGE.slice(0, 2 * length))
  })

  it('agrees with big numbers over OpenSSL and forge', () => {
    fc.assert(
      fc.property(fc.constantFrom(16, 24, 32).chain(bytesOf), bytesUpTo(70), fc.boolean(), (key, data, useForge) => {
        const found = toHex(macAesCmac(AesKey.create('session', 'MAC', key), data))
        expect(found).toBe(reference(useForge ? forgeAes : opensslAes, key, data, 16))
      }),
      THOUSANDS,
    )
  })
})

describe('CMAC with the other ciphers', () => {
  // NIST SP 800-38B examples, three-key and two-key TDEA.
  const threeKeys = '8AA83BF8CBDA10620BC1BF19FBB6CD58BC313D4A371CA8B5'
  const twoKeys = '4CF15134A2850DD58A3D10BA80570D38'
  it.each([
    [threeKeys, 0, 'B7A688E122FFAF95'],
    [threeKeys, 8, '8E8F293136283797'],
    [threeKeys, 20, '743DDBE0CE2DC2ED'],
    [threeKeys, 32, '33E6B1092400EAE5'],
    [twoKeys, 0, 'BD2EBF9A3BA00361'],
    [twoKeys, 8, '4FF2AB813C53CE83'],
    [twoKeys, 20, '62DD1B471902BD4E'],
    [twoKeys, 32, '31B1E431DABC4EB8'],
  ] as const)('TDES with the key %s over %i bytes', (key, length, expected) => {
    expect(toHex(cmac('tdes', fromHex(key), fromHex(MESSAGE.slice(0, 2 * length))))).toBe(expected)
  })

  it('agrees with big numbers for TDES', () => {
    fc.assert(
      fc.property(fc.constantFrom(16, 24).chain(bytesOf), bytesUpTo(40), fc.boolean(), (key, data, useForge) => {
        expect(toHex(cmac('tdes', key, data))).toBe(reference(useForge ? forgeDes : opensslDes, key, data, 8))
      }),
      THOUSANDS,
    )
  })

  it('agrees with big numbers for SM4', () => {
    fc.assert(
      fc.property(bytesOf(16), bytesUpTo(70), (key, data) => {
        expect(toHex(cmac('sm4', key, data))).toBe(reference(opensslSm4, key, data, 16))
      }),
      THOUSANDS,
    )
  })

  it('stands behind the check value of three-key TDES keys too', () => {
    const key = TdesKey.create('zone', 'KBPK', fromHex(threeKeys))
    expect(keyCheckValue(key, { method: 'cmac', length: 8 })).toBe(toHex(cmac('tdes', key.expose(), new Uint8Array(8))))
  })
})

// Published edge cases that are run from where they lie, beside a checkout, and are not part of the project.
const wycheproof = new URL('../../../../shared/vectors/envelope/wycheproof-aes-cmac.json', import.meta.url)

describe('Wycheproof', () => {
  it.runIf(existsSync(wycheproof))('agrees in all cases of AES-CMAC', () => {
    const { tests } = JSON.parse(readFileSync(wycheproof, 'utf8')) as {
      tests: { id: number; key: string; msg: string; tag: string; result: 'valid' | 'invalid' }[]
    }
    const wrong = tests.filter(({ key, msg, tag, result }) => {
      const bytes = fromHex(key)
      const run = (): string => toHex(macAesCmac(AesKey.create('session', 'MAC', bytes), fromHex(msg)))
      if (![16, 24, 32].includes(bytes.length)) {
        expect(run).toThrow(coded('ERR_KEY'))
        return result !== 'invalid'
      }
      return (run() === tag) !== (result === 'valid')
    })
    expect(wrong.map(({ id }) => id)).toEqual([])
    expect(tests).toHaveLength(311)
  })
})
