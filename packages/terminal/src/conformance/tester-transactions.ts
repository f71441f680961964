/**
 * The actions of the purse's transactions, and the checks that the host makes on their answers.
 *
 * ```
 * await t.expect(t.initializeForLoad('ep', 1, 1000), '9000')
 * t.expectMac1()
 * const step = await t.expect(t.creditForLoad(), '9000')
 * t.expectCompletion(step)                        // the TAC, with the serial before +1
 * await t.expect(t.readRecord(0x18, 1), { status: '9000', data: t.logRecord() })
 * ```
 *
 * `mac: 'bad'` turns over one bit of the terminal's MAC. A completion without an INITIALIZE before it is sent with MACs
 * over zeros.
 */
import { toHex } from '@issuerkit/apdu'
import { attempt } from '../attempt.js'
import { balanceCommand, proveCommand, updateCappCommand } from '../purse-commands.js'
import { logRecordOf, verifyCompletion } from '../purse-completion.js'
import { type PurseSessionKey, withKey } from '../purse-keys.js'
import {
  type Completion,
  completeCommand,
  type InitializedTransaction,
  initializeCommand,
  type PurseName,
  type PurseTransactionKind,
  parseInitialized,
  transactionSessionKey,
  transactionType,
  verifyMac1,
} from '../purse-messages.js'
import type { TestKeyName } from './profile.js'
import { bytesOf, type MacChoice, type Text, withWrongMac } from './protection.js'
import type { Step } from './step.js'
import { TesterBase } from './tester-base.js'

/** What a completing command does wrong, or otherwise than usual. */
export interface CompletionOptions {
  readonly mac?: MacChoice
  /** The terminal's serial that is sent; counted up from 1 by itself. */
  readonly terminalSerial?: number
  /** The terminal's serial that the session key is made with, where it is not the one sent. */
  readonly macTerminalSerial?: number
}

/** A transaction that was sent to its end. */
export interface CompletedTransaction extends InitializedTransaction {
  readonly completion: Completion
  /** The transaction type: 01 to 07, 09. */
  readonly type: number
}

/** Keys of the card by transaction. */
const KEYS: Readonly<Record<PurseTransactionKind, TestKeyName>> = {
  load: 'load',
  unload: 'unload',
  cash: 'purchase',
  purchase: 'purchase',
  overdraft: 'overdraft',
  capp: 'purchase',
}
/** What stands in for the answer of INITIALIZE where there was none. */
const NO_ANSWER = { balance: 0, serial: 0, limit: 0, keyVersion: 0, algorithm: 0, random: new Uint8Array(4) }

/** The terminal of the cases. */
export class PurseTransactions extends TesterBase {
  /** The terminal's number, 6 bytes in hexadecimal. */
  readonly terminal = '112233445566'
  /** YYYYMMDD and HHMMSS of every transaction. */
  date = '20240131'
  time = '101112'
  #serial = 0
  #initialized: InitializedTransaction | undefined
  #completed: CompletedTransaction | undefined

  /** The last INITIALIZE that the card accepted, with its answer. */
  get initialized(): InitializedTransaction | undefined {
    return this.#initialized
  }

  /** The last completion that was sent, accepted or not. */
  get completed(): CompletedTransaction | undefined {
    return this.#completed
  }

  /** GET BALANCE. */
  balance(purse: PurseName): Promise<Step> {
    return this.send('GET BALANCE', balanceCommand(purse))
  }

  initializeForLoad(purse: PurseName, keyIndex: number, amount: number): Promise<Step> {
    return this.#initialize('INITIALIZE FOR LOAD', 'load', purse, keyIndex, amount)
  }

  creditForLoad(options: CompletionOptions = {}): Promise<Step> {
    return this.#complete('CREDIT FOR LOAD', 'load', options)
  }

  initializeForUnload(keyIndex: number, amount: number): Promise<Step> {
    return this.#initialize('INITIALIZE FOR UNLOAD', 'unload', 'ed', keyIndex, amount)
  }

  debitForUnload(options: CompletionOptions = {}): Promise<Step> {
    return this.#complete('DEBIT FOR UNLOAD', 'unload', options)
  }

  initializeForPurchase(purse: PurseName, keyIndex: number, amount: number): Promise<Step> {
    return this.#initialize('INITIALIZE FOR PURCHASE', 'purchase', purse, keyIndex, amount)
  }

  initializeForCash(keyIndex: number, amount: number): Promise<Step> {
    return this.#initialize('INITIALIZE FOR CASH WITHDRAW', 'cash', 'ed', keyIndex, amount)
  }

  /** DEBIT FOR PURCHASE / CASH WITHDRAW: of the kind that was initialised; purchase after none. */
  debit(options: CompletionOptions = {}): Promise<Step> {
    const kind = this.#initialized?.kind === 'cash' ? 'cash' : 'purchase'
    return this.#complete('DEBIT', kind, options)
  }

