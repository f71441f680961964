/**
 * Random transactions: a sequence of commands that its seed decides, each judged by the model of the purse.
 *
 * A sequence is data: it can be run again on a copy of the card, without some of its commands, and that is how a failing
 * one is shrunk to the shortest that still fails.
 * @see [ETC] 6
 */
import { createSeededRandom } from '../random-seed.js'
import { compositeFile } from './composite.js'
import { nextAction, type PurseAction } from './random-actions.js'
import { RandomSequence, startModel } from './random-sequence.js'
import type { PurseTester } from './tester.js'

/** A sequence that failed. */
export interface FailedSequence {
  readonly actions: readonly PurseAction[]
  readonly error: Error
}

/** What a sequence has done. */
export interface SequenceResult {
  /** Commands of the sequence that ran; transactions that were completed; times that the power was cut. */
  readonly actions: number
  readonly transactions: number
  readonly cuts: number
  readonly failed?: FailedSequence
}

/**
 * Runs a random sequence to its end, or to its first failure. Nothing is thrown for a failure.
 * @param count commands of the sequence
 * @param onAction told behind each: for a long run that drops the protocol
 */
export async function runRandomSequence(
  t: PurseTester,
  seed: number,
  count: number,
  onAction: () => void = () => undefined,
): Promise<SequenceResult> {
  const random = createSeededRandom(seed)
  const actions: PurseAction[] = []
  const records = compositeFile(t).records.length
  let sequence: RandomSequence | undefined
  const result = (): SequenceResult => {
    return { actions: actions.length, transactions: sequence?.transactions ?? 0, cuts: sequence?.cuts ?? 0 }
  }
  try {
    sequence = new RandomSequence(t, await startModel(t))
    while (actions.length < count) {
      const action = nextAction(random, sequence.model, records)
      actions.push(action)
      await sequence.perform(action)
      onAction()
    }
    await sequence.expectLog()
    return result()
  } catch (error) {
    return { ...result(), failed: { actions, error: error as Error } }
  }
}

/** Runs the actions of a sequence once more. @throws what makes it fail */
export async function replaySequence(t: PurseTester, actions: readonly PurseAction[]): Promise<void> {
  const sequence = new RandomSequence(t, await startModel(t))
  for (const action of actions) await sequence.perform(action)
  await sequence.expectLog()
}

/**
 * The shortest part of a failing sequence that still fails: none of its actions can be left out.
 * @param fails whether a sequence fails, on a card of its own
 */
export async function shrinkSequence(
  actions: readonly PurseAction[],
  fails: (actions: readonly PurseAction[]) => Promise<boolean>,
): Promise<readonly PurseAction[]> {
  // One that does not fail again cannot be shrunk: every try would run nearly all of it.
  if (!(await fails(actions))) return actions
  let shortest = actions
  for (let size = Math.ceil(actions.length / 2); size >= 1; ) {
    let shorter = false
    for (let end = shortest.length; end > 0; end -= size) {
      const rest = [...shortest.slice(0, Math.max(0, end - size)), ...shortest.slice(end)]
      if (rest.length === shortest.length || !(await fails(rest))) continue
      shortest = rest
      shorter = true
    }
    if (size === 1 && !shorter) break
    if (size > 1) size = Math.floor(size / 2)
  }
  return shortest
}
