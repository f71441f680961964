/**
 * `npm run mutate [-- --package NAME]… [--file PATH]… [--concurrency N] [--check]`: mutation tests of the pure packages, one
 * run a package, each judged by that package's own tests. It fails when a package scores below the mark, when a mutant
 * survives that docs/mutation.md does not list, and when one listed there is gone. `--check` only holds that list
 * (`--list PATH` another one) against the sources.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const PURE = ['apdu', 'keys', 'scripts', 'oda', 'securechannel']
const MARK = 92

// Properties of the tests run so many cases for each mutant, not the thousand of `npm test`.
process.env.PROPERTY_RUNS ??= '25'
process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const oneLine = (text) => text.replaceAll(/\s+/g, ' ').trim()

/** The rows of the list: `| file | mutator | original | replacement | reason |`, code in backticks, `\|` for a bar in it. */
function readList(path) {
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| packages/'))
  return rows.map((line) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))
    const [, file, mutator, original, replacement, reason] = cells
    if (cells.length !== 7 || reason === '') throw new Error(`${path}: not five cells with a reason: ${line}`)
    const code = (cell) => cell.replace(/^(`+) ?(.*?) ?\1$/, '$2')
    return { file, mutator, original: code(original), replacement: code(replacement), reason }
  })
}

const keyOf = ({ file, mutator, original, replacement }) => [file, mutator, original, replacement].join(' | ')

/** A row for the list, to be given its reason. */
function toRow({ file, mutator, original, replacement }) {
  const code = (text) => {
    const ticks = text.includes('`') ? '``' : '`'
    return `${ticks}${ticks === '``' ? ' ' : ''}${text.replaceAll('|', '\\|')}${ticks === '``' ? ' ' : ''}${ticks}`
  }
  return `| ${file} | ${mutator} | ${code(original)} | ${code(replacement)} | |`
}

/** The text of the source between two places, whose lines and columns count from 1. */
function sourceAt(file, { start, end }) {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line)
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1)
  lines[0] = lines[0].slice(start.column - 1)
  return oneLine(lines.join('\n'))
}

/** Runs Stryker on the files of one package and prints its score. */
async function runPackage(name, files, concurrency) {
  const { Stryker } = await import('@stryker-mutator/core')
  const { default: config } = await import('../stryker.config.mjs')
  const report = (kind) => ({ fileName: `reports/mutation/${name}.${kind}` })
  const results = await new Stryker({
    mutate: files,
    ignorePatterns: [...config.ignorePatterns, `!packages/${name}/**`, '**/dist', '**/node_modules'],
    jsonReporter: report('json'),
    htmlReporter: report('html'),
    ...(concurrency === undefined ? {} : { concurrency }),
  }).runMutationTest()
  const count = (...statuses) => results.filter(({ status }) => statuses.includes(status)).length
  const detected = count('Killed', 'Timeout')
  const left = results.filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
  const survivors = left.map((mutant) => {
    const file = mutant.fileName.replace(`${process.cwd()}/`, '')
    const original = sourceAt(file, mutant.location)
    return { file, mutator: mutant.mutatorName, original, replacement: oneLine(mutant.replacement) }
  })
  const codes = results.filter(({ fileName, location, status, mutatorName }) => {
    return mutatorName === 'StringLiteral' && status !== 'Ignored' && sourceAt(fileName, location).startsWith("'ERR_")
  })
  const score = (100 * detected) / (detected + left.length)
  const ignored = count('Ignored')
  console.log(
    `${name}: ${score.toFixed(1)} % of ${detected + left.length} mutants detected, ${left.length} survive,`,
    `${codes.length} of them error codes, ${ignored} left out (texts, top level of modules)`,
  )
  return { name, score, survivors, codes: codes.length, throws: files.some((file) => throwsCodes(file)) }
}

const throwsCodes = (file) => /\('ERR_/.test(readFileSync(file, 'utf8'))

/** The files of a package that are mutated: all sources but the lists of exports and the tables. */
function filesOf(name) {
  const folder = `packages/${name}/src`
  return readdirSync(folder, { recursive: true })
    .map((file) => `${folder}/${String(file).replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts') && !/(\/index|\.data)\.ts$/.test(file))
    .sort()
}

/** Listed once, found once; in the number of times that it occurs. */
function compare(survivors, listed, files) {
  const faults = []
  const open = new Map()
  for (const row of listed) open.set(keyOf(row), [...(open.get(keyOf(row)) ?? []), row])
  for (const mutant of survivors) {
    if (open.get(keyOf(mutant))?.pop() === undefined) faults.push(`survives and is not listed:\n${toRow(mutant)}`)
  }
  for (const row of [...open.values()].flat()) {
    if (files.includes(row.file)) faults.push(`is listed and does not survive:\n${toRow(row)}`)
  }
  return faults
}

/** Rows whose original no longer stands in its file. */
function checkList(listed) {
  const gone = listed.filter(({ file, original }) => {
    return !existsSync(file) || !oneLine(readFileSync(file, 'utf8')).includes(original)
  })
  return gone.map((row) => `is listed, but not in the source any more:\n${toRow(row)}`)
}

const { values } = parseArgs({
  options: {
    package: { type: 'string', multiple: true },
    file: { type: 'string', multiple: true },
    concurrency: { type: 'string' },
    check: { type: 'boolean', default: false },
    list: { type: 'string', default: 'docs/mutation.md' },
  },
})
const concurrency = values.concurrency === undefined ? undefined : Number(values.concurrency)
const listed = readList(values.list)
const faults = checkList(listed)
if (!values.check) {
  const chosen = values.package ?? PURE.filter((name) => existsSync(`packages/${name}/src`))
  for (const name of chosen) {
    if (!PURE.includes(name) || !existsSync(`packages/${name}/src`)) throw new Error(`not a pure package: ${name}`)
    const files = filesOf(name).filter((file) => values.file === undefined || values.file.includes(file))
    if (files.length === 0) continue
    const { score, survivors, codes, throws } = await runPackage(name, files, concurrency)
    if (score < MARK) faults.push(`${name} scores ${score.toFixed(1)} %, the mark is ${MARK} %`)
    if (throws && codes === 0)
      faults.push(`${name}: no error code was mutated, scripts/mutate-ignorer.mjs fails its purpose`)
    faults.push(...compare(survivors, listed, files))
  }
}
for (const fault of faults) console.error(fault)
process.exitCode = faults.length === 0 ? 0 : 1
