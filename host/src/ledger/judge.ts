/**
 * What everything that was heard of a delivery says of each of its commands. The CVR under a verified cryptogram is proof; a
 * script result is a terminal's word, and fills in what the card leaves open.
 * @see [EMV-B4] Annex A5, [EMV-B3] 10.10, [PBOC-SCRIPT] 6, 9
 */
import { type CommandOutcome, commandOutcomes } from '@issuerkit/scripts'
import type { Intent } from './intent.js'
import type { Delivery, Entry, Rank } from './model.js'
import type { CounterRule } from './policy.js'
import { probe } from './probe.js'
import { type Count, countedBy } from './scheme-evidence.js'

/** On one command. `waiting`: nothing was heard, and something may still come. */
export interface Judgement {
  readonly entry: string
  readonly outcome: CommandOutcome | 'waiting'
  readonly rank: Rank | null
  readonly contradiction: boolean
  /** The card counted what we did not send. */
  readonly foreign: boolean
}

/** What one side says of one command. */
interface Word {
  readonly outcome: CommandOutcome
  readonly rank: Rank | null
  readonly contradiction?: boolean
}

const SILENCE: Word = { outcome: 'unknown', rank: null }

/** One judgement for each entry of the delivery, in its order. */
export function judgeDelivery(
  delivery: Delivery,
  entries: ReadonlyMap<string, Entry>,
  rule: CounterRule,
  seen: readonly number[],
): Judgement[] {
  const { reading, noAnswer, overdue } = delivery.evidence
  const terminal = delivery.scripts.flatMap((_, i) => terminalWords(delivery, i))
  const isCounted = delivery.scripts.flatMap(({ template, entries: ids }) =>
    ids.map(() => template === '72' && delivery.counted > 0),
  )
  const count: Count | undefined =
    reading === null || delivery.counted === 0 ? undefined : countedBy(delivery, reading, rule, seen)
  const ofCounted = terminal.filter((_, i) => isCounted[i])
  const card = count === undefined ? [] : cardWords(delivery, count, rule, ofCounted)
  const isSettled = reading !== null || delivery.state === 'closed' || noAnswer || overdue
  let next = 0
  return delivery.scripts
    .flatMap(({ entries: ids }) => ids)
    .map((id, i) => {
      const counted = isCounted[i] === true
      const word = weigh(counted ? (card[next++] ?? SILENCE) : SILENCE, terminal[i] ?? SILENCE)
      const intent = (entries.get(id) as Entry).intent
      const judged = withProbe(word, intent, delivery)
      const isHeard = judged.rank !== null || delivery.evidence.results.length > 0
      return {
        entry: id,
        outcome: judged.outcome === 'unknown' && !isHeard && !isSettled ? 'waiting' : judged.outcome,
        rank: judged.rank,
        contradiction: judged.contradiction === true,
        foreign: counted && count?.type === 'foreign',
      }
    })
}

/** What script results say of the commands of one script. Results that do not agree say nothing, and are told. */
function terminalWords({ scripts, evidence }: Delivery, script: number): Word[] {
  const length = scripts[script]?.entries.length ?? 0
  const all = evidence.results.filter((result) => result.script === script)
  const named = all.filter(({ rank }) => rank === 'terminal')
  const results = named.length > 0 ? named : all
  const [result] = results
  if (result === undefined) return Array.from({ length }, () => SILENCE)
  if (results.length > 1) return Array.from({ length }, () => ({ ...SILENCE, contradiction: true }))
  const { outcome, commandNumber, rank } = result
  const outcomes = commandOutcomes({ outcome, commandNumber, scriptIdentifier: new Uint8Array(4) }, length)
  return outcomes.map((each) => ({ outcome: each, rank: each === 'unknown' ? null : rank }))
}

/** What the counter says of the counted commands; `unknown` where it leaves them open. */
function cardWords(delivery: Delivery, count: Count, rule: CounterRule, terminal: readonly Word[]): Word[] {
  const m = delivery.counted
  const each = (word: (number: number) => Word): Word[] => Array.from({ length: m }, (_, i) => word(i + 1))
  if (count.type !== 'known') return each(() => SILENCE)
  const { k, failed } = count
  const card = (outcome: CommandOutcome): Word => ({ outcome, rank: outcome === 'unknown' ? null : 'card' })
  // Only within one script are commands sent in order and none after a failure.
  const isOrdered = delivery.scripts.filter(({ template }) => template === '72').length === 1
  const isAll = k === m || k === 0 || isOrdered
  const rest = isOrdered || k === 0 ? 'not-executed' : 'unknown'

  if (failed === 'no') return each((n) => card(n <= k || k === m ? (isAll ? 'executed' : 'unknown') : rest))
  if (rule.counts === 'executed') {
    // All of them succeeded, and still one failed: it was not ours.
    if (k === m) return each(() => ({ ...card('executed'), contradiction: failed === 'yes' }))
    if (failed === 'unclear') return each((n) => card(isOrdered ? (n <= k ? 'executed' : 'unknown') : 'unknown'))
    return each((n) => card(!isOrdered ? 'unknown' : n <= k ? 'executed' : n === k + 1 ? 'failed' : 'not-executed'))
  }
  if (failed === 'unclear') return each((n) => card(n <= k && k > 0 ? 'unknown' : rest))
  // A failure without a counted command: a command that lost its MAC on the way, or somebody else's.
  if (k === 0) return each(() => ({ ...SILENCE, contradiction: true }))
  if (m === 1) return each(() => card('failed'))
  if (k < m && isOrdered) {
    // That those before it were executed rests on the terminal having stopped at the first failure.
    const rank = k === 1 ? 'card' : 'terminal'
    return each((n) => (n > k ? card('not-executed') : { outcome: n === k ? 'failed' : 'executed', rank }))
  }
  // Any of them may be the one: only a result that says which, and agrees with the count, tells them apart.
  if (fitsFailure(terminal, k)) return [...terminal]
  const isDenied = terminal.some(({ outcome }) => outcome !== 'unknown')
  return each(() => ({ ...SILENCE, contradiction: isDenied }))
}

/** Whether the script results explain a counter that k commands moved, one of which failed. */
function fitsFailure(terminal: readonly Word[], k: number): boolean {
  const count = (...outcomes: CommandOutcome[]): number =>
    terminal.filter(({ outcome }) => outcomes.includes(outcome)).length
  return count('unknown') === 0 && count('failed') > 0 && count('executed', 'failed') === k
}

/** The card's word stands; the terminal's fills in. */
function weigh(card: Word, terminal: Word): Word {
  if (card.outcome !== 'unknown') {
    const isDenied = terminal.outcome !== 'unknown' && terminal.outcome !== card.outcome
    return { ...card, contradiction: card.contradiction === true || isDenied }
  }
  // The card speaks against the result as a whole: then none of it is believed.
  if (card.contradiction === true) return card
  return terminal
}

/** Other traces on the card, where the counter leaves a command open or only a terminal spoke. */
function withProbe(word: Word, intent: Intent, delivery: Delivery): Word {
  if (word.rank === 'card') return word
  const found = probe(intent, delivery)
  if (found === undefined) return word
  const isDenied = word.outcome !== 'unknown' && word.outcome !== found
  return { outcome: found, rank: 'card', contradiction: word.contradiction === true || isDenied }
}
