/** A round: cards live through some batches while faults strike, somebody reads the events all the time, and all of it is judged. */
import { setTimeout } from 'node:timers/promises'
import type { Database } from '../../../src/database.js'
import { randomFrom } from '../ledger-world.js'
import { type Event, faultsOf } from './books.js'
import { isLinearizable, ticker } from './history.js'
import type { Rules } from './model.js'
import type { Node } from './node.js'
import { askOnce, askUntilTold, type EventPage, events, eventsAfter, good } from './requests.js'
import { WorldCard } from './world.js'

export interface RoundOptions {
  readonly seed: number
  readonly nodes: () => readonly Node[]
  /** One past every wire, for the books. */
  readonly database: Database
  readonly rules: Rules
  /** The cursor behind the events of earlier rounds. */
  readonly begin?: string | undefined
  readonly cards: number
  readonly batches: number
  readonly now: () => number
  /** Between batches: time passes, nodes come and go. */
  readonly between?: (random: () => number) => Promise<void> | void
  /** Before the end: no more faults. */
  readonly calm: () => Promise<void> | void
}

export interface RoundReport {
  readonly calls: number
  /** What is wrong; empty when nothing is. */
  readonly faults: readonly string[]
  /** The cursor behind its events. */
  readonly end: string | undefined
}

/** Runs a round. */
export async function runRound(options: RoundOptions): Promise<RoundReport> {
  const { seed, nodes, database, rules, now, begin, between = () => {}, calm } = options
  const random = randomFrom(seed)
  const moment = ticker()
  const world = { nodes, now, moment, pause: () => setTimeout(2) }
  const cards = Array.from({ length: options.cards }, (_, i) => {
    const pan = `62${String(seed).padStart(10, '0')}${String(i).padStart(4, '0')}`
    return new WorldCard(world, pan, `${seed}-${i}`, seed * 10_000 + i)
  })
  const reader = pollEvents(nodes, randomFrom(seed), begin)
  await Promise.all(cards.map((card) => card.open()))
  for (let batch = 0; batch < options.batches; batch++) {
    await Promise.all(cards.map((card) => card.batch()))
    await between(random)
  }
  await calm()
  await Promise.all(cards.map((card) => card.end()))
  const polled = await reader.stop()
  const all = await eventsAfter(nodes()[0] as Node, begin)
  const handles = cards.map(({ handle }) => handle)
  const faults = [
    ...(JSON.stringify(polled) === JSON.stringify(all)
      ? []
      : ['somebody who read the events all the time missed some']),
    ...cards.filter(({ history }) => !isLinearizable(history, rules)).map((card) => storyOf(card)),
    ...cards.flatMap(({ answers }) =>
      [...answers].filter(([, given]) => given.size > 1).map(([reference]) => `${reference} was answered in two ways`),
    ),
    ...(await faultsOf(
      database,
      all.filter(({ card }) => handles.includes(card)),
      handles,
    )),
  ]
  const calls = cards.reduce((sum, { history }) => sum + history.length, 0)
  return { calls, faults: faults.map((fault) => `seed ${seed}: ${fault}`), end: all.at(-1)?.cursor ?? begin }
}

function storyOf({ history, handle }: WorldCard): string {
  return [
    `the calls of card ${handle} are in no order that can be`,
    ...history.map((call) => JSON.stringify(call)),
  ].join('\n')
}

/** Small, so that pages end in the middle of transactions. */
const PAGE = 5

/** Somebody who reads page after page from the beginning on, at any node. */
function pollEvents(
  nodes: () => readonly Node[],
  random: () => number,
  begin: string | undefined,
): { stop(): Promise<Event[]> } {
  const all: Event[] = []
  let after = begin
  let stopping = false
  const take = ({ events: page, next }: EventPage) => {
    all.push(...page)
    after = next
  }
  const polling = (async () => {
    while (!stopping) {
      const node = nodes()[Math.floor(random() * nodes().length)]
      const told = node && (await askOnce(node, events(after, PAGE)))
      if (told !== undefined) take(good<EventPage>(told))
      await setTimeout(8)
    }
  })()
  return {
    async stop() {
      stopping = true
      await polling
      for (;;) {
        const page = good<EventPage>(await askUntilTold(nodes(), events(after, PAGE)))
        take(page)
        if (page.events.length === 0) return all
      }
    },
  }
}
