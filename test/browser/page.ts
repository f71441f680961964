/**
 * What the page runs: the vector files through the packages, as a browser gets them. It is bundled as one ES module and
 * knows nothing of Node; the test calls `vectors` from outside.
 */
import { runVectorFile, type VectorReport } from '../../host/src/vectors/run.js'
import { fromHex, toHex } from '../../packages/apdu/src/index.js'
import { portableBackend } from '../../packages/keys/src/backend-portable.js'
import { AesKey, backend, TdesKey, unwrapKeyBlock, useBackend } from '../../packages/keys/src/index.js'

/** How one file went. */
export interface PageReport {
  readonly passed: number
  readonly failed: number
  readonly failures: readonly string[]
}

/** What the page offers to the test. */
export interface Page {
  /** The name of the back end that nobody chose, and what it says to a private key. */
  readonly first: { readonly name: string; readonly privateKey: string }
  /** Fetches a file of vectors/ from the page's origin and runs it. */
  run(name: string): Promise<PageReport>
  /** Runs the text of a file. */
  judge(name: string, text: string): PageReport
}

interface KeyBlockRow {
  readonly id: string
  readonly kbpk: string
  readonly block: string
  readonly key?: string
  readonly error?: string
}

function refusal(operation: () => unknown): string {
  try {
    operation()
  } catch (error) {
    return `${(error as { code?: string }).code}`
  }
  return 'none'
}

const first = { name: backend().name, privateKey: refusal(() => backend().generateRsa(512, 3)) }
// The keys of the vectors are published, and nobody measures.
useBackend(portableBackend({ privateKeys: 'not-constant-time' }))

/** vectors/tr31.json, whose form is its own: a key block gives its key, or is refused for the part named. */
function runKeyBlocks(text: string): PageReport {
  const { cases } = JSON.parse(text) as { cases: KeyBlockRow[] }
  const failures = cases.flatMap(({ id, kbpk, block, key, error }) => {
    const bytes = fromHex(kbpk)
    const protection = 'DE'.includes(block.charAt(0))
      ? AesKey.create('zone', 'KBPK', bytes)
      : TdesKey.create('zone', 'KBPK', bytes, { allowEqualHalves: true })
    try {
      const found = toHex(unwrapKeyBlock(protection, block, { versions: ['B', 'C', 'D'] }).key.expose())
      return found === key?.toUpperCase() ? [] : [`${id}: another key`]
    } catch (thrown) {
      const { code, label } = thrown as { code?: string; label?: string }
      return code === 'ERR_KEY_BLOCK' && label === error ? [] : [`${id}: ${thrown}`]
    }
  })
  return { passed: cases.length - failures.length, failed: failures.length, failures }
}

function summary({ passed, failed, failures }: VectorReport): PageReport {
  const told = failures.map(({ id, stage, expected, got }) => `${id}: ${stage}: expected ${expected}, got ${got}`)
  return { passed, failed, failures: told }
}

function judge(name: string, text: string): PageReport {
  return name === 'tr31.json' ? runKeyBlocks(text) : summary(runVectorFile(text))
}

async function run(name: string): Promise<PageReport> {
  return judge(name, await (await fetch(`/vectors/${name}`)).text())
}

const page: Page = { first, run, judge }
Object.assign(globalThis, { page })
