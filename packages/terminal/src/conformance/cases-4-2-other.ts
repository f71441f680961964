/** Conformance cases: overdraft limit, GET BALANCE, GET TRANSACTION PROVE. [ETC] 4.2.5 to 4.2.7 */
import { toHex } from '@issuerkit/apdu'
import type { PurseTransactionKind } from '../purse-messages.js'
import type { ConformanceCase } from './case.js'
import { enter, reconstructedCase } from './case-helpers.js'
import { filledPurses } from './cases-4-2-debit.js'
import { expectProof } from './cases-4-2-load.js'
import {
  balanceOf,
  expectLogged,
  expectPurse,
  expectUnchanged,
  login,
  NO_KEY,
  type PlannedTransaction,
  readLog,
  sentOf,
  transact,
  verified,
  viewPurse,
  viewPurses,
} from './purse-transaction.js'
import type { PurseTester } from './tester.js'

const AMOUNT = 100
const STEP = 1000
const PURCHASE_EP = { kind: 'purchase', purse: 'ep', amount: AMOUNT } as const

/** Every transaction with its type: 01 to 07, and 09 where the card has composite purchase. */
function everyTransaction(t: PurseTester, limit: number): readonly PlannedTransaction[] {
  const plan = (kind: PurseTransactionKind, purse: 'ed' | 'ep', amount = AMOUNT) => ({ kind, purse, amount })
  return [
    plan('load', 'ed'),
    plan('load', 'ep'),
    plan('unload', 'ed'),
    plan('cash', 'ed'),
    plan('purchase', 'ed'),
    plan('purchase', 'ep'),
    plan('overdraft', 'ed', limit),
    ...(t.profile.composite === undefined ? [] : [plan('capp', 'ep')]),
  ]
}

function newLimit(t: PurseTester, amount: number): Promise<unknown> {
  return transact(t, { kind: 'overdraft', purse: 'ed', amount })
}

/** The limit changes, and the balance by the difference. */
async function expectLimit(t: PurseTester, change: number): Promise<void> {
  await verified(t)
  const before = await viewPurse(t, 'ed')
  const other = await viewPurse(t, 'ep')
  const log = await readLog(t)
  const limit = before.limit + change
  await verified(t)
  await newLimit(t, limit)
  await expectLogged(t, log, [before.limit, limit])
  await expectPurse(t, 'ed', before, { limit, balance: before.balance + change, online: before.online + 1 })
  await expectPurse(t, 'ep', other)
}

const OVERDRAFT: readonly ConformanceCase[] = [
  reconstructedCase('4.2.5-1', 'A higher limit', async (t) => {
    await login(t)
    await expectLimit(t, STEP)
    await newLimit(t, (await viewPurse(t, 'ed')).limit - STEP)
  }),
  reconstructedCase('4.2.5-2', 'A lower limit', async (t) => {
    await login(t)
    const { limit } = await viewPurse(t, 'ed')
    await newLimit(t, limit + STEP)
    await expectLimit(t, -STEP / 2)
    await expectLimit(t, -STEP / 2)
  }),
  reconstructedCase('4.2.5-3', 'A limit below the credit in use', async (t) => {
    await login(t)
    const { limit } = await viewPurse(t, 'ed')
    await newLimit(t, limit + STEP)
    const all = await balanceOf(t, 'ed')
    await transact(t, { kind: 'purchase', purse: 'ed', amount: all - STEP + 1 })
    const purses = await viewPurses(t)
    const log = await readLog(t)
    await verified(t)
    await t.expect(t.initializeForUpdate(1), '9000')
    await t.expect(t.updateOverdraftLimit(limit), '9401')
    await expectUnchanged(t, purses, log)
    await transact(t, { kind: 'load', purse: 'ed', amount: all - STEP + 1 })
    await verified(t)
    await newLimit(t, limit)
  }),
  reconstructedCase(
    '4.2.5-4',
    'Without PIN, for EP, with an unknown key, with a wrong MAC2, out of state',
    async (t) => {
      await enter(t)
      await t.expect(t.initializeForUpdate(1), '6982')
      await verified(t)
      await t.expect(t.raw(`805004020701${t.terminal}13`), '6A86')
      await t.expect(t.initializeForUpdate(NO_KEY), '9403')
      const purses = await viewPurses(t)
      const log = await readLog(t)
      await verified(t)
      await t.expect(t.updateOverdraftLimit(purses.ed.limit + STEP), '6901')
      await t.expect(t.initializeForUpdate(1), '9000')
      await t.expect(t.updateOverdraftLimit(purses.ed.limit + STEP, { mac: 'bad' }), '9302')
      await t.expect(t.updateOverdraftLimit(purses.ed.limit + STEP), '6901')
      await expectUnchanged(t, purses, log)
    },
  ),
]

