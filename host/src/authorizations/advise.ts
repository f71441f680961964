/**
 * Advices: what arrives later about a transaction, in any order, any number of times, matched by the network's reference. A
 * cryptogram in it is verified when the PAN comes along, with what the request left behind; then it proves what the card did.
 */
import { fromHex } from '@issuerkit/apdu'
import { type CryptogramVerdict, constantTimeEqual, type VerdictCode } from '@issuerkit/keys'
import { HostError } from '../errors.js'
import type { AdviceEvent, ReportedResult } from '../ledger/events.js'
import { cvrFacts } from '../ledger/scheme-evidence.js'
import type { AuthorizationRow } from '../store/authorizations.js'
import type { CardName, StoredCard } from '../store/card-change.js'
import { askedOf, tagsOf } from './asked.js'
import { type MovedEntry, movedEntries } from './body.js'
import type { Caller, Desk } from './desk.js'
import {
  type CardText,
  type ChipData,
  cardOf,
  type EmvText,
  isContact,
  type MessageFlag,
  readChip,
  scriptResults,
} from './message.js'
import { isContactlessScheme, isVerified } from './verdict.js'

/** An advice. It needs no PAN where its reference is known; without one, no cryptogram in it is looked at. */
export interface AdviceInput extends Omit<CardText, 'pan'> {
  /** The original's. */
  readonly reference: string
  readonly kind: AdviceEvent['advice']
  readonly pan?: string
  readonly emv?: EmvText
  readonly entryMode?: string
  /** Script results that are not in `emv`, in the coding of DF31 and 9F5B. */
  readonly scriptResults?: string
  /** A reversal's reason: the terminal never saw the answer. */
  readonly noAnswer?: boolean
  readonly scheme?: string
}

export interface AdviceBody {
  /** An authorization of the reference is known. */
  readonly matched: boolean
  readonly authorization: string | null
  readonly card: string | null
  readonly delivery: string | null
  readonly verdict: VerdictCode | null
  readonly scriptResults: readonly ReportedResult[]
  readonly entries: readonly MovedEntry[]
  readonly flags: readonly MessageFlag[]
}

/**
 * Takes an advice; one that nothing is known of is no error.
 * @throws ERR_PAN_MISMATCH for another PAN than that of the reference's card; ERR_NOT_FOUND for an unknown issuer; ERR_PAN;
 *   ERR_LENGTH and ERR_SCRIPT for script results; ERR_SCHEME; ERR_LEDGER
 */
export async function advise(desk: Desk, caller: Caller, input: AdviceInput): Promise<AdviceBody> {
  // Nothing is matched with an issuer that there is not.
  await desk.keys.profile(input.issuer)
  const chip = readChip(input.emv)
  const given = input.scriptResults === undefined ? undefined : fromHex(input.scriptResults, 'scriptResults')
  const results = [...chip.results, ...scriptResults(given, 'DF31')]
  const original = await originalOf(desk, input, chip)
  const verdict = await judge(desk, input, chip, original)
  const said = { verdict: verdict === undefined ? null : codeOf(verdict), scriptResults: results, flags: chip.flags }
  const target = original?.card ?? (await cardWithout(desk, input, chip, verdict))
  const authorization = original?.row.id ?? null
  if (target === undefined) return { matched: false, authorization, card: null, delivery: null, ...said, entries: [] }
  return desk.cards.change(target, (change) => {
    const before = change.ledger.entries
    const outcome = change.apply(eventOf(input, chip, { results, verdict, row: original?.row }))
    const entries = movedEntries(before, change.ledger.entries)
    const { handle } = change.card
    const matched = original !== undefined || (outcome.type === 'advice' && outcome.matched)
    const delivery = outcome.type === 'advice' ? outcome.delivery : null
    if (entries.length > 0) {
      const detail = { advice: input.kind, entries: entries.length, ...(delivery === null ? {} : { delivery }) }
      change.audit({ ...caller, action: 'advice.apply', object: `card:${handle}`, outcome: 'ok', detail })
    }
    return { matched, authorization, card: handle, delivery, ...said, entries }
  })
}

interface Original {
  readonly row: AuthorizationRow
  readonly card: StoredCard
}

