/** What is cut of the blocking commands. [ETC] 8.2.5 to 8.2.7 */
import type { CardMemory } from '@issuerkit/card'
import { blockTemporarily, challenge, enter } from './case-helpers.js'
import type { Step } from './step.js'
import type { TearScenario } from './tearing.js'
import { maintenanceTries, selectStatus } from './tearing-observers.js'
import { BAD, expecting, FAILS, inOrder, nothing, oneWrongMac, type Work } from './tearing-steps.js'
import type { PurseTester } from './tester.js'

/** Into an application that may be blocked for a time. */
async function enterBlocked(t: PurseTester): Promise<void> {
  await t.expect(Promise.resolve(t.selectName('ADF1')), /^(9000|6A81)$/)
}

export const BLOCK_TEMPORARY: TearScenario = {
  name: 'APPLICATION BLOCK for a time',
  prepare: inOrder(enter, oneWrongMac, challenge),
  command: (t) => t.applicationBlock('temporary'),
  status: '9000',
  observe: [selectStatus, maintenanceTries],
  again: inOrder(
    enterBlocked,
    expecting((t) => t.applicationBlock('temporary'), '9000'),
    (t) => t.expect(t.selectName('ADF1'), '6A81'),
  ),
}

export const UNBLOCK: TearScenario = {
  name: 'APPLICATION UNBLOCK',
  prepare: inOrder(
    enter,
    blockTemporarily,
    expecting((t) => t.applicationUnblock(BAD), '6988'),
    challenge,
  ),
  command: (t) => t.applicationUnblock(),
  status: '9000',
  observe: [selectStatus, maintenanceTries],
  again: async (t) => {
    if ((await t.selectName('ADF1')).status === '9000') await blockTemporarily(t)
    await challenge(t)
    await t.expect(t.applicationUnblock(), '9000')
    await t.expect(t.selectName('ADF1'), '9000')
  },
}

/** A command of the maintenance key with a wrong MAC: only its counter may change. */
function wrongMac(name: string, prepare: Work, command: (t: PurseTester) => Promise<Step>): TearScenario {
  return {
    name: `${name}, wrong MAC`,
    prepare: inOrder(enter, prepare, challenge),
    command,
    status: '6988',
    observe: [selectStatus, maintenanceTries],
    again: inOrder(
      enterBlocked,
      expecting((t) => t.applicationBlock('temporary'), '9000'),
    ),
    ...FAILS,
  }
}

export const BLOCK_TEMPORARY_FAILING: TearScenario = wrongMac('APPLICATION BLOCK for a time', nothing, (t) =>
  t.applicationBlock('temporary', BAD),
)
export const UNBLOCK_FAILING: TearScenario = wrongMac('APPLICATION UNBLOCK', blockTemporarily, (t) =>
  t.applicationUnblock(BAD),
)
export const BLOCK_FAILING: TearScenario = wrongMac('APPLICATION BLOCK for good', nothing, (t) =>
  t.applicationBlock('permanent', BAD),
)

export const BLOCK_FOR_GOOD: readonly TearScenario[] = [
  {
    name: 'CARD BLOCK',
    prepare: inOrder(enter, challenge),
    command: (t) => t.cardBlock(),
    status: '9000',
    observe: [selectStatus],
    again: endsWith((t) => t.cardBlock(), '6A81'),
  },
  {
    name: 'APPLICATION BLOCK for good',
    prepare: inOrder(enter, oneWrongMac, challenge),
    command: (t) => t.applicationBlock('permanent'),
    status: '9000',
    observe: [selectStatus, maintenanceTries],
    again: endsWith((t) => t.applicationBlock('permanent'), '9303'),
  },
]

/** Blocked already, or to be blocked now; blocked in the end. */
function endsWith(command: (t: PurseTester) => Promise<Step>, status: string): (t: PurseTester) => Promise<void> {
  return async (t) => {
    if ((await t.selectName('ADF1')).status === '9000') {
      await challenge(t)
      await t.expect(command(t), '9000')
    }
    t.equal('SELECT', await selectStatus(t), status)
  }
}

/** CARD BLOCK counts no wrong MAC: nothing may change, so there is no write to cut. */
export async function expectNoWrite(t: PurseTester): Promise<void> {
  const tester = await t.fresh()
  await enter(tester)
  await challenge(tester)
  const memory = tester.card.memory as CardMemory
  const before = memory.writes
  await tester.expect(tester.cardBlock(BAD), '6988')
  t.equal('writes of CARD BLOCK with a wrong MAC', memory.writes - before, 0)
}