/** GET BALANCE before and after the PIN. */
async function expectBalanceNeedsPin(t: PurseTester, purse: 'ed' | 'ep', needed: boolean): Promise<void> {
  await enter(t)
  await t.expect(t.balance(purse), needed ? '6982' : '9000')
  await verified(t)
  await t.expect(t.balance(purse), { status: '9000', length: 4 })
}

const BALANCE: readonly ConformanceCase[] = [
  reconstructedCase('4.2.6-1', 'GET BALANCE of ED needs the PIN', (t) => expectBalanceNeedsPin(t, 'ed', true)),
  reconstructedCase('4.2.6-2', 'GET BALANCE of EP, with and without PIN', (t) =>
    expectBalanceNeedsPin(t, 'ep', t.profile.behaviour.balanceNeedsPin),
  ),
  reconstructedCase('4.2.6-3', 'GET BALANCE with wrong P1, P2, Le', async (t) => {
    await login(t)
    await t.expect(t.raw('805C010204'), '6A86')
    await t.expect(t.raw('805C000304'), '6A86')
    await t.expect(t.raw('805C000205'), t.card.connection.protocol === 'T=0' ? /^(6C04|6700)$/ : /^(6C04|6700|9000)$/)
  }),
]

const PROOF: readonly ConformanceCase[] = [
  reconstructedCase('4.2.7-1', 'The proof of each transaction, right behind it', async (t) => {
    await filledPurses(t)
    const { limit } = await viewPurse(t, 'ed')
    for (const plan of everyTransaction(t, limit)) {
      await login(t)
      await expectProof(t, await transact(t, plan))
    }
  }),
  reconstructedCase('4.2.7-2', 'The proof outlives power', async (t) => {
    await filledPurses(t)
    const { limit } = await viewPurse(t, 'ed')
    for (const plan of everyTransaction(t, limit)) {
      await login(t)
      const done = await transact(t, plan)
      await enter(t)
      await expectProof(t, done)
    }
  }),
  reconstructedCase('4.2.7-3', 'No proof of another serial or another type', async (t) => {
    await filledPurses(t)
    await transact(t, PURCHASE_EP)
    const serial = sentOf(t).answer.serial
    await t.expect(t.prove(0x06, serial + 1), '9406')
    await t.expect(t.prove(0x09, serial), '9406')
    await t.expect(t.prove(0x08, serial), /^(9406|6A86)$/)
    await t.expect(t.prove(0x06, serial), '9000')
  }),
  reconstructedCase(
    '4.2.7-4',
    'No proof before the first transaction',
    async (t) => {
      await enter(t)
      for (const type of [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09]) await t.expect(t.prove(type, 0), '9406')
    },
    { needs: ['clone'] },
  ),
  reconstructedCase('4.2.7-5', 'A later transaction of the same type takes the place of the proof', async (t) => {
    await filledPurses(t)
    const purchase = await transact(t, PURCHASE_EP)
    const { serial } = sentOf(t).answer
    await login(t)
    await expectProof(t, await transact(t, { kind: 'load', purse: 'ep', amount: AMOUNT }))
    // Cards keep one proof, or one for each type: what they still prove has to be the truth.
    const code = toHex(purchase.data)
    const kept = await t.expect(t.prove(0x06, serial), /^(9000|9406)$/)
    if (kept.status === '9000') t.equal('the proof of the purchase', toHex(kept.data), code.slice(8) + code.slice(0, 8))
    await login(t)
    await transact(t, PURCHASE_EP)
    await t.expect(t.prove(0x06, serial), '9406')
  }),
]

export const CASES_4_2_OTHER: readonly ConformanceCase[] = [...OVERDRAFT, ...BALANCE, ...PROOF]
