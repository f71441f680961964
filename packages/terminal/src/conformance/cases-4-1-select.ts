/** Conformance cases: GET RESPONSE and SELECT. [ETC] 4.1.11, 4.1.12 */
import { toHex } from '@issuerkit/apdu'
import type { ConformanceCase } from './case.js'
import {
  blockForGood,
  blockTemporarily,
  challenge,
  enter,
  oldLimitOf,
  reconstructedCase,
  seedCase,
  unblock,
} from './case-helpers.js'
import { expectHiddenFci } from './cases-4-1-block.js'
import { expectAll } from './cases-4-1-files.js'
import { keyOf } from './protection.js'
import type { Step, Tpdu } from './step.js'
import type { PurseTester } from './tester.js'
import type { CompletedTransaction } from './tester-transactions.js'

const T0 = { needs: ['T=0'] } as const

/** SELECT as it is: 61XX is not followed. */
function selectCommandOf(name: string, p1p2 = '0400'): string {
  return `00A4${p1p2}${hexByte(name.length / 2)}${name}`
}

function hexByte(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, '0')
}

const GET_RESPONSE: readonly ConformanceCase[] = [
  seedCase(
    '4.1.11-1',
    'SELECT answers 61XX, GET RESPONSE gives the FCI',
    async (t) => {
      const { mf, applications } = t.profile
      await t.reset()
      for (const { name, fci } of [mf, applications[0]]) {
        await t.expect(t.raw(selectCommandOf(name)), `61${hexByte(fci.length / 2)}`)
        await t.expect(t.getResponse(fci.length / 2), { status: '9000', data: fci })
      }
    },
    T0,
  ),
  seedCase('4.1.11-2', 'READ BINARY with P3 00', async (t) => {
    await enter(t)
    await expectAll(t)
  }),
  seedCase(
    '4.1.11-3',
    'Every command of a transaction answers 61XX, and GET RESPONSE gives the rest',
    transactions,
    T0,
  ),
  seedCase(
    '4.1.11-4',
    'GET RESPONSE in two pieces',
    async (t) => {
      const { name, fci } = t.profile.applications[0]
      const rest = fci.length / 2 - 5
      await t.reset()
      await t.expect(t.raw(selectCommandOf(name)), `61${hexByte(fci.length / 2)}`)
      await t.expect(t.getResponse(5), { status: `61${hexByte(rest)}`, data: fci.slice(0, 10) })
      await t.expect(t.getResponse(rest), { status: '9000', data: fci.slice(10) })
    },
    T0,
  ),
  seedCase('4.1.11-5', 'GET RESPONSE where there is nothing to get', async (t) => {
    const { nothingPending } = t.profile.behaviour
    await t.reset()
    await t.expect(t.getResponse(5), nothingPending)
    await t.expect(t.selectName('ADF1'), '9000')
    await challenge(t)
    await t.expect(t.getResponse(5), nothingPending)
  }),
  seedCase('4.1.11-6', 'GET RESPONSE behind the SELECT of a blocked application', async (t) => {
    await enter(t)
    await blockTemporarily(t)
    await expectHiddenFci(t)
    await unblock(t)
  }),
]

