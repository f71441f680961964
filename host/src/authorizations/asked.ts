/**
 * What is kept of an authorization: of DE55 the values that a cryptogram covers and those that say how the card was used,
 * never the PAN, the track or the holder's name that may stand beside them; and the answer whole.
 */
import { fromHex, toHex } from '@issuerkit/apdu'
import type { TagValues, Tolerance, VerdictCode } from '@issuerkit/keys'
import type { Withheld } from '../ledger/events.js'
import type { AuthorizationRow } from '../store/authorizations.js'
import type { ResponseText } from './decision.js'
import type { ChipData, MessageFlag } from './message.js'

/** A request as it is kept. */
export interface Asked {
  readonly tags: Readonly<Record<string, string>>
  readonly tolerances: readonly Tolerance[]
  /** What the caller said the scheme was. */
  readonly scheme?: string
  readonly contact: boolean
  readonly standIn: boolean
  readonly flags: readonly MessageFlag[]
  readonly findings: readonly VerdictCode[]
}

/** An answer, byte for byte the same however often it is asked for. */
export type Answer = ResponseText & {
  readonly approved: boolean
  /** DE55 of the answer: 91, 71 and 72, 8A. */
  readonly emv: string
  /** The value of tag 91; null where nothing was authenticated. */
  readonly issuerAuthenticationData: string | null
  readonly delivery: string | null
  readonly scripts: readonly AnswerScript[]
  readonly withheld: readonly { readonly entry: string; readonly reason: Withheld }[]
  readonly warnings: readonly object[]
}

export interface AnswerScript {
  readonly template: '71' | '72'
  /** Tag 9F18. */
  readonly identifier: string
  readonly commands: readonly { readonly entry: string; readonly type: string; readonly apdu: string }[]
}

const KEPT: readonly string[] = [
  ...['82', '84', '4F', '95', '9A', '9B', '9C', '5F2A', '9F02', '9F03', '9F06', '9F10', '9F1A', '9F26', '9F27'],
  ...['9F33', '9F34', '9F35', '9F36', '9F37', '9F5B', 'DF31'],
]

/** The values that are kept. */
export function keptTags(tags: TagValues): Asked['tags'] {
  return Object.fromEntries([...tags].filter(([tag]) => KEPT.includes(tag)).map(([tag, value]) => [tag, toHex(value)]))
}

/** The request of a row. */
export function askedOf({ request }: AuthorizationRow): Asked {
  return request as Asked
}

/** The answer of a row, null while there is none. */
export function answerOf({ answer }: AuthorizationRow): Answer | null {
  return answer as Answer | null
}

/** The values of a kept request. */
export function tagsOf({ tags }: Asked): TagValues {
  return new Map(Object.entries(tags).map(([tag, value]) => [tag, fromHex(value)]))
}

/** Without a cryptogram only the reference tells messages apart, and those of terminals come around again. */
const DAY = 86_400_000

/** Whether a row is of the same message: its reference is known to be. */
export function isSameMessage(row: AuthorizationRow, card: string, { atc, fingerprint }: ChipData): boolean {
  const isSame = row.card === card && row.atc === (atc ?? null) && row.fingerprint === fingerprint
  return isSame && (fingerprint !== '' || Date.now() - row.created.getTime() < DAY)
}
