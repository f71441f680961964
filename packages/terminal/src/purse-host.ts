/**
 * Whole transactions of the e-purse from the host's and the terminal's side, over an exchange that answers 61XX by itself
 * (`withGetResponse`, a session). A card that refuses, or gives a wrong MAC, is a verdict, not an error.
 *
 * ```
 * host        terminal                    card
 *             INITIALIZE            ->
 *                                   <-    balance, serial, random (MAC1)
 * checks MAC1, makes MAC2 (online), or the terminal's SAM makes MAC1
 *             CREDIT, DEBIT, UPDATE ->
 *                                   <-    TAC (MAC2), MAC3
 * checks TAC
 * ```
 *
 * An exchange that rejects leaves open what the card has done; `proveTransaction` tells.
 * @see [PBOC] 2
 */
import { type Exchange, parseResponse, type Response } from '@issuerkit/apdu'
import { constantTimeEqual } from '@issuerkit/keys'
import { attempt } from './attempt.js'
import { proveCommand, updateCappCommand } from './purse-commands.js'
import { balanceAfter, verifyCompletion } from './purse-completion.js'
import type { PurseKey } from './purse-keys.js'
import {
  type Completion,
  completeCommand,
  type InitializedTransaction,
  initializeCommand,
  kindOf,
  type PurseRequest,
  parseInitialized,
  transactionSessionKey,
  transactionType,
  verifyMac1,
} from './purse-messages.js'

/** Keys of the card, as the host derived them. They stay the caller's. */
export interface PurseHostKeys {
  /** DLK, DULK, DPK or DUK, by the transaction. */
  readonly transaction: PurseKey
  readonly dtk: PurseKey
}

/** A record of a composite purchase. */
export interface CappRecord {
  readonly sfi: number
  /** The record's identifier, its first byte. */
  readonly identifier: number
  readonly data: Uint8Array
}

/** How a transaction is carried out. */
export interface PurseOptions {
  /** The TAC of the overdraft limit, where a card makes it by DTK itself. */
  readonly tac?: 'xor' | 'direct'
  /** Records of a composite purchase, written with its debit. */
  readonly records?: readonly CappRecord[]
}

/** A transaction that the card has carried out, and whose answer is right. */
export interface PurseSuccess {
  readonly ok: true
  readonly transaction: InitializedTransaction
  /** What the purse holds now. */
  readonly balance: number
  /** TAC, TAC and MAC2, or MAC3: what goes to the issuer. */
  readonly answer: Uint8Array
}

/** Where a transaction ended. Up to `complete` the card has changed nothing; from `answer` on it says that it has. */
export interface PurseFailure {
  readonly ok: false
  readonly stage: 'initialize' | 'mac1' | 'update-cache' | 'complete' | 'answer'
  /** What the card said. */
  readonly status: string
  readonly reason: string
  readonly citation: string
  readonly transaction?: InitializedTransaction
}

/** The verdict on a transaction. */
export type PurseVerdict = PurseSuccess | PurseFailure

/** What a card keeps of a transaction: what its MAC was, and its TAC. */
export type ProofVerdict =
  | { readonly ok: true; readonly mac: Uint8Array; readonly tac: Uint8Array }
  | { readonly ok: false; readonly status: string; readonly reason: string; readonly citation: string }

const CITATION = '[PBOC] 2'

/**
 * Carries out a transaction: load, unload, cash, purchase, overdraft, capp.
 * @throws ERR_OPTION, ERR_LENGTH, ERR_DATE, ERR_KEY_DESTROYED for what the caller gave; what the exchange throws
 */
