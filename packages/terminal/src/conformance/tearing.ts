/**
 * Power cuts: a command is cut at each of its writes to memory, before it, in its middle and behind it, and where the card
 * recovers, the recovery is cut as well. Afterwards the card has to be as before the command or as after it, seen from
 * outside, and the command has to work again.
 *
 * Only counters may be in between: a try is counted before PIN or MAC is compared, so a cut can cost a try, never give one.
 *
 * | after the cut | what is compared exactly | counters of tries left |
 * |---|---|---|
 * | old | as before | as before, or one less |
 * | new | as after the command | as after the command |
 *
 * Every run has a card of its own. The protocol keeps a line for each command, and the whole of a run that went wrong.
 * @see [ETC] 8, [PBOC] 2
 */
import { IssuerkitError } from '@issuerkit/apdu'
import type { CardMemory, Fuse } from '@issuerkit/card'
import type { CardUnderTest } from './case.js'
import { CaseFailed, type Step } from './step.js'
import { PurseTester } from './tester.js'

/** A command that is cut. */
export interface TearScenario {
  readonly name: string
  /** From a new card to right before the command. */
  readonly prepare: (t: PurseTester) => Promise<void>
  readonly command: (t: PurseTester) => Promise<Step>
  /** What it answers when nobody cuts it. */
  readonly status: string
  /**
   * What can be seen after a reset: text is compared exactly, a number is a counter of tries left. Each one looks at a
   * card of its own, which it may use up.
   */
  readonly observe: readonly ((t: PurseTester) => Promise<string | number>)[]
  /** The command once more, on a card that was cut and reset. @throws CaseFailed */
  readonly again: (t: PurseTester) => Promise<void>
  /** A command that fails changes counters only. */
  readonly fails?: boolean
}

/** Which recoveries are cut at all of their writes: the first, or each. */
export type TearDepth = 'some' | 'all'

type Seen = readonly (string | number)[]
/** In the order in which a command passes through them. */
type Phase = 'old' | 'counted' | 'new'

const PHASES: readonly Phase[] = ['old', 'counted', 'new']
const WAYS = ['before', 'torn', 'after'] as const
/** A write of a cut command that never comes ends the count. */
const MOST_WRITES = 500

/** Cuts a command at each of its writes. @throws CaseFailed */
export async function tear(t: PurseTester, scenario: TearScenario, depth: TearDepth = 'some'): Promise<void> {
  const old = await look(t, scenario, undefined)
  const { seen: fresh, writes } = await whole(t, scenario)
  t.equal(`${scenario.name}: changes something`, same(old, fresh), false)
  t.equal(`${scenario.name}: writes to memory`, writes > 0 && writes < MOST_WRITES, true)
  let reached = 0
  let seconds = 0
  let counted = false
  const recoveries = new Set<number>()
  for (let write = 1; write <= writes; write++) {
    for (const at of WAYS) {
      const first = { write, at }
      const { phase, recovery } = await cut(t, scenario, [first], old, fresh)
      t.equal(`${named(scenario, [first])}: no step back`, PHASES.indexOf(phase) >= reached, true)
      reached = PHASES.indexOf(phase)
      counted ||= phase === 'counted'
      for (const second of secondCuts(recovery, depth === 'all' || !recoveries.has(recovery))) {
        const again = await cut(t, scenario, [first, second], old, fresh)
        t.equal(`${named(scenario, [first, second])}: as without the second`, again.phase, phase)
        seconds += 1
      }
      recoveries.add(recovery)
    }
  }
  // Were it counted behind the comparison, a good try would never be seen counted: only a wrong one.
  const compares = scenario.fails !== true && old.some((value) => typeof value === 'number')
  if (compares) t.equal(`${scenario.name}: a try is counted before it is compared`, counted, true)
  t.note(`${scenario.name}: ${writes} writes, ${3 * writes} cuts, ${seconds} more in the recovery`)
}

/**
 * Which writes of a recovery are cut. Recoveries of as many writes do the same again and again: all writes of the first one,
 * in all ways, and of the others the beginning and the end.
 */
function secondCuts(writes: number, all: boolean): readonly Fuse[] {
  if (writes === 0) return []
  if (!all) {
    return [
      { write: 1, at: 'before' },
      { write: writes, at: 'torn' },
    ]
  }
  return Array.from({ length: writes }, (_, i) => WAYS.map((at) => ({ write: i + 1, at }))).flat()
}

