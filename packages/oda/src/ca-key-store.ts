/** A terminal's CA public keys, with the keys of real cards and those of test cards kept apart. */
import { IssuerkitError, toHex } from '@issuerkit/apdu'
import { constantTimeEqual } from '@issuerkit/keys'
import { type CaKey, caKeyName } from './ca-key.js'

/** Whether a key signs real cards or test cards. Some RIDs and indexes name one of each. */
export type CaKeyProfile = 'live' | 'test'

/**
 * CA public keys by profile, RID and index. A key of one profile is never found in the other.
 *
 * Two test keys of different lengths may share an RID and an index (published lists have such); the length of the
 * certificate tells which of them it can have been signed with.
 */
export class CaKeyStore {
  readonly #keys = new Map<string, CaKey[]>()

  /**
   * Adds a key. Adding the same key again changes nothing.
   * @throws ERR_CA_KEY when another key of the same length stands there already
   */
  add(profile: CaKeyProfile, key: CaKey): void {
    const place = placeOf(profile, key.rid, key.index)
    const keys = this.#keys.get(place) ?? []
    const other = keys.find(({ modulus }) => modulus.length === key.modulus.length)
    if (other === undefined) {
      this.#keys.set(place, [...keys, key])
    } else if (!constantTimeEqual(other.checksum, key.checksum)) {
      const label = `${caKeyName(key)} (${profile})`
      throw new IssuerkitError('ERR_CA_KEY', { label, expected: 'one key of this length', got: 'another beside it' })
    }
  }

  /**
   * The key under an RID and an index, or `undefined`.
   * @param length bytes of the certificate to be recovered, to choose among keys of one index
   */
  find(profile: CaKeyProfile, rid: Uint8Array, index: number, length?: number): CaKey | undefined {
    const keys = this.#keys.get(placeOf(profile, rid, index)) ?? []
    return keys.find(({ modulus }) => modulus.length === length) ?? keys[0]
  }

  /** How many keys a profile holds. */
  count(profile: CaKeyProfile): number {
    let sum = 0
    for (const [place, keys] of this.#keys) if (place.startsWith(profile)) sum += keys.length
    return sum
  }
}

function placeOf(profile: CaKeyProfile, rid: Uint8Array, index: number): string {
  return `${profile} ${toHex(rid)} ${index}`
}
