/** Which key verifies a message, and what else the keys of its set can check. */
import type { CardIdentity } from './card-identity.js'
import { deriveIccMasterKey } from './derive.js'
import { type UnionPayDiscretionaryData, verifyDiscretionaryData } from './issuer-application-data-idd.js'
import type { SecretKey } from './key.js'
import { findKeySet, type KeySet } from './key-set.js'
import type { Scheme } from './schemes.js'
import { deriveSessionKey, type SessionKeyInput } from './session.js'
import type { CheckedDiscretionaryData } from './verify-verdict.js'

/** Key sets to choose from by the DKI of tag 9F10, or one issuer master key whatever the DKI. */
export type KeyChoice = { readonly keySets: readonly KeySet[] } | { readonly imk: SecretKey<'issuer', 'AC'> }

/**
 * The set for a message, or `undefined` when there is none.
 * @throws ERR_KEY, ERR_OPTION as {@link findKeySet}
 */
export function chooseKeySet(
  choice: KeyChoice,
  dki: number | undefined,
  algorithm: Scheme['algorithm'],
): KeySet | undefined {
  const sets = 'keySets' in choice ? choice.keySets : [{ dki: 0, algorithm: choice.imk.algorithm, ac: choice.imk }]
  return findKeySet(sets, 'keySets' in choice ? dki : undefined, algorithm)
}

/**
 * UnionPay's discretionary data with the verdict on their MAC.
 * @throws ERR_PAN, ERR_PAN_SEQUENCE, ERR_ATC, ERR_KEY_DESTROYED
 */
export function checkDiscretionaryData(
  idd: UnionPayDiscretionaryData,
  { mac }: KeySet,
  { iccKey, cryptogramSession }: Scheme,
  card: CardIdentity,
  atc: Uint8Array,
): CheckedDiscretionaryData {
  if (mac === undefined) return { ...idd, macVerdict: 'unchecked' }
  const iccMacKey = deriveIccMasterKey(mac, card, iccKey)
  // [PBOC] 7: one rule derives the session keys of all purposes.
  const macKey = deriveSessionKey(iccMacKey, { method: cryptogramSession, atc } as SessionKeyInput)
  try {
    return { ...idd, macVerdict: verifyDiscretionaryData(macKey, atc, idd) ? 'valid' : 'invalid' }
  } finally {
    iccMacKey.destroy()
    macKey.destroy()
  }
}
