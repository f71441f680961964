/**
 * How the key data of a key block is enciphered and bound to its header.
 *
 * | version | keys derived from the KBPK (KBEK, KBAK) | IV | MAC |
 * |---|---|---|---|
 * | B | TDES-CMAC over counter, usage, algorithm and length | the MAC | CMAC over header and clear key data, 8 bytes |
 * | C | XOR with 45..45 and 4D..4D | the header's first 8 bytes | CBC-MAC over header and enciphered key data, 4 bytes |
 * | D | AES-CMAC over counter, usage, algorithm and length | the MAC | CMAC over header and clear key data, 16 bytes |
 * @see [X9.143] 7 (TR-31:2018 5.3.2.1 for the keys of B, 5.3.2.3 for those of D)
 */
import { concat } from '@issuerkit/apdu'
import { BLOCK_LENGTH, cbcMac, runBlocks } from './block-cipher.js'
import { cmac } from './cmac.js'
import { constantTimeEqual } from './compare.js'
import type { AesKey, TdesKey } from './key.js'
import { refuse } from './keyblock-header.js'
import { KEY_BLOCK_VERSIONS, type KeyBlockVersion } from './keyblock-tables.js'

/** A key block protection key: TDES of 16 or 24 bytes for versions B and C, AES of 16, 24 or 32 bytes for version D. */
export type KeyBlockProtectionKey = TdesKey<'zone', 'KBPK'> | AesKey<'zone', 'KBPK'>

/** The two keys that a KBPK gives: for enciphering, and for the MAC. */
export interface ProtectionKeys {
  readonly kbek: Uint8Array
  readonly kbak: Uint8Array
}

/** What each of the derived keys is for, as the derivation data and as the variant name it. */
const KBEK = { usage: 0, variant: 0x45 } as const
const KBAK = { usage: 1, variant: 0x4d } as const

/** The algorithm indicator of the derivation data, by the bytes of the KBPK. */
const ALGORITHM_INDICATOR = {
  tdes: new Map([
    [16, 0],
    [24, 1],
  ]),
  aes: new Map([
    [16, 2],
    [24, 3],
    [32, 4],
  ]),
} as const

/**
 * That a KBPK is one of its version: of the algorithm, and no single-length key.
 * @throws ERR_KEY_BLOCK with the label `KBPK`; ERR_KEY_DESTROYED
 */
export function expectKbpk(version: KeyBlockVersion, kbpk: KeyBlockProtectionKey): void {
  const { algorithm } = KEY_BLOCK_VERSIONS[version]
  if (kbpk.algorithm !== algorithm) {
    refuse({ label: 'KBPK', expected: `a key of ${algorithm} for version ${version}`, got: kbpk.algorithm })
  }
  const lengths = ALGORITHM_INDICATOR[algorithm]
  const { length } = kbpk.expose()
  if (!lengths.has(length)) {
    refuse({ label: 'KBPK', expected: `${[...lengths.keys()].join(' or ')} bytes`, got: `${length} bytes` })
  }
}

/** KBEK and KBAK of a KBPK that {@link expectKbpk} accepts. [X9.143] 7 */
export function deriveProtectionKeys(version: KeyBlockVersion, kbpk: KeyBlockProtectionKey): ProtectionKeys {
  const bytes = kbpk.expose()
  if (version === 'C') {
    return { kbek: bytes.map((byte) => byte ^ KBEK.variant), kbak: bytes.map((byte) => byte ^ KBAK.variant) }
  }
  return { kbek: derive(kbpk, KBEK.usage), kbak: derive(kbpk, KBAK.usage) }
}

