/** The keys of an issuer for one generation of cards, as tag 9F10 names them. */
import { IssuerkitError } from '@issuerkit/apdu'
import type { KeyAlgorithm } from './block-cipher.js'
import type { SecretKey } from './key.js'

/** One set of issuer master keys. Several are alive at once; a card says in tag 9F10 which one it has. */
export interface KeySet {
  /** Derivation key index, 0 to 255. */
  readonly dki: number
  readonly algorithm: KeyAlgorithm
  readonly ac: SecretKey<'issuer', 'AC'>
  /** For issuer scripts, and for the MAC of UnionPay's discretionary data. */
  readonly mac?: SecretKey<'issuer', 'MAC'>
  /** For what issuer scripts encipher. */
  readonly enc?: SecretKey<'issuer', 'ENC'>
}

/**
 * The set of a derivation key index and algorithm, or `undefined` when there is none.
 * @throws ERR_KEY when two sets have the same index and algorithm, or a key of a set is not of its algorithm;
 *   ERR_OPTION when an index is not a whole number from 0 to 255
 */
export function findKeySet(sets: readonly KeySet[], dki: number, algorithm: KeyAlgorithm): KeySet | undefined {
  const names = new Set<string>()
  for (const set of sets) {
    const label = `key set ${set.dki} ${set.algorithm}`
    if (!Number.isInteger(set.dki) || set.dki < 0 || set.dki > 255) {
      throw new IssuerkitError('ERR_OPTION', { label: 'dki', expected: '0 to 255', got: String(set.dki) })
    }
    if (names.has(label)) throw new IssuerkitError('ERR_KEY', { label, expected: 'one of its kind', got: 'two' })
    names.add(label)
    for (const key of [set.ac, set.mac, set.enc]) {
      if (key !== undefined && key.algorithm !== set.algorithm) {
        throw new IssuerkitError('ERR_KEY', { label, expected: `keys of ${set.algorithm}`, got: key.algorithm })
      }
    }
  }
  return sets.find((set) => set.dki === dki && set.algorithm === algorithm)
}
