/** Conformance cases: APPLICATION BLOCK, APPLICATION UNBLOCK, CARD BLOCK. [ETC] 4.1.8 to 4.1.10 */
import type { ConformanceCase } from './case.js'
import {
  blockForGood,
  blockTemporarily,
  challenge,
  contentOf,
  enter,
  expectLocked,
  seedCase,
  unblock,
} from './case-helpers.js'
import { everyCommand } from './every-command.js'
import { MAC_BITS } from './protection.js'
import type { PurseTester } from './tester.js'

async function temporarilyBlocked(t: PurseTester): Promise<void> {
  await enter(t)
  await blockTemporarily(t)
}

async function goodBlock(t: PurseTester, kind: 'temporary' | 'permanent'): Promise<void> {
  await challenge(t)
  await t.expect(t.applicationBlock(kind), '9000')
}

async function goodCardBlock(t: PurseTester): Promise<void> {
  await challenge(t)
  await t.expect(t.cardBlock(), '9000')
}

const CASES_BLOCK: readonly ConformanceCase[] = [
  seedCase('4.1.8-1', 'Blocked for a time: SELECT says so', async (t) => {
    await temporarilyBlocked(t)
    await t.expect(t.selectName('ADF1'), '6A81')
    await unblock(t)
  }),
  seedCase(
    '4.1.8-2',
    'Blocked for good after being blocked for a time',
    async (t) => {
      await temporarilyBlocked(t)
      await t.expect(t.selectName('ADF1'), '6A81')
      await goodBlock(t, 'permanent')
      await t.expect(t.selectName('ADF1'), '9303')
    },
    { destructive: true },
  ),
  seedCase('4.1.8-3', 'Blocked for a time, twice', async (t) => {
    await temporarilyBlocked(t)
    await goodBlock(t, 'temporary')
    await unblock(t)
  }),
  seedCase('4.1.8-4', 'GET RESPONSE gives the FCI of a blocked application', async (t) => {
    await temporarilyBlocked(t)
    await expectHiddenFci(t)
    await unblock(t)
  }),
  seedCase(
    '4.1.8-5',
    'The third wrong MAC in a row blocks the application for good',
    async (t) => {
      await enter(t)
      for (const status of ['6988', '6988', '9303']) {
        await challenge(t)
        await t.expect(t.applicationBlock('temporary', { mac: 'bad' }), status)
      }
      await expectLocked(t)
    },
    { destructive: true },
  ),
  seedCase('4.1.8-6', 'APPLICATION BLOCK without a challenge', async (t) => {
    await enter(t)
    await t.expect(t.applicationBlock('temporary', { challenge: 'none' }), '6984')
    await t.expect(t.applicationBlock('permanent', { challenge: 'none' }), '6984')
  }),
  seedCase(
    '4.1.8-7',
    'What goes while the application is blocked for a time',
    async (t) => {
      await temporarilyBlocked(t)
      await challenge(t)
      for (const command of everyCommand(t)) await t.expect(command(), '6985')
      await unblock(t)
      await goodBlock(t, 'temporary')
      if (t.card.clone !== undefined) {
        t.note('a fresh copy of the card')
        const other = await t.fresh()
        await temporarilyBlocked(other)
        await goodCardBlock(other)
        t.note('the card from before')
      }
      await goodBlock(t, 'permanent')
      await goodCardBlock(t)
    },
    { destructive: true },
  ),
  seedCase(
    '4.1.8-8',
    'Blocked for good: neither SELECT nor GET RESPONSE gives the FCI',
    async (t) => {
      await blockForGood(t)
      await t.expect(t.selectName('ADF1'), '9303')
      await t.expect(t.getResponse(lengthOf(t)), '9303')
    },
    { destructive: true },
  ),
  seedCase(
    '4.1.8-9',
    'What goes while the application is blocked for good',
    async (t) => {
      await blockForGood(t)
      await challenge(t)
      for (const command of everyCommand(t)) await t.expect(command(), '9303')
      for (const kind of ['temporary', 'permanent'] as const) {
        await challenge(t)
        await t.expect(t.applicationBlock(kind), '9303')
      }
      await challenge(t)
      await t.expect(t.applicationUnblock(), '9303')
      await goodCardBlock(t)
    },
    { destructive: true },
  ),
  seedCase('4.1.8-10', 'A block for a time can be undone', async (t) => {
    await temporarilyBlocked(t)
    await unblock(t)
    await t.expect(t.selectName('ADF1'), '9000')
  }),
  seedCase('4.1.8-11', 'A block for good cannot be undone', blockedForGoodStays, { destructive: true }),
]

