/** Running a program of the project as a person would, on the sources. */
import { spawn } from 'node:child_process'
import { ROOT } from './tree.js'

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `node ARGUMENTS…` in the root of the project, TypeScript and all, to its end. */
export function runNode(...args: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, ['--conditions=@issuerkit/source', '--import', 'tsx', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...output }))
  })
}
