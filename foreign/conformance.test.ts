/** The conformance test of e-purse cards with a real pcscd between runner and card, and once as a laboratory would run it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { etcPurseProfile, openPurseCard, personalisePurse } from '../packages/card/src/index.js'
import {
  type CardConnection,
  type CardUnderTest,
  CONFORMANCE_CASES,
  connectReader,
  purseTestProfile,
  runConformance,
} from '../packages/terminal/src/index.js'
import { openPlastic, type Plastic } from './plastic.js'
import { pyscard } from './support.js'

const hasBinding = existsSync(join(process.cwd(), 'node_modules', 'smartcard'))
const CLIENTS: readonly [string, boolean, (name: string) => Promise<CardConnection>][] = [
  ['our terminal over PC/SC', hasBinding, (name) => connectReader(name)],
  ['pyscard', true, (name) => pyscard(name, 'exclusive')],
]

const profile = etcPurseProfile()
const newCard = () => openPurseCard(personalisePurse(profile))
const failures = (report: Awaited<ReturnType<typeof runConformance>>): string[] =>
  report.cases.filter(({ verdict }) => verdict === 'failed').map(({ id, reason }) => `${id}: ${reason}`)

describe.each(CLIENTS)('%s', (_, there, connect) => {
  let plastic: Plastic
  if (there) {
    beforeAll(async () => {
      plastic = await openPlastic(newCard(), connect)
    })
    afterAll(() => plastic.close())
  }

  it.runIf(there)('every case, each on a card of its own', { timeout: 600_000 }, async () => {
    const copy = async (): Promise<CardUnderTest> => {
      const card = newCard()
      plastic.hold(card)
      await plastic.connection.reset('cold')
      const connection: CardConnection = {
        ...plastic.connection,
        atr: plastic.connection.atr,
        // A case may go back from a copy to the card that it came from.
        transmit: (command) => {
          plastic.hold(card)
          return plastic.connection.transmit(command)
        },
        reset: (kind) => {
          plastic.hold(card)
          return plastic.connection.reset(kind)
        },
        // The plastic stays in the reader from case to case.
        disconnect: async () => undefined,
      }
      return { connection, profile: purseTestProfile(profile), clone: copy }
    }
    const report = await runConformance(await copy(), CONFORMANCE_CASES)
    expect(failures(report)).toEqual([])
    // A card whose power is cut leaves the reader: those cases need its memory at hand.
    const skipped = report.cases.filter(({ verdict }) => verdict === 'skipped').map(({ id }) => id)
    expect(skipped).toEqual(CONFORMANCE_CASES.filter(({ needs }) => needs?.includes('fuse')).map(({ id }) => id))
    expect(report.passed).toBe(CONFORMANCE_CASES.length - skipped.length)
    expect(report.passed).toBeGreaterThan(200)
  })

  it.runIf(there)('one card without copies, as in a laboratory', { timeout: 600_000 }, async () => {
    plastic.hold(newCard())
    await plastic.connection.reset('cold')
    const card = {
      connection: { ...plastic.connection, atr: plastic.connection.atr },
      profile: purseTestProfile(profile),
    }
    const report = await runConformance(card, CONFORMANCE_CASES)
    expect(failures(report)).toEqual([])
    expect(report.skipped).toBeGreaterThan(10)
    expect(report.passed + report.skipped).toBe(report.total)
  })
})
