/** `issuerkit conformance`: the test of an e-purse card, on a virtual card or on the one in a reader. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { IssuerkitError } from '@issuerkit/apdu'
import { parsePurseProfile } from '@issuerkit/card'
import {
  type CardUnderTest,
  CONFORMANCE_CASES,
  type ConformanceCase,
  type ConformanceReport,
  chapterLines,
  connectReader,
  createSeededRandom,
  htmlReport,
  junitReport,
  listReaders,
  type PurseTestProfile,
  parsePurseTestProfile,
  purseTestProfile,
  runConformance,
  virtualPurse,
} from '@issuerkit/terminal'
import { Command } from 'commander'
import { HostError, systemCode } from '../errors.js'
import { readProfile } from './card-new.js'
import { type CommandIo, EXIT } from './io.js'
import { namedPurseProfile } from './purse-profiles.js'
import type { Readers } from './read.js'

interface ConformanceCommandOptions {
  readonly card: readonly string[]
  readonly profile: string
  readonly only?: readonly string[]
  readonly includeDestructive?: boolean
  readonly report?: readonly string[]
  readonly json?: boolean
}

/** What a test puts in the place of the machine's own. */
export interface ConformanceSurroundings extends Readers {
  readonly cases: readonly ConformanceCase[]
  /** Whether somebody watches standard error. */
  readonly watched: boolean
}

/** How a report is written, by the end of its file's name. */
const FORMATS: readonly (readonly [end: string, format: (report: ConformanceReport) => string])[] = [
  ['.xml', junitReport],
  ['.html', htmlReport],
  ['.json', (report) => `${JSON.stringify(report, undefined, 2)}\n`],
]

/** A virtual card's random numbers come from here: a run of it can be repeated. */
const SEED = 2008

const CARD_USE = '--card virtual, or --card reader and the name of a reader'

/** The command; `done` takes its exit code: 1 when a case failed. */
export function conformanceCommand(
  io: CommandIo,
  done: (code: number) => void,
  surroundings: Partial<ConformanceSurroundings> = {},
): Command {
  const around: ConformanceSurroundings = {
    listReaders,
    connectReader,
    cases: CONFORMANCE_CASES,
    watched: process.stderr.isTTY === true,
    ...surroundings,
  }
  return new Command('conformance')
    .description('test an e-purse card against the card test specification: commands, transactions, power cuts')
    .option('--card <card...>', '`virtual`, or `reader` and its name; without a name the first with a card', [
      'virtual',
    ])
    .option(
      '--profile <profile>',
      'etc-2008, fmcos, or a file that describes the card: its PIN, keys and files',
      'etc-2008',
    )
    .option('--only <id>', 'only this case or chapter, say 4.1.3 (again for another)', collect)
    .option('--include-destructive', 'let a case kill a card that is not virtual')
    .option('--report <file>', 'write a report: .xml JUnit, .html for a laboratory, .json (again for another)', collect)
    .option('--json', 'print one JSON object')
    .action(async (options: ConformanceCommandOptions) => done(await conformance(options, io, around)))
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

async function conformance(
  { card, profile, only = [], includeDestructive = false, report: files = [], json = false }: ConformanceCommandOptions,
  io: CommandIo,
  around: ConformanceSurroundings,
): Promise<number> {
  const reports = files.map(reportFile)
  const tested = await openCard(card, profile, around)
  try {
    const report = await run(tested, { only, includeDestructive }, io, around)
    for (const write of reports) write(report)
    io.out(json ? `${JSON.stringify(report)}\n` : chapterLines(report))
    return report.failed === 0 ? EXIT.ok : EXIT.negative
  } finally {
    await tested.connection.disconnect()
  }
}

async function run(
  card: CardUnderTest,
  options: { readonly only: readonly string[]; readonly includeDestructive: boolean },
  io: CommandIo,
  { cases, watched }: ConformanceSurroundings,
): Promise<ConformanceReport> {
  try {
    return await runConformance(card, cases, {
      ...options,
      onProgress: ({ done, total, last: { id, verdict } }) => {
        // The line is written over, and gone at the end.
        if (watched) io.err(`\r\u001b[K${done === total ? '' : `${done}/${total} ${id} ${verdict}`}`)
      },
    })
  } catch (cause) {
    // A chapter that is not there is the only thing that the run itself refuses.
    throw cause instanceof IssuerkitError ? new HostError('ERR_USAGE', cause.message, { cause }) : cause
  }
}

async function openCard(
  [kind, ...words]: readonly string[],
  profile: string,
  { listReaders, connectReader }: Readers,
): Promise<CardUnderTest> {
  if (kind === 'virtual' && words.length === 0) return virtualCard(profile)
  if (kind !== 'reader') throw new HostError('ERR_USAGE', CARD_USE)
  const expected = expectedOf(profile)
  // A name of several words, quoted or not.
  const name = words.length > 0 ? words.join(' ') : (await listReaders()).find(({ atr }) => atr !== undefined)?.name
  if (name === undefined) {
    throw new IssuerkitError('ERR_READER', { label: 'readers', expected: 'one with a card', got: 'none' })
  }
  return { connection: await connectReader(name, { share: 'exclusive' }), profile: expected }
}

/** A new card, by the profile that a virtual card is made of. */
function virtualCard(profile: string): CardUnderTest {
  const made = namedPurseProfile(profile)
  const { bytes } = createSeededRandom(SEED)
  return usable(profile, () => virtualPurse(made ?? parsePurseProfile(readProfile(profile)), { random: bytes }))
}

/** What the card in a reader should be: by the profile that it was made of, or by a description of the card as it is. */
function expectedOf(profile: string): PurseTestProfile {
  const made = namedPurseProfile(profile)
  if (made !== undefined) return purseTestProfile(made)
  const json = readProfile(profile)
  const isDescription = typeof json === 'object' && json !== null && 'mf' in json
  return usable(profile, () =>
    isDescription ? parsePurseTestProfile(json) : purseTestProfile(parsePurseProfile(json)),
  )
}

/** What a file gives, or that it cannot be used. */
function usable<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw cause instanceof IssuerkitError ? new HostError('ERR_USAGE', `${file}: ${cause.message}`, { cause }) : cause
  }
}

/** The file, opened before the run so that no run is lost. @throws ERR_USAGE for another ending, or when it cannot be written */
function reportFile(path: string): (report: ConformanceReport) => void {
  const [, format] = FORMATS.find(([end]) => path.toLowerCase().endsWith(end)) ?? []
  if (format === undefined) {
    throw new HostError('ERR_USAGE', `${path}: a report ends in ${FORMATS.map(([end]) => end).join(', ')}`)
  }
  let file: number
  try {
    file = openSync(path, 'w')
  } catch (cause) {
    throw new HostError('ERR_USAGE', `${path} cannot be written (${systemCode(cause)})`, { cause })
  }
  return (report) => {
    writeSync(file, format(report))
    closeSync(file)
  }
}