function derive(kbpk: KeyBlockProtectionKey, usage: number): Uint8Array {
  const key = kbpk.expose()
  const indicator = ALGORITHM_INDICATOR[kbpk.algorithm].get(key.length) as number
  const bits = 8 * key.length
  const blocks = Array.from({ length: Math.ceil(key.length / BLOCK_LENGTH[kbpk.algorithm]) }, (_, i) => {
    // counter (1), key usage indicator (2), separator (1), algorithm indicator (2), length in bits (2)
    const data = Uint8Array.of(i + 1, 0, usage, 0, 0, indicator, bits >> 8, bits & 0xff)
    return cmac(kbpk.algorithm, key, data)
  })
  return concat(...blocks).subarray(0, key.length)
}

/** Enciphered key data, whole blocks, and the MAC over it and the header. */
export interface SealedKeyData {
  readonly enciphered: Uint8Array
  readonly mac: Uint8Array
}

/**
 * Clear key data enciphered and bound to its header.
 * @param kbpk one that {@link expectKbpk} accepts for the version
 * @param header the characters of the header as bytes
 * @param keyData whole blocks: length, key, random fill
 * @see [X9.143] 7
 */
export function sealKeyData(
  version: KeyBlockVersion,
  kbpk: KeyBlockProtectionKey,
  header: Uint8Array,
  keyData: Uint8Array,
): SealedKeyData {
  return withProtectionKeys(version, kbpk, ({ kbek, kbak }) => {
    if (version === 'C') {
      const enciphered = runBlocks('tdes', 'encrypt', kbek, keyData, header.subarray(0, 8))
      return { enciphered, mac: variantMac(kbak, header, enciphered) }
    }
    const mac = bindingMac(kbpk, kbak, header, keyData)
    return { enciphered: runBlocks(kbpk.algorithm, 'encrypt', kbek, keyData, mac), mac }
  })
}

/**
 * The clear key data of a key block whose MAC is right, for the caller to zero.
 *
 * Versions B and D bind the clear key data, so it is deciphered first; it leaves this function only after the MAC has
 * been compared, in constant time, and is zeroed otherwise.
 * @throws ERR_KEY_BLOCK with the label `MAC`, whatever was changed: header, key data, MAC, or the KBPK is another one
 * @see [X9.143] 7
 */
export function openKeyData(
  version: KeyBlockVersion,
  kbpk: KeyBlockProtectionKey,
  header: Uint8Array,
  { enciphered, mac }: SealedKeyData,
): Uint8Array {
  return withProtectionKeys(version, kbpk, ({ kbek, kbak }) => {
    if (version === 'C') {
      if (!constantTimeEqual(variantMac(kbak, header, enciphered), mac)) refuseMac()
      return runBlocks('tdes', 'decrypt', kbek, enciphered, header.subarray(0, 8))
    }
    const keyData = runBlocks(kbpk.algorithm, 'decrypt', kbek, enciphered, mac)
    const computed = bindingMac(kbpk, kbak, header, keyData)
    if (!constantTimeEqual(computed, mac)) {
      keyData.fill(0)
      refuseMac()
    }
    return keyData
  })
}

function withProtectionKeys<T>(
  version: KeyBlockVersion,
  kbpk: KeyBlockProtectionKey,
  use: (keys: ProtectionKeys) => T,
): T {
  const keys = deriveProtectionKeys(version, kbpk)
  try {
    return use(keys)
  } finally {
    keys.kbek.fill(0)
    keys.kbak.fill(0)
  }
}

function refuseMac(): never {
  refuse({ label: 'MAC', expected: 'the MAC of this KBPK', got: 'another one' })
}

function bindingMac(
  kbpk: KeyBlockProtectionKey,
  kbak: Uint8Array,
  header: Uint8Array,
  keyData: Uint8Array,
): Uint8Array {
  return cmac(kbpk.algorithm, kbak, concat(header, keyData))
}

function variantMac(kbak: Uint8Array, header: Uint8Array, enciphered: Uint8Array): Uint8Array {
  return cbcMac('tdes', kbak, concat(header, enciphered)).subarray(0, KEY_BLOCK_VERSIONS.C.macLength)
}
