/** Which scheme and which keys a script of a card is built with. */
import { IssuerkitError } from '@issuerkit/apdu'
import { findKeySet, scheme } from '@issuerkit/keys'
import type { ScriptKeys } from '@issuerkit/scripts'
import { HostError } from '../errors.js'
import { type CardRules, type CompleteProfile, rulesFor } from './issuer-profile.js'
import type { ScriptRequest } from './key-service.js'
import type { OpenIssuer } from './open-issuer.js'

/** The name of a scheme, and the keys of a set of its algorithm. */
export interface ScriptKeyChoice {
  readonly scheme: string
  readonly keys: ScriptKeys<'issuer'>
}

/**
 * The scheme and keys for a card, by its BIN range.
 * @throws ERR_SCHEME for a scheme that is not among those of the issuer or range; ERR_NO_KEY
 */
export function scriptKeys(
  { profile, keySets }: OpenIssuer,
  pan: string,
  { scheme: given, dki }: Pick<ScriptRequest, 'scheme' | 'dki'>,
): ScriptKeyChoice {
  const rules = rulesFor(profile, pan)
  if (given !== undefined) expectScheme(rules ?? profile, given)
  const name = given ?? (rules ?? profile).scheme
  const own = rules === undefined ? [] : keySets.filter((set) => isOf(set, rules))
  const set = findKeySet(own, dki, scheme(name).algorithm)
  if (set?.mac === undefined) throw new HostError('ERR_NO_KEY')
  return { scheme: name, keys: { ac: set.ac, mac: set.mac, enc: set.enc } }
}

/** Whether a key set is for the cards of these rules. */
export function isOf(set: OpenIssuer['keySets'][number], { family, keySet }: Required<CardRules>): boolean {
  return set.family === family && set.name === keySet
}

/** ERR_SCHEME for a scheme that is not one of these. */
export function expectScheme({ schemes }: Pick<CompleteProfile, 'schemes'>, name: string): void {
  if (schemes.includes(name)) return
  throw new IssuerkitError('ERR_SCHEME', { label: 'scheme', expected: schemes.join(', ') })
}
