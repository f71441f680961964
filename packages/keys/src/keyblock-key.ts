/** From a key block to a key of the toolkit, and back: which usage stands for which level and purpose. */
import type { KeyAlgorithm } from './block-cipher.js'
import { type CreateKeyOptions, createKey, type KeyLevel, type KeyOf, type KeyPurpose, type SecretKey } from './key.js'
import { expectOneOf } from './keyblock-format.js'
import type { NewKeyBlockHeader, UnwrappedKeyBlock } from './keyblock-header.js'
import { KEY_USAGES } from './keyblock-tables.js'
import type { Secret } from './secret.js'

/** The usages that stand for one purpose of this toolkit. Every other usage stays bytes. [X9.143] 6.3.1 */
export const KEY_BLOCK_PURPOSES = {
  E0: { level: 'issuer', purpose: 'AC' },
  E1: { level: 'issuer', purpose: 'ENC' },
  E2: { level: 'issuer', purpose: 'MAC' },
  K1: { level: 'zone', purpose: 'KBPK' },
  P0: { level: 'zone', purpose: 'PIN' },
} as const satisfies Partial<Record<keyof typeof KEY_USAGES, { level: KeyLevel; purpose: KeyPurpose }>>

/** A usage that stands for one purpose. */
export type PurposeUsage = keyof typeof KEY_BLOCK_PURPOSES

/** The key of a usage: TDES or AES, at the level and for the purpose that the usage stands for. */
export type KeyOfUsage<U extends PurposeUsage> = KeyOf<
  'tdes' | 'aes',
  (typeof KEY_BLOCK_PURPOSES)[U]['level'],
  (typeof KEY_BLOCK_PURPOSES)[U]['purpose']
>

const ALGORITHM_OF = { A: 'aes', T: 'tdes' } as const
const LETTERS_OF = { tdes: ['T'], aes: ['A'], sm4: [] } as const satisfies Record<KeyAlgorithm, readonly string[]>

/**
 * The key of an unwrapped key block, for the purpose that the caller expects of it.
 * @param usage E0 issuer master key for AC, E1 for ENC, E2 for MAC; P0 PIN encryption key, K1 KBPK, both of a zone
 * @throws ERR_KEY_BLOCK with the name of the field: another `key usage`, a `mode of use` that does not go with it, an
 *   `algorithm` other than TDES and AES, or AES under a TDES KBPK; ERR_KEY when the key is refused as one (24 bytes of TDES
 *   at issuer level, equal halves); ERR_KEY_DESTROYED
 * @see [X9.143] 6.3.1
 */
export function keyFromKeyBlock<U extends PurposeUsage>(
  { header, key }: UnwrappedKeyBlock,
  usage: U,
  options?: CreateKeyOptions,
): KeyOfUsage<U> {
  expectOneOf('key usage', header.usage, [usage])
  expectOneOf('mode of use', header.modeOfUse, [...KEY_USAGES[usage].modes])
  expectOneOf('algorithm', header.algorithm, header.version === 'D' ? ['A', 'T'] : ['T'])
  const { level, purpose } = KEY_BLOCK_PURPOSES[usage]
  const algorithm = ALGORITHM_OF[header.algorithm as 'A' | 'T']
  return createKey(algorithm, level, purpose, key.expose(), options) as KeyOfUsage<U>
}

/**
 * That a key object goes out under the algorithm it has and the usage that stands for its level and purpose: it cannot be
 * made something else on the way. Secrets say nothing of themselves.
 * @throws ERR_KEY_BLOCK with the label `algorithm` or `key usage`
 */
export function expectHeaderOfKey(header: NewKeyBlockHeader, key: Secret | SecretKey<KeyLevel, KeyPurpose>): void {
  if (!('algorithm' in key)) return
  expectOneOf('algorithm', header.algorithm, LETTERS_OF[key.algorithm])
  const usages = Object.entries(KEY_BLOCK_PURPOSES).filter(
    ([, { level, purpose }]) => level === key.level && purpose === key.purpose,
  )
  expectOneOf(
    'key usage',
    header.usage,
    usages.map(([usage]) => usage),
  )
}
