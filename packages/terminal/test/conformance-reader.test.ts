/** The conformance test through a reader: a virtual card behind TCP, as real cards are behind theirs. */
import { etcPurseProfile, openPurseCard, personalisePurse } from '@issuerkit/card'
import { expect, test } from 'vitest'
import { CONFORMANCE_CASES } from '../src/conformance/cases.js'
import { isWithin } from '../src/conformance/chapters.js'
import { runConformance } from '../src/conformance/runner.js'
import { purseTestProfile } from '../src/conformance/virtual-purse.js'
import { createSeededRandom } from '../src/random-seed.js'
import { connectVirtualReader } from '../src/virtual-reader.js'
import { listenVirtualReader } from '../src/virtual-reader-server.js'

/** Each way of GET RESPONSE, 6CXX, resets, long data, transactions. */
const CHAPTERS = ['3', '4.1.1', '4.1.2', '4.1.8', '4.1.11', '4.1.12', '4.2.1', '4.3.1']

test('a card in the virtual reader passes all that does not kill it', async () => {
  const cases = CONFORMANCE_CASES.filter(({ id }) => CHAPTERS.some((chapter) => isWithin(id, chapter)))
  const profile = etcPurseProfile()
  const card = openPurseCard(personalisePurse(profile), { random: createSeededRandom(1).bytes })
  const reader = await listenVirtualReader({ port: 0 })
  try {
    const inserted = await connectVirtualReader(card, { port: reader.port })
    const connection = await reader.accept()
    const report = await runConformance({ connection, profile: purseTestProfile(profile) }, cases)
    expect(report.card).toMatchObject({ name: connection.name, protocol: 'T=0' })
    expect(
      report.cases.filter(({ verdict }) => verdict === 'failed').map(({ id, reason }) => `${id} ${reason}`),
    ).toEqual([])
    const skipped = report.cases.filter(({ verdict }) => verdict === 'skipped').map(({ reason }) => reason)
    for (const reason of skipped) expect(reason).toMatch(/^(it kills the card|the card does not have .*: (clone|fuse))/)
    expect(report.passed).toBeGreaterThan(40)
    await connection.disconnect()
    await inserted.closed
  } finally {
    await reader.close()
  }
}, 30_000)