export async function runPurseTransaction(
  exchange: Exchange,
  keys: PurseHostKeys,
  request: PurseRequest,
  completion: Completion,
  options: PurseOptions = {},
): Promise<PurseVerdict> {
  const { kind } = request
  const first = await send(exchange, initializeCommand(request))
  if (first.status !== '9000') return failed('initialize', first.status, 'the card refuses to begin')
  const answer = attempt(() => parseInitialized(kind, first.data))
  if (answer === undefined) return failed('initialize', first.status, 'the answer has another length')
  const transaction = { ...request, answer }
  const session = transactionSessionKey(keys.transaction, kind, answer, completion.terminalSerial)
  return await withKeyAsync(session, async () => {
    if (kindOf(kind).online && !verifyMac1(session, transaction)) {
      return failed('mac1', first.status, 'MAC1 of the card is wrong', transaction)
    }
    for (const { sfi, identifier, data } of options.records ?? []) {
      const { status } = await send(exchange, updateCappCommand(sfi, identifier, data))
      if (status !== '9000') return failed('update-cache', status, 'the card refuses a record', transaction)
    }
    const last = await send(exchange, completeCommand(session, transaction, completion))
    if (last.status !== '9000') return failed('complete', last.status, 'the card refuses to complete', transaction)
    const tac = options.tac === undefined ? {} : { tac: options.tac }
    if (!verifyCompletion({ session, dtk: keys.dtk, ...tac }, transaction, completion, last.data)) {
      return failed('answer', last.status, 'TAC, MAC2 or MAC3 of the card is wrong', transaction)
    }
    return { ok: true, transaction, balance: balanceAfter(transaction), answer: last.data.slice() }
  })
}

/** {@link runPurseTransaction} of one kind, with the key that it takes. */
type Run = (
  exchange: Exchange,
  keys: PurseHostKeys,
  request: Omit<PurseRequest, 'kind'>,
  completion: Completion,
  options?: PurseOptions,
) => Promise<PurseVerdict>

/** The host loads a purse. `keys.transaction` is DLK. */
export const loadPurse: Run = (...given) => run('load', ...given)
/** The host unloads ED. `keys.transaction` is DULK. */
export const unloadPurse: Run = (...given) => run('unload', ...given)
/** The terminal debits a purse for a purchase. `keys.transaction` is DPK. */
export const purchase: Run = (...given) => run('purchase', ...given)
/** The terminal pays cash out of ED. `keys.transaction` is DPK. */
export const withdrawCash: Run = (...given) => run('cash', ...given)
/** The host gives ED another overdraft limit, `amount`. `keys.transaction` is DUK. */
export const updateOverdraftLimit: Run = (...given) => run('overdraft', ...given)
/** The terminal debits EP and has records written in the same step. `keys.transaction` is DPK. */
export const purchaseComposite: Run = (...given) => run('capp', ...given)

/**
 * What the card tells of the last transaction of a type: whether it was carried out, after an exchange that broke off.
 * With the host's own value of the TAC the answer can be told from a made-up one: see {@link isProof}.
 * @param serial the serial that INITIALIZE answered
 * @throws ERR_OPTION; what the exchange throws
 * @see [PBOC] 2, [FMCOS] (9000: done; anything else: begin again)
 */
export async function proveTransaction(
  exchange: Exchange,
  { kind, purse, answer }: Pick<InitializedTransaction, 'kind' | 'purse' | 'answer'>,
): Promise<ProofVerdict> {
  const { status, data } = await send(exchange, proveCommand(transactionType(kind, purse), answer.serial))
  if (status === '9000' && data.length === 8) return { ok: true, mac: data.slice(0, 4), tac: data.slice(4) }
  const reason = status === '9000' ? 'the answer has another length' : 'the card knows no such transaction'
  return { ok: false, status, reason, citation: CITATION }
}

/** Whether a proof has the TAC of this answer; compared in constant time. */
export function isProof(proof: ProofVerdict, answer: Uint8Array): boolean {
  return proof.ok && constantTimeEqual(proof.tac, answer.subarray(0, 4))
}

function run(
  kind: PurseRequest['kind'],
  ...[exchange, keys, request, ...rest]: Parameters<Run>
): Promise<PurseVerdict> {
  return runPurseTransaction(exchange, keys, { ...request, kind }, ...rest)
}

async function send(exchange: Exchange, command: Uint8Array): Promise<Response> {
  return parseResponse(await exchange(command))
}

async function withKeyAsync<K extends { destroy(): void }, T>(key: K, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } finally {
    key.destroy()
  }
}

function failed(
  stage: PurseFailure['stage'],
  status: string,
  reason: string,
  transaction?: InitializedTransaction,
): PurseFailure {
  return { ok: false, stage, status, reason, citation: CITATION, ...(transaction && { transaction }) }
}
