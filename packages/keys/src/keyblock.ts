/**
 * Key blocks: a key that travels enciphered under a key block protection key (KBPK), with what it may be used for bound
 * to it. The format of TR-31 and ANSI X9.143, versions B, C and D.
 *
 * ```
 * header ‖ hex(enciphered key data) ‖ hex(MAC)
 * key data = length of the key in bits (2 bytes) ‖ key ‖ random fill up to whole blocks
 * ```
 * Version C is for partners that know nothing else: reading or writing it must be asked for by name.
 * @see [X9.143] 6, 7
 */
import { expectLength, toHex } from '@issuerkit/apdu'
import { randomBytes } from './hash.js'
import type { KeyLevel, KeyPurpose, SecretKey } from './key.js'
import { expectNewHeader, expectOneOf, formatKeyBlockHeader } from './keyblock-format.js'
import {
  blockLengthOf,
  type KeyBlockHeader,
  type NewKeyBlockHeader,
  refuse,
  type UnwrappedKeyBlock,
} from './keyblock-header.js'
import { expectHeaderOfKey } from './keyblock-key.js'
import { parseKeyBlock } from './keyblock-parse.js'
import { expectKbpk, type KeyBlockProtectionKey, openKeyData, sealKeyData } from './keyblock-protection.js'
import { KEY_BLOCK_ALGORITHMS, KEY_BLOCK_VERSIONS, type KeyBlockVersion } from './keyblock-tables.js'
import { Secret } from './secret.js'

/** Which versions a KBPK may be used with. Bind each KBPK to one of them. */
export interface KeyBlockOptions {
  /** B and D by default; C only when it is named. */
  readonly versions?: readonly KeyBlockVersion[]
}

/** How a key is wrapped. */
export interface WrapOptions extends KeyBlockOptions {
  /**
   * Bytes that the key is padded to before it is enciphered, so that the length of the block does not tell that of the
   * key: the longest of its algorithm (TDES 24, AES 32) by default, the length of the key itself at least. [X9.143] 5
   */
  readonly maskedKeyLength?: number
  /** The source of the random fill: the platform's generator by default. */
  readonly random?: (length: number) => Uint8Array
}

const DEFAULT_VERSIONS: readonly KeyBlockVersion[] = ['B', 'D']
/** Bytes of the length of the key, in front of it. */
const LENGTH_FIELD = 2

/**
 * A key in a new key block.
 *
 * A key object is wrapped only as what it is: under its algorithm and the usage that stands for its level and purpose (see
 * `keyFromKeyBlock`). A secret is wrapped as what the header says.
 * @returns printable ASCII, at most 9999 characters
 * @throws ERR_KEY_BLOCK with the name of what is wrong: a field of the header, an optional block, `KBPK` (not one of the
 *   version, or weaker than the key), `key length`, `masked key length`; ERR_LENGTH when `random` gives another length;
 *   ERR_KEY_DESTROYED
 * @see [X9.143] 6, 7
 */
export function wrapKeyBlock(
  kbpk: KeyBlockProtectionKey,
  header: NewKeyBlockHeader,
  key: Secret | SecretKey<KeyLevel, KeyPurpose>,
  { versions = DEFAULT_VERSIONS, maskedKeyLength, random = randomBytes }: WrapOptions = {},
): string {
  expectNewHeader(header)
  const { version, algorithm } = header
  expectOneOf('version', version, versions)
  expectKbpk(version, kbpk)
  expectHeaderOfKey(header, key)
  const bytes = key.expose()
  expectKeyLength(algorithm, bytes.length)
  expectStrength(kbpk, algorithm, bytes.length)
  const masked = expectMaskedLength(algorithm, bytes.length, maskedKeyLength)
  const blockLength = blockLengthOf(version)
  const length = Math.ceil((LENGTH_FIELD + masked) / blockLength) * blockLength
  const text = formatKeyBlockHeader(header, 2 * (length + KEY_BLOCK_VERSIONS[version].macLength))
  const fill = length - LENGTH_FIELD - bytes.length
  const keyData = new Uint8Array(length)
  keyData.set(expectLength(random(fill), fill, 'random'), LENGTH_FIELD + bytes.length)
  keyData.set(bytes, LENGTH_FIELD)
  keyData.set([bytes.length >> 5, (8 * bytes.length) & 0xff])
  const { enciphered, mac } = sealKeyData(version, kbpk, ascii(text), keyData)
  keyData.fill(0)
  return text + toHex(enciphered) + toHex(mac)
}

