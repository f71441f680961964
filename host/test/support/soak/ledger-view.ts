/** The ledger of a chip as the interface shows it, what is archived included. */
import type { World } from './world.js'

/** What the interface tells of an entry. */
export interface EntryJson {
  readonly entry: string
  readonly state: string
  readonly rank: string | null
  readonly final: boolean
  readonly contradiction: boolean
  readonly attempts: number
  readonly delivery: string | null
  readonly history: readonly {
    readonly delivery: string
    readonly outcome: string
    readonly rank: string | null
    readonly contradiction: boolean
  }[]
}

/** What the ledger says of an entry in one of its deliveries. */
export interface LedgerClaim {
  readonly delivery: string
  readonly says: 'executed' | 'not-executed' | 'unknown'
  readonly rank: string | null
}

const ENDED = ['cancelled', 'expired', 'superseded']

/**
 * One claim for each delivery of an entry. Of an attempt that is over, a contradiction may say that it was executed after all,
 * and so it may of an entry that has ended without; of others it says who spoke against it.
 */
export function claimsOf({ state, rank, contradiction, delivery, history }: EntryJson): readonly LedgerClaim[] {
  const attempts = history.map(({ outcome, ...attempt }) => {
    const isOpen = outcome === 'unknown' || attempt.contradiction
    return { delivery: attempt.delivery, rank: attempt.rank, says: isOpen ? 'unknown' : 'not-executed' } as const
  })
  if (delivery === null) return attempts
  // What was unknown when it was given up has no rank.
  const isOpen = state === 'unknown' || state === 'sent' || (ENDED.includes(state) && (rank === null || contradiction))
  const says = state === 'confirmed' ? 'executed' : isOpen ? 'unknown' : 'not-executed'
  return [...attempts, { delivery, rank, says }]
}

export interface DeliveryJson {
  readonly delivery: string
  readonly reference: string
  readonly atc: number
  readonly scripts: readonly { readonly identifier: string; readonly entries: readonly string[] }[]
}

/** All that the host tells of what a handle stands for: one chip, or several of the same name, one after another. */
export interface LedgerView {
  /** An entry that was moved from chip to chip is here for each of them. */
  readonly entries: readonly EntryJson[]
  readonly deliveries: readonly DeliveryJson[]
  readonly stopped: boolean
}

/** The ledger of a handle, with what is archived of it. */
export async function viewOf({ network }: World, handle: string): Promise<LedgerView> {
  const { body } = await network.send({ method: 'GET', url: `/v1/cards/${handle}` })
  const now = body as unknown as Chip & { stopped: boolean }
  const old = await historyOf(network, handle)
  const chips = [...old.filter((item) => item.kind === 'chip'), now]
  return {
    entries: [...old.filter((item) => item.kind === 'entry'), ...chips.flatMap(({ entries }) => entries)],
    deliveries: [...old.filter((item) => item.kind === 'delivery'), ...chips.flatMap(({ deliveries }) => deliveries)],
    stopped: now.stopped,
  }
}

/** The entries of a card's ledger that are not archived. */
export async function entriesOf({ network }: World, handle: string): Promise<readonly EntryJson[]> {
  const { body } = await network.send({ method: 'GET', url: `/v1/cards/${handle}` })
  return body['entries'] as readonly EntryJson[]
}

interface Chip {
  readonly entries: readonly EntryJson[]
  readonly deliveries: readonly DeliveryJson[]
}

type Archived =
  | (EntryJson & { readonly kind: 'entry' })
  | (DeliveryJson & { readonly kind: 'delivery' })
  | (Chip & { readonly kind: 'chip' })

async function historyOf(network: World['network'], handle: string): Promise<Archived[]> {
  const all: Archived[] = []
  for (let after: string | null = ''; after !== null; ) {
    const query: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const { body } = await network.send({ method: 'GET', url: `/v1/cards/${handle}/history?limit=50${query}` })
    all.push(...(body['history'] as Archived[]))
    after = body['next'] as string | null
  }
  return all
}

/** Every event of the host, in its order. */
export async function eventsOf(world: World): Promise<readonly EventJson[]> {
  const all: EventJson[] = []
  for (let after = ''; ; ) {
    const query = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const { body } = await world.network.send({ method: 'GET', url: `/v1/events?limit=1000${query}` })
    const events = body['events'] as readonly EventJson[]
    if (events.length === 0) return all
    all.push(...events)
    after = `${body['next']}`
  }
}

export interface EventJson {
  readonly cursor: string
  readonly card: string
  readonly type: string
  readonly entry: string | null
  readonly delivery: string | null
}
