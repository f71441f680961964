/**
 * GENERATE AC, first and second: the card's decision with its cryptogram.
 *
 * | answer | |
 * |---|---|
 * | 80 | CID(1) ATC(2) cryptogram(8) issuer application data(0-32) |
 * | 77 | 9F27 9F36 9F26 9F10; with CDA 9F4B, which holds the cryptogram, in the place of 9F26 |
 *
 * @see [EMV-B3] 6.5.5, 9, 10.8, 10.11
 */
import { dolLength, fillDol, findTlv, IssuerkitError, parseDol, parseOneTlv, type Tlv } from '@issuerkit/apdu'
import { type RsaPublicKey, sha1 } from '@issuerkit/keys'
import { type CombinedData, type StageResult, verifyCombinedData } from '@issuerkit/oda'
import type { CryptogramKind } from './terminal-action-analysis.js'
import {
  allValues,
  endTransaction,
  parseCardData,
  requireCardData,
  send,
  type TransactionState,
} from './transaction-state.js'

/** What one GENERATE AC came to. */
export interface GeneratedAc {
  readonly requested: CryptogramKind
  readonly type: CryptogramKind
  /** Cryptogram information data (9F27). */
  readonly cid: number
  /** ATC (9F36), 2 bytes. */
  readonly atc: Uint8Array
  /** The cryptogram (9F26), 8 bytes; empty where CDA hides it behind a signature that cannot be opened. */
  readonly cryptogram: Uint8Array
  /** Issuer application data (9F10); empty when the card gives none. */
  readonly issuerApplicationData: Uint8Array
  /** The values of the CDOL as they were sent. */
  readonly cdolData: Uint8Array
  /** The card's signature over the answer; absent when none was asked for, or the card declined without. */
  readonly signature?: StageResult<CombinedData>
}

/** What CDA needs of the steps before. */
export interface CombinedContext {
  readonly iccKey: RsaPublicKey
  readonly pdolData: Uint8Array
}

const NONE = new Uint8Array(0)
const P1: Readonly<Record<CryptogramKind, number>> = { AAC: 0x00, TC: 0x40, ARQC: 0x80 }
const KINDS: readonly (CryptogramKind | undefined)[] = ['AAC', 'TC', 'ARQC', undefined]

/** [EMV-B3] 9: a card may go down from what it is asked for, to a TC also up to the issuer, never to more. */
const ALLOWED: Readonly<Record<CryptogramKind, readonly CryptogramKind[]>> = {
  AAC: ['AAC'],
  ARQC: ['ARQC', 'AAC'],
  TC: ['TC', 'ARQC', 'AAC'],
}

/**
 * Asks the card for a cryptogram. An answer that is none ends the transaction; a signature that does not hold sets
 * `cdaFailed` and is the caller's to act on.
 * @param combined asks for CDA; an AAC is asked for without
 */
export async function generateAc(
  state: TransactionState,
  requested: CryptogramKind,
  combined: CombinedContext | undefined,
  first?: GeneratedAc,
): Promise<GeneratedAc> {
  state.phase = first === undefined ? 'first-generate-ac' : 'second-generate-ac'
  const cdolData = cdol(state, first === undefined ? '8C' : '8D')
  const cda = requested === 'AAC' ? undefined : combined
  const p1 = P1[requested] | (cda === undefined ? 0 : 0x10)
  const { data, status } = await send(state, { cla: 0x80, ins: 0xae, p1, p2: 0, data: cdolData, le: 256 })
  if (status === '6985') endTransaction(state, { reason: 'conditions-not-satisfied', status })
  if (status !== '9000') endTransaction(state, { reason: 'card-status', status })
  const answer = parseCardData(state, () => readAnswer(parseOneTlv(data)))
  const { cid, atc, iad } = answer
  const type = KINDS[cid >> 6]
  const allowed = first === undefined ? ALLOWED[requested] : ALLOWED[requested].filter((kind) => kind !== 'ARQC')
  if (type === undefined || !allowed.includes(type)) {
    endTransaction(state, { reason: 'card-data', detail: `a cryptogram of another kind than ${allowed.join(', ')}` })
  }
  const unsigned = answer.cryptogram
  // [EMV-B2] 6.6: a card signs no AAC; one that does so all the same is checked.
  const signed = cda !== undefined && (type !== 'AAC' || unsigned === undefined)
  if (!signed && unsigned === undefined) endTransaction(state, { reason: 'card-data', detail: 'tag 9F26 missing' })
  const signature = signed ? verifySignature(state, cda, data, cdolData, first) : undefined
  const cryptogram = (signature?.ok === true ? signature.value.applicationCryptogram : unsigned) ?? NONE
  for (const [tag, value] of [
    ['9F27', Uint8Array.of(cid)],
    ['9F36', atc],
    ['9F10', iad],
  ] as const) {
    state.card.set(tag, value)
  }
  state.card.set('9F26', cryptogram)
  state.bits.setTsi('cardRiskManagementPerformed')
  const result = { requested, type, cid, atc, cryptogram, issuerApplicationData: iad, cdolData }
  return signature === undefined ? result : { ...result, signature }
}

