/** Script results matched with the scripts that were sent, by script identifier. */
import { toHex } from '@issuerkit/apdu'
import { type CommandOutcome, commandOutcomes, type ScriptResult } from './results.js'

/** A script that was sent; a `ScriptTemplate` is one. */
export interface SentScript {
  /** Absent and zeros are the same: a terminal reports both as zeros. */
  readonly scriptIdentifier?: Uint8Array
  readonly commands: readonly unknown[]
}

/**
 * What ties a result to a script, best first.
 *
 * | | |
 * |---|---|
 * | identifier | the result carries the script's own identifier |
 * | no-identifier | the result carries zeros, from a script or a terminal without identifiers; it fits this script alone |
 * | ambiguous | there are results that may be this script's, and do not agree |
 * | none | no result may be this script's |
 */
export type ScriptEvidence = 'identifier' | 'no-identifier' | 'ambiguous' | 'none'

/** A script that was sent, and what its results say. */
export interface MatchedScript<T extends SentScript> {
  readonly sent: T
  readonly evidence: ScriptEvidence
  /** Absent when the evidence is ambiguous or none. */
  readonly result?: ScriptResult
  /** One for each command of the script; all `unknown` without a result. */
  readonly commands: readonly CommandOutcome[]
}

/** Everything that was sent and reported, each once. */
export interface MatchedResults<T extends SentScript> {
  /** In the order in which the scripts were sent. */
  readonly scripts: readonly MatchedScript<T>[]
  /** Results of other scripts, in the order in which they stood. */
  readonly unmatched: readonly ScriptResult[]
}

const NONE = '00000000'

/**
 * Which result belongs to which script. Scripts that share an identifier, and results without one, are matched where it
 * makes no difference: as many results as scripts, all saying the same. Otherwise nothing is concluded from them.
 *
 * Results that a terminal gives are not proof, see results.ts. A result without identifier may be that of any script that
 * has no other: from kits that know no identifiers, and from hosts that send zeros.
 * @see [EMV-B4] Annex A5
 */
export function matchScriptResults<T extends SentScript>(
  sent: readonly T[],
  results: readonly ScriptResult[],
): MatchedResults<T> {
  const sentBy = groupBy(sent, ({ scriptIdentifier }) =>
    scriptIdentifier === undefined ? NONE : toHex(scriptIdentifier),
  )
  const resultsBy = groupBy(results, ({ scriptIdentifier }) => toHex(scriptIdentifier))
  const matched = new Map<T, MatchedScript<T>>()
  const unmatched = new Set(results)
  const settle = (scripts: readonly T[], candidates: readonly ScriptResult[], evidence: ScriptEvidence): void => {
    for (const script of scripts) matched.set(script, conclude(script, scripts.length, candidates, evidence))
    if (scripts.length > 0) for (const candidate of candidates) unmatched.delete(candidate)
  }
  const withoutResult: T[] = []
  for (const [identifier, scripts] of sentBy) {
    const candidates = resultsBy.get(identifier) ?? []
    if (identifier === NONE || candidates.length === 0) withoutResult.push(...scripts)
    else settle(scripts, candidates, 'identifier')
  }
  settle(withoutResult, resultsBy.get(NONE) ?? [], 'no-identifier')
  return { scripts: sent.map((script) => matched.get(script) as MatchedScript<T>), unmatched: [...unmatched] }
}

function conclude<T extends SentScript>(
  sent: T,
  scripts: number,
  candidates: readonly ScriptResult[],
  evidence: ScriptEvidence,
): MatchedScript<T> {
  const [result, ...rest] = candidates
  if (result === undefined) return { sent, evidence: 'none', commands: sent.commands.map(() => 'unknown') }
  const agree = rest.every((other) => other.outcome === result.outcome && other.commandNumber === result.commandNumber)
  if (candidates.length !== scripts || !agree) {
    return { sent, evidence: 'ambiguous', commands: sent.commands.map(() => 'unknown') }
  }
  return { sent, evidence, result, commands: commandOutcomes(result, sent.commands.length) }
}

function groupBy<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of list) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
