/**
 * The counters that a card was seen at, one number each, because there are thousands of them to a card:
 *
 *   6 × ATC + 2 × kind (ARQC 0, TC 1, AAC 2) + contactless (0, 1)
 */
import type { CryptogramType, SeenAtc } from '@issuerkit/keys'

const KINDS: readonly CryptogramType[] = ['ARQC', 'TC', 'AAC']

/** The list with one more counter at its end; the oldest fall out above `limit`. The same list when it is there already. */
export function addSeen(
  seen: readonly number[],
  { atc, type }: SeenAtc,
  contactless: boolean,
  limit: number,
): readonly number[] {
  const packed = 6 * atc + 2 * KINDS.indexOf(type) + (contactless ? 1 : 0)
  return seen.includes(packed) ? seen : [...seen, packed].slice(-limit)
}

/** The counters as `judgeAtc` takes them; only those at `atc`, the others cannot be its replay. */
export function seenAt(seen: readonly number[], atc: number): SeenAtc[] {
  return seen
    .filter((packed) => Math.floor(packed / 6) === atc)
    .map((packed) => ({ atc, type: KINDS[Math.floor((packed % 6) / 2)] as CryptogramType }))
}

/** How many counters between two others belong to contactless transactions. Those never reset the script counter. */
export function contactlessBetween(seen: readonly number[], after: number, before: number): number {
  const between = seen.filter((packed) => packed % 2 === 1).map((packed) => Math.floor(packed / 6))
  return new Set(between.filter((atc) => atc > after && atc < before)).size
}
