/** A transaction of the purse as one step of a case, and what can be seen of a purse from outside. */
import { toHex } from '@issuerkit/apdu'
import type { InitializedTransaction, PurseName, PurseTransactionKind } from '../purse-messages.js'
import { enter } from './case-helpers.js'
import { compositeFile } from './composite.js'
import type { Step } from './step.js'
import type { PurseTester } from './tester.js'
import type { CompletedTransaction, CompletionOptions } from './tester-transactions.js'

/** The transaction log. [PBOC] 2 */
export const LOG = 0x18
/** A key index that no card has. */
export const NO_KEY = 0x7f

/** A transaction that is to be made. */
export interface PlannedTransaction {
  readonly kind: PurseTransactionKind
  readonly purse: PurseName
  /** Of overdraft the new limit. */
  readonly amount: number
  /** 1 unless given. */
  readonly key?: number
}

/** A purse, seen through the answers of INITIALIZE. */
export interface PurseView {
  readonly balance: number
  readonly online: number
  readonly offline: number
  readonly limit: number
}

/** Where amount and type stand in a record of the log, in hexadecimal digits: behind serial (2) and limit (3). */
const AMOUNT_AT = 10
const TYPE_AT = 18
/** TAC and MAC2. */
const DEBIT_ANSWER = 8
/** Kinds whose INITIALIZE answers a MAC1 of the card. */
const ONLINE: readonly PurseTransactionKind[] = ['load', 'unload', 'overdraft']

export function initialize(t: PurseTester, { kind, purse, amount, key = 1 }: PlannedTransaction): Promise<Step> {
  switch (kind) {
    case 'load':
      return t.initializeForLoad(purse, key, amount)
    case 'unload':
      return t.initializeForUnload(key, amount)
    case 'purchase':
      return t.initializeForPurchase(purse, key, amount)
    case 'cash':
      return t.initializeForCash(key, amount)
    case 'overdraft':
      return t.initializeForUpdate(key)
    case 'capp':
      return t.initializeForCapp(key, amount)
  }
}

/** The command that completes. */
export function complete(
  t: PurseTester,
  { kind, amount }: Pick<PlannedTransaction, 'kind' | 'amount'>,
  options: CompletionOptions = {},
): Promise<Step> {
  switch (kind) {
    case 'load':
      return t.creditForLoad(options)
    case 'unload':
      return t.debitForUnload(options)
    case 'overdraft':
      return t.updateOverdraftLimit(amount, options)
    case 'capp':
      return t.debitCapp(options)
    case 'purchase':
    case 'cash':
      return t.debit(options)
  }
}

/** The transaction of an INITIALIZE that was answered 9000. */
export function begunOf(t: PurseTester): InitializedTransaction {
  return t.initialized as InitializedTransaction
}

/** The transaction whose completion was sent last, whatever became of it. */
export function sentOf(t: PurseTester): CompletedTransaction {
  return t.completed as CompletedTransaction
}

/** A whole transaction, both its MACs and its TAC judged. @returns the answer that ends it */
export async function transact(t: PurseTester, plan: PlannedTransaction): Promise<Step> {
  await initialized(t, plan)
  const [record] = compositeFile(t).records
  if (plan.kind === 'capp' && record !== undefined && t.profile.behaviour.cappWithoutUpdate !== 'allow') {
    await t.expect(t.updateCapp(compositeFile(t).sfi, record[0] as number, record), '9000')
  }
  const done = await t.expect(complete(t, plan), '9000')
  t.expectCompletion(done)
  return done
}

/** INITIALIZE, and the MAC1 that some of them answer. */
export async function initialized(t: PurseTester, plan: PlannedTransaction): Promise<void> {
  await t.expect(initialize(t, plan), '9000')
  if (ONLINE.includes(plan.kind)) t.expectMac1()
}

export async function verified(t: PurseTester): Promise<void> {
  await t.expect(t.verify(t.profile.pin), '9000')
}

/** Power on, ADF1, PIN. */
export async function login(t: PurseTester): Promise<void> {
  await enter(t)
  await verified(t)
}

/** The balance that GET BALANCE gives; the PIN is verified first. */
export async function balanceOf(t: PurseTester, purse: PurseName): Promise<number> {
  await verified(t)
  const { data } = await t.expect(t.balance(purse), { status: '9000', length: 4 })
  return data.reduce((number, byte) => number * 256 + byte, 0)
}

