/** Conformance cases: cash withdrawal and purchase. [ETC] 4.2.3, 4.2.4 */
import type { ConformanceCase } from './case.js'
import { enter, reconstructedCase } from './case-helpers.js'
import { MAC_BITS } from './protection.js'
import {
  balanceOf,
  complete,
  expectLogged,
  expectPurse,
  expectUnchanged,
  initialize,
  initialized,
  login,
  NO_KEY,
  type PlannedTransaction,
  readLog,
  transact,
  verified,
  viewPurse,
  viewPurses,
} from './purse-transaction.js'
import type { PurseTester } from './tester.js'

const AMOUNT = 100
/** So that a bit of each byte of a MAC is wrong once, at another place each. */
const BITS_APART = 9
const CASH = { kind: 'cash', purse: 'ed', amount: AMOUNT } as const
const PURCHASE_ED = { kind: 'purchase', purse: 'ed', amount: AMOUNT } as const
const PURCHASE_EP = { kind: 'purchase', purse: 'ep', amount: AMOUNT } as const
const FREE = { kind: 'purchase', purse: 'ep', amount: 0 } as const

/** Power on, ADF1, and enough in the purses for a few debits; the PIN is verified. */
export async function filledPurses(t: PurseTester, amount = 2 * AMOUNT): Promise<void> {
  for (const purse of ['ed', 'ep'] as const) {
    await login(t)
    await transact(t, { kind: 'load', purse, amount })
  }
  await login(t)
}

/** A debit from end to end: TAC, MAC2, balance, serial, log; the other purse is not touched. */
async function expectDebit(t: PurseTester, plan: PlannedTransaction, withPin: boolean): Promise<void> {
  const { purse, amount } = plan
  const other = purse === 'ed' ? 'ep' : 'ed'
  await filledPurses(t)
  const before = await viewPurse(t, purse)
  const untouched = await viewPurse(t, other)
  const log = await readLog(t)
  await enter(t)
  if (withPin) await verified(t)
  await transact(t, plan)
  await expectLogged(t, log, purse === 'ed' ? [before.limit] : [0, before.limit])
  await expectPurse(t, purse, before, { balance: before.balance - amount, offline: before.offline + 1 })
  await expectPurse(t, other, untouched)
}

/** An unknown key, a wrong MAC1, the debit once more: nothing has moved. */
async function expectRefusals(t: PurseTester, plan: PlannedTransaction): Promise<void> {
  await filledPurses(t)
  const purses = await viewPurses(t)
  const log = await readLog(t)
  await verified(t)
  await t.expect(initialize(t, { ...plan, key: NO_KEY }), '9403')
  for (let bit = 0; bit < MAC_BITS; bit += BITS_APART) {
    await initialized(t, plan)
    await t.expect(complete(t, plan, { mac: bit }), '9302')
  }
  await t.expect(complete(t, plan), '6901')
  await expectUnchanged(t, purses, log)
}

/** One unit more than the purse holds, its limit counted. */
async function expectInsufficient(t: PurseTester, plan: PlannedTransaction): Promise<void> {
  const balance = await balanceOf(t, plan.purse)
  await t.expect(initialize(t, { ...plan, amount: balance + 1 }), '9401')
  await verified(t)
  await t.expect(initialize(t, { ...plan, amount: balance }), '9000')
}

const CASH_WITHDRAWAL: readonly ConformanceCase[] = [
  reconstructedCase('4.2.3-1', 'Cash withdrawal from ED from end to end', (t) => expectDebit(t, CASH, true)),
  reconstructedCase('4.2.3-2', 'Cash withdrawal without PIN', async (t) => {
    await enter(t)
    await t.expect(t.initializeForCash(1, AMOUNT), '6982')
  }),
  reconstructedCase('4.2.3-3', 'No cash from EP', async (t) => {
    await login(t)
    await t.expect(t.raw(`805002020B0100000064${t.terminal}0F`), '6A86')
  }),
  reconstructedCase('4.2.3-4', 'Cash withdrawal of more than there is', async (t) => {
    await login(t)
    await expectInsufficient(t, CASH)
  }),
  reconstructedCase('4.2.3-5', 'Cash withdrawal with an unknown key, with a wrong MAC1, out of state', (t) =>
    expectRefusals(t, CASH),
  ),
]

const PURCHASE: readonly ConformanceCase[] = [
  reconstructedCase('4.2.4-1', 'Purchase with EP from end to end, without PIN', (t) =>
    expectDebit(t, PURCHASE_EP, false),
  ),
  reconstructedCase('4.2.4-2', 'Purchase with ED from end to end, with PIN', (t) => expectDebit(t, PURCHASE_ED, true)),
  reconstructedCase('4.2.4-3', 'Purchase with ED without PIN', async (t) => {
    await enter(t)
    await t.expect(t.initializeForPurchase('ed', 1, AMOUNT), '6982')
  }),
  reconstructedCase('4.2.4-4', 'Purchase of more than there is, the overdraft limit of ED counted', async (t) => {
    await login(t)
    await expectInsufficient(t, PURCHASE_EP)
    const { limit, balance } = await viewPurse(t, 'ed')
    await transact(t, { kind: 'overdraft', purse: 'ed', amount: limit + AMOUNT })
    t.equal('balance with the limit', await balanceOf(t, 'ed'), balance + AMOUNT)
    await expectInsufficient(t, PURCHASE_ED)
    await transact(t, { kind: 'overdraft', purse: 'ed', amount: limit })
  }),
  reconstructedCase('4.2.4-5', 'Purchase with an unknown key, with a wrong MAC1, out of state', async (t) => {
    await expectRefusals(t, PURCHASE_EP)
    await expectRefusals(t, PURCHASE_ED)
  }),
  reconstructedCase('4.2.4-6', "The session key depends on the terminal's serial", async (t) => {
    await filledPurses(t)
    await initialized(t, PURCHASE_EP)
    await t.expect(t.debit({ terminalSerial: 0x0102, macTerminalSerial: 0x0103 }), '9302')
    await initialized(t, PURCHASE_EP)
    const done = await t.expect(t.debit({ terminalSerial: 0x0103 }), '9000')
    t.expectCompletion(done)
  }),
  reconstructedCase('4.2.4-7', 'Purchase of nothing, as at a free passage', (t) => expectDebit(t, FREE, false)),
]

export const CASES_4_2_DEBIT: readonly ConformanceCase[] = [...CASH_WITHDRAWAL, ...PURCHASE]
