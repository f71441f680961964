/**
 * The state machine of transactions, as the standard's table has it: what each command answers in each state, and which
 * state it leaves behind.
 *
 * | command | state | answer | next |
 * |---|---|---|---|
 * | INITIALIZE, accepted | any | 9000 | its own |
 * | INITIALIZE, refused | any | 9403 | idle |
 * | the completing command | its own | 9000 | idle |
 * | a completing command | any other | 6901 | idle |
 * | UPDATE CAPP DATA CACHE | capp | 9000 | capp |
 * | UPDATE CAPP DATA CACHE | any other | by profile | idle |
 * | GET BALANCE, GET TRANSACTION PROVE, GET RESPONSE | any | their own | the same |
 * | VERIFY | any | 9000 | by profile |
 * | every other | any | its own | idle |
 *
 * @see [PBOC] 2
 */
import type { PurseTransactionKind } from '../purse-messages.js'
import { contentOf } from './case-helpers.js'
import type { PurseTestProfile } from './profile.js'
import { bytesOf } from './protection.js'
import { complete, initialize, NO_KEY, type PlannedTransaction } from './purse-transaction.js'
import type { Step } from './step.js'
import type { PurseTester } from './tester.js'

/** The transaction that was initialised and waits for its second command. */
export type TransactionState = 'idle' | PurseTransactionKind

/** What a card remembers from one command to the next, as far as the table goes. */
export interface ModelState {
  readonly transaction: TransactionState
  readonly pinVerified: boolean
  /** The last command was GET CHALLENGE. */
  readonly challenge: boolean
}

/** A command in the table. */
export interface StateCommand {
  readonly name: string
  readonly send: (t: PurseTester) => Promise<Step>
  readonly next: (state: ModelState, profile: PurseTestProfile) => { status: string | RegExp; state: ModelState }
}

/** Behind SELECT and a good PIN. */
export const READY: ModelState = { transaction: 'idle', pinVerified: true, challenge: false }

/** Transactions of the table, with amounts that any card can stand. */
export const PLANS: readonly PlannedTransaction[] = [
  { kind: 'load', purse: 'ed', amount: 2 },
  { kind: 'load', purse: 'ep', amount: 2 },
  { kind: 'unload', purse: 'ed', amount: 1 },
  { kind: 'purchase', purse: 'ed', amount: 1 },
  { kind: 'purchase', purse: 'ep', amount: 1 },
  { kind: 'cash', purse: 'ed', amount: 1 },
  { kind: 'overdraft', purse: 'ed', amount: 0 },
  { kind: 'capp', purse: 'ep', amount: 1 },
]

/** DEBIT completes three kinds. */
const DEBITED: readonly TransactionState[] = ['purchase', 'cash', 'capp']