  initializeForUpdate(keyIndex: number): Promise<Step> {
    return this.#initialize('INITIALIZE FOR UPDATE', 'overdraft', 'ed', keyIndex, 0)
  }

  updateOverdraftLimit(limit: number, options: CompletionOptions = {}): Promise<Step> {
    return this.#complete('UPDATE OVERDRAW LIMIT', 'overdraft', options, limit)
  }

  initializeForCapp(keyIndex: number, amount: number): Promise<Step> {
    return this.#initialize('INITIALIZE FOR CAPP PURCHASE', 'capp', 'ep', keyIndex, amount)
  }

  /** UPDATE CAPP DATA CACHE by the record's identifier, its first byte. */
  updateCapp(sfi: number, identifier: number, record: Text): Promise<Step> {
    return this.send('UPDATE CAPP DATA CACHE', updateCappCommand(sfi, identifier, bytesOf(record), 'identifier'))
  }

  updateCappByNumber(sfi: number, number: number, record: Text): Promise<Step> {
    return this.send('UPDATE CAPP DATA CACHE', updateCappCommand(sfi, number, bytesOf(record), 'number'))
  }

  debitCapp(options: CompletionOptions = {}): Promise<Step> {
    return this.#complete('DEBIT FOR CAPP PURCHASE', 'capp', options)
  }

  /** GET TRANSACTION PROVE. @param serial the serial of the transaction, before the card counted on */
  prove(type: number, serial: number): Promise<Step> {
    return this.send('GET TRANSACTION PROVE', proveCommand(type, serial))
  }

  /** Judges MAC1 of the last INITIALIZE (load, unload, overdraft), as the host does. @throws CaseFailed */
  expectMac1(): void {
    const given = this.#initialized
    const good = given !== undefined && withKey(this.#sessionKey(given), (key) => verifyMac1(key, given))
    this.equal('MAC1', good ? 'right' : 'wrong', 'right')
  }

  /** Judges the answer of the last completion: TAC, MAC2 or MAC3, as host and terminal do. @throws CaseFailed */
  expectCompletion(step: Step): void {
    const given = this.#completed
    const good =
      given !== undefined &&
      withKey(this.#sessionKey(given, given.completion.terminalSerial), (session) =>
        withKey(this.key('tac'), (dtk) =>
          verifyCompletion(
            { session, dtk, tac: this.profile.behaviour.overdraftTac },
            given,
            given.completion,
            step.data,
          ),
        ),
      )
    this.equal('MAC and TAC of the answer', good ? 'right' : 'wrong', 'right')
  }

  /**
   * The record of the last completion in the transaction log: 23 bytes in hexadecimal.
   * @param limit the overdraft limit of the purse at that time; what INITIALIZE told unless given, 0 where it did not
   */
  logRecord(limit?: number): string {
    const given = this.#completed
    return given === undefined ? '' : toHex(logRecordOf(given, given.completion, limit))
  }

  async #initialize(
    name: string,
    kind: PurseTransactionKind,
    purse: PurseName,
    keyIndex: number,
    amount: number,
  ): Promise<Step> {
    const request = { kind, purse, keyIndex, amount, terminal: bytesOf(this.terminal) }
    const step = await this.send(name, initializeCommand(request))
    const answer = step.status === '9000' ? attempt(() => parseInitialized(kind, step.data)) : undefined
    this.#initialized = answer && { ...request, answer }
    return step
  }

  async #complete(
    name: string,
    kind: PurseTransactionKind,
    { mac = 'good', terminalSerial = this.#serial + 1, macTerminalSerial = terminalSerial }: CompletionOptions,
    limit?: number,
  ): Promise<Step> {
    this.#serial = terminalSerial
    const request = {
      kind,
      purse: 'ep',
      keyIndex: 1,
      amount: 0,
      terminal: bytesOf(this.terminal),
      answer: NO_ANSWER,
    } as const
    const before = this.#initialized ?? request
    const transaction = { ...before, kind, amount: limit ?? before.amount }
    const completion = { date: this.date, time: this.time, terminalSerial }
    const command = withKey(this.#sessionKey(transaction, macTerminalSerial), (key) =>
      completeCommand(key, transaction, completion),
    )
    this.#completed = { ...transaction, completion, type: transactionType(kind, transaction.purse) }
    return await this.send(name, withWrongMac(command, { mac }))
  }

  #sessionKey(transaction: InitializedTransaction, terminalSerial = 0): PurseSessionKey {
    const { kind, keyIndex, answer } = transaction
    return withKey(this.key(KEYS[kind], keyIndex), (key) => transactionSessionKey(key, kind, answer, terminalSerial))
  }
}