/** The values of a CDOL; the transaction certificate hash (98) is formed where the list asks for it. [EMV-B3] 5.4, 9.2.2 */
function cdol(state: TransactionState, tag: '8C' | '8D'): Uint8Array {
  const entries = parseCardData(state, () => parseDol(requireCardData(state, tag)))
  // [EMV-B3] 6.5.5.3: the values fill the data field of a short command.
  if (dolLength(entries) > 255) endTransaction(state, { reason: 'card-data', detail: `tag ${tag} asks for too much` })
  if (entries.some((entry) => entry.tag === '98')) {
    const tdol = state.card.get('97')
    // This terminal's default TDOL is empty.
    if (tdol === undefined) state.bits.setTvr('defaultTdolUsed')
    const hashed = parseCardData(state, () => fillDol(parseDol(tdol ?? NONE), allValues(state)))
    state.computed.set('98', sha1(hashed))
  }
  return fillDol(entries, allValues(state))
}

interface Answer {
  readonly cid: number
  readonly atc: Uint8Array
  readonly cryptogram: Uint8Array | undefined
  readonly iad: Uint8Array
}

/** @throws ERR_TAG, ERR_LENGTH for an answer that is neither format */
function readAnswer(answer: Tlv): Answer {
  const inFormat1 = answer.tag === '80'
  const value = (tag: string, from: number, to?: number): Uint8Array | undefined =>
    inFormat1 ? answer.value.slice(from, to) : findTlv([answer], '77', tag)?.value.slice()
  const cid = value('9F27', 0, 1) ?? NONE
  const atc = value('9F36', 1, 3) ?? NONE
  const cryptogram = value('9F26', 3, 11)
  const wellFormed = cid.length === 1 && atc.length === 2 && (cryptogram ?? new Uint8Array(8)).length === 8
  if (!wellFormed) throw malformedAnswer(answer)
  return { cid: cid[0] as number, atc, cryptogram, iad: value('9F10', 11) ?? NONE }
}

function malformedAnswer({ tag, value }: Tlv): IssuerkitError {
  const got = `template ${tag}, ${value.length} bytes`
  return new IssuerkitError('ERR_LENGTH', { label: 'answer to GENERATE AC', expected: 'CID, ATC and cryptogram', got })
}

function verifySignature(
  state: TransactionState,
  { iccKey, pdolData }: CombinedContext,
  response: Uint8Array,
  cdolData: Uint8Array,
  first: GeneratedAc | undefined,
): StageResult<CombinedData> {
  const unpredictableNumber = state.terminal.get('9F37') ?? NONE
  const sent = first === undefined ? { cdol1Data: cdolData } : { cdol1Data: first.cdolData, cdol2Data: cdolData }
  const signature = verifyCombinedData({ iccKey, unpredictableNumber, pdolData, ...sent, response })
  // [EMV-B2] 6.6.2
  state.bits.setTsi('offlineDataAuthenticationPerformed')
  if (!signature.ok) state.bits.setTvr('cdaFailed')
  return signature
}
