/** Conformance cases of chapter 8: the power is cut at every write of every command. [ETC] 8 */
import { balanceAfter } from '../purse-completion.js'
import type { ConformanceCase } from './case.js'
import { reconstructedCase } from './case-helpers.js'
import {
  BLOCK_FAILING,
  BLOCK_FOR_GOOD,
  BLOCK_TEMPORARY,
  BLOCK_TEMPORARY_FAILING,
  expectNoWrite,
  UNBLOCK,
  UNBLOCK_FAILING,
} from './cases-8-blocking.js'
import { tearRelease } from './cases-8-grey.js'
import {
  CHANGE_AND_RELOAD,
  CHANGE_AND_RELOAD_FAILING,
  PIN_UNBLOCK,
  PIN_UNBLOCK_FAILING,
  UPDATE_BINARY,
  UPDATE_BINARY_FAILING,
  VERIFY,
  VERIFY_FAILING,
} from './cases-8-pin.js'
import { compositeFile, otherRecord } from './composite.js'
import {
  balanceOf,
  complete,
  initialize,
  login,
  type PlannedTransaction,
  sentOf,
  transact,
} from './purse-transaction.js'
import { type TearScenario, tear } from './tearing.js'
import { money } from './tearing-observers.js'
import type { PurseTester } from './tester.js'

const AMOUNT = 100
const LIMIT = 500
const NEEDS = { needs: ['clone', 'fuse'] } as const

/** Cuts of some commands, one after another. */
function torn(
  id: string,
  title: string,
  scenarios: readonly TearScenario[],
  more?: ConformanceCase['run'],
): ConformanceCase {
  return reconstructedCase(
    id,
    title,
    async (t) => {
      for (const scenario of scenarios) await tear(t, scenario)
      await more?.(t)
    },
    NEEDS,
  )
}

/** The second command of a transaction, cut. */
export function tornTransaction(plan: PlannedTransaction): TearScenario {
  const begun = async (t: PurseTester): Promise<void> => {
    await login(t)
    await t.expect(initialize(t, plan), '9000')
    const { sfi, records } = compositeFile(t)
    if (plan.kind !== 'capp') return
    for (const record of records) await t.expect(t.updateCapp(sfi, record[0] as number, otherRecord(record)), '9000')
  }
  return {
    name: `${plan.kind}, ${plan.purse}`,
    prepare: begun,
    command: (t) => complete(t, plan),
    status: '9000',
    observe: [money(plan)],
    again: async (t) => {
      await login(t)
      await transact(t, plan)
      const balance = balanceAfter(sentOf(t))
      t.equal('balance', await balanceOf(t, plan.purse), balance)
    },
  }
}

/** Money before, so that the log has a record that the cut must not touch. */
function withHistory(scenario: TearScenario): TearScenario {
  return {
    ...scenario,
    prepare: async (t) => {
      await login(t)
      await transact(t, { kind: 'load', purse: 'ed', amount: AMOUNT })
      await scenario.prepare(t)
    },
  }
}

export const CASES_8: readonly ConformanceCase[] = [
  torn('8.2.1-1', 'UPDATE BINARY, cut', [UPDATE_BINARY]),
  torn('8.2.1-2', 'UPDATE BINARY with a wrong MAC, cut', UPDATE_BINARY_FAILING),
  torn('8.2.2-1', 'VERIFY, cut', [VERIFY]),
  torn('8.2.2-2', 'VERIFY with a wrong PIN, cut', VERIFY_FAILING),
  torn('8.2.3-1', 'CHANGE PIN and RELOAD PIN, cut', CHANGE_AND_RELOAD),
  torn('8.2.3-2', 'CHANGE PIN and RELOAD PIN that fail, cut', CHANGE_AND_RELOAD_FAILING),
  torn('8.2.4-1', 'PIN UNBLOCK, cut', [PIN_UNBLOCK]),
  torn('8.2.4-2', 'PIN UNBLOCK that fails, cut', PIN_UNBLOCK_FAILING),
  torn('8.2.5-1', 'APPLICATION BLOCK for a time, cut', [BLOCK_TEMPORARY]),
  torn('8.2.5-2', 'APPLICATION BLOCK for a time with a wrong MAC, cut', [BLOCK_TEMPORARY_FAILING]),
  torn('8.2.6-1', 'APPLICATION UNBLOCK, cut', [UNBLOCK]),
  torn('8.2.6-2', 'APPLICATION UNBLOCK with a wrong MAC, cut', [UNBLOCK_FAILING]),
  torn('8.2.7-1', 'CARD BLOCK and APPLICATION BLOCK for good, cut', BLOCK_FOR_GOOD),
  torn('8.2.7-2', 'CARD BLOCK and APPLICATION BLOCK for good with a wrong MAC, cut', [BLOCK_FAILING], expectNoWrite),
  torn('8.2.8-1', 'CREDIT FOR LOAD, cut', [
    tornTransaction({ kind: 'load', purse: 'ed', amount: AMOUNT }),
    withHistory(tornTransaction({ kind: 'load', purse: 'ep', amount: AMOUNT })),
  ]),
  torn('8.2.9-1', 'DEBIT FOR UNLOAD, cut', [
    withHistory(tornTransaction({ kind: 'unload', purse: 'ed', amount: AMOUNT })),
  ]),
  torn(
    '8.2.10-1',
    'DEBIT of a purchase, of a cash withdrawal and for the release of a grey lock, cut',
    [
      tornTransaction({ kind: 'purchase', purse: 'ep', amount: AMOUNT }),
      tornTransaction({ kind: 'purchase', purse: 'ed', amount: AMOUNT }),
      withHistory(tornTransaction({ kind: 'cash', purse: 'ed', amount: AMOUNT })),
    ],
    tearRelease,
  ),
  torn('8.2.11-1', 'UPDATE OVERDRAW LIMIT, cut', [
    withHistory(tornTransaction({ kind: 'overdraft', purse: 'ed', amount: LIMIT })),
  ]),
  reconstructedCase(
    '8.2.12-1',
    'DEBIT of a composite purchase, cut',
    (t) => tear(t, tornTransaction({ kind: 'capp', purse: 'ep', amount: AMOUNT })),
    { needs: ['clone', 'fuse', 'composite'] },
  ),
]
