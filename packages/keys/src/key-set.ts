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
  readonly mac?: SecretKey<'issuer', 'MAC'> | undefined
  /** For what issuer scripts encipher. */
  readonly enc?: SecretKey<'issuer', 'ENC'> | undefined
}

/**
 * The set of a derivation key index and algorithm, or `undefined` when there is none.
 * @param dki `undefined` when the message does not say it: then the only set of the algorithm is taken, if it is alone
 * @throws ERR_KEY when two sets have the same index and algorithm, or a key of a set is not of its algorithm;
 *   ERR_OPTION when an index is not a whole number from 0 to 255
 */
export function findKeySet(
  sets: readonly KeySet[],
  dki: number | undefined,
  algorithm: KeyAlgorithm,
): KeySet | undefined {
  expectKeySets(sets)
  const fitting = sets.filter((set) => set.algorithm === algorithm && (dki === undefined || set.dki === dki))
  return fitting.length === 1 ? fitting[0] : undefined
}

function expectKeySets(sets: readonly KeySet[]): void {
  const labels = new Set<string>()
  for (const { dki, algorithm, ac, mac, enc } of sets) {
    if (!Number.isInteger(dki) || dki < 0 || dki > 255) {
      throw new IssuerkitError('ERR_OPTION', { label: 'dki', expected: '0 to 255', got: String(dki) })
    }
    const label = `key set ${dki} ${algorithm}`
    if (labels.has(label)) throw new IssuerkitError('ERR_KEY', { label, expected: 'one of its kind', got: 'two' })
    labels.add(label)
    for (const key of [ac, mac, enc]) {
      if (key !== undefined && key.algorithm !== algorithm) {
        throw new IssuerkitError('ERR_KEY', { label, expected: `keys of ${algorithm}`, got: key.algorithm })
      }
    }
  }
}
