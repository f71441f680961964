/**
 * What must not compile. The type check of the tests reads this file; each line marked so is an error of the compiler,
 * and the mark itself is one when the line compiles. Nothing here runs but the last test.
 */

import { expect, expectTypeOf, it } from 'vitest'
import {
  type AesKey,
  deriveIccMasterKey,
  deriveSessionKey,
  encipherBlocks,
  generateCryptogram,
  type KeyPurpose,
  mac,
  macAesCmac,
  macAlgorithm3,
  type Secret,
  type SecretKey,
  type Sm4Key,
  TdesKey,
} from '../src/index.js'

interface Keys {
  imkAc: TdesKey<'issuer', 'AC'>
  iccEnc: TdesKey<'icc', 'ENC'>
  iccMac: TdesKey<'icc', 'MAC'>
  sessionEnc: TdesKey<'session', 'ENC'>
  sessionMac: TdesKey<'session', 'MAC'>
  sessionAc: TdesKey<'session', 'AC'>
  aesMac: AesKey<'session', 'MAC'>
  aesIcc: AesKey<'icc', 'AC'>
  sm4Icc: Sm4Key<'icc', 'AC'>
  any: SecretKey<'icc', 'ENC'>
  kbpk: TdesKey<'zone', 'KBPK'>
  secret: Secret
}

const DATA = new Uint8Array(8)
const CARD = { pan: '6228000100001', panSequence: '01' }
const ATC = new Uint8Array(2)

/** Never called. */
export function doesNotCompile(k: Keys): void {
  // @ts-expect-error an enciphering key makes no MAC
  macAlgorithm3(k.sessionEnc, DATA)
  // @ts-expect-error nor by the function for all algorithms
  mac(k.sessionEnc, DATA)
  // @ts-expect-error nor whatever its algorithm
  mac(k.any, DATA)
  // @ts-expect-error a MAC key enciphers nothing
  encipherBlocks(k.sessionMac, DATA, { mode: 'ecb' })
  // @ts-expect-error nor does a key of cryptograms
  encipherBlocks(k.sessionAc, DATA, { mode: 'ecb' })
  // @ts-expect-error a key block protection key is for key blocks alone
  encipherBlocks(k.kbpk, DATA, { mode: 'ecb' })
  // @ts-expect-error a MAC key makes no cryptogram
  generateCryptogram(k.sessionMac, DATA)
  // @ts-expect-error an issuer master key makes no cryptogram
  generateCryptogram(k.imkAc, DATA)
  // @ts-expect-error an ICC master key is not derived from once more
  deriveIccMasterKey(k.iccMac, CARD)
  // @ts-expect-error a session key comes from an ICC master key
  deriveSessionKey(k.imkAc, { method: 'pboc', atc: ATC })
  // @ts-expect-error a session key is the end
  deriveSessionKey(k.sessionMac, { method: 'pboc', atc: ATC })
  // @ts-expect-error an AES key takes no TDES algorithm
  macAlgorithm3(k.aesMac, DATA)
  // @ts-expect-error nor a TDES key the one of AES
  macAesCmac(k.sessionMac, DATA)
  // @ts-expect-error a method wants what it diversifies by
  deriveSessionKey(k.iccMac, { method: 'mastercard-skd', atc: ATC })
  // @ts-expect-error there is no such purpose
  TdesKey.create('icc', 'SIGN', DATA)
  // @ts-expect-error there is no such level
  TdesKey.create('card', 'AC', DATA)
  // @ts-expect-error bytes are no key
  macAlgorithm3(DATA, DATA)
  const alike = {
    algorithm: 'tdes',
    level: 'session',
    purpose: 'MAC',
    kcv: '',
    expose: () => DATA,
    destroy() {},
  } as const
  // @ts-expect-error what looks like a key is none: the bytes of a key are private to the class
  macAlgorithm3(alike, DATA)
  // @ts-expect-error the bytes are private
  k.sessionMac.bytes
  // @ts-expect-error a secret is no bytes
  DATA.set(k.secret)
}

/** Never called: what must compile, with the types that come out. */
export function compiles(k: Keys): void {
  expectTypeOf(deriveIccMasterKey(k.imkAc, CARD)).toEqualTypeOf<TdesKey<'icc', 'AC'>>()
  expectTypeOf(deriveSessionKey(k.iccEnc, { method: 'pboc', atc: ATC })).toEqualTypeOf<TdesKey<'session', 'ENC'>>()
  expectTypeOf(deriveSessionKey(k.aesIcc, { method: 'emv-aes', atc: ATC })).toEqualTypeOf<AesKey<'session', 'AC'>>()
  expectTypeOf(deriveSessionKey(k.sm4Icc, { method: 'pboc-sm4', atc: ATC })).toEqualTypeOf<Sm4Key<'session', 'AC'>>()
  expectTypeOf(deriveSessionKey(k.any, { method: 'pboc', atc: ATC })).toEqualTypeOf<SecretKey<'session', 'ENC'>>()
  expectTypeOf(k.sessionAc).toExtend<SecretKey<'session', KeyPurpose>>()
  generateCryptogram(k.sessionAc, DATA)
}

it('a key of the right purpose compiles and runs', () => {
  const key = TdesKey.create(
    'session',
    'MAC',
    Uint8Array.from({ length: 16 }, (_, i) => 7 * i),
  )
  expect(macAlgorithm3(key, DATA)).toHaveLength(8)
})
