/**
 * The first half of an issuer's step, or both at once: is the cryptogram the card's, is the message new, what does it prove of
 * earlier scripts; and, with a decision, the answer. The same message again gives the same bytes and changes nothing.
 */
import { type ArpcAnswer, type CryptogramVerdict, scheme, type VerdictCode } from '@issuerkit/keys'
import { HostError } from '../errors.js'
import type { AuthorizationEvent } from '../ledger/events.js'
import type { CardLedger } from '../ledger/model.js'
import { cvrFacts } from '../ledger/scheme-evidence.js'
import { seenAt } from '../ledger/seen.js'
import type { AuthorizationRow, AuthorizationStore } from '../store/authorizations.js'
import type { CardChange, CardName } from '../store/card-change.js'
import { type Asked, answerOf, askedOf, isSameMessage, keptTags } from './asked.js'
import { type AuthorizationBody, authorizationBody, movedEntries } from './body.js'
import { type DecisionTable, decide } from './decision.js'
import type { Caller, Desk } from './desk.js'
import { type CardText, type ChipData, cardOf, type EmvText, isContact, readChip } from './message.js'
import { again, answerRow, makeAnswer } from './respond.js'
import { counterKnowledge, isContactlessScheme, kindOf } from './verdict.js'

/** An authorization request. */
export interface AuthorizationInput extends CardText {
  /** The network's name of the transaction. */
  readonly reference: string
  /** DE22. */
  readonly entryMode?: string
  readonly scheme?: string
  /** DE55. */
  readonly emv?: EmvText
  /** The network decided: recorded, never answered. */
  readonly standIn?: { readonly verdict?: VerdictCode }
  readonly decision?: DecisionTable
  readonly tag8A?: boolean
}

export interface Authorized {
  readonly body: AuthorizationBody
  /** What the keys said, where there was something to judge. */
  readonly judged: VerdictCode | undefined
}

interface Message {
  readonly input: AuthorizationInput
  readonly chip: ChipData
  readonly card: CardName
  readonly isStandIn: boolean
}

/**
 * Takes an authorization request.
 * @throws ERR_NOT_FOUND for an unknown issuer, or when the answer to a repeated message is no longer kept; ERR_PAN; ERR_SCHEME;
 *   ERR_OPTION for a decision that is not for the card's scheme; ERR_LEDGER
 */
export async function authorize(desk: Desk, caller: Caller, input: AuthorizationInput): Promise<Authorized> {
  const chip = readChip(input.emv)
  const message = { input, chip, card: cardOf(input, chip.tags), isStandIn: input.standIn !== undefined }
  const id = crypto.randomUUID()
  return desk.cards.change(message.card, async (change) => {
    const known = await recentRow(desk, change, message)
    if (known !== undefined) return repeated(desk, change, caller, known, message)
    const { verdict, arpc } = await judge(desk, change, message)
    const judged = input.emv === undefined ? undefined : verdict.code
    // What is new and right was not asked before: only what looks like a replay, or fails, can be an old message again.
    const old = verdict.ok ? undefined : await olderRow(desk, change, message)
    if (old !== undefined) return repeated(desk, change, caller, old, message)
    return { judged, body: await take(desk, change, caller, { message, id, verdict, arpc }) }
  })
}

/** The row of the same message, where the ledger remembers it. */
async function recentRow(desk: Desk, { ledger }: CardChange, { input, chip }: Message) {
  const record = ledger.authorizations.find(
    ({ reference, atc, fingerprint }) =>
      reference === input.reference && atc === chip.atc && fingerprint === chip.fingerprint,
  )
  if (record === undefined) return undefined
  const row = await desk.authorizations.byId(record.id)
  if (row === undefined) throw new HostError('ERR_NOT_FOUND', 'The answer to this message is no longer kept.')
  return row
}

/** The row of the same message among those that the ledger has forgotten, or never knew. */
async function olderRow(desk: Desk, { card }: CardChange, { input, chip }: Message) {
  const rows = await desk.authorizations.byReference(input.issuer, input.reference)
  return rows.find((row) => isSameMessage(row, card.handle, chip))
}

/** A decision that comes with the repeat of a message that was not answered answers it. */
async function repeated(
  desk: Desk,
  change: CardChange,
  caller: Caller,
  row: AuthorizationRow,
  { input: { pan, decision, tag8A } }: Message,
): Promise<Authorized> {
  if (decision === undefined || answerOf(row) !== null || askedOf(row).standIn) {
    return { judged: undefined, body: await again(desk, change, row, pan) }
  }
  const code = row.verdict as VerdictCode
  const table = ({ scheme: name }: CryptogramVerdict) => decide(decision, code, name)
  const body = await answerRow(desk, change, caller, row, { pan, decide: table, tag8A, repeat: true })
  return { judged: undefined, body }
}

