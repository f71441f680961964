/**
 * Conformance cases of chapter 5: the state machine of transactions, every pair of commands against the standard's table.
 * [ETC] 5
 */
import type { ConformanceCase } from './case.js'
import { enter, reconstructedCase } from './case-helpers.js'
import { filledPurses } from './cases-4-2-debit.js'
import { complete, initialize, initialized, login, NO_KEY, verified, viewPurse } from './purse-transaction.js'
import { type ModelState, PLANS, probeOf, READY, type StateCommand, stateCommands } from './state-model.js'
import type { PurseTester } from './tester.js'

const AMOUNT = 10_000
const REFUSED = /^(?!9000|61)/

/** The transactions that the card has, and its overdraft limit, which no case changes. */
async function prepared(t: PurseTester): Promise<{ plans: typeof PLANS; limit: number }> {
  await filledPurses(t, AMOUNT)
  const { limit } = await viewPurse(t, 'ed')
  const plans = PLANS.filter(({ kind }) => kind !== 'capp' || t.profile.composite !== undefined)
  return { limit, plans: plans.map((plan) => (plan.kind === 'overdraft' ? { ...plan, amount: limit } : plan)) }
}

/** Sends a command, judges its answer by the table. @returns the state that it has to leave behind */
async function follow(t: PurseTester, command: StateCommand, before: ModelState): Promise<ModelState> {
  const { status, state } = command.next(before, t.profile)
  await t.expect(command.send(t), status)
  return state
}

/** Two commands behind a fresh SELECT and PIN, and then the command that only one of the states takes. */
async function expectPair(t: PurseTester, pair: readonly StateCommand[], limit: number): Promise<void> {
  await login(t)
  let state = READY
  let waiting: ModelState['transaction'] = 'idle'
  for (const command of pair) {
    state = await follow(t, command, state)
    if (state.transaction !== 'idle') waiting = state.transaction
  }
  if (waiting === 'idle') return
  const accepted = state.transaction === waiting
  const expected = waiting === 'capp' && t.profile.behaviour.cappWithoutUpdate !== 'allow' ? /^(9000|6901)$/ : '9000'
  await t.expect(probeOf(waiting, limit)(t), accepted ? expected : '6901')
}

export const CASES_5: readonly ConformanceCase[] = [
  reconstructedCase('5-1', 'Every pair of commands, by the table of states', async (t) => {
    const { limit } = await prepared(t)
    const commands = stateCommands(t.profile, limit)
    for (const first of commands) {
      for (const second of commands) {
        // A wrong MAC would be counted: the table asks for what happens without a challenge.
        if (first.name === 'GET CHALLENGE' && /BLOCK$/.test(second.name)) continue
        t.note(`${first.name}; ${second.name}`)
        await expectPair(t, [first, second], limit)
      }
    }
  }),
  reconstructedCase('5-2', 'A transaction is completed once', async (t) => {
    const { plans } = await prepared(t)
    for (const plan of plans) {
      await login(t)
      if (plan.kind === 'capp' && t.profile.behaviour.cappWithoutUpdate !== 'allow') continue
      await initialized(t, plan)
      await t.expect(complete(t, plan), '9000')
      await t.expect(complete(t, plan), '6901')
    }
  }),
  reconstructedCase('5-3', 'A refused completion ends the transaction', async (t) => {
    const { plans } = await prepared(t)
    for (const plan of plans) {
      if (plan.kind === 'capp' && t.profile.behaviour.cappWithoutUpdate !== 'allow') continue
      await login(t)
      await initialized(t, plan)
      await t.expect(complete(t, plan, { mac: 'bad' }), '9302')
      await t.expect(complete(t, plan), '6901')
    }
  }),
  reconstructedCase('5-4', 'A new INITIALIZE takes the place of the last one', async (t) => {
    const { plans } = await prepared(t)
    const [load, unload] = [plans[0], plans[2]] as [(typeof PLANS)[number], (typeof PLANS)[number]]
    await login(t)
    await initialized(t, load)
    await initialized(t, unload)
    await t.expect(complete(t, load), '6901')
    // The refused command has ended the unload, too.
    await t.expect(complete(t, unload), '6901')
    // One that is refused has begun nothing, and ended the last one.
    await initialized(t, load)
    await t.expect(initialize(t, { ...unload, key: NO_KEY }), '9403')
    await t.expect(complete(t, load), '6901')
    for (const first of plans) {
      await login(t)
      await initialized(t, first)
      await initialized(t, load)
      await t.expect(complete(t, load), '9000')
    }
  }),
  reconstructedCase('5-5', 'GET BALANCE, GET CHALLENGE, VERIFY in the middle of a transaction', async (t) => {
    const { plans } = await prepared(t)
    const ends = t.profile.behaviour.verifyEndsTransaction
    for (const plan of plans.filter(({ kind }) => kind !== 'capp')) {
      await login(t)
      await initialized(t, plan)
      await t.expect(t.balance('ep'), '9000')
      await t.expect(complete(t, plan), '9000')
      await verified(t)
      await initialized(t, plan)
      await t.expect(t.challenge(4), '9000')
      await t.expect(complete(t, plan), '6901')
      await verified(t)
      await initialized(t, plan)
      await verified(t)
      await t.expect(complete(t, plan), ends ? '6901' : '9000')
    }
  }),
  reconstructedCase('5-6', 'SELECT and reset end a transaction', async (t) => {
    const { plans } = await prepared(t)
    for (const plan of plans) {
      await login(t)
      await t.expect(initialize(t, plan), '9000')
      await t.expect(t.selectName('ADF1'), '9000')
      await t.expect(complete(t, plan), '6901')
      await verified(t)
      await t.expect(initialize(t, plan), '9000')
      await t.reset()
      // Under the MF, whatever it says to a command that it does not have.
      await t.expect(complete(t, plan), REFUSED)
      await enter(t)
      await t.expect(complete(t, plan), '6901')
    }
  }),
]
