/** An issuer's rules over what card and terminal report: which bits turn a valid cryptogram into the advice T. */
import { type DecodedFlags, expectFlagNames, hasFlag } from './flags.js'
import { CVR_TABLES } from './flags-cvr.js'
import { TVR } from './flags-terminal.js'

/** Names of bits that the issuer does not want to see set. */
export interface ResultPolicy {
  /** Names of the CVR tables; one that the card's table lacks does not apply to it. */
  readonly cvr?: readonly string[]
  /** Names of the TVR table. */
  readonly tvr?: readonly string[]
}

/**
 * The policy, checked: a misspelt name would never fire.
 * @throws ERR_OPTION when a name is in no table
 */
export function expectResultPolicy(policy: ResultPolicy): ResultPolicy {
  expectFlagNames(policy.cvr ?? [], CVR_TABLES, 'policy cvr')
  expectFlagNames(policy.tvr ?? [], [TVR], 'policy tvr')
  return policy
}

/** The rules that are met, as `cvr.scriptFailed` or `tvr.newCard`. */
export function policyHits(
  { cvr = [], tvr = [] }: ResultPolicy,
  decoded: { readonly cvr: DecodedFlags | undefined; readonly tvr: DecodedFlags | undefined },
): string[] {
  const hits = (prefix: string, names: readonly string[], flags: DecodedFlags | undefined): string[] =>
    flags === undefined ? [] : names.filter((name) => hasFlag(flags, name)).map((name) => `${prefix}.${name}`)
  return [...hits('cvr', cvr, decoded.cvr), ...hits('tvr', tvr, decoded.tvr)]
}
