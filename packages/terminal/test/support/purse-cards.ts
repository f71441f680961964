/** Virtual e-purse cards for the tests of the conformance cases: as they should be, and with a fault that is made. */
import { type CardMemory, ETC_PURSE_PROFILE, parsePurseProfile } from '@issuerkit/card'
import type { CardUnderTest, ConformanceCase } from '../../src/conformance/case.js'
import { isWithin } from '../../src/conformance/chapters.js'
import { runConformance } from '../../src/conformance/runner.js'
import { virtualPurse } from '../../src/conformance/virtual-purse.js'
import { createSeededRandom } from '../../src/random-seed.js'

/** The card of the test specification, its random numbers decided by a seed. @param change what its profile says otherwise */
export function etcCard(change: object = {}): CardUnderTest {
  const profile = parsePurseProfile({ ...ETC_PURSE_PROFILE, ...change })
  return virtualPurse(profile, { random: createSeededRandom(1).bytes })
}

/** The card of the test specification with other files in both its applications. */
export function cardWithFiles(
  change: (files: (typeof ETC_PURSE_PROFILE)['applications'][0]['files']) => object,
  more: object = {},
): CardUnderTest {
  return etcCard({
    ...more,
    applications: ETC_PURSE_PROFILE.applications.map((one) => ({ ...one, files: change(one.files) })),
  })
}

/** The same card, as a reader has it: no copies, no memory to look into. */
export function inReader({ connection, profile }: CardUnderTest): CardUnderTest {
  return { connection, profile }
}

/** Command and answer in hexadecimal -> the answer that is given instead. */
export type Change = (command: string, answer: string) => string

/** A card whose answers go through a function, and that of its copies. */
export function withAnswers(card: CardUnderTest, change: Change): CardUnderTest {
  const { clone, connection } = card
  return {
    ...card,
    connection: {
      ...connection,
      atr: connection.atr,
      transmit: async (command) => {
        const answer = hex(await connection.transmit(command))
        return Uint8Array.from(Buffer.from(change(hex(command), answer), 'hex'))
      },
    },
    ...(clone && { clone: async () => withAnswers(await clone(), change) }),
  }
}

/** A card whose memory behaves otherwise, and that of its copies. */
export function withMemory(card: CardUnderTest, patch: (memory: CardMemory) => Partial<CardMemory>): CardUnderTest {
  const { memory, clone } = card
  if (memory !== undefined) Object.assign(memory, patch(memory))
  return { ...card, ...(clone && { clone: async () => withMemory(await clone(), patch) }) }
}

/** What did not pass: id, verdict and reason. */
export async function notPassed(
  card: CardUnderTest,
  cases: readonly ConformanceCase[],
  only: readonly string[] = [],
): Promise<string[]> {
  const chosen = only.length === 0 ? cases : cases.filter(({ id }) => only.some((one) => isWithin(id, one)))
  const report = await runConformance(card, chosen)
  return report.cases
    .filter(({ verdict }) => verdict !== 'passed')
    .map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase()
}
