/** One million script MACs: two threads against one, and the memory that they take beside the records. */
import type { BenchResult, MeasureOptions } from './measure.js'
import { median } from './measure.js'
import { openScriptPool, type ScriptRecords } from './tdes-worker.js'

const COUNT = 1_000_000
const LENGTH = 40
const STRIDE = 16 + LENGTH + 8

function records(): ScriptRecords {
  const memory = new SharedArrayBuffer(COUNT * STRIDE)
  const bytes = new Uint8Array(memory)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 2654435761) >>> 24
  const imk = new Uint8Array(Buffer.from('404142434445464748494A4B4C4D4E4F', 'hex'))
  return { memory, stride: STRIDE, length: LENGTH, imk }
}

/** Script MACs a second on one thread and on two, the rounds in turn. */
export async function threadsBench({ rounds }: MeasureOptions): Promise<BenchResult[]> {
  const work = records()
  const pools = [openScriptPool(1), openScriptPool(2)] as const
  const rates: [number[], number[]] = [[], []]
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const [i, pool] of pools.entries()) {
        const start = performance.now()
        await pool.run(work, COUNT)
        if (round > 0) rates[i]?.push((1000 * COUNT) / (performance.now() - start))
      }
    }
  } finally {
    for (const pool of pools) await pool.close()
  }
  const [one, two] = rates
  const row = (name: string, own: readonly number[]): BenchResult => ({
    name,
    unit: 'ops/s',
    median: median(own),
    min: Math.min(...own),
    max: Math.max(...own),
  })
  const ratio = median(two.map((rate, i) => rate / (one[i] ?? rate)))
  return [row('threads/1', one), { ...row('threads/2', two), ratioTo: { name: 'threads/1', ratio } }]
}

/** Megabytes of resident memory that a million script MACs add, the records not counted. */
export async function memoryBench({ rounds }: MeasureOptions): Promise<BenchResult[]> {
  const work = records()
  const pool = openScriptPool(1)
  const added: number[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      const before = process.memoryUsage().rss
      await pool.run(work, COUNT)
      added.push(Math.max(0, process.memoryUsage().rss - before) / 1e6)
    }
  } finally {
    await pool.close()
  }
  const [min, max] = [Math.min(...added), Math.max(...added)]
  return [{ name: 'memory/million-script-macs', unit: 'MB', median: median(added), min, max }]
}
