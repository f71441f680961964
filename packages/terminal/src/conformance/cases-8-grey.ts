/** What is cut of the grey lock: DEBIT FOR UNLOCK, which releases the lock and takes the money as one. [ETC] 8.2.10 */
import { toHex } from '@issuerkit/apdu'
import { enter } from './case-helpers.js'
import { keyOf } from './protection.js'
import { balanceOf, readLog } from './purse-transaction.js'
import { type TearScenario, tear } from './tearing.js'
import type { PurseTester } from './tester.js'

const AMOUNT = 100
/** Balance and serial at the beginning of the answer of INITIALIZE. */
const KNOWN = 6

/** The balance, whether the purse is locked, the serial of the next purchase, the log. */
async function lockAndMoney(t: PurseTester): Promise<string> {
  await enter(t)
  const { status, data } = await t.initializeForPurchase('ep', 1, 0)
  const balance = await balanceOf(t, 'ep')
  return [status, toHex(data.subarray(0, KNOWN)), balance, ...(await readLog(t))].join(' ')
}

const RELEASE: TearScenario = {
  name: 'DEBIT FOR UNLOCK',
  prepare: async (t) => {
    await enter(t)
    await t.expect(t.initializeForGreyLock('ep', 1), '9000')
    await t.expect(t.greyLock(), '9000')
  },
  command: (t) => t.debitForUnlock(AMOUNT),
  status: '9000',
  observe: [lockAndMoney],
  again: async (t) => {
    await enter(t)
    // Done, or to be done now: either way the purse is free.
    await t.expect(t.debitForUnlock(AMOUNT), /^(9000|6901)$/)
    await t.expect(t.initializeForPurchase('ep', 1, 0), '9000')
  },
}

/** Cuts the release of a grey lock, where the card has the key of one. */
export async function tearRelease(t: PurseTester): Promise<void> {
  if (keyOf(t.profile.applications[0].keys, 'grey') === undefined) return t.note('no key of the grey lock: left out')
  await tear(t, RELEASE)
}
