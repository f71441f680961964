/** What the driver of a soak run knows: its cards, what it ordered, what went to the cards, and what terminals said. */
import type { ScriptResult } from '@issuerkit/scripts'
import type { SeededRandom } from '@issuerkit/terminal'
import type { Chip } from './chip.js'
import type { CardKind } from './kinds.js'
import type { Network } from './network.js'

/** A command that was queued. */
export interface Order {
  readonly entry: string
  readonly type: string
  readonly target: string
  /** What the target holds once it is executed; undefined where that depends on the card. */
  readonly value: string | undefined
  /** The PIN that the card must have for it. */
  readonly currentPin: string | undefined
  /** A second execution does harm. */
  readonly never: boolean
}

/** Commands that an answer of the host carried. */
export interface SentDelivery {
  readonly delivery: string
  readonly reference: string
  readonly atc: number
  readonly scripts: readonly {
    readonly identifier: string
    readonly commands: readonly { readonly entry: string; readonly apdu: string }[]
  }[]
}

/** Script results as a terminal told them: with an advice on a transaction, or with a later request. */
export interface Claim {
  readonly with: 'advice' | 'request'
  readonly reference: string
  readonly atc: number
  readonly results: readonly ScriptResult[]
}

/** A chip in somebody's hand, and what the host calls it. */
export interface HeldChip {
  readonly chip: Chip
  readonly handle: string
  readonly deliveries: Map<string, SentDelivery>
  readonly claims: Claim[]
}

/** A message that is still on its way: it is sent when its turn has come. */
export interface Mail {
  readonly due: number
  readonly send: () => Promise<void>
}

/** A cardholder with one chip after another. */
export interface Account {
  readonly name: string
  readonly kind: CardKind
  readonly random: SeededRandom
  /** The last is the one in use. */
  readonly chips: HeldChip[]
  mail: Mail[]
  /** What the terminal reported last. */
  lastResults: Claim['results']
  /** Transactions so far. */
  turns: number
}

/** What all accounts share. */
export interface World {
  readonly seed: number
  readonly network: Network
  readonly pinKeys: ReadonlyMap<string, string>
  readonly orders: Map<string, Order>
  /** What must never be, in words. */
  readonly faults: string[]
  /** How often what happened. */
  readonly counts: Map<string, number>
}

/** Counts something. */
export function count({ counts }: World, what: string, more = 1): void {
  counts.set(what, (counts.get(what) ?? 0) + more)
}

/** Whether something of this probability happens. */
export function chance({ random }: Account, probability: number): boolean {
  return random.next() / 2 ** 32 < probability
}

/** The chip in use. */
export function chipOf({ chips }: Account): HeldChip {
  return chips.at(-1) as HeldChip
}

/** A message: once, or with this probability twice, one after the other or both at once. */
export async function several<T>(account: Account, probability: number, send: () => Promise<T>): Promise<[T, ...T[]]> {
  if (!chance(account, probability)) return [await send()]
  return chance(account, 0.5) ? [await send(), await send()] : Promise.all([send(), send()])
}
