/** What a terminal can be made to do wrong, and the truth about what it did. */
import type { ScriptOutcome, ScriptTemplateTag } from '@issuerkit/scripts'
import { createSeededRandom } from './random-seed.js'

/** A command of a transaction; `number` counts script commands from 1. */
export type CommandPlace =
  | { readonly at: 'first-generate-ac' | 'external-authenticate' | 'second-generate-ac' }
  | { readonly at: 'script'; readonly number: number }

/**
 * What goes wrong; what is left open, the seed decides.
 *
 * | kind | |
 * |---|---|
 * | drop-answer | a command reaches the card, its answer is lost |
 * | remove-card | the card is taken out before a command |
 * | repeat-request | the issuer hears the request again, `times` times |
 * | run-commands | of all script commands of the answer only the first `count` are run |
 * | first-72-only | one script is run: the first 72, or the first 71 where there is no 72 |
 * | zero-identifier | the terminal knows no script identifiers |
 * | report-late | the report waits for `release` |
 * | report-twice | |
 * | report-falsely | every script of the answer is reported to have ended `as` |
 */
export type Misbehaviour =
  | { readonly kind: 'drop-answer' | 'remove-card'; readonly place?: CommandPlace }
  | { readonly kind: 'repeat-request'; readonly times?: number }
  | { readonly kind: 'run-commands'; readonly count?: number }
  | { readonly kind: 'first-72-only' | 'zero-identifier' | 'report-late' | 'report-twice' }
  | { readonly kind: 'report-falsely'; readonly as?: ScriptOutcome }

/** What became of a script command in truth. */
export interface TrueCommand {
  /** CLA INS P1 P2 in hexadecimal. */
  readonly header: string
  /** What the card answered, heard or not; absent when the command never reached it. */
  readonly status?: string
  /** The terminal did not hear the answer. */
  readonly answerLost: boolean
}

/** A script as the issuer sent it, and what really became of it. */
export interface TrueScript {
  readonly template: ScriptTemplateTag
  readonly scriptIdentifier?: Uint8Array
  readonly commands: readonly TrueCommand[]
}

/** What was really done. */
export interface GroundTruth {
  /** The kinds of misbehaviour that came to pass, in the order in which they did. */
  readonly applied: readonly Misbehaviour['kind'][]
  readonly scripts: readonly TrueScript[]
  /** How often the issuer heard a request, and a report. */
  readonly requests: number
  readonly reports: number
}

type Kind = Misbehaviour['kind']

const KINDS: readonly Kind[] = [
  'drop-answer',
  'remove-card',
  'repeat-request',
  'run-commands',
  'first-72-only',
  'zero-identifier',
  'report-late',
  'report-twice',
  'report-falsely',
]

/** A plan that the seed alone decides: one to three kinds of misbehaviour, each at most once. @throws ERR_OPTION */
export function randomMisbehaviour(seed: number): Misbehaviour[] {
  const random = createSeededRandom(seed)
  const count = 1 + random.below(3)
  const kinds = new Set<Kind>()
  while (kinds.size < count) kinds.add(random.pick(KINDS))
  return [...kinds].map((kind): Misbehaviour => ({ kind }) as Misbehaviour)
}