/** Every command of the table. @param limit the overdraft limit that UPDATE OVERDRAW LIMIT sets, so that it changes nothing */
export function stateCommands(profile: PurseTestProfile, limit: number): readonly StateCommand[] {
  const { composite, behaviour } = profile
  const plans = PLANS.filter(({ kind }) => kind !== 'capp' || composite !== undefined)
  const sfi = Number.parseInt(composite?.sfi ?? '0', 16)
  const record = bytesOf(composite?.records[0] ?? '')
  const cache: StateCommand = {
    name: 'UPDATE CAPP DATA CACHE',
    send: (t) => t.updateCapp(sfi, record[0] as number, record),
    next: (state) =>
      state.transaction === 'capp'
        ? { status: '9000', state: { ...state, challenge: false } }
        : { status: behaviour.cappStateStatus, state: idle(state) },
  }
  return [
    ...plans.map(initializing),
    ...plans.filter(({ purse, kind }) => purse === 'ed' || kind === 'capp').map(refused),
    completing('CREDIT FOR LOAD', ['load'], (t) => t.creditForLoad()),
    completing('DEBIT FOR UNLOAD', ['unload'], (t) => t.debitForUnload()),
    completing('DEBIT', DEBITED, (t) => (t.initialized?.kind === 'capp' ? t.debitCapp() : t.debit())),
    completing('UPDATE OVERDRAW LIMIT', ['overdraft'], (t) => t.updateOverdraftLimit(limit)),
    ...(composite === undefined ? [] : [cache]),
    {
      name: 'GET BALANCE ED',
      send: (t) => t.balance('ed'),
      next: (state) => ({ status: state.pinVerified ? '9000' : '6982', state: { ...state, challenge: false } }),
    },
    {
      name: 'GET BALANCE EP',
      send: (t) => t.balance('ep'),
      next: (state) => ({
        status: state.pinVerified || !behaviour.balanceNeedsPin ? '9000' : '6982',
        state: { ...state, challenge: false },
      }),
    },
    keeping('GET TRANSACTION PROVE', /^(9000|9406)$/, (t) => t.prove(0x06, 0)),
    // Whether GET RESPONSE uses up a challenge is left open: the table's commands send none behind it.
    keeping('GET RESPONSE', behaviour.nothingPending, (t) => t.getResponse(4)),
    {
      name: 'VERIFY',
      send: (t) => t.verify(t.profile.pin),
      next: (state) => ({
        status: '9000',
        state: { ...(behaviour.verifyEndsTransaction ? idle(state) : state), pinVerified: true, challenge: false },
      }),
    },
    {
      name: 'GET CHALLENGE',
      send: (t) => t.challenge(4),
      next: (state) => ({ status: '9000', state: { ...idle(state), challenge: true } }),
    },
    {
      name: 'SELECT',
      send: (t) => t.selectName('ADF1'),
      next: (state) => ({ status: '9000', state: { ...idle(state), pinVerified: false } }),
    },
    {
      name: 'UPDATE BINARY',
      send: (t) => t.updateBinary(0x15, 0, contentOf(t, '15')),
      next: (state) => ({ status: state.challenge ? '9000' : '6984', state: idle(state) }),
    },
    ending('CHANGE PIN', '9000', (t) => t.changePin(t.profile.pin, t.profile.pin)),
    ending('RELOAD PIN', '9000', (t) => t.reloadPin(t.profile.pin)),
    ending('READ BINARY', '9000', (t) => t.readBinary(0x15, 0, 1)),
    ending('READ RECORD', /^(9000|6A83)$/, (t) => t.readRecord(0x18, 1)),
    ending('APPLICATION BLOCK', '6984', (t) => t.applicationBlock('temporary', { challenge: 'none' })),
    ending('CARD BLOCK', '6984', (t) => t.cardBlock({ challenge: 'none' })),
  ]
}

/** INITIALIZE, and what it wants before it: the PIN, but for a debit of EP. */
function initializing(plan: PlannedTransaction): StateCommand {
  const free = plan.purse === 'ep' && plan.kind !== 'load'
  return {
    name: `INITIALIZE ${plan.kind} ${plan.purse}`,
    send: (t) => initialize(t, plan),
    next: (state) =>
      free || state.pinVerified
        ? { status: '9000', state: { ...idle(state), transaction: plan.kind } }
        : { status: '6982', state: idle(state) },
  }
}

/** INITIALIZE with a key that the card does not have; the key is looked for before the PIN is asked for. */
function refused(plan: PlannedTransaction): StateCommand {
  return ending(`INITIALIZE ${plan.kind} ${plan.purse}, unknown key`, '9403', (t) =>
    initialize(t, { ...plan, key: NO_KEY }),
  )
}

function completing(name: string, states: readonly TransactionState[], send: StateCommand['send']): StateCommand {
  return {
    name,
    send,
    next: (state, { behaviour }) => {
      if (!states.includes(state.transaction)) return { status: '6901', state: idle(state) }
      if (state.transaction === 'capp' && behaviour.cappWithoutUpdate !== 'allow') {
        return { status: /^(9000|6901)$/, state: idle(state) }
      }
      const pinVerified = state.pinVerified && behaviour.pinFlagAfterTransaction === 'keep'
      return { status: '9000', state: { ...idle(state), pinVerified } }
    },
  }
}

function keeping(name: string, status: string | RegExp, send: StateCommand['send']): StateCommand {
  return { name, send, next: (state) => ({ status, state: { ...state, challenge: false } }) }
}

/** Ends the transaction, whatever it answers. */
function ending(name: string, status: string | RegExp, send: StateCommand['send']): StateCommand {
  return { name, send, next: (state) => ({ status, state: idle(state) }) }
}

function idle(state: ModelState): ModelState {
  return { ...state, transaction: 'idle', challenge: false }
}

/** The completing command of the last INITIALIZE that the card accepted, to find out whether it still waits for it. */
export function probeOf(kind: PurseTransactionKind, limit: number): (t: PurseTester) => Promise<Step> {
  return (t) => complete(t, { kind, amount: limit })
}
