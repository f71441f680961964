/** Conformance cases: GET CHALLENGE, its randomness and its life of one command. [ETC] 4.1.7 */
import { concat } from '@issuerkit/apdu'
import type { ConformanceCase } from './case.js'
import {
  blockForGood,
  blockTemporarily,
  challenge,
  contentOf,
  enter,
  reconstructedCase,
  seedCase,
  unblock,
} from './case-helpers.js'
import { FIPS140_BYTES, fips140 } from './fips140.js'
import type { Step } from './step.js'
import type { PurseTester } from './tester.js'

const RANDOM = 4
/** Where the random number stands in the answer of INITIALIZE FOR PURCHASE: behind balance, serial, limit, version, algorithm. */
const IN_PURCHASE = 11

/** 20,000 bits, four bytes a command, through the tests of FIPS 140-2. */
async function expectRandom(t: PurseTester, next: () => Promise<Uint8Array>): Promise<void> {
  const pieces: Uint8Array[] = []
  for (let length = 0; length < FIPS140_BYTES; length += RANDOM) pieces.push(await next())
  const { failures, ones, poker, longestRun } = fips140(concat(...pieces))
  t.note(`${ones} ones, poker ${poker.toFixed(2)}, longest run ${longestRun}`)
  t.equal('FIPS 140-2', failures.join('; ') || 'passed', 'passed')
}

/** A challenge, another command, then the command that wanted the challenge. */
function onlyNext(id: string, title: string, command: (t: PurseTester) => Promise<Step>): ConformanceCase {
  return seedCase(id, title, async (t) => {
    await enter(t)
    await challenge(t)
    await t.expect(t.verify(t.profile.pin), '9000')
    await t.expect(command(t), '6984')
  })
}

export const CASES_4_1_CHALLENGE: readonly ConformanceCase[] = [
  seedCase('4.1.7-1a', 'A challenge under the MF', async (t) => {
    await enter(t, 'PSE')
    await challenge(t)
  }),
  seedCase('4.1.7-1b', 'A challenge in both applications', async (t) => {
    await t.reset()
    for (const name of ['ADF1', 'ADF2'] as const) {
      await t.expect(t.selectName(name), '9000')
      await challenge(t)
    }
  }),
  seedCase('4.1.7-1c', 'Challenges are random: 20,000 bits by FIPS 140-2', async (t) => {
    await enter(t)
    await expectRandom(t, async () => (await t.expect(t.challenge(RANDOM), { status: '9000', length: RANDOM })).data)
  }),
  seedCase('4.1.7-1d', 'Random numbers of transactions are random: 20,000 bits by FIPS 140-2', async (t) => {
    await enter(t)
    await expectRandom(t, async () => {
      const { data } = await t.expect(t.initializeForPurchase('ep', 1, 1), { status: '9000', length: 15 })
      return data.slice(IN_PURCHASE, IN_PURCHASE + RANDOM)
    })
  }),
  onlyNext('4.1.7-2a1', 'Gone behind another command: UPDATE BINARY', (t) =>
    t.updateBinary(0x15, 0, contentOf(t, '15')),
  ),
  onlyNext('4.1.7-2a2', 'Gone behind another command: APPLICATION BLOCK for a time', (t) =>
    t.applicationBlock('temporary'),
  ),
  onlyNext('4.1.7-2a3', 'Gone behind another command: APPLICATION BLOCK for good', (t) =>
    t.applicationBlock('permanent'),
  ),
  seedCase('4.1.7-2a4', 'Gone behind another command, though that is refused: APPLICATION UNBLOCK', async (t) => {
    await enter(t)
    await blockTemporarily(t)
    await challenge(t)
    await t.expect(t.verify(t.profile.pin), '6985')
    await t.expect(t.applicationUnblock(), '6984')
    await unblock(t)
  }),
  onlyNext('4.1.7-2a5', 'Gone behind another command: CARD BLOCK', (t) => t.cardBlock()),
  seedCase('4.1.7-2b1', 'Used once: two times UPDATE BINARY', async (t) => {
    const content = contentOf(t, '16')
    await enter(t)
    await challenge(t)
    await t.expect(t.updateBinary(0x16, 0, content), '9000')
    await t.expect(t.updateBinary(0x16, 0, content), '6984')
  }),
  seedCase('4.1.7-2b2', 'Used once: APPLICATION BLOCK, then APPLICATION UNBLOCK', async (t) => {
    await enter(t)
    await blockTemporarily(t)
    await t.expect(t.applicationUnblock(), '6984')
    await unblock(t)
  }),
  seedCase(
    '4.1.7-2b3',
    'Used once: APPLICATION BLOCK for good, then CARD BLOCK',
    async (t) => {
      await blockForGood(t)
      await t.expect(t.cardBlock(), '6984')
    },
    { destructive: true },
  ),
  reconstructedCase('4.1.7-0', 'Gone with SELECT, and with power', async (t) => {
    const content = contentOf(t, '15')
    await enter(t)
    await challenge(t)
    await t.expect(t.selectName('ADF1'), '9000')
    await t.expect(t.updateBinary(0x15, 0, content), '6984')
    await challenge(t)
    await enter(t)
    await t.expect(t.updateBinary(0x15, 0, content), '6984')
  }),
]
