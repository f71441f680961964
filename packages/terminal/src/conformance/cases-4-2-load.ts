/** Conformance cases: load and unload. [ETC] 4.2.1, 4.2.2 */
import type { ConformanceCase } from './case.js'
import { enter, reconstructedCase } from './case-helpers.js'
import {
  balanceOf,
  expectLogged,
  expectPurse,
  expectUnchanged,
  initialized,
  login,
  NO_KEY,
  proofPattern,
  readLog,
  sentOf,
  transact,
  verified,
  viewPurse,
  viewPurses,
} from './purse-transaction.js'
import type { Step } from './step.js'
import type { PurseTester } from './tester.js'

const AMOUNT = 100
/** More than any purse holds. */
const ANY_AMOUNT = 0xffff_ffff
const PURSES = ['ed', 'ep'] as const
const UNLOAD = { kind: 'unload', purse: 'ed', amount: AMOUNT } as const

/** GET TRANSACTION PROVE of the completion that was just sent. */
export async function expectProof(t: PurseTester, done: Step): Promise<void> {
  const { type, answer } = sentOf(t)
  await t.expect(t.prove(type, answer.serial), { status: '9000', data: proofPattern(t, done) })
}

const LOADS: readonly ConformanceCase[] = [
  reconstructedCase('4.2.1-1', 'Load of both purses from end to end', async (t) => {
    for (const purse of PURSES) {
      await login(t)
      const before = await viewPurse(t, purse)
      const other = await viewPurse(t, purse === 'ed' ? 'ep' : 'ed')
      const log = await readLog(t)
      await verified(t)
      await transact(t, { kind: 'load', purse, amount: AMOUNT })
      await expectLogged(t, log, [0, before.limit])
      await expectPurse(t, purse, before, { balance: before.balance + AMOUNT, online: before.online + 1 })
      await expectPurse(t, purse === 'ed' ? 'ep' : 'ed', other)
    }
  }),
  reconstructedCase('4.2.1-2', 'Load without PIN', async (t) => {
    await enter(t)
    for (const purse of PURSES) await t.expect(t.initializeForLoad(purse, 1, AMOUNT), '6982')
  }),
  reconstructedCase('4.2.1-3', 'Load with a key that the card does not have', async (t) => {
    // Whether the PIN was verified is not asked before.
    await enter(t)
    for (const purse of PURSES) await t.expect(t.initializeForLoad(purse, NO_KEY, AMOUNT), '9403')
    await login(t)
    for (const purse of PURSES) await t.expect(t.initializeForLoad(purse, NO_KEY, AMOUNT), '9403')
  }),
  reconstructedCase('4.2.1-4', 'Load with a wrong MAC2', async (t) => {
    await login(t)
    const purses = await viewPurses(t)
    const log = await readLog(t)
    for (const purse of PURSES) {
      await verified(t)
      await initialized(t, { kind: 'load', purse, amount: AMOUNT })
      await t.expect(t.creditForLoad({ mac: 'bad' }), '9302')
      await t.expect(t.creditForLoad(), '6901')
    }
    await expectUnchanged(t, purses, log)
  }),
  reconstructedCase('4.2.1-5', 'CREDIT FOR LOAD without INITIALIZE', async (t) => {
    await login(t)
    await t.expect(t.creditForLoad(), '6901')
  }),
  reconstructedCase('4.2.1-6', 'Another INITIALIZE between INITIALIZE FOR LOAD and CREDIT FOR LOAD', async (t) => {
    for (const purse of PURSES) {
      await login(t)
      await initialized(t, { kind: 'load', purse, amount: AMOUNT })
      await t.expect(t.initializeForPurchase('ep', 1, 0), '9000')
      await t.expect(t.creditForLoad(), '6901')
    }
  }),
  reconstructedCase('4.2.1-7', 'Load of more than the purse can hold', async (t) => {
    const { maximumBalance, behaviour } = t.profile
    await login(t)
    for (const purse of PURSES) {
      const room = maximumBalance - (await balanceOf(t, purse))
      await t.expect(t.initializeForLoad(purse, 1, room + 1), behaviour.overflowStatus)
      await verified(t)
      await t.expect(t.initializeForLoad(purse, 1, room), '9000')
    }
    if (t.card.clone === undefined) return t.note('a higher limit of a full purse is left out: the card has no copies')
    await t.expect(t.creditForLoad(), '9000')
    const { limit } = await viewPurse(t, 'ed')
    const room = maximumBalance - (await balanceOf(t, 'ed'))
    await transact(t, { kind: 'load', purse: 'ed', amount: room })
    await verified(t)
    await initialized(t, { kind: 'overdraft', purse: 'ed', amount: limit + 1 })
    await t.expect(t.updateOverdraftLimit(limit + 1), behaviour.overflowStatus)
  }),
  reconstructedCase('4.2.1-8', 'Load of nothing', async (t) => {
    for (const purse of PURSES) {
      await login(t)
      if (t.profile.behaviour.zeroLoad !== 'allow') {
        await t.expect(t.initializeForLoad(purse, 1, 0), '6A80')
        continue
      }
      const before = await viewPurse(t, purse)
      await transact(t, { kind: 'load', purse, amount: 0 })
      await expectPurse(t, purse, before, { online: before.online + 1 })
    }
  }),
  reconstructedCase(
    '4.2.1-9',
    'Serials at their end',
    async (t) => {
      for (const purse of PURSES) {
        t.card.memory?.writeNumber(`adf/0/${purse}/onlineSerial`, 0xffff)
        t.card.memory?.writeNumber(`adf/0/${purse}/offlineSerial`, 0xffff)
      }
      t.card.memory?.commit()
      await login(t)
      for (const purse of PURSES) {
        await t.expect(t.initializeForLoad(purse, 1, AMOUNT), '9402')
        await t.expect(t.initializeForPurchase(purse, 1, AMOUNT), '9402')
      }
      await t.expect(t.initializeForUnload(1, AMOUNT), '9402')
      await t.expect(t.initializeForCash(1, AMOUNT), '9402')
      // Before the amount is looked at.
      await t.expect(t.initializeForCash(1, ANY_AMOUNT), '9402')
      await t.expect(t.initializeForUpdate(1), '9402')
      await t.expect(t.initializeForCapp(1, AMOUNT), '9402')
    },
    { needs: ['clone', 'fuse'] },
  ),
  reconstructedCase('4.2.1-10', 'The proof of a load', async (t) => {
    for (const purse of PURSES) {
      await login(t)
      const done = await transact(t, { kind: 'load', purse, amount: AMOUNT })
      await expectProof(t, done)
    }
  }),
]

