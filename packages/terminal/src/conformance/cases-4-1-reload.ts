/** Conformance cases: RELOAD PIN and PIN UNBLOCK. [ETC] 4.1.5, 4.1.6 */
import type { ConformanceCase } from './case.js'
import { challenge, enter, expectLocked, seedCase, wrongPin, wrongPinStatus } from './case-helpers.js'
import type { PurseTester } from './tester.js'

/** PINs to reload one after another: of twelve, four, eleven, three and four digits. */
function pins(t: PurseTester): readonly string[] {
  return ['123456123456', t.profile.pin, '12345612345F', '123F', t.profile.pin]
}

/** What is refused for its contents, or before that for its length. */
const REFUSED = /^(6A80|6700)$/

/** RELOAD PIN with a wrong MAC, some times in a row; the third one blocks the application. */
async function wrongReloads(t: PurseTester, times: 2 | 3): Promise<void> {
  const status = t.profile.behaviour.reloadMacStatus
  for (let i = 1; i <= times; i++) await t.expect(t.reloadPin(t.profile.pin, { mac: 'bad' }), i === 3 ? '9303' : status)
}

/** PIN UNBLOCK with a wrong MAC, or with a good one over another PIN than the card's. */
async function wrongUnblock(t: PurseTester, wrong: 'mac' | 'pin', status: '6988' | '9303'): Promise<void> {
  await challenge(t)
  const step = wrong === 'mac' ? t.unblockPin(t.profile.pin, { mac: 'bad' }) : t.unblockPin(wrongPin(t))
  await t.expect(step, status)
}

async function goodUnblock(t: PurseTester): Promise<void> {
  await challenge(t)
  await t.expect(t.unblockPin(t.profile.pin), '9000')
}

const CASES_RELOAD: readonly ConformanceCase[] = [
  seedCase('4.1.5-1a', 'RELOAD PIN in both applications', async (t) => {
    await t.reset()
    for (const name of ['ADF1', 'ADF2'] as const) {
      await t.expect(t.selectName(name), '9000')
      await t.expect(t.reloadPin(t.profile.pin), '9000')
    }
  }),
  seedCase('4.1.5-1b', 'From PIN to PIN while the PIN is in use', async (t) => {
    await enter(t)
    for (const pin of pins(t)) {
      await t.expect(t.reloadPin(pin), '9000')
      await t.expect(t.verify(pin), '9000')
    }
  }),
  seedCase('4.1.5-1c', 'From PIN to PIN, blocked before each', async (t) => {
    await enter(t)
    for (const pin of pins(t)) {
      await t.blockPin()
      await t.expect(t.reloadPin(pin), '9000')
      await t.expect(t.verify(pin), '9000')
    }
  }),
  seedCase('4.1.5-2', 'A new PIN that is none', async (t) => {
    await enter(t)
    await t.expect(t.reloadPin('12A4'), '6A80')
    await t.expect(t.reloadPin('12'), REFUSED)
    await t.expect(t.reloadPin('12345678901234'), REFUSED)
    await t.expect(t.verify(t.profile.pin), '9000')
  }),
  seedCase(
    '4.1.5-3',
    'The third wrong MAC in a row blocks the application for good',
    async (t) => {
      await enter(t)
      // A wrong MAC of another key counts with that key alone.
      await challenge(t)
      await t.expect(t.applicationBlock('temporary', { mac: 'bad' }), '6988')
      await wrongReloads(t, 3)
      await expectLocked(t)
    },
    { destructive: true },
  ),
  seedCase(
    '4.1.5-4',
    'A good reload gives all tries of the PIN and of the MAC back',
    async (t) => {
      await enter(t)
      await t.expect(t.verify(wrongPin(t)), wrongPinStatus(t, 1))
      await wrongReloads(t, 2)
      await t.expect(t.reloadPin(t.profile.pin), '9000')
      await t.expect(t.verify(wrongPin(t)), wrongPinStatus(t, 1))
      await wrongReloads(t, 3)
      await expectLocked(t)
    },
    { destructive: true },
  ),
]

const CASES_UNBLOCK: readonly ConformanceCase[] = [
  seedCase('4.1.6-1', 'A blocked PIN is in use again', async (t) => {
    await enter(t)
    await t.blockPin()
    await goodUnblock(t)
    await t.expect(t.verify(t.profile.pin), '9000')
  }),
  seedCase('4.1.6-2', 'PIN UNBLOCK of a PIN that is not blocked', async (t) => {
    await enter(t)
    await challenge(t)
    await t.expect(t.unblockPin(t.profile.pin), '6985')
  }),
  seedCase('4.1.6-3', 'PIN UNBLOCK without a challenge', async (t) => {
    await enter(t)
    await t.blockPin()
    await t.expect(t.unblockPin(t.profile.pin, { challenge: 'none' }), '6984')
    await goodUnblock(t)
  }),
  seedCase('4.1.6-4', 'PIN UNBLOCK of a PIN of no bytes', async (t) => {
    await enter(t)
    await t.blockPin()
    await challenge(t)
    await t.expect(t.unblockPinPlain('00'), '6700')
    await goodUnblock(t)
  }),
  seedCase(
    '4.1.6-5',
    'The third wrong MAC in a row blocks the application for good',
    async (t) => {
      await enter(t)
      await t.blockPin()
      await wrongUnblock(t, 'mac', '6988')
      await wrongUnblock(t, 'mac', '6988')
      await wrongUnblock(t, 'mac', '9303')
      await expectLocked(t)
    },
    { destructive: true },
  ),
  seedCase(
    '4.1.6-6',
    'The third wrong PIN in a row blocks the application for good',
    async (t) => {
      await enter(t)
      await t.blockPin()
      await wrongUnblock(t, 'pin', '6988')
      await wrongUnblock(t, 'pin', '6988')
      await wrongUnblock(t, 'pin', '9303')
      await expectLocked(t)
    },
    { destructive: true },
  ),
  seedCase(
    '4.1.6-7',
    'A good unblock gives all tries back; a wrong MAC and a wrong PIN count as one',
    async (t) => {
      await enter(t)
      await t.blockPin()
      await wrongUnblock(t, 'mac', '6988')
      await wrongUnblock(t, 'pin', '6988')
      await goodUnblock(t)
      await t.blockPin()
      await wrongUnblock(t, 'pin', '6988')
      await wrongUnblock(t, 'mac', '6988')
      await wrongUnblock(t, 'pin', '9303')
      await expectLocked(t)
    },
    { destructive: true },
  ),
]

export const CASES_4_1_RELOAD: readonly ConformanceCase[] = [...CASES_RELOAD, ...CASES_UNBLOCK]
