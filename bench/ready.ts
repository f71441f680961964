/**
 * How long a host takes from its start as a process until /health/ready says so, on a data folder that is there already: after
 * a host that was stopped, and after one that was killed with its database still running. The program as a user has it: needs
 * a build.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BenchResult, type MeasureOptions, median } from './measure.js'

const PROGRAM = fileURLToPath(new URL('../host/dist/main.js', import.meta.url))
const PAUSE = 10

/** Runs the benchmark. */
export async function readyBench({ rounds }: MeasureOptions): Promise<BenchResult[]> {
  if (!existsSync(PROGRAM)) throw new Error('npm run build comes first')
  const parent = mkdtempSync(join(tmpdir(), 'ready-'))
  // The database may run as another user, who must be able to go through the folder.
  chmodSync(parent, 0o711)
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' }
  writeFileSync(join(parent, 'jwks.json'), JSON.stringify({ keys: [key] }))
  const folder = join(parent, 'data')
  const times = { stopped: [] as number[], killed: [] as number[] }
  try {
    // The first start makes the folder.
    await end((await start(folder)).child, 'SIGTERM')
    for (let round = 0; round < rounds; round++) {
      const first = await start(folder)
      times.stopped.push(first.milliseconds)
      await end(first.child, 'SIGKILL')
      const second = await start(folder)
      times.killed.push(second.milliseconds)
      await end(second.child, 'SIGTERM')
    }
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
  return [row('ready/after-stop', times.stopped), row('ready/after-kill', times.killed)]
}

interface Started {
  readonly child: ChildProcess
  readonly milliseconds: number
}

async function start(folder: string): Promise<Started> {
  const port = await freePort()
  const jwks = join(folder, '..', 'jwks.json')
  const access = ['--jwks', jwks, '--issuer', 'bench', '--audience', 'issuerkit']
  const args = [PROGRAM, 'serve', ...access, '--data', folder, '--port', `${port}`, '--log-level', 'error']
  const env = { ...process.env, ISSUERKIT_MASTER_KEY: '07'.repeat(32) }
  const begun = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore'], env })
  const url = `http://127.0.0.1:${port}/health/ready`
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`the host ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
  return { child, milliseconds: performance.now() - begun }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

function row(name: string, times: readonly number[]): BenchResult {
  return { name, unit: 'ms', median: median(times), min: Math.min(...times), max: Math.max(...times) }
}
