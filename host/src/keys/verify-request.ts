/** A message with a cryptogram against an issuer's keys: the same on the main thread and on others. */
import { type CryptogramVerdict, type VerifyCryptogramInput, verifyApplicationCryptogram } from '@issuerkit/keys'
import { rulesFor } from './issuer-profile.js'
import type { CryptogramRequest } from './key-service.js'
import type { OpenIssuer } from './open-issuer.js'
import { expectScheme, isOf } from './script-keys.js'

/** The verdict on a message. ERR_SCHEME, ERR_PAN … */
export function verify(open: OpenIssuer, request: CryptogramRequest): CryptogramVerdict {
  const { input, accepts } = prepare(open, request)
  const verdict = verifyApplicationCryptogram(input)
  return accepts(verdict) ? verdict : withoutKeys(input)
}

/** What is said of a card or a scheme that the issuer does not have: that there is no key for it. */
export function withoutKeys(input: VerifyCryptogramInput): CryptogramVerdict {
  return verifyApplicationCryptogram({ ...input, keySets: [] })
}

/** What is verified, and what of it counts. */
export interface Prepared {
  readonly input: VerifyCryptogramInput
  /** Whether the scheme that the message turned out to have is one of the issuer's. */
  readonly accepts: (verdict: CryptogramVerdict) => boolean
}

/** A request with the rules and keys that hold for its card. ERR_SCHEME */
export function prepare({ profile, keySets }: OpenIssuer, request: CryptogramRequest): Prepared {
  const { card, emv, scheme: name, dki, expectedType, atc } = request
  const rules = rulesFor(profile, card.pan)
  const { family, schemes } = rules ?? profile
  if (name !== undefined) expectScheme(rules ?? profile, name)
  const input = {
    ...emv,
    card,
    family,
    keySets: rules === undefined ? [] : keySets.filter((set) => isOf(set, rules)),
    policy: profile.evidence.refuse,
    ...(name === undefined ? {} : { scheme: name }),
    ...(dki === undefined ? {} : { dki }),
    ...(expectedType === undefined ? {} : { expectedType }),
    ...(atc === undefined ? {} : { atc }),
  }
  return { input, accepts: ({ scheme: found }) => found === undefined || schemes.includes(found) }
}
