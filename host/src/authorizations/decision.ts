/**
 * The issuer's decision: a response code or a card status update, and whether that approves. It comes with the request as a
 * table from verdict to decision, or later by itself.
 */
import { fromHex, toHex } from '@issuerkit/apdu'
import { type ArpcDecision, type SchemeName, scheme, type VerdictCode } from '@issuerkit/keys'

/** A decision as it is sent: four digits are an ARC (DE39 as two ASCII bytes), eight a CSU. */
export type DecisionText =
  | string
  | { readonly arc: string; readonly approved?: boolean }
  | { readonly csu: string; readonly proprietaryAuthenticationData?: string; readonly approved?: boolean }

/** From verdict to decision. What has no entry of its own is `approved` for V, else `declined`. */
export type DecisionTable = { readonly approved: DecisionText; readonly declined?: DecisionText } & {
  readonly [code in VerdictCode]?: DecisionText
}

export interface Decision {
  /** For the conditions of waiting commands: the answer approves. */
  readonly approved: boolean
  readonly response: ArpcDecision
}

/** 05, do not honour; for cards that take a status update, one that approves nothing. */
const DECLINED = { arc: '3035', csu: '00000000' } as const

/** What a table says of a verdict; `name` is the scheme, where it is known. */
export function decide(table: DecisionTable, code: VerdictCode, name: SchemeName | undefined): Decision {
  const own = table[code]
  if (own !== undefined) return decisionOf(own)
  if (code === 'V') return decisionOf(table.approved, true)
  const isMethod2 = name !== undefined && scheme(name).arpc.method === 2
  return decisionOf(table.declined ?? (isMethod2 ? DECLINED.csu : DECLINED.arc), false)
}

/** A decision; whether it approves, it says itself, else `approved`, else its code. */
export function decisionOf(text: DecisionText, approved?: boolean): Decision {
  const given = typeof text !== 'string' ? text : text.length === 4 ? { arc: text } : { csu: text }
  const response = responseOf(given)
  return { approved: given.approved ?? approved ?? isApproval(response), response }
}

function responseOf(given: Exclude<DecisionText, string>): ArpcDecision {
  if ('arc' in given) return { arc: fromHex(given.arc, 'arc') }
  const { csu, proprietaryAuthenticationData: own } = given
  return {
    csu: fromHex(csu, 'csu'),
    ...(own === undefined ? {} : { proprietaryAuthenticationData: fromHex(own, 'proprietaryAuthenticationData') }),
  }
}

/** 00, 10 and 11: what terminals approve on. */
const APPROVALS = ['3030', '3130', '3131']
/** Byte 2 of the CSU, bit 8: the issuer approves. [EMV-B3] Annex C10 */
const APPROVES = 0x80

function isApproval(response: ArpcDecision): boolean {
  if ('arc' in response) return APPROVALS.includes(toHex(response.arc))
  return ((response.csu[1] as number) & APPROVES) !== 0
}

/** The decision in hexadecimal, as answers carry it. */
export type ResponseText =
  | { readonly arc: string }
  | { readonly csu: string; readonly proprietaryAuthenticationData?: string }

export function responseText(response: ArpcDecision): ResponseText {
  if ('arc' in response) return { arc: toHex(response.arc) }
  const { csu, proprietaryAuthenticationData: own } = response
  return { csu: toHex(csu), ...(own === undefined ? {} : { proprietaryAuthenticationData: toHex(own) }) }
}