/** The authorization that the advice is about: of its reference, PAN and counter as far as it has them, the latest. */
async function originalOf(
  { authorizations, cards, keys }: Desk,
  { issuer, reference, pan }: AdviceInput,
  { atc }: ChipData,
): Promise<Original | undefined> {
  const rows = (await authorizations.byReference(issuer, reference)).filter(({ card }) => card !== null)
  const handles = [...new Set(rows.flatMap(({ card }) => card ?? []))]
  const found = await Promise.all(handles.map((handle) => cards.byHandle(handle)))
  const panHash = pan === undefined ? undefined : await keys.panHash(pan)
  const fitting = found.filter((card) => panHash === undefined || constantTimeEqual(panHash, card.panHash))
  if (found.length > 0 && fitting.length === 0) throw new HostError('ERR_PAN_MISMATCH')
  const own = rows.filter((row) => fitting.some(({ handle }) => handle === row.card))
  // Somebody may have sent a forged request of the same name; it must not hide the real one.
  const closeness = (one: AuthorizationRow) => (one.atc === atc ? 2 : 0) + (isVerified(one.verdict) ? 1 : 0)
  const [row] = own.toSorted((a, b) => closeness(b) - closeness(a))
  const card = fitting.find(({ handle }) => handle === row?.card)
  return row === undefined || card === undefined ? undefined : { row, card }
}

/** The verdict on the advice's cryptogram, with the values of the request for those that it leaves out. */
async function judge(
  { keys }: Desk,
  { issuer, pan, panSequence, scheme: given }: AdviceInput,
  chip: ChipData,
  original: Original | undefined,
): Promise<CryptogramVerdict | undefined> {
  const hasCryptogram = chip.tags.has('9F26') || 'field55' in chip.emv
  if (pan === undefined || !hasCryptogram) return undefined
  const asked = original === undefined ? undefined : askedOf(original.row)
  const name = given ?? asked?.scheme
  const card =
    original?.card ?? cardOf({ issuer, pan, ...(panSequence === undefined ? {} : { panSequence }) }, chip.tags)
  return keys.verifyStoredRequest({
    ...{ issuer, card: { pan, panSequence: card.panSequence }, emv: beforeScripts(chip.emv) },
    stored: asked === undefined ? new Map() : tagsOf(asked),
    ...(name === undefined ? {} : { scheme: name }),
  })
}

/** TVR byte 5 bit 5: a script failed after the final GENERATE AC. [EMV-B3] C5 */
const FAILED_AFTER_FINAL_AC = 0x10

/** The values as they were when the card gave its last cryptogram: it cannot cover what the terminal found afterwards. */
function beforeScripts(emv: ChipData['emv']): ChipData['emv'] {
  const tvr = 'tags' in emv ? emv.tags.get('95') : undefined
  if (!('tags' in emv) || tvr?.length !== 5) return emv
  const before = tvr.map((byte, i) => (i === 4 ? byte & ~FAILED_AFTER_FINAL_AC : byte))
  return { tags: new Map([...emv.tags, ['95', before]]) }
}

/** Advices carry cryptograms of any kind. */
function codeOf({ code, findings, cryptogramValid }: CryptogramVerdict): VerdictCode {
  return cryptogramValid === true ? (findings.find((finding) => finding !== 'G') ?? 'V') : code
}

/** Without an authorization, the card that the advice names: one that is known, or that its cryptogram proves. */
async function cardWithout(
  { cards }: Desk,
  { pan, ...input }: AdviceInput,
  { tags }: ChipData,
  verdict: CryptogramVerdict | undefined,
): Promise<CardName | StoredCard | undefined> {
  if (pan === undefined) return undefined
  const name = cardOf({ ...input, pan }, tags)
  return verdict?.cryptogramValid === true ? name : cards.find(name)
}

function eventOf(
  { kind: advice, reference, noAnswer, entryMode }: AdviceInput,
  { atc }: ChipData,
  of: {
    readonly results: readonly ReportedResult[]
    readonly verdict: CryptogramVerdict | undefined
    readonly row: AuthorizationRow | undefined
  },
): AdviceEvent {
  const { results, verdict, row } = of
  const isRead = entryMode === undefined && row !== undefined ? askedOf(row).contact : isContact(entryMode)
  const cryptogram =
    verdict?.cryptogramValid === true && atc !== undefined ? cryptogramOf(verdict, atc, !isRead) : undefined
  return {
    ...{ type: 'advice', now: Date.now(), advice, reference, results },
    ...(atc === undefined ? {} : { atc }),
    ...(noAnswer === undefined ? {} : { noAnswer }),
    ...(cryptogram === undefined ? {} : { cryptogram }),
  }
}

function cryptogramOf(
  verdict: CryptogramVerdict,
  atc: number,
  contactless: boolean,
): NonNullable<AdviceEvent['cryptogram']> {
  const { cvr, proven, type = 'TC' } = verdict
  const facts = proven.cvr && cvr !== undefined ? cvrFacts(cvr) : undefined
  return {
    ...{ atc, kind: type, contactless: contactless || isContactlessScheme(verdict) },
    ...(facts === undefined ? {} : { cvr: facts }),
  }
}