/**
 * A purse as INITIALIZE FOR LOAD and INITIALIZE FOR PURCHASE tell it, and GET BALANCE, which has to say the same. The
 * PIN is verified first; no transaction is under way afterwards.
 */
export async function viewPurse(t: PurseTester, purse: PurseName): Promise<PurseView> {
  const balance = await balanceOf(t, purse)
  await t.expect(t.initializeForLoad(purse, 1, leastLoad(t)), '9000')
  const load = begunOf(t).answer
  await t.expect(t.initializeForPurchase(purse, 1, 0), '9000')
  const purchase = begunOf(t).answer
  await verified(t)
  t.equal('balance by INITIALIZE FOR LOAD', load.balance, balance)
  t.equal('balance by INITIALIZE FOR PURCHASE', purchase.balance, balance)
  return { balance, online: load.serial, offline: purchase.serial, limit: purchase.limit as number }
}

/** The least amount that may be loaded. */
export function leastLoad(t: PurseTester): number {
  return t.profile.behaviour.zeroLoad === 'allow' ? 0 : 1
}

/** Both purses. */
export async function viewPurses(t: PurseTester): Promise<Readonly<Record<PurseName, PurseView>>> {
  return { ed: await viewPurse(t, 'ed'), ep: await viewPurse(t, 'ep') }
}

/** A purse after a transaction: what has to be in it. @param change what became different; the rest is as before */
export async function expectPurse(
  t: PurseTester,
  purse: PurseName,
  before: PurseView,
  change: Partial<PurseView> = {},
): Promise<void> {
  const after = await viewPurse(t, purse)
  for (const field of ['balance', 'online', 'offline', 'limit'] as const) {
    t.equal(`${purse} ${field}`, after[field], change[field] ?? before[field])
  }
}

/** The log, newest first, in hexadecimal: as many records as the card keeps. */
export async function readLog(t: PurseTester): Promise<string[]> {
  const records: string[] = []
  for (let number = 1; number <= t.profile.logRecords; number++) {
    const { status, data } = await t.readRecord(LOG, number)
    if (status !== '9000') break
    records.push(toHex(data))
  }
  return records
}

/**
 * What the newest record of the log may be, behind the completion just sent. The record of a new overdraft limit tells it
 * as its limit, as its amount, or both: the tables do not say.
 * @param limits the overdraft limits that the record may hold: old and new where the transaction changed it
 */
export function newestRecord(t: PurseTester, limits: readonly number[] = [0]): RegExp {
  const records = limits.map((limit) => {
    const record = t.logRecord(limit)
    if (sentOf(t).kind !== 'overdraft') return record
    return `${record.slice(0, AMOUNT_AT)}(00000000|${record.slice(AMOUNT_AT, TYPE_AT)})${record.slice(TYPE_AT)}`
  })
  return new RegExp(`^(${records.join('|')})$`)
}

/** The newest record of the log is the completion just sent, and the others follow it. @param before the log until then */
export async function expectLogged(
  t: PurseTester,
  before: readonly string[],
  limits: readonly number[] = [0],
): Promise<void> {
  const [newest = 'none', ...older] = await readLog(t)
  t.equal('newest record', newestRecord(t, limits).test(newest) ? 'the transaction' : newest, 'the transaction')
  t.equal('older records', older.join(' '), before.slice(0, t.profile.logRecords - 1).join(' '))
}

/**
 * What GET TRANSACTION PROVE gives for the completion just sent: MAC2 and TAC of a debit, as its answer had them; the TAC
 * of load and overdraft, with the terminal's MAC beside it or nothing; the MAC3 of an unload, on either side.
 */
export function proofPattern(t: PurseTester, { command, data }: Step): RegExp {
  const code = toHex(data)
  if (data.length === DEBIT_ANSWER) return new RegExp(`^${code.slice(8)}${code.slice(0, 8)}$`)
  if (sentOf(t).kind === 'unload') return new RegExp(`^(${code}[0-9A-F]{8}|[0-9A-F]{8}${code})$`)
  const end = 5 + (command[4] as number)
  return new RegExp(`^(${toHex(command.subarray(end - 4, end))}|00000000)${code}$`)
}

/** Nothing has moved: both purses and the log are as they were. */
export async function expectUnchanged(
  t: PurseTester,
  purses: Readonly<Record<PurseName, PurseView>>,
  log: readonly string[],
): Promise<void> {
  for (const purse of ['ed', 'ep'] as const) await expectPurse(t, purse, purses[purse])
  t.equal('the log', (await readLog(t)).join(' '), log.join(' '))
}
