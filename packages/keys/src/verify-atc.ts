/** What a host knows of a card's application transaction counter, and what that says of a cryptogram. */

/** The kinds of application cryptogram. */
export type CryptogramType = 'ARQC' | 'TC' | 'AAC'

/** A cryptogram that verified earlier. */
export interface SeenAtc {
  /** 0 to 65535. */
  readonly atc: number
  readonly type: CryptogramType
}

/** Which counters a card may be at: from `highest - behind` to `highest + ahead`, both included. */
export interface AtcWindow {
  /** The highest counter that verified so far. */
  readonly highest: number
  /** How far a card may have gone on without the issuer: transactions that were declined, or went offline. */
  readonly ahead: number
  /** How late a lower counter may come: offline and transit transactions are delivered after later ones. */
  readonly behind: number
}

/** What the host knows of the card's counters. */
export interface AtcKnowledge {
  /** The same counter with the same kind of cryptogram is a replay. ARQC and TC of one transaction share a counter. */
  readonly seen?: readonly SeenAtc[]
  readonly window?: AtcWindow
}

/**
 * What the knowledge says against a counter: E for a replay, A for a counter out of the window.
 * @param type the kind of cryptogram; where it is not known, any kind seen at that counter makes a replay
 */
export function judgeAtc(
  atc: number,
  type: CryptogramType | undefined,
  { seen = [], window }: AtcKnowledge,
): readonly ('E' | 'A')[] {
  const replay = seen.some((entry) => entry.atc === atc && (type === undefined || entry.type === type))
  // Written so that a limit which is not a number refuses every counter.
  const inside = window === undefined || (atc <= window.highest + window.ahead && atc >= window.highest - window.behind)
  return [...(replay ? (['E'] as const) : []), ...(inside ? [] : (['A'] as const))]
}
