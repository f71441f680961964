/**
 * `npm run bench [-- NAME…] [--json] [--write] [--rounds N] [--milliseconds N]`: the benchmarks of the project, all of them or
 * those named.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { authorizationsBench } from './authorizations.js'
import { campaignsBench } from './campaigns.js'
import { type BenchResult, type MeasureOptions, reportOf, table } from './measure.js'
import { odaBench } from './oda.js'
import { parsingBench } from './parsing.js'
import { readyBench } from './ready.js'
import { scriptBatchBench } from './script-batch.js'
import { scriptsRouteBench } from './scripts-route.js'
import { startBench } from './start.js'
import { tdesBench } from './tdes.js'
import { memoryBench, threadsBench } from './tdes-million.js'

/** Holds the last table of each benchmark, by `--write`. */
const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url)

type Bench = (options: MeasureOptions) => BenchResult[] | Promise<BenchResult[]>

const BENCHES: Readonly<Record<string, Bench>> = {
  tdes: tdesBench,
  threads: threadsBench,
  memory: memoryBench,
  start: startBench,
  parsing: parsingBench,
  oda: odaBench,
  authorizations: authorizationsBench,
  campaigns: campaignsBench,
  ready: readyBench,
  'scripts-route': scriptsRouteBench,
  'script-batch': scriptBatchBench,
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
      milliseconds: { type: 'string', default: '400' },
    },
  })
  const options = { rounds: count(values.rounds), milliseconds: count(values.milliseconds) }
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHES)
  const results: BenchResult[] = []
  let document = readFileSync(DOCUMENT, 'utf8')
  for (const name of names) {
    const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
    if (bench === undefined) throw new Error(`no benchmark is called ${name}: ${Object.keys(BENCHES).join(', ')}`)
    const own = await bench(options)
    results.push(...own)
    document = withTable(document, name, text(own))
  }
  const report = reportOf(results)
  if (values.json) console.log(JSON.stringify(report))
  else console.log(text(results))
  if (values.write) writeFileSync(DOCUMENT, document)
}

function text(results: readonly BenchResult[]): string {
  const { machine, node, date } = reportOf(results)
  return `${machine}, Node ${node}, ${date}\n\n${table(results)}`
}

/** The document with a new table behind the mark of a benchmark. */
function withTable(document: string, name: string, text: string): string {
  const mark = `<!-- npm run bench -- ${name} --write -->\n\`\`\`\n`
  const start = document.indexOf(mark)
  if (start < 0) throw new Error(`docs/benchmarks.md has no place for ${name}`)
  const from = start + mark.length
  return `${document.slice(0, from)}${text}${document.slice(document.indexOf('```', from))}`
}

function count(text: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new Error(`${text} is not a number from 1 to 999999`)
  return Number(text)
}

await main()
