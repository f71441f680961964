/** What the single faults strike: each kind of request that changes a card, on a card that is ready for it. */
import type { Asked, Node, Told } from './node.js'
import {
  type Authorized,
  advise,
  askUntilTold,
  authorize,
  buildPin,
  cancel,
  good,
  openCard,
  queue,
  queuePin,
  reissue,
  respond,
} from './requests.js'

/** A request that is about to be struck. */
export interface Prepared {
  /** The handles of the cards that it changes, as far as they are known before. */
  readonly cards: readonly string[]
  readonly asked: Asked
}

/** @param run names the run: cards and keys are its own */
export type Scenario = (node: Node, run: number) => Promise<Prepared>

/** A PAN of the run's own. */
export const panOf = (run: number): string => `62${String(run).padStart(14, '0')}`

const ask = async <T>(node: Node, asked: Asked): Promise<T> => good<T>(await askUntilTold([node], asked))

async function newCard(node: Node, run: number, tags: readonly string[]): Promise<{ card: string; entries: string[] }> {
  const { card } = await ask<{ card: string }>(node, openCard(panOf(run), `${run}-card`))
  const entries: string[] = []
  for (const tag of tags) {
    const { entry } = await ask<{ entry: { entry: string } }>(node, queue(card, tag, `${run}-${tag}`))
    entries.push(entry.entry)
  }
  return { card, entries }
}

const TAGS = ['9F58', '9F59']

/** A card with two commands and a PIN that wait. */
async function waitingCard(node: Node, run: number): Promise<{ card: string; entries: string[] }> {
  const made = await newCard(node, run, TAGS)
  await ask(node, queuePin(made.card, panOf(run), `${run}-pin`))
  return made
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a card that is new': async (_node, run) => ({ cards: [], asked: openCard(panOf(run), `${run}`) }),
  'an authorization of a new card': async (_node, run) => ({
    cards: [],
    asked: authorize(panOf(run), `${run}`, { atc: 100 }),
  }),
  'an authorization that delivers': async (node, run) => {
    const { card } = await waitingCard(node, run)
    return { cards: [card], asked: authorize(panOf(run), `${run}`, { atc: 100 }) }
  },
  'the same with an Idempotency-Key': async (node, run) => {
    const { card } = await waitingCard(node, run)
    return { cards: [card], asked: { ...authorize(panOf(run), `${run}`, { atc: 100 }), key: `${run}` } }
  },
  'the first half of an authorization': async (node, run) => {
    const { card } = await waitingCard(node, run)
    return { cards: [card], asked: authorize(panOf(run), `${run}`, { atc: 100 }, 2) }
  },
  'the second half of an authorization': async (node, run) => {
    const { card } = await waitingCard(node, run)
    const { authorization } = await ask<Authorized>(node, authorize(panOf(run), `${run}`, { atc: 100 }, 2))
    return { cards: [card], asked: respond(authorization, panOf(run)) }
  },
  'an authorization that proves what was sent': async (node, run) => {
    const { card } = await waitingCard(node, run)
    await ask(node, authorize(panOf(run), `${run}-1`, { atc: 100 }))
    return { cards: [card], asked: authorize(panOf(run), `${run}`, { atc: 101, counter: 3 }) }
  },
  'an advice that confirms': async (node, run) => {
    const { card } = await waitingCard(node, run)
    const { answer } = await ask<Authorized>(node, authorize(panOf(run), `${run}`, { atc: 100 }))
    return { cards: [card], asked: advise(panOf(run), `${run}`, 100, answer?.scripts[0]?.identifier ?? '') }
  },
  'a command that takes the place of another': async (node, run) => {
    const { card } = await newCard(node, run, TAGS)
    return { cards: [card], asked: queue(card, '9F58', `${run}`) }
  },
  'a new PIN': async (node, run) => {
    const { card } = await newCard(node, run, TAGS)
    return { cards: [card], asked: queuePin(card, panOf(run), `${run}`) }
  },
  'a script with a new PIN': async (_node, run) => ({ cards: [], asked: buildPin(panOf(run), `${run}`) }),
  'a command that is cancelled': async (node, run) => {
    const { card, entries } = await newCard(node, run, TAGS)
    return { cards: [card], asked: cancel(card, entries[0] ?? '', `${run}`) }
  },
  'a card that is replaced, its commands moved': async (node, run) => {
    const { card } = await waitingCard(node, run)
    return { cards: [card], asked: reissue(card, '02', `${run}`) }
  },
}

/** The handles of all cards that a request has changed. */
export function changedCards({ cards }: Prepared, told: Told): string[] {
  const { card, to } = JSON.parse(told.text) as { readonly card?: unknown; readonly to?: unknown }
  return [...new Set([...cards, card, to].filter((one): one is string => typeof one === 'string'))]
}
