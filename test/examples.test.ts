/** Every program in examples/ runs as its first comment says, ends well, and prints what its last comment says. */
import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { comments } from './support/source.js'
import { projectFiles, ROOT } from './support/tree.js'

const EXAMPLES = projectFiles(/^examples\/[^/]+\.ts$/)

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program on the sources, as tests do: no build is needed. */
function run(path: string): Promise<Run> {
  const child = spawn(process.execPath, ['--conditions=@issuerkit/source', '--import', 'tsx', path], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
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

/** What an example says that it prints: the lines of its last comment, behind "Prints:". */
function promised(source: string): string | undefined {
  const last = comments(source).at(-1)?.text ?? ''
  const [, lines] = /^\/\* Prints:\n([\s\S]*)\n\*\/$/.exec(last) ?? []
  return lines
}

describe('examples', () => {
  it('are there', () => expect(EXAMPLES.size).toBeGreaterThan(0))

  it.concurrent.each([...EXAMPLES])('%s', async (path, source) => {
    const { code, stdout, stderr } = await run(path)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.trimEnd()).toBe(promised(source))
  })
})
