/** A command line that runs in this process, with its output caught. */
import { runCommandLine } from '../../src/cli/program.js'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command line with `input` as its standard input. */
export async function run(args: readonly string[], input = ''): Promise<Ran> {
  const written = { out: '', err: '' }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(input)
  }
  const code = await runCommandLine(args, {
    out: (text) => {
      written.out += text
    },
    err: (text) => {
      written.err += text
    },
    input: chunks(),
    environment: {},
  })
  return { code, ...written }
}
