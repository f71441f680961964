/**
 * An e-purse card with one deliberate fault: the sources of packages/card with one change of their text, made into a module
 * of its own. The sources themselves have no place where a test could switch a fault on.
 */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileFunction } from 'node:vm'
import { build, type Plugin } from 'esbuild'
import * as apdu from '../../packages/apdu/src/index.js'
import { etcPurseProfile } from '../../packages/card/src/index.js'
import * as keys from '../../packages/keys/src/index.js'
import * as oda from '../../packages/oda/src/index.js'
import {
  type CardUnderTest,
  connectCard,
  createSeededRandom,
  purseTestProfile,
} from '../../packages/terminal/src/index.js'

/** A change of one file of packages/card/src. */
export interface Change {
  readonly file: string
  /** The text that goes: it stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

/** A card with one fault. */
export interface BrokenPurse extends Change {
  /** What the card does. */
  readonly name: string
  /** The conformance case that has to fail. */
  readonly caughtBy: string
}

/** What a card is made with. */
type CardSources = Pick<typeof import('../../packages/card/src/index.js'), 'openPurseCard' | 'personalisePurse'>

const SOURCES = fileURLToPath(new URL('../../packages/card/src/', import.meta.url))
const ENTRY = `export { openPurseCard } from './purse-card.js'
export { personalisePurse } from './purse-personalise.js'`
const SEED = 2008

/** What packages/card imports. */
const IMPORTS: Readonly<Record<string, unknown>> = {
  '@issuerkit/apdu': apdu,
  '@issuerkit/keys': keys,
  '@issuerkit/oda': oda,
}

/** How often the text stands in the file. */
export function occurrences({ file, find }: Change): number {
  return readFileSync(join(SOURCES, file), 'utf8').split(find).length - 1
}

/** A virtual card of the test specification's profile, of sources that are changed, or not. */
export async function cardOf(name: string, change?: Change): Promise<CardUnderTest> {
  const { openPurseCard, personalisePurse } = await sourcesWith(change)
  const profile = etcPurseProfile()
  const expected = purseTestProfile(profile)
  const random = createSeededRandom(SEED)
  const made = (): CardUnderTest => {
    const card = openPurseCard(personalisePurse(profile), { random: random.bytes })
    return { connection: connectCard(card, name), profile: expected, memory: card.memory, clone: async () => made() }
  }
  return made()
}

/** The package as one script, which is run here: nothing is written, and what it imports is what the tests import. */
async function sourcesWith(change: Change | undefined): Promise<CardSources> {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: SOURCES, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'neutral',
    packages: 'external',
    logLevel: 'silent',
    plugins: change === undefined ? [] : [changed(change)],
  })
  const module: { exports: unknown } = { exports: undefined }
  const requireModule = (name: string): unknown => IMPORTS[name]
  compileFunction(outputFiles[0]?.text ?? '', ['module', 'require'])(module, requireModule)
  return module.exports as CardSources
}

function changed({ file, find, replace }: Change): Plugin {
  return {
    name: 'change',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (basename(path) !== file) return undefined
        return { contents: readFileSync(path, 'utf8').replace(find, () => replace), loader: 'ts' }
      })
    },
  }
}