/** Enough in ED for one unload, its limit not counted. */
async function filled(t: PurseTester): Promise<void> {
  await login(t)
  await transact(t, { kind: 'load', purse: 'ed', amount: AMOUNT })
  await verified(t)
}

const UNLOADS: readonly ConformanceCase[] = [
  reconstructedCase('4.2.2-1', 'Unload of ED from end to end', async (t) => {
    await filled(t)
    const before = await viewPurse(t, 'ed')
    const other = await viewPurse(t, 'ep')
    const log = await readLog(t)
    await verified(t)
    const { data } = await transact(t, UNLOAD)
    t.equal('bytes of MAC3', data.length, 4)
    await expectLogged(t, log, [0, before.limit])
    await expectPurse(t, 'ed', before, { balance: before.balance - AMOUNT, online: before.online + 1 })
    await expectPurse(t, 'ep', other)
  }),
  reconstructedCase('4.2.2-2', 'Unload without PIN', async (t) => {
    await enter(t)
    await t.expect(t.initializeForUnload(1, AMOUNT), '6982')
  }),
  reconstructedCase('4.2.2-3', 'EP cannot be unloaded', async (t) => {
    await login(t)
    await t.expect(t.raw(`805005020B01${'00000064'}${t.terminal}10`), '6A86')
  }),
  reconstructedCase('4.2.2-4', 'Credit cannot be unloaded, only what was paid in', async (t) => {
    await filled(t)
    const { balance, limit } = await viewPurse(t, 'ed')
    await transact(t, { kind: 'overdraft', purse: 'ed', amount: limit + AMOUNT })
    const own = balance - limit
    await verified(t)
    await t.expect(t.initializeForUnload(1, own + 1), '9401')
    await t.expect(t.initializeForUnload(1, own), '9000')
    await verified(t)
    await transact(t, { kind: 'overdraft', purse: 'ed', amount: limit })
  }),
  reconstructedCase('4.2.2-5', 'Unload with an unknown key, with a wrong MAC2, out of state', async (t) => {
    await filled(t)
    await t.expect(t.initializeForUnload(NO_KEY, AMOUNT), '9403')
    const purses = await viewPurses(t)
    const log = await readLog(t)
    await verified(t)
    await initialized(t, UNLOAD)
    await t.expect(t.debitForUnload({ mac: 'bad' }), '9302')
    await t.expect(t.debitForUnload(), '6901')
    await expectUnchanged(t, purses, log)
  }),
  reconstructedCase('4.2.2-6', 'The proof of an unload', async (t) => {
    await filled(t)
    const done = await transact(t, UNLOAD)
    await expectProof(t, done)
  }),
]

export const CASES_4_2_LOAD: readonly ConformanceCase[] = [...LOADS, ...UNLOADS]
