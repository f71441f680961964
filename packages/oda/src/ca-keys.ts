/** The published CA public keys that come with the toolkit. */
import { type CaKeyText, caKeyFromText, collect, type RefusedCaKey } from './ca-key-import.js'
import { type CaKeyProfile, CaKeyStore } from './ca-key-store.js'
import { CA_KEY_DATA } from './ca-keys.data.js'

/** A published CA public key as data. */
export interface CaKeyRecord extends CaKeyText {
  readonly profile: CaKeyProfile
  /** Who publishes it. */
  readonly sources: readonly string[]
}

/** The published keys that keep the rules, and those that do not. */
export interface PublishedCaKeys {
  readonly store: CaKeyStore
  readonly refused: readonly RefusedCaKey[]
}

/**
 * A new store with the published CA public keys, checksums verified. Four of the 140 are refused: three have the exponent
 * 2, and one is of 2048 bits (and its modulus is even, so that it is no RSA key at all).
 */
export function publishedCaKeys(): PublishedCaKeys {
  const store = new CaKeyStore()
  const { refused } = collect(CA_KEY_DATA, ({ profile, sources: _, ...text }) => {
    const key = caKeyFromText(text)
    store.add(profile, key)
    return key
  })
  return { store, refused }
}
