/** Profiles of e-purse cards that need no file. */
import { etcPurseProfile, PURSE_PROFILES, type PurseProfile } from '@issuerkit/card'

/**
 * The card of the test specification, with worthless keys; `fmcos` is the same card with the behaviour of the FMCOS
 * manual. `undefined` for any other name.
 */
export function namedPurseProfile(name: string): PurseProfile | undefined {
  if (name === 'etc-2008') return etcPurseProfile()
  return name === 'fmcos' ? { ...etcPurseProfile(), profile: name, switches: PURSE_PROFILES[name] } : undefined
}
