/** What a campaign is: its settings, its states, and how far it has come. */
import type { QueueEvent } from '../ledger/events.js'

/** Lines of one job. */
export const CHUNK_LINES = 200

/** Lines of one campaign. */
export const MOST_LINES = 1_000_000

/** What every line of a queue campaign puts into the ledger of its card; a line may have a command of its own. */
export type QueueSettings = Omit<QueueEvent, 'type' | 'now' | 'entry' | 'operator'>

/** What the lines of a campaign of offline data are judged by, where they say nothing else. */
export interface OdaSettings {
  readonly transactionDate?: string
  readonly profile?: 'live' | 'test'
}

export type CampaignWork =
  | { readonly kind: 'queue'; readonly issuer: string; readonly settings: QueueSettings }
  | { readonly kind: 'oda'; readonly issuer: null; readonly settings: OdaSettings }

/**
 * | state | |
 * |---|---|
 * | open | takes lines |
 * | running | its lines are worked on |
 * | paused | lines in hand are finished, no others begun |
 * | finished | no line waits; lines that failed may be tried again |
 * | cancelled | what had not been done is not done any more |
 */
export type CampaignState = 'open' | 'running' | 'paused' | 'finished' | 'cancelled'

/**
 * | state of a line | |
 * |---|---|
 * | waiting | to be done |
 * | done | what was asked has been done; a negative verdict is a verdict |
 * | failed | refused, by the ledger for instance; may be tried again |
 * | invalid | the line itself is at fault, and stays so |
 */
export type LineState = 'waiting' | 'done' | 'failed' | 'invalid'

/** A campaign and how far it has come. */
export type Campaign = CampaignWork & {
  readonly id: string
  readonly operator: string
  readonly created: Date
  readonly round: number
  readonly state: CampaignState
  readonly total: number
  readonly lines: Readonly<Record<LineState, number>>
  readonly chunks: { readonly total: number; readonly done: number }
}

/** The chunk that a line is of. */
export function chunkOf(number: number): number {
  return Math.floor((number - 1) / CHUNK_LINES)
}

/** The name of the entry that a line puts into the ledger, always the same. */
export function entryOf(campaign: string, number: number): string {
  return `${campaign}.${number}`
}
