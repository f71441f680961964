/**
 * Answering: the issuer's decision becomes DE55 of the answer. An ARPC is given to an ARQC that verified in the same call and
 * to nothing else; scripts go where the ledger lets them.
 */
import { concat, encodeTlv, toHex } from '@issuerkit/apdu'
import { type ArpcAnswer, type CardIdentity, type CryptogramVerdict, constantTimeEqual } from '@issuerkit/keys'
import { HostError } from '../errors.js'
import type { AuthorizationRow } from '../store/authorizations.js'
import type { CardChange } from '../store/card-change.js'
import { type Answer, answerOf, askedOf, tagsOf } from './asked.js'
import { type AuthorizationBody, authorizationBody, movedEntries } from './body.js'
import { type Decision, type DecisionText, decisionOf, responseText } from './decision.js'
import { deliver } from './deliver.js'
import type { Caller, Desk } from './desk.js'
import { isVerified } from './verdict.js'

/** The second half of an authorization. */
export interface ResponseInput {
  readonly pan: string
  readonly decision: DecisionText
  /** Whether the answer carries tag 8A; the issuer's profile says it otherwise. */
  readonly tag8A?: boolean | undefined
}

/**
 * Answers an authorization that was asked before; asked again, it gives the same bytes.
 * @throws ERR_NOT_FOUND; ERR_PAN_MISMATCH; ERR_ANSWERED when it was answered otherwise, or by the network; ERR_OPTION for a
 *   decision that is not for the card's scheme
 */
export async function respond(
  desk: Desk,
  caller: Caller,
  id: string,
  { pan, decision: text, tag8A }: ResponseInput,
): Promise<{ readonly issuer: string; readonly body: AuthorizationBody }> {
  const found = await desk.authorizations.byId(id)
  if (found === undefined || found.card === null)
    throw new HostError('ERR_NOT_FOUND', 'There is no such authorization.')
  const { issuer, card: handle } = found
  const decision = decisionOf(text)
  const panHash = await desk.keys.panHash(pan)
  const body = await desk.cards.change({ handle }, async (change) => {
    if (!constantTimeEqual(panHash, change.card.panHash)) throw new HostError('ERR_PAN_MISMATCH')
    // Another request may have answered it since.
    const row = (await desk.authorizations.byId(id)) ?? found
    const given = answerOf(row)
    if (askedOf(row).standIn || (given !== null && !isSameDecision(given, decision)))
      throw new HostError('ERR_ANSWERED')
    if (given !== null) return again(desk, change, row, pan)
    return answerRow(desk, change, caller, row, { pan, decide: () => decision, tag8A, repeat: false })
  })
  return { issuer, body }
}

/** The body of a message that came before, from what was kept of it. */
export async function again(
  desk: Desk,
  { card }: CardChange,
  row: AuthorizationRow,
  pan: string,
): Promise<AuthorizationBody> {
  const verdict = await desk.keys.verifyCryptogram(requestOf(row, { pan, panSequence: card.panSequence }))
  return authorizationBody(row, verdict, { repeat: true, entries: [] })
}

interface Response {
  readonly pan: string
  readonly decide: (verdict: CryptogramVerdict) => Decision
  readonly tag8A: boolean | undefined
  readonly repeat: boolean
}

/** Answers a row that has no answer yet: its cryptogram is verified again, so that it is answered by the keys themselves. */
export async function answerRow(
  desk: Desk,
  change: CardChange,
  caller: Caller,
  row: AuthorizationRow,
  { pan, decide, tag8A, repeat }: Response,
): Promise<AuthorizationBody> {
  const before = change.ledger.entries
  const card = { pan, panSequence: change.card.panSequence }
  const { verdict, answer: arpc } = await desk.keys.answerCryptogram(requestOf(row, card), (found) =>
    isVerified(row.verdict) ? decide(found).response : undefined,
  )
  const given = { row, verdict, decision: decide(verdict), arpc, tag8A, card, now: Date.now() }
  const answer = await makeAnswer(desk, change, caller, given)
  const answered = { ...row, answer }
  change.keepAuthorization(answered)
  return authorizationBody(answered, verdict, { repeat, entries: movedEntries(before, change.ledger.entries) })
}

function requestOf(row: AuthorizationRow, card: CardIdentity) {
  const asked = askedOf(row)
  const { scheme } = asked
  const request = { issuer: row.issuer, card, emv: { tags: tagsOf(asked) } }
  return scheme === undefined ? request : { ...request, scheme }
}

/** What an answer is made of. */
export interface AnswerInput {
  readonly row: Pick<AuthorizationRow, 'id' | 'issuer' | 'atc'>
  readonly card: CardIdentity
  readonly verdict: CryptogramVerdict
  readonly decision: Decision
  readonly arpc: ArpcAnswer | undefined
  readonly tag8A: boolean | undefined
  readonly now: number
}

/** The answer: 91, the scripts that the ledger gives, 8A. */
export async function makeAnswer(desk: Desk, change: CardChange, caller: Caller, input: AnswerInput): Promise<Answer> {
  const { row, card, verdict, decision, arpc, tag8A, now } = input
  const { approved, response } = decision
  const { issuer, id: authorization } = row
  const wants8A = tag8A ?? (await desk.keys.profile(issuer)).delivery.tag8A
  const tag91 = arpc?.tag91 ?? new Uint8Array(0)
  const code = wants8A && 'arc' in response ? encodeTlv('8A', response.arc) : new Uint8Array(0)
  const { templates, ...delivered } = await deliver(desk, change, caller, {
    ...{ now, authorization, approved },
    otherBytes: tag91.length + code.length,
    issuerAuthentication: arpc !== undefined,
    transaction: { issuer, card, verdict },
  })
  return {
    approved,
    ...responseText(response),
    emv: toHex(concat(tag91, templates, code)),
    issuerAuthenticationData: arpc === undefined ? null : toHex(arpc.issuerAuthenticationData),
    ...delivered,
  }
}

function isSameDecision(given: Answer, { approved, response }: Decision): boolean {
  const asked = Object.entries({ approved, ...responseText(response) })
  return asked.every(([name, value]) => given[name as 'approved'] === value)
}
