/**
 * One million scripts through POST /v1/scripts/batch of one host process over loopback: the CPU time of the host, lines a
 * second, and its memory at the quarters of the way.
 */
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { type BenchHost, startBenchHost, type Usage } from './host-process.js'
import { type BenchResult, type MeasureOptions, median } from './measure.js'

const LINES = 1_000_000
/** Lines that are different from each other; they come again and again. */
const DIFFERENT = 4_000
const MOST_ROUNDS = 3

/** Runs the benchmark. */
export async function scriptBatchBench({ rounds }: MeasureOptions): Promise<BenchResult[]> {
  const host = await startBenchHost()
  try {
    await sendLines(host, 20_000)
    const runs: Run[] = []
    for (let round = 0; round < Math.min(rounds, MOST_ROUNDS); round++) runs.push(await sendLines(host, LINES))
    const row = (name: string, unit: string, values: readonly number[]): BenchResult => {
      return { name, unit, median: median(values), min: Math.min(...values), max: Math.max(...values) }
    }
    return [
      row(
        'script-batch/cpu-of-a-million',
        'ms',
        runs.map(({ cpu }) => 1000 * cpu),
      ),
      row(
        'script-batch/lines',
        'lines/s',
        runs.map(({ seconds }) => LINES / seconds),
      ),
      row(
        'script-batch/memory-most',
        'MB',
        runs.map(({ memory }) => Math.max(...memory)),
      ),
      row(
        'script-batch/memory-from-first-quarter-to-end',
        'MB',
        runs.map(({ memory }) => (memory[3] ?? 0) - (memory[0] ?? 0)),
      ),
    ]
  } finally {
    await host.close()
  }
}

interface Run {
  readonly cpu: number
  readonly seconds: number
  /** At the four quarters of the lines. */
  readonly memory: readonly number[]
}

async function sendLines(host: BenchHost, lines: number): Promise<Run> {
  const blocks = blocksOfLines()
  const before = await host.usage()
  const start = performance.now()
  const sending = request(new URL('/v1/scripts/batch', host.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${host.token}`, 'content-type': 'application/x-ndjson' },
  })
  const answered = read(sending, lines / 4, () => host.usage())
  const perBlock = DIFFERENT / blocks.length
  for (let n = 0; n < lines / perBlock; n++) {
    if (!sending.write(blocks[n % blocks.length])) await once(sending, 'drain')
  }
  sending.end()
  const { count, usages } = await answered
  const seconds = (performance.now() - start) / 1000
  const { cpu } = await host.usage()
  if (count !== lines) throw new Error(`${lines} lines were answered with ${count}`)
  return { cpu: cpu - before.cpu, seconds, memory: usages.map(({ memory }) => memory) }
}

/** The answer, each line of it a script; the usage after each quarter of the lines. */
async function read(
  sending: ClientRequest,
  quarter: number,
  usage: () => Promise<Usage>,
): Promise<{ count: number; usages: Usage[] }> {
  const [answer] = (await once(sending, 'response')) as [IncomingMessage]
  const usages: Usage[] = []
  let count = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (answer.statusCode !== 200 || chunk.includes('"error"')) throw new Error(chunk.toString('utf8', 0, 500))
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++
    if (count >= quarter * (usages.length + 1)) usages.push(await usage())
  }
  return { count, usages }
}

/** Lines as a program writes them, about 64 KB at a time. */
function blocksOfLines(): Buffer[] {
  const lines = Array.from({ length: DIFFERENT }, (_, n) => {
    const digits = String((n * 7919) % 10_000).padStart(4, '0')
    return JSON.stringify({
      id: `${n}`,
      issuer: 'demo-pboc',
      pan: `622800010${digits}`,
      panSequence: '01',
      atc: ((n * 31) % 65_536).toString(16).padStart(4, '0').toUpperCase(),
      arqc: (0x5d016c91005e7cc2n ^ BigInt(n * 104_729)).toString(16).padStart(16, '0').toUpperCase(),
      template: '72',
      scriptId: n.toString(16).padStart(8, '0').toUpperCase(),
      commands: [{ type: 'application-block' }],
    })
  })
  const block = 250
  return Array.from({ length: DIFFERENT / block }, (_, n) => {
    return Buffer.from(`${lines.slice(n * block, (n + 1) * block).join('\n')}\n`)
  })
}