/** The verdict, and with a decision the ARPC: one verification for both. */
async function judge(
  { keys, authorizations }: Desk,
  { ledger, card: { policy, relatives } }: CardChange,
  { input: { issuer, decision, scheme: name }, chip, card, isStandIn }: Message,
): Promise<{ readonly verdict: CryptogramVerdict; readonly arpc: ArpcAnswer | undefined }> {
  const isReplayed = await cameElsewhere(authorizations, relatives, chip)
  const request = {
    ...{ issuer, card, emv: chip.emv },
    ...counterKnowledge(ledger, policy, chip, isReplayed),
    ...(name === undefined ? {} : { scheme: name }),
  }
  if (decision === undefined || isStandIn) return { verdict: await keys.verifyCryptogram(request), arpc: undefined }
  const { verdict, answer: arpc } = await keys.answerCryptogram(
    request,
    (found) => decide(decision, found.code, found.scheme).response,
  )
  return { verdict, arpc }
}

/** No cryptogram covers the AID: a message could come again under another, as if it were of another application. */
async function cameElsewhere(
  authorizations: AuthorizationStore,
  relatives: readonly CardLedger[],
  { atc, fingerprint }: ChipData,
): Promise<boolean> {
  if (atc === undefined) return false
  const cards = relatives.filter(({ seen: counters }) => seenAt(counters, atc).length > 0).map(({ card }) => card)
  return cards.length > 0 && authorizations.isKnown(cards, { atc, fingerprint })
}

interface Judged {
  readonly message: Message
  readonly id: string
  readonly verdict: CryptogramVerdict
  readonly arpc: ArpcAnswer | undefined
}

/** Takes a new message into the ledger, answers it where the issuer has decided, and keeps both. */
async function take(
  desk: Desk,
  change: CardChange,
  caller: Caller,
  { message, id, verdict, arpc }: Judged,
): Promise<AuthorizationBody> {
  const { input, chip, card, isStandIn } = message
  const { issuer, reference, decision, tag8A, scheme: name } = input
  const before = change.ledger.entries
  const now = Date.now()
  // Of partial data the network's word says more than a failure of ours.
  const code = isStandIn && verdict.cryptogramValid !== true ? (input.standIn?.verdict ?? 'U') : verdict.code
  if (chip.atc !== undefined) change.apply(await seen(desk, message, { id, atc: chip.atc, verdict, now }))
  const request: Asked = {
    tags: keptTags(chip.tags),
    tolerances: chip.tolerances,
    ...(name === undefined ? {} : { scheme: name }),
    contact: isContact(input.entryMode),
    standIn: isStandIn,
    flags: [
      ...(input.panSequence === undefined ? (['pan-sequence-absent'] as const) : []),
      ...(isStandIn ? (['stand-in'] as const) : []),
      ...chip.flags,
    ],
    findings: verdict.findings,
  }
  const row = {
    ...{ id, issuer, reference, card: change.card.handle, atc: chip.atc ?? null, fingerprint: chip.fingerprint },
    ...{ verdict: code, created: new Date(now), request },
  }
  const given =
    decision === undefined || isStandIn
      ? null
      : { row, card, verdict, decision: decide(decision, code, verdict.scheme), arpc, tag8A, now }
  const answered = { ...row, answer: given && (await makeAnswer(desk, change, caller, given)) }
  change.keepAuthorization(answered)
  return authorizationBody(answered, verdict, {
    repeat: false,
    entries: movedEntries(before, change.ledger.entries),
  })
}

/** The message as the ledger takes it. */
async function seen(
  { keys }: Desk,
  { input: { issuer, reference, entryMode }, chip: { fingerprint, results }, isStandIn }: Message,
  of: { readonly id: string; readonly atc: number; readonly verdict: CryptogramVerdict; readonly now: number },
): Promise<AuthorizationEvent> {
  const { id, atc, verdict, now } = of
  const { scheme: name, iad, dki, cvr, proven } = verdict
  const row = name === undefined ? undefined : scheme(name)
  const facts = proven.cvr && cvr !== undefined ? cvrFacts(cvr) : undefined
  return {
    type: 'authorization-seen',
    ...{ now, authorization: id, reference, atc, kind: kindOf(verdict), fingerprint },
    verified: verdict.cryptogramValid === true,
    replayed: verdict.findings.includes('E'),
    standIn: isStandIn,
    contact: isContact(entryMode),
    contactlessCryptogram: isContactlessScheme(verdict),
    dki: dki ?? 0,
    scheme: name ?? '',
    family: row?.family ?? iad?.family ?? (await keys.profile(issuer)).family,
    macLength: row?.macLength ?? 8,
    results,
    ...(facts === undefined ? {} : { cvr: facts }),
  }
}
