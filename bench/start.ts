/** What a program that derives one key takes beyond an empty one: both as processes of their own, in turn. Needs a build. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BenchResult, type MeasureOptions, median } from './measure.js'

const KEYS = new URL('../packages/keys/dist/bundle.js', import.meta.url)
const PROGRAM = `
import { deriveIccMasterKey, TdesKey } from '${KEYS.href}'
const imk = TdesKey.create('issuer', 'AC', Uint8Array.from(Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex')))
deriveIccMasterKey(imk, { pan: '6228000100001', panSequence: '01' })
`
const RUNS = 5

/** Runs the benchmark. */
export function startBench({ rounds }: MeasureOptions): BenchResult[] {
  if (!existsSync(KEYS)) throw new Error('npm run build comes first')
  const folder = mkdtempSync(join(tmpdir(), 'start-'))
  try {
    const [empty, one] = ['', PROGRAM].map((text, i) => {
      const file = join(folder, `${i}.mjs`)
      writeFileSync(file, text)
      return { file, times: [] as number[] }
    }) as [Program, Program]
    for (let round = 0; round < RUNS * rounds; round++) for (const program of [empty, one]) run(program)
    const beyond = one.times.map((time, i) => time - (empty.times[i] as number))
    return [row('start/empty', empty.times), row('start/one-derivation', one.times), row('start/beyond-empty', beyond)]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Program {
  readonly file: string
  readonly times: number[]
}

function run({ file, times }: Program): void {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [file])
  times.push(performance.now() - start)
  if (status !== 0) throw new Error(`${stderr}`)
}

function row(name: string, times: readonly number[]): BenchResult {
  return { name, unit: 'ms', median: median(times), min: Math.min(...times), max: Math.max(...times) }
}
