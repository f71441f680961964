/** The CA keys that count for an issuer: its own, and behind them the published ones. */
import {
  type CaKey,
  type CaKeyProfile,
  CaKeyStore,
  type CaKeyText,
  caKeyFromText,
  publishedCaKeys,
} from '@issuerkit/oda'
import type { CompleteProfile } from './issuer-profile.js'
import type { KeyService } from './key-service.js'

/**
 * Finds the store of an issuer, or the published keys for nobody in particular.
 * @returns a function that throws ERR_NOT_FOUND for an unknown issuer
 */
export function caKeyStores({ profile }: Pick<KeyService, 'profile'>): (issuer?: string) => Promise<CaKeyStore> {
  const { store: published } = publishedCaKeys()
  // A profile is one object for as long as it is kept open.
  const stores = new WeakMap<CompleteProfile, CaKeyStore>()
  return async (issuer) => {
    if (issuer === undefined) return published
    const own = await profile(issuer)
    const store = stores.get(own) ?? caKeyStore(own.caKeys)
    stores.set(own, store)
    return store
  }
}

/** The published keys, and before them those of an issuer. ERR_CA_KEY */
export function caKeyStore(caKeys: readonly CaKeyText[] = []): CaKeyStore {
  const { store } = publishedCaKeys()
  return caKeys.length === 0 ? store : new IssuerCaKeys(caKeys, store)
}

/** An issuer's keys count as live ones and as test keys, and before a published one of the same name and length. */
class IssuerCaKeys extends CaKeyStore {
  readonly #published: CaKeyStore

  constructor(caKeys: readonly CaKeyText[], published: CaKeyStore) {
    super()
    this.#published = published
    for (const key of caKeys.map(caKeyFromText)) for (const profile of ['live', 'test'] as const) this.add(profile, key)
  }

  override find(profile: CaKeyProfile, rid: Uint8Array, index: number, length?: number): CaKey | undefined {
    const own = super.find(profile, rid, index, length)
    const fits = own !== undefined && (length === undefined || own.modulus.length === length)
    return fits ? own : (this.#published.find(profile, rid, index, length) ?? own)
  }
}
