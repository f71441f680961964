/**
 * `issuerkit oda FILE…`: offline data authentication of recorded sessions, or with --batch of many cards, one JSON
 * object a line.
 */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { IssuerkitError, parseTranscript, readingFromTranscript } from '@issuerkit/apdu'
import {
  authenticateBatch,
  authenticateRecords,
  authenticateTranscript,
  type CaKeyProfile,
  type OdaMethod,
  type OdaVerdict,
  publishedCaKeys,
  type ReadingOptions,
  verdictText,
} from '@issuerkit/oda'
import { Command, Option } from 'commander'
import { systemCode } from '../errors.js'
import { strictFault } from '../json-body.js'
import { type CommandIo, EXIT } from './io.js'
import { storeOfFile } from './oda-ca-keys.js'
import { resultLine, verdictLines } from './oda-text.js'

interface OdaOptions {
  readonly date: string
  readonly method?: OdaMethod | 'records'
  readonly profile: CaKeyProfile
  readonly caKeys?: string
  readonly batch?: true
  readonly allowExpiredCaKey?: true
  readonly json?: true
  readonly explain?: true
}

const METHODS = ['sda', 'dda', 'cda', 'fdda', 'icc-key', 'pin-key', 'records'] as const

/** The command; `done` takes its exit code. */
export function odaCommand(io: CommandIo, done: (code: number) => void): Command {
  return new Command('oda')
    .description("check cards' offline data authentication")
    .argument('<files...>', 'recorded sessions (> command, < answer); - is a batch on standard input')
    .option('--batch', 'files are batches: one JSON object a line')
    .option('--date <YYYYMMDD>', 'the day as of which certificates are judged', today())
    .addOption(
      new Option(
        '--method <method>',
        'instead of what a terminal would choose; records: all that the records prove',
      ).choices(METHODS),
    )
    .addOption(new Option('--profile <profile>', 'whose keys vouch').choices(['live', 'test']).default('live'))
    .option('--ca-keys <file>', 'the only CA keys that vouch: JSON, CSV, or TLV in hexadecimal, one key a line')
    .option('--allow-expired-ca-key', 'let an expired CA key vouch')
    .option('--json', 'print one JSON object a verdict')
    .option('--explain', 'show every field in full')
    .action(async (files: string[], options: OdaOptions) => done(await oda(files, options, io)))
}

function today(): string {
  return new Date().toISOString().slice(0, 10).replaceAll('-', '')
}

async function oda(files: readonly string[], options: OdaOptions, io: CommandIo): Promise<number> {
  const { date: transactionDate, profile, allowExpiredCaKey = false, caKeys } = options
  const store = caKeys === undefined ? publishedCaKeys().store : storeOfFile(caKeys, profile, io)
  const given: ReadingOptions = { store, profile, transactionDate, allowExpiredCaKey }
  let code: number = EXIT.ok
  for (const file of files) {
    try {
      const many = options.batch === true || file === '-'
      code = Math.max(code, many ? await batch(file, given, options, io) : await session(file, given, options, io))
    } catch (error) {
      const reason = error instanceof IssuerkitError ? error.message : unreadable(error)
      io.err(`${file}: ${reason}\n`)
      code = EXIT.usage
    }
  }
  return code
}

function unreadable(error: unknown): string {
  const code = systemCode(error)
  if (code === undefined) throw error
  return `cannot be read (${code})`
}

async function session(file: string, given: ReadingOptions, options: OdaOptions, io: CommandIo): Promise<number> {
  const entries = parseTranscript(await readFile(file, 'utf8'))
  const { method } = options
  const verdicts: readonly OdaVerdict[] =
    method === 'records'
      ? authenticateRecords(readingFromTranscript(entries), given)
      : [authenticateTranscript(entries, method === undefined ? given : { ...given, method })]
  for (const verdict of verdicts) {
    const text = verdictText(verdict)
    io.out(
      options.json === true
        ? `${JSON.stringify({ file, ...text })}\n`
        : verdictLines(file, text, options.explain === true),
    )
  }
  return verdicts.every(({ ok }) => ok) ? EXIT.ok : EXIT.negative
}

async function batch(file: string, given: ReadingOptions, options: OdaOptions, io: CommandIo): Promise<number> {
  const { method, json = false, explain = false } = options
  if (method === 'records') throw new IssuerkitError('ERR_OPTION', { label: '--method records', expected: 'no batch' })
  const input: AsyncIterable<Uint8Array> = file === '-' ? (io.input ?? process.stdin) : createReadStream(file)
  let code: number = EXIT.ok
  const settings = { ...given, ...(method === undefined ? {} : { method }), explain, fault: strictFault }
  for await (const result of authenticateBatch(input, settings)) {
    io.out(json ? `${JSON.stringify(result)}\n` : resultLine(result))
    if ('error' in result) code = EXIT.usage
    else if (!result.ok) code = Math.max(code, EXIT.negative)
  }
  return code
}
