/**
 * A whole debit or credit transaction at the terminal.
 *
 * ```
 * SELECT, GET PROCESSING OPTIONS, READ RECORD, offline data authentication
 * processing restrictions, cardholder verification, terminal risk management, terminal action analysis
 * first GENERATE AC     AAC, TC: the end
 *                       ARQC: to the issuer, EXTERNAL AUTHENTICATE, scripts 71, second GENERATE AC, scripts 72
 * ```
 *
 * What a card does or says is a result, never an exception; a lost answer leaves a result with what is known.
 * @see [EMV-B3] 8.2, 10
 */
import { type Exchange, fromHex } from '@issuerkit/apdu'
import { cardholderVerification } from './cardholder-verification.js'
import { type CombinedContext, type GeneratedAc, generateAc } from './generate-ac.js'
import { authenticateIssuer, isApproval, type OnlineResponse, onlineRequest, transactionAdvice } from './online.js'
import { processingRestrictions } from './processing-restrictions.js'
import { processScripts, scriptResultTags } from './script-processing.js'
import { defaultActionAnalysis, terminalActionAnalysis } from './terminal-action-analysis.js'
import { terminalRiskManagement } from './terminal-risk.js'
import { authenticateCard, iccKeyOf, openApplication, pinKeyOf } from './transaction-card.js'
import type { TransactionOptions, TransactionProgress, TransactionResult } from './transaction-model.js'
import { allValues, createTransactionState, TransactionEnded, type TransactionState } from './transaction-state.js'
import { createResultBits } from './tvr.js'

/** Authorisation response codes that the terminal gives itself. [EMV-B4] A6 */
const ARC = { Y1: fromHex('5931'), Z1: fromHex('5A31'), Y3: fromHex('5933'), Z3: fromHex('5A33') } as const

/**
 * Runs a transaction from SELECT to the last script.
 * @param exchange the card, with GET RESPONSE folded (`withGetResponse`), ready after a reset
 * @throws ERR_LENGTH for an AID of another length, or terminal capabilities (9F33) that are not 3 bytes; ERR_PIN,
 *   ERR_KEY_DESTROYED for a PIN; ERR_DATE for the transaction date; ERR_OPTION for a seed; what the issuer's link, the
 *   report or the exchange rejects with, unless it says that no answer came (ERR_EXCHANGE, ERR_POWER, ERR_READER,
 *   ERR_RESPONSE)
 */
export async function runTransaction(exchange: Exchange, options: TransactionOptions): Promise<TransactionResult> {
  const state = createTransactionState(exchange, options.terminal, createResultBits())
  const progress: TransactionProgress = { scripts: [] }
  let end: TransactionResult['end']
  try {
    await perform(state, options, progress)
    state.phase = 'completed'
  } catch (error) {
    if (!(error instanceof TransactionEnded)) throw error
    end = error.end
  }
  const { decision, ...known } = progress
  const scriptResults = scriptResultTags(progress.scripts)
  const undecided = end?.reason === 'no-answer' ? 'interrupted' : 'terminated'
  const result: TransactionResult = {
    decision: decision ?? undecided,
    ...(end === undefined ? {} : { end }),
    ...known,
    values: new Map([...allValues(state), ...Object.entries(scriptResults)]),
    tvr: state.bits.tvr(),
    tsi: state.bits.tsi(),
    scriptResults,
    steps: state.steps,
  }
  const { response } = progress
  if (response === undefined || response === 'unable-to-go-online') return result
  const advice = transactionAdvice(state, decision === undefined ? 'interrupted' : 'completed', scriptResults)
  await options.report?.(advice)
  return { ...result, advice }
}

