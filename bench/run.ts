/**
 * `npm run bench [-- NAME…] [--json] [--rounds N] [--milliseconds N]`: the benchmarks of the project, all of them or
 * those named.
 */
import { parseArgs } from 'node:util'
import { type BenchResult, type MeasureOptions, reportOf, table } from './measure.js'
import { odaBench } from './oda.js'
import { parsingBench } from './parsing.js'
import { startBench } from './start.js'
import { tdesBench } from './tdes.js'
import { memoryBench, threadsBench } from './tdes-million.js'

type Bench = (options: MeasureOptions) => BenchResult[] | Promise<BenchResult[]>

const BENCHES: Readonly<Record<string, Bench>> = {
  tdes: tdesBench,
  threads: threadsBench,
  memory: memoryBench,
  start: startBench,
  parsing: parsingBench,
  oda: odaBench,
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
      milliseconds: { type: 'string', default: '400' },
    },
  })
  const options = { rounds: count(values.rounds), milliseconds: count(values.milliseconds) }
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHES)
  const results: BenchResult[] = []
  for (const name of names) {
    const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
    if (bench === undefined) throw new Error(`no benchmark is called ${name}: ${Object.keys(BENCHES).join(', ')}`)
    results.push(...(await bench(options)))
  }
  const report = reportOf(results)
  if (values.json) console.log(JSON.stringify(report))
  else console.log(`${report.machine}, Node ${report.node}, ${report.date}\n\n${table(results)}`)
}

function count(text: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new Error(`${text} is not a number from 1 to 999999`)
  return Number(text)
}

await main()
