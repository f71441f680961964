/**
 * What a purse card has to hold after any sequence of transactions: balances, serials, limit, log, proofs, written down
 * from the standard's rules and nothing that the card says. Random sequences are judged by it.
 *
 * A model changes with each command; {@link copyModel} keeps the state before one whose end is not sure, because the
 * power was cut in it.
 * @see [PBOC] 2
 */
import type { PurseName, PurseTransactionKind } from '../purse-messages.js'
import type { PurseTestProfile } from './profile.js'
import type { PlannedTransaction, PurseView } from './purse-transaction.js'

/** What the card has to prove of a transaction. */
export interface ModelProof {
  readonly serial: number
  /** MAC and TAC, in hexadecimal. */
  readonly data: RegExp
}

/** A purse with its two serials. */
export type ModelPurse = { -readonly [K in keyof PurseView]: PurseView[K] }

/** The card, as it has to be. */
export interface PurseModel {
  readonly profile: PurseTestProfile
  readonly purses: Readonly<Record<PurseName, ModelPurse>>
  /** The newest first: patterns of what may stand there. */
  log: readonly RegExp[]
  readonly proofs: Map<number, ModelProof>
  /** The type of the newest proof: a card that keeps one keeps this one. */
  proven: number | undefined
  /** Records of composite purchase by type, in hexadecimal. */
  readonly records: Map<number, string>
  pinVerified: boolean
  triesLeft: number
  /** What waits for its second command. */
  pending: PlannedTransaction | undefined
  /** Records in the cache of the composite purchase under way. */
  cache: Map<number, string>
}

/** The instruction that completes; kinds of one instruction are told apart by the transaction type alone. */
const COMPLETED_BY: Readonly<Record<PurseTransactionKind, 'credit' | 'unload' | 'debit' | 'update'>> = {
  load: 'credit',
  unload: 'unload',
  purchase: 'debit',
  cash: 'debit',
  capp: 'debit',
  overdraft: 'update',
}
const LAST_SERIAL = 0xffff
/** Transactions that count the online serial. */
const ONLINE: readonly PurseTransactionKind[] = ['load', 'unload', 'overdraft']

/** The same model, on its own from now. */
export function copyModel(model: PurseModel): PurseModel {
  const { ed, ep } = model.purses
  return {
    ...model,
    purses: { ed: { ...ed }, ep: { ...ep } },
    proofs: new Map(model.proofs),
    records: new Map(model.records),
    cache: new Map(model.cache),
  }
}

/** Whether one instruction completes both: purchase, cash and composite purchase. */
export function sameCompletion(a: PurseTransactionKind, b: PurseTransactionKind): boolean {
  return COMPLETED_BY[a] === COMPLETED_BY[b]
}

/** Power off and on, or another SELECT. */
export function forget(model: PurseModel): void {
  model.pinVerified = false
  modelDrop(model)
}

/** No transaction is under way any more. */
export function modelDrop(model: PurseModel): void {
  model.pending = undefined
  model.cache = new Map()
}

/** VERIFY. @returns the status that the card has to answer */
export function modelVerify(model: PurseModel, good: boolean): string {
  if (!good || model.triesLeft === 0 || model.profile.behaviour.verifyEndsTransaction) modelDrop(model)
  if (model.triesLeft === 0) return '6983'
  if (good) model.triesLeft = model.profile.pinTries
  else model.triesLeft -= 1
  model.pinVerified = good
  return good ? '9000' : `63C${model.triesLeft.toString(16).toUpperCase()}`
}

/** GET BALANCE. */
export function modelBalance({ profile, pinVerified }: PurseModel, purse: PurseName): string {
  return pinVerified || (purse === 'ep' && !profile.behaviour.balanceNeedsPin) ? '9000' : '6982'
}

/** INITIALIZE: key, PIN, serial, amount, in this order. */
export function modelInitialize(model: PurseModel, plan: PlannedTransaction, keyKnown: boolean): string {
  const status = keyKnown ? refusal(model, plan) : '9403'
  modelDrop(model)
  if (status === '9000') model.pending = plan
  return status
}

function refusal({ profile, purses, pinVerified }: PurseModel, { kind, purse, amount }: PlannedTransaction): string {
  const { balance, limit, online, offline } = purses[purse]
  const { behaviour, maximumBalance } = profile
  if (!pinVerified && (purse === 'ed' || kind === 'load')) return '6982'
  if ((ONLINE.includes(kind) ? online : offline) >= LAST_SERIAL) return '9402'
  if (kind === 'overdraft') return '9000'
  if (kind === 'load') {
    if (balance + amount > maximumBalance) return behaviour.overflowStatus
    return amount === 0 && behaviour.zeroLoad !== 'allow' ? behaviour.zeroLoad : '9000'
  }
  const available = kind === 'unload' ? balance - limit : balance
  return amount > available ? '9401' : '9000'
}

/**
 * The second command. What it changes is in the model afterwards, but for log and proof: {@link modelRecord}.
 * @param kind the command that is sent; another one than the transaction's is refused
 * @param limit of UPDATE OVERDRAW LIMIT
 * @param good whether its MAC is right
 */
export function modelComplete(model: PurseModel, kind: PurseTransactionKind, limit: number, good: boolean): string {
  const { pending, cache, profile } = model
  modelDrop(model)
  if (pending === undefined || !sameCompletion(pending.kind, kind)) return '6901'
  if (pending.kind === 'capp' && cache.size === 0 && profile.behaviour.cappWithoutUpdate !== 'allow') return '6901'
  const purse = model.purses[pending.purse]
  const balance = balanceAfter(purse, pending, limit)
  // The amount is looked at before the MAC.
  if (balance < 0) return '9401'
  if (balance > profile.maximumBalance) return profile.behaviour.overflowStatus
  if (!good) return '9302'
  purse.balance = balance
  if (ONLINE.includes(pending.kind)) purse.online += 1
  else purse.offline += 1
  if (pending.kind === 'overdraft') purse.limit = limit
  for (const [type, record] of cache) model.records.set(type, record)
  if (profile.behaviour.pinFlagAfterTransaction === 'clear') model.pinVerified = false
  return '9000'
}

/** UPDATE CAPP DATA CACHE of a record that is there, in its length. */
export function modelCache(model: PurseModel, type: number, record: string): string {
  if (model.pending?.kind === 'capp') {
    model.cache.set(type, record)
    return '9000'
  }
  modelDrop(model)
  return model.profile.behaviour.cappStateStatus
}

/** Log and proof of a transaction that was completed. */
export function modelRecord(model: PurseModel, type: number, record: RegExp, proof: ModelProof): void {
  model.log = [record, ...model.log].slice(0, model.profile.logRecords)
  model.proofs.set(type, proof)
  model.proven = type
}

/** GET TRANSACTION PROVE. @returns what has to come, or undefined where the model does not know of any */
export function modelProof(model: PurseModel, type: number, serial: number): { status: RegExp; data?: RegExp } {
  const proof = model.proofs.get(type)
  // What happened before the model began is not known.
  if (proof === undefined) return { status: /^(9000|9406)$/ }
  if (proof.serial !== serial) return { status: /^9406$/ }
  return { status: model.proven === type ? /^9000$/ : /^(9000|9406)$/, data: proof.data }
}

function balanceAfter(
  { balance, limit: old }: ModelPurse,
  { kind, amount }: PlannedTransaction,
  limit: number,
): number {
  if (kind === 'load') return balance + amount
  return kind === 'overdraft' ? balance + limit - old : balance - amount
}