async function perform(
  state: TransactionState,
  options: TransactionOptions,
  progress: TransactionProgress,
): Promise<void> {
  const { pins = [], authentication: keys } = options
  const reading = await openApplication(state, options)
  const authentication = await authenticateCard(state, reading, keys)
  if (authentication !== undefined) progress.authentication = authentication
  processingRestrictions(state)
  progress.cardholderVerification = await cardholderVerification(state, {
    pins,
    key: () => pinKeyOf(state, reading, keys),
  })
  await terminalRiskManagement(state, options.risk ?? {})
  progress.actionAnalysis = terminalActionAnalysis(state, options.actionCodes ?? {})
  const iccKey = iccKeyOf(authentication)
  const combined = iccKey && { iccKey, pdolData: reading.pdolData as Uint8Array }
  const first = await generateAc(state, progress.actionAnalysis.requested, combined)
  progress.first = first
  if (first.type === 'ARQC') {
    await completeOnline(state, options, progress, first, combined)
  } else if (first.type === 'AAC' && options.specialDevice === true) {
    await unblock(state, options, progress)
  } else {
    // [EMV-B2] 6.6.2: a TC whose signature does not hold is declined all the same.
    decide(state, progress, first.type === 'TC' && first.signature?.ok !== false, ARC.Y1, ARC.Z1)
  }
}

function decide(
  state: TransactionState,
  progress: TransactionProgress,
  approved: boolean,
  approving: Uint8Array,
  declining: Uint8Array,
): void {
  progress.decision = approved ? 'approved' : 'declined'
  state.computed.set('8A', approved ? approving : declining)
}

/** To the issuer and back; the response is noted. [EMV-B3] 10.9 */
async function goOnline(
  state: TransactionState,
  { issuer, pins = [] }: TransactionOptions,
  progress: TransactionProgress,
  kind: 'ARQC' | 'AAC',
): Promise<OnlineResponse | undefined> {
  state.phase = 'online'
  const pin = progress.cardholderVerification?.onlinePin === true ? pins[0] : undefined
  progress.request = onlineRequest(state, kind, pin)
  progress.response = (await issuer?.(progress.request)) ?? 'unable-to-go-online'
  if (progress.response === 'unable-to-go-online') return undefined
  state.computed.set('8A', progress.response.arc)
  return progress.response
}

async function completeOnline(
  state: TransactionState,
  options: TransactionOptions,
  progress: TransactionProgress,
  first: GeneratedAc,
  combined: CombinedContext | undefined,
): Promise<void> {
  // [EMV-B2] 6.6.2: nothing goes online whose signature does not hold; the card is told that it is over.
  const trusted = first.signature?.ok !== false
  const response = trusted ? await goOnline(state, options, progress, 'ARQC') : undefined
  const approve = response === undefined ? trusted && defaultApproves(state, options) : isApproval(response)
  const scripts = response?.scripts ?? []
  if (response === undefined) {
    const [approving, declining] = trusted ? [ARC.Y3, ARC.Z3] : [ARC.Y1, ARC.Z1]
    state.computed.set('8A', approve ? approving : declining)
  } else {
    await authenticate(state, response, progress)
    await processScripts(state, scripts, '71', progress.scripts)
  }
  const second = await generateAc(state, approve ? 'TC' : 'AAC', combined, first)
  progress.second = second
  progress.decision = second.type === 'TC' && second.signature?.ok !== false ? 'approved' : 'declined'
  await processScripts(state, scripts, '72', progress.scripts)
}

/** [EMV-B3] 10.7: the default rules, where the transaction should have gone online. */
function defaultApproves(state: TransactionState, { actionCodes = {} }: TransactionOptions): boolean {
  return defaultActionAnalysis(state, actionCodes).requested === 'TC'
}

async function authenticate(
  state: TransactionState,
  response: OnlineResponse,
  progress: TransactionProgress,
): Promise<void> {
  const status = await authenticateIssuer(state, response)
  if (status !== undefined) progress.externalAuthenticate = status
}

/** [PBOC-SCRIPT] 5: the AAC goes online for the scripts; risk management and a second GENERATE AC are not needed. */
async function unblock(
  state: TransactionState,
  options: TransactionOptions,
  progress: TransactionProgress,
): Promise<void> {
  const response = await goOnline(state, options, progress, 'AAC')
  progress.decision = 'declined'
  if (response === undefined) {
    state.computed.set('8A', ARC.Z3)
    return
  }
  await authenticate(state, response, progress)
  await processScripts(state, response.scripts ?? [], '71', progress.scripts)
  await processScripts(state, response.scripts ?? [], '72', progress.scripts)
}
