/** Messages with a cryptogram as JSON has them, and the verdicts on them. */
import { fromHex } from '@issuerkit/apdu'
import type { CryptogramVerdict } from '@issuerkit/keys'
import { toJson } from '../routes/json.js'
import type { Emv } from '../routes/schemas.js'
import type { CryptogramRequest } from './key-service.js'

/** The body of a request to verify, its fields of their types. */
export interface CryptogramBody {
  readonly issuer: string
  readonly pan: string
  readonly panSequence: string
  readonly emv: Emv
  readonly scheme?: string
}

/** A request as the key service takes it. */
export function requestOf({ issuer, pan, panSequence, emv, scheme }: CryptogramBody): CryptogramRequest {
  const data = emvOf(emv)
  return { issuer, card: { pan, panSequence }, emv: data, ...(scheme === undefined ? {} : { scheme }) }
}

function emvOf(emv: Emv): CryptogramRequest['emv'] {
  if (typeof emv === 'string') return { field55: fromHex(emv, 'emv') }
  return { tags: new Map(Object.entries(emv).map(([tag, value]) => [tag, fromHex(value as string, `tag ${tag}`)])) }
}

/** The verdict as the interface words it; `explain` adds what was MACed, value by value. */
export function verdictAnswer(verdict: CryptogramVerdict, explain: boolean): Record<string, unknown> {
  // The tags themselves stay here: the caller sent them, and a PAN may stand among them.
  const { code, parts, padding, iad, tags: _, ...rest } = verdict
  const answer = toJson({ verdict: code, ...rest }) as Record<string, unknown>
  return explain ? { ...answer, explain: toJson({ parts, padding, iad }) } : answer
}