/** One place of a cut, with all its cards: what is seen, and the command once more. */
async function cut(
  t: PurseTester,
  scenario: TearScenario,
  fuses: readonly Fuse[],
  old: Seen,
  fresh: Seen,
): Promise<{ phase: Phase; recovery: number }> {
  try {
    const seen = await look(t, scenario, fuses)
    const phase = phaseOf(seen, old, fresh, scenario)
    if (phase === undefined) {
      t.equal(named(scenario, fuses), seen.join(', '), `${old.join(', ')} or ${fresh.join(', ')}`)
    }
    let recovery = 0
    // Once for each first cut: behind a second one the same command works, or does not.
    if (fuses.length === 1) {
      const tester = await apart(t)
      recovery = await interrupted(tester, scenario, fuses)
      await scenario.again(tester)
    }
    return { phase: phase as Phase, recovery }
  } catch (error) {
    if (!(error instanceof CaseFailed)) throw error
    // For the protocol: the same once more, with all that passes.
    t.note(named(scenario, fuses))
    const tester = await t.fresh()
    await interrupted(tester, scenario, fuses)
    await scenario.observe[0]?.(tester)
    throw error
  }
}

/** What is seen of a card: prepared (no fuses), or cut. */
async function look(t: PurseTester, scenario: TearScenario, fuses: readonly Fuse[] | undefined): Promise<Seen> {
  const seen: (string | number)[] = []
  for (const observe of scenario.observe) {
    const tester = await apart(t)
    if (fuses === undefined) {
      await scenario.prepare(tester)
      await tester.reset()
    } else await interrupted(tester, scenario, fuses)
    seen.push(await observe(tester))
  }
  return seen
}

/** The command without a cut: what is seen afterwards, and how many writes it took. */
async function whole(t: PurseTester, scenario: TearScenario): Promise<{ seen: Seen; writes: number }> {
  const seen: (string | number)[] = []
  let writes = 0
  for (const observe of scenario.observe) {
    const tester = await apart(t)
    await scenario.prepare(tester)
    const before = memoryOf(tester.card).writes
    await tester.expect(scenario.command(tester), scenario.status)
    writes = memoryOf(tester.card).writes - before
    // The answer has been seen: no loss of power may take the effect back.
    await tester.reset()
    seen.push(await observe(tester))
  }
  return { seen, writes }
}

/** Prepares, cuts the command, cuts the recovery, and powers the card up. @returns writes of the last recovery */
async function interrupted(
  t: PurseTester,
  scenario: TearScenario,
  [first, ...others]: readonly Fuse[],
): Promise<number> {
  const memory = memoryOf(t.card)
  await scenario.prepare(t)
  await cutBy(t, memory, first as Fuse, () => scenario.command(t))
  for (const fuse of others) await cutBy(t, memory, fuse, () => t.reset())
  const before = memory.writes
  await t.reset()
  return memory.writes - before
}

/** @throws CaseFailed when the fuse did not blow */
async function cutBy(t: PurseTester, memory: CardMemory, fuse: Fuse, work: () => Promise<unknown>): Promise<void> {
  memory.arm(fuse)
  try {
    await work()
  } catch (error) {
    if (error instanceof IssuerkitError && error.code === 'ERR_POWER') return t.note(`power lost ${wordsOf(fuse)}`)
    throw error
  } finally {
    memory.arm(undefined)
  }
  t.equal('power', `not lost ${wordsOf(fuse)}`, 'lost')
}

/** Exactly old, counted in advance, or exactly new. */
function phaseOf(seen: Seen, old: Seen, fresh: Seen, { fails = false }: TearScenario): Phase | undefined {
  if (same(seen, old)) return 'old'
  if (same(seen, fresh)) return 'new'
  const counted = seen.every((value, i) => {
    const before = old[i] as string | number
    return value === before || (typeof value === 'number' && value === (before as number) - 1)
  })
  return counted && !fails ? 'counted' : undefined
}

function same(a: Seen, b: Seen): boolean {
  return a.every((value, i) => value === b[i])
}

/** A tester whose protocol nobody keeps, on a new card. */
async function apart(t: PurseTester): Promise<PurseTester> {
  const card = await t.card.clone?.()
  if (card === undefined) throw new IssuerkitError('ERR_CARD', { label: 'card under test', expected: 'copies' })
  return new PurseTester(card)
}

function memoryOf({ memory }: CardUnderTest): CardMemory {
  if (memory === undefined) throw new IssuerkitError('ERR_CARD', { label: 'card under test', expected: 'a memory' })
  return memory
}

function named({ name }: TearScenario, fuses: readonly Fuse[]): string {
  return `${name}, power lost ${fuses.map(wordsOf).join(', again ')}`
}

function wordsOf({ write, at }: Fuse): string {
  return at === 'torn' ? `within write ${write}` : `${at} write ${write}`
}