const SELECT: readonly ConformanceCase[] = [
  reconstructedCase('4.1.12-1a', 'SELECT of the MF by its name', async (t) => {
    const { name, fci } = t.profile.mf
    await t.reset()
    await t.expect(t.selectName(name), { status: '9000', data: fci })
  }),
  reconstructedCase('4.1.12-1b', 'SELECT of both applications, from wherever', async (t) => {
    await t.reset()
    for (const name of ['ADF1', 'ADF2', 'PSE', 'ADF2'] as const) await t.expect(t.selectName(name), '9000')
  }),
  reconstructedCase('4.1.12-1c', 'SELECT clears the security state', async (t) => {
    await enter(t)
    await t.expect(t.verify(t.profile.pin), '9000')
    await t.expect(t.balance('ed'), '9000')
    await t.expect(t.selectName('ADF1'), '9000')
    await t.expect(t.balance('ed'), '6982')
    await t.expect(t.balance('ep'), t.profile.behaviour.balanceNeedsPin ? '6982' : '9000')
  }),
  reconstructedCase('4.1.12-2', 'SELECT of a name that is not there', async (t) => {
    await t.reset()
    await t.expect(t.selectName('A0000000038698070F'), '6A82')
  }),
  reconstructedCase('4.1.12-3', 'SELECT with P1 and P2 that it does not have', async (t) => {
    await t.reset()
    await t.expect(t.raw(selectCommandOf(t.profile.mf.fid, '0100')), '6A86')
    await t.expect(t.raw(selectCommandOf(t.profile.applications[0].name, '0401')), '6A86')
  }),
  reconstructedCase('4.1.12-4', 'SELECT of names of no and of too many bytes', async (t) => {
    await t.reset()
    await t.expect(t.raw('00A4040000'), '6700')
    await t.expect(t.raw(selectCommandOf('A0'.repeat(17))), '6700')
  }),
  reconstructedCase('4.1.12-5', 'SELECT of blocked applications, and of a blocked card', async (t) => {
    await enter(t)
    await blockTemporarily(t)
    await t.expect(t.selectName('ADF1'), '6A81')
    await unblock(t)
    if (t.card.clone === undefined) return t.note('what blocks for good is left out: the card has no copies')
    t.note('a fresh copy of the card')
    const locked = await t.fresh()
    await blockForGood(locked)
    await locked.expect(locked.selectName('ADF1'), '9303')
    t.note('a fresh copy of the card')
    const dead = await t.fresh()
    await blockCard(dead)
    await dead.expect(dead.selectName('ADF1'), '6A81')
  }),
]

export const CASES_4_1_SELECT: readonly ConformanceCase[] = [...GET_RESPONSE, ...SELECT]

async function blockCard(t: PurseTester): Promise<void> {
  await enter(t)
  await challenge(t)
  await t.expect(t.cardBlock(), '9000')
}

/** Every transaction from its INITIALIZE to its end, each command on its own and then fetched. */
async function transactions(t: PurseTester): Promise<void> {
  const amount = 100
  const fetched = async (command: Promise<Step>): Promise<Step> => {
    const step = await t.expect(command, '9000')
    const { tpdus, data } = step
    t.equal('answer before GET RESPONSE', toHex((tpdus[0] as Tpdu).response), `61${hexByte(data.length)}`)
    return step
  }
  const pairs: readonly (readonly [begin: () => Promise<Step>, end: (begun: Step) => Promise<Step>])[] = [
    [() => t.initializeForLoad('ed', 1, amount), () => t.creditForLoad()],
    [() => t.initializeForUpdate(1), (begun) => t.updateOverdraftLimit(oldLimitOf(begun))],
    [() => t.initializeForUnload(1, amount), () => t.debitForUnload()],
    [() => t.initializeForLoad('ep', 1, amount), () => t.creditForLoad()],
    [() => t.initializeForPurchase('ep', 1, 1), () => t.debit()],
    [() => t.initializeForCash(1, 1), () => t.debit()],
  ]
  await enter(t)
  for (const [begin, end] of pairs) {
    // Some cards forget the PIN with each transaction.
    await t.expect(t.verify(t.profile.pin), '9000')
    await fetched(end(await fetched(begin())))
  }
  const { type, answer } = t.completed as CompletedTransaction
  await fetched(t.prove(type, answer.serial))
  if (keyOf(t.profile.applications[0].keys, 'grey') === undefined) return t.note('no key of the grey lock: left out')
  await fetched(t.initializeForGreyLock('ep', 1))
  await fetched(t.greyLock())
  await fetched(t.initializeForGreyUnlock('ep', 1))
  await fetched(t.greyUnlock(1))
  await fetched(t.initializeForGreyLock('ep', 1))
  await fetched(t.greyLock())
  await fetched(t.debitForUnlock(1))
}
