/**
 * Issuer and card once more, for every scheme, with a real pcscd between them: our terminal over PC/SC where its binding
 * could be installed, and over pyscard, a client of other people.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { withGetResponse } from '../packages/apdu/src/index.js'
import { SCHEMES, type SchemeName } from '../packages/keys/src/index.js'
import { type CardConnection, connectReader } from '../packages/terminal/src/index.js'
import { issuerAndCard } from '../packages/terminal/test/issuer-and-card-suite.js'
import { openRoom, type Wire } from '../packages/terminal/test/issuer-card-support.js'
import { openPlastic, type Plastic } from './plastic.js'
import { exampleCard, pyscard } from './support.js'

const NAMES = Object.keys(SCHEMES) as SchemeName[]
const hasBinding = existsSync(join(process.cwd(), 'node_modules', 'smartcard'))

const CLIENTS: readonly [string, boolean, (name: string) => Promise<CardConnection>][] = [
  ['our terminal over PC/SC', hasBinding, (name) => connectReader(name)],
  ['pyscard', true, (name) => pyscard(name, 'exclusive')],
]

describe.each(CLIENTS)('%s', (_, there, connect) => {
  let plastic: Plastic
  const wire: Wire = (card) => async () => {
    plastic.hold(card)
    await plastic.connection.reset('warm')
    return withGetResponse(plastic.connection.transmit)
  }
  if (there) {
    beforeAll(async () => {
      plastic = await openPlastic(exampleCard('pboc'), connect)
    })
    afterAll(() => plastic.close())
  }
  describe.runIf(there).each(NAMES)('%s', (name) => issuerAndCard(name, (options) => openRoom(name, options, wire)))
})