const CASES_APPLICATION_UNBLOCK: readonly ConformanceCase[] = [
  seedCase('4.1.9-1', 'APPLICATION UNBLOCK of an application that is blocked for a time', async (t) => {
    await temporarilyBlocked(t)
    await unblock(t)
  }),
  seedCase('4.1.9-2', 'APPLICATION UNBLOCK of one that is blocked for good', blockedForGoodStays, {
    destructive: true,
  }),
  seedCase('4.1.9-3', 'APPLICATION UNBLOCK of one that is in use', async (t) => {
    await enter(t)
    await challenge(t)
    await t.expect(t.applicationUnblock(), '6985')
  }),
  seedCase('4.1.9-4', 'APPLICATION UNBLOCK without a challenge', async (t) => {
    await temporarilyBlocked(t)
    await t.expect(t.applicationUnblock({ challenge: 'none' }), '6984')
    await unblock(t)
  }),
  seedCase(
    '4.1.9-5',
    'A good unblock makes the count of wrong MACs begin anew',
    async (t) => {
      const wrong = async (status: '6988' | '9303'): Promise<void> => {
        await challenge(t)
        await t.expect(t.applicationUnblock({ mac: 'bad' }), status)
      }
      await temporarilyBlocked(t)
      await wrong('6988')
      await wrong('6988')
      await unblock(t)
      await goodBlock(t, 'temporary')
      await wrong('6988')
      await wrong('6988')
      await wrong('9303')
      await expectLocked(t)
    },
    { destructive: true },
  ),
]

const CASES_CARD_BLOCK: readonly ConformanceCase[] = [
  seedCase(
    '4.1.10-1',
    'Behind CARD BLOCK nothing goes any more',
    async (t) => {
      await enter(t)
      await goodCardBlock(t)
      for (const command of everyCommand(t)) await t.expect(command(), '6A81')
      await t.expect(t.applicationBlock('temporary'), '6A81')
      await t.expect(t.applicationUnblock(), '6A81')
      await t.expect(t.cardBlock(), '6A81')
      await t.expect(t.getResponse(lengthOf(t)), '6A81')
      await t.reset()
      await t.expect(t.selectName('PSE'), '6A81')
      await t.expect(t.selectName('ADF1'), '6A81')
      await t.expect(t.challenge(4), '6A81')
    },
    { destructive: true },
  ),
  seedCase('4.1.10-2', 'CARD BLOCK without a challenge', async (t) => {
    await enter(t)
    await t.expect(t.cardBlock({ challenge: 'none' }), '6984')
  }),
  seedCase('4.1.10-3', 'Wrong MACs of CARD BLOCK are not counted', async (t) => {
    await enter(t)
    // More times than any counter has: enough to make each bit of the MAC the wrong one.
    for (let bit = 0; bit < MAC_BITS; bit++) {
      await challenge(t)
      await t.expect(t.cardBlock({ mac: bit }), '6988')
    }
    await t.expect(t.selectName('ADF1'), '9000')
    // Nor by the counter of the same key in other commands, which a good one then clears.
    await challenge(t)
    await t.expect(t.updateBinary(0x15, 0, contentOf(t, '15'), { mac: 'bad' }), '6988')
    await challenge(t)
    await t.expect(t.updateBinary(0x15, 0, contentOf(t, '15')), '9000')
  }),
]

export const CASES_4_1_BLOCK: readonly ConformanceCase[] = [
  ...CASES_BLOCK,
  ...CASES_APPLICATION_UNBLOCK,
  ...CASES_CARD_BLOCK,
]

/** Bytes of the FCI of ADF1. */
function lengthOf(t: PurseTester): number {
  return t.profile.applications[0].fci.length / 2
}

/** SELECT refuses the blocked application, GET RESPONSE behind it gives the FCI. */
export async function expectHiddenFci(t: PurseTester): Promise<void> {
  await t.expect(t.selectName('ADF1'), '6A81')
  await t.expect(t.getResponse(lengthOf(t)), { status: '9000', data: t.profile.applications[0].fci })
}

async function blockedForGoodStays(t: PurseTester): Promise<void> {
  await blockForGood(t)
  await challenge(t)
  await t.expect(t.applicationUnblock(), '9303')
  await expectLocked(t)
}