/**
 * The key of a key block, with the header as it stands.
 *
 * Nothing of the deciphered key is used, and none of it leaves this function, unless the MAC over header and key data is
 * right; a wrong MAC is one and the same error whatever was changed.
 * @param text the key block, nothing before or after it
 * @throws ERR_KEY_BLOCK with the name of what is wrong: `version`, `key block length`, `header`, `number of optional
 *   blocks`, `optional block …`, `key data`, `KBPK`, `MAC`, `key length`; ERR_KEY_DESTROYED
 * @see [X9.143] 6, 7
 */
export function unwrapKeyBlock(
  kbpk: KeyBlockProtectionKey,
  text: string,
  { versions = DEFAULT_VERSIONS }: KeyBlockOptions = {},
): UnwrappedKeyBlock {
  const { header, headerText, sealed } = parseKeyBlock(text)
  expectOneOf('version', header.version, versions)
  expectKbpk(header.version, kbpk)
  const keyData = openKeyData(header.version, kbpk, ascii(headerText), sealed)
  try {
    return { header, key: Secret.of(keyOf(keyData), `key of usage ${header.usage}`) }
  } finally {
    keyData.fill(0)
  }
}

/**
 * The header of a key block whose MAC has not been checked: to choose the KBPK by, and for nothing else.
 * @throws ERR_KEY_BLOCK as {@link unwrapKeyBlock} does before it needs the KBPK
 */
export function peekKeyBlockHeader(text: string): KeyBlockHeader {
  return parseKeyBlock(text).header
}

function keyOf(keyData: Uint8Array): Uint8Array {
  const bits = ((keyData[0] as number) << 8) | (keyData[1] as number)
  const available = keyData.length - LENGTH_FIELD
  if (bits === 0 || bits % 8 !== 0 || bits / 8 > available) {
    refuse({ label: 'key length', expected: `8 to ${8 * available} bits, whole bytes`, got: `${bits} bits` })
  }
  return keyData.subarray(LENGTH_FIELD, LENGTH_FIELD + bits / 8)
}

function expectKeyLength(algorithm: 'A' | 'T', length: number): void {
  const lengths: readonly number[] = KEY_BLOCK_ALGORITHMS[algorithm].lengths
  if (!lengths.includes(length)) {
    refuse({ label: 'key length', expected: `${lengths.join(' or ')} bytes`, got: `${length} bytes` })
  }
}

/** A key never travels under a weaker one: AES not under TDES, no key under a shorter one of its kind. [X9.143] 5 */
function expectStrength(kbpk: KeyBlockProtectionKey, algorithm: 'A' | 'T', length: number): void {
  const protection = strength(kbpk.algorithm === 'aes' ? 'A' : 'T', kbpk.expose().length)
  const needed = strength(algorithm, length)
  if (protection < needed) {
    refuse({ label: 'KBPK', expected: `a strength of ${needed} bits`, got: `${protection} bits` })
  }
}

/** The strength of a key in bits: two-key TDES 80, three-key TDES 112, AES its length. */
function strength(algorithm: 'A' | 'T', length: number): number {
  if (algorithm === 'A') return 8 * length
  return length === 16 ? 80 : 112
}

function expectMaskedLength(algorithm: 'A' | 'T', length: number, masked?: number): number {
  const longest = Math.max(...KEY_BLOCK_ALGORITHMS[algorithm].lengths)
  const chosen = masked ?? longest
  if (!Number.isInteger(chosen) || chosen < length || chosen > longest) {
    refuse({ label: 'masked key length', expected: `${length} to ${longest} bytes`, got: String(chosen) })
  }
  return chosen
}

/** The characters of a header as bytes; they are ASCII. */
function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
