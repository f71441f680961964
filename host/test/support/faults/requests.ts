/** The requests of these tests, and asking until somebody answers. */
import { setTimeout } from 'node:timers/promises'
import type { Event } from './books.js'
import { AID, ISSUER, notification55, PIN_KEY, pinBlock, request55, type Shown } from './messages.js'
import type { Asked, Node, Told } from './node.js'

const REASON = 'a test'

export const openCard = (pan: string, key: string): Asked => ({
  url: '/v1/cards',
  body: { issuer: ISSUER, pan, panSequence: '01', application: AID },
  key,
})

/** PUT DATA for a tag of the card's limits, or a new PIN where a PAN is given. */
export const queue = (card: string, tag: string, key: string, more: object = {}): Asked => ({
  url: `/v1/cards/${card}/scripts`,
  body: { command: { type: 'put-data', tag, value: '05' }, reason: REASON, ...more },
  key,
})

export const queuePin = (card: string, pan: string, key: string): Asked => ({
  url: `/v1/cards/${card}/scripts`,
  body: {
    command: { type: 'pin-change', newPin: { key: PIN_KEY, format: 0, block: pinBlock(pan, '4929') } },
    reason: REASON,
    pan,
  },
  key,
})

/** A script with a new PIN, built at once: for a card and ATC there is one. */
export const buildPin = (pan: string, key: string): Asked => ({
  url: '/v1/scripts',
  body: {
    ...{ issuer: ISSUER, pan, panSequence: '01', atc: '0064', arqc: '5D016C91005E7CC2', template: '72' },
    commands: [{ type: 'pin-change', newPin: { key: PIN_KEY, format: 0, block: pinBlock(pan, '4929') } }],
  },
  key,
})

export const cancel = (card: string, entry: string, key: string): Asked => ({
  url: `/v1/cards/${card}/scripts/${entry}/cancel`,
  body: { reason: REASON },
  key,
})

export const reissue = (card: string, panSequence: string, key: string): Asked => ({
  url: `/v1/cards/${card}/reissue`,
  body: { waiting: 'move', to: { panSequence }, reason: REASON },
  key,
})

export const read = (card: string): Asked => ({ method: 'GET', url: `/v1/cards/${card}` })

export const events = (after: string | undefined, limit: number): Asked => ({
  method: 'GET',
  url: `/v1/events?limit=${limit}${after === undefined ? '' : `&after=${after}`}`,
})

/** All events behind a cursor. */
export async function eventsAfter(node: Node, cursor: string | undefined): Promise<Event[]> {
  const all: Event[] = []
  for (let after = cursor; ; ) {
    const page = good<EventPage>(await askUntilTold([node], events(after, 1000)))
    all.push(...page.events)
    if (page.events.length === 0) return all
    after = page.next
  }
}

export interface EventPage {
  readonly events: readonly Event[]
  readonly next: string
}

/** An authorization in one half, approved, or the first of two. It needs no Idempotency-Key: its reference tells it. */
export const authorize = (pan: string, reference: string, shown: Shown, halves: 1 | 2 = 1): Asked => ({
  url: '/v1/authorizations',
  body: {
    ...{ issuer: ISSUER, reference, pan, panSequence: '01', emv: request55(pan, shown) },
    ...(halves === 1 ? { decision: { approved: '3030' } } : {}),
  },
})

export const respond = (authorization: string, pan: string): Asked => ({
  url: `/v1/authorizations/${authorization}/response`,
  body: { pan, arc: '3030' },
})

/** The terminal tells that all of a script ran. */
export const advise = (pan: string, reference: string, atc: number, identifier: string): Asked => ({
  url: '/v1/advices',
  body: {
    ...{ issuer: ISSUER, reference, kind: 'script-result', pan, panSequence: '01' },
    emv: notification55(pan, atc, `20${identifier}`),
  },
})

/** Whether an answer leaves open what happened. */
export function isUnclear({ status }: Told): boolean {
  return status >= 500
}

/** Asks, an unclear answer being none. */
export async function askOnce(node: Node, asked: Asked): Promise<Told | undefined> {
  const told = await node.ask(asked).catch(() => undefined)
  return told === undefined || isUnclear(told) ? undefined : told
}

/** Asks one node after the other, always the same, until one tells. */
export async function askUntilTold(nodes: readonly Node[], asked: Asked, attempts = 100): Promise<Told> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const node = nodes[attempt % nodes.length]
    const told = node === undefined ? undefined : await askOnce(node, asked)
    if (told !== undefined) return told
    // A node that could not write its audit trail uses no keys until it can.
    await setTimeout(10)
  }
  throw new Error(`nobody answers ${asked.method ?? 'POST'} ${asked.url}`)
}

/** The JSON of an answer that must be a good one. */
export function good<T>({ status, text }: Told): T {
  if (status >= 300) throw new Error(`${status} ${text}`)
  return JSON.parse(text) as T
}

/** An answer without what only the first one says: that it is the first, and what it has moved. */
export function lasting({ status, text }: Told): object {
  const { repeat: _, entries: __, ...same } = JSON.parse(text) as Record<string, unknown>
  return { status, ...same }
}

/** What these tests read of an authorization's answer. */
export interface Authorized {
  readonly authorization: string
  readonly card: string
  readonly repeat: boolean
  readonly verdict: string
  readonly answer: null | {
    readonly emv: string
    readonly delivery: string | null
    readonly scripts: readonly {
      readonly identifier: string
      readonly commands: readonly { readonly entry: string }[]
    }[]
  }
}

/** The entries that an answer carries. */
export function carried({ answer }: Authorized): string[] {
  return (answer?.scripts ?? []).flatMap(({ commands }) => commands.map(({ entry }) => entry))
}
