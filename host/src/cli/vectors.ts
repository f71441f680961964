/**
 * `issuerkit vectors FILE…`: runs vector files through the packages and says what came out differently.
 */
import { readFile } from 'node:fs/promises'
import { IssuerkitError } from '@issuerkit/apdu'
import { Command } from 'commander'
import { systemCode } from '../errors.js'
import type { VectorReport } from '../vectors/run.js'
import { type CommandIo, EXIT } from './io.js'

interface Refusal {
  readonly file: string
  readonly refused: string
}
type Outcome = ({ readonly file: string } & VectorReport) | Refusal

/** The command; `done` takes its exit code. */
export function vectorsCommand(io: CommandIo, done: (code: number) => void): Command {
  return new Command('vectors')
    .description('run vector files through the packages')
    .argument('<files...>', 'files in the format of vectors/README.md')
    .option('--json', 'print one JSON object a file')
    .action(async (files: string[], { json }: { json?: true }) => {
      let code: number = EXIT.ok
      for (const file of files) {
        const outcome = await runFile(file)
        const print = 'refused' in outcome ? io.err : io.out
        print(json === true ? `${JSON.stringify(outcome)}\n` : describe(outcome))
        if ('refused' in outcome) code = EXIT.usage
        else if (outcome.failed > 0) code = Math.max(code, EXIT.negative)
      }
      done(code)
    })
}

async function runFile(file: string): Promise<Outcome> {
  const { runVectorFile } = await import('../vectors/run.js')
  try {
    return { file, ...runVectorFile(await readFile(file, 'utf8')) }
  } catch (error) {
    if (error instanceof IssuerkitError) return { file, refused: error.message }
    const code = systemCode(error)
    if (code === undefined) throw error
    return { file, refused: `cannot be read (${code})` }
  }
}

function describe(outcome: Outcome): string {
  if ('refused' in outcome) return `${outcome.file}: ${outcome.refused}\n`
  const { operation, passed, failed, failures } = outcome
  const lines = failures.map(({ id, stage, expected, got }) => `  ${id}: ${stage}: expected ${expected}, got ${got}`)
  return [`${operation}: ${passed} passed, ${failed} failed`, ...lines, ''].join('\n')
}
