/** The rules of the architecture as functions from paths and texts to complaints; architecture.test.ts holds the tables. */
import { posix } from 'node:path'
import { importsOf } from './imports.js'
import { codeTokens, comments, type Token } from './source.js'
import { glob } from './tree.js'

/** Package -> the packages of the project that it may import; a pattern limits which of their names. */
export type Directions = Readonly<Record<string, Readonly<Record<string, RegExp>>>>

/** Who may import a module that is not of the project, and why. An exact name goes before one with `*`. */
export interface LibraryRow {
  readonly module: string
  readonly files: readonly string[]
  readonly reason: string
}

type Files = ReadonlyMap<string, string>

/** The package of a path (`packages/apdu/src/x.ts` -> `apdu`), or `undefined` for what belongs to the whole project. */
function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1] ?? (path.startsWith('host/') ? 'host' : undefined)
}

/** Imports between the packages of the project: which package, only by its name, only the names allowed. */
export function directionFaults(files: Files, directions: Directions): string[] {
  const faults: string[] = []
  for (const [path, source] of files) {
    const from = packageOf(path)
    const own = from === 'host' ? 'host/' : `packages/${from}/`
    const isTest = path.startsWith(`${own}test/`)
    for (const { specifier, names, line } of importsOf(source)) {
      const at = `${path}:${line}`
      if (specifier?.startsWith('@issuerkit/')) {
        const to = specifier.slice('@issuerkit/'.length)
        // Tests of the whole see everything, and those of a package see it as others do, by its name.
        const free = from === undefined || (from === to && isTest)
        const allowed = free ? /^/ : directions[from]?.[to]
        const refused = names.filter((name) => allowed !== undefined && !allowed.test(name))
        if (to.includes('/')) faults.push(`${at} reaches into ${specifier}`)
        else if (allowed === undefined) faults.push(`${at} imports ${specifier}, which ${from} must not`)
        else if (refused.length > 0) faults.push(`${at} imports ${refused.join(', ')} of ${specifier}`)
      } else if (specifier?.startsWith('.') && from !== undefined) {
        const target = posix.join(posix.dirname(path), specifier)
        const inside = target.startsWith(own) && (isTest || !target.startsWith(`${own}test/`))
        if (!inside && !(isTest && /^(vectors|test\/support)\//.test(target)))
          faults.push(`${at} leaves ${from}: ${specifier}`)
      }
    }
  }
  return faults
}

/** How the table names an import whose module is only known at run time. */
export const COMPUTED = '(computed)'

/** Imports of third-party libraries and Node's own modules by a file that no row of the table lets import them. */
export function libraryFaults(files: Files, rows: readonly LibraryRow[]): string[] {
  const faults: string[] = []
  for (const [path, source] of files) {
    for (const { specifier = COMPUTED, line } of importsOf(source)) {
      if (/^(\.|@issuerkit\/)/.test(specifier)) continue
      const exact = rows.filter((row) => row.module === specifier)
      const matching = exact.length > 0 ? exact : rows.filter((row) => glob(row.module).test(specifier))
      if (!matching.some((row) => row.files.some((file) => glob(file).test(path)))) {
        faults.push(`${path}:${line} imports ${specifier}`)
      }
    }
  }
  return faults
}

/** Rows of the table that no import needs. */
export function idleRows(files: Files, rows: readonly LibraryRow[]): string[] {
  const imports = [...files].flatMap(([path, source]) =>
    importsOf(source).map(({ specifier = COMPUTED }) => ({ path, specifier })),
  )
  const needed = (row: LibraryRow, file: string): boolean =>
    imports.some(({ path, specifier }) => glob(row.module).test(specifier) && glob(file).test(path))
  return rows
    .filter((row) => !row.files.some((file) => needed(row, file)))
    .map((row) => `${row.module} in ${row.files.join(', ')}`)
}

/** Global names of Node in code that must run everywhere. */
export function globalFaults(files: Files, names: readonly string[]): string[] {
  const faults: string[] = []
  for (const [path, source] of files) {
    const tokens = codeTokens(source)
    tokens.forEach((token, i) => {
      const property = tokens[i - 1]?.text === '.' || tokens[i + 1]?.text === ':'
      if (token.kind === 'word' && names.includes(token.text) && !property) {
        faults.push(`${path}:${token.line} uses ${token.text}`)
      }
    })
  }
  return faults
}

/** Promises in comments, and tests that are left out or run alone. */
export function promiseFaults(files: Files): string[] {
  const faults: string[] = []
  for (const [path, source] of files) {
    for (const { text, line } of comments(source)) {
      const promise = /\b(TODO|FIXME|XXX|HACK)\b/.exec(text)
      if (promise !== null) faults.push(`${path}:${line} says ${promise[0]}`)
    }
    const tokens = codeTokens(source)
    tokens.forEach(({ text, line }, i) => {
      const isCall = tokens[i - 1]?.text === '.' && ['(', '.', '<'].includes(tokens[i + 1]?.text ?? '')
      if (isCall && ['only', 'skip', 'todo', 'fails'].includes(text)) faults.push(`${path}:${line} has .${text}`)
    })
  }
  return faults
}

const SECRET = /(?:^|[a-z])(?:mac|cryptogram|arqc|arpc|pin|pinBlock|secret|digest|hash|token)$/i
/** `===` between two key objects asks whether they are one; their bytes must not be given to equalBytes. */
const SECRET_BYTES = /(?:^|[a-z])(?:mac|cryptogram|arqc|arpc|pin|pinBlock|secret|digest|hash|token|key)$/i
const PUBLIC = /(?:^public|Public)/

/**
 * Comparisons that return at the first difference where a secret may stand: `===` between two values of which one has a
 * secret's name, `equalBytes` of such a value, and `===` on hexadecimal text. `constantTimeEqual` is for those.
 */
export function comparisonFaults(files: Files): string[] {
  const faults: string[] = []
  const secret = (token: Token | undefined, names = SECRET): boolean =>
    token?.kind === 'word' && names.test(token.text) && !PUBLIC.test(token.text)
  for (const [path, source] of files) {
    const tokens = codeTokens(source)
    tokens.forEach(({ text, line }, i) => {
      if (['===', '!==', '==', '!='].includes(text)) {
        const sides = [tokens[i - 1], endOfOperand(tokens, i + 1)]
        const constant = sides.some(
          (side) =>
            side !== undefined &&
            (side.kind === 'string' ||
              side.kind === 'number' ||
              /^(undefined|null|true|false|[A-Z][A-Z0-9_]+)$/.test(side.text)),
        )
        const typeName = tokens[i - 2]?.text === 'typeof'
        if (!constant && !typeName && sides.some((side) => secret(side)))
          faults.push(`${path}:${line} compares a secret with ${text}`)
        const hex = sides[0]?.text === ')' && calleeOf(tokens, i - 1) === 'toHex'
        if (!constant && hex) faults.push(`${path}:${line} compares hex`)
      }
      if (text === 'equalBytes' && tokens[i + 1]?.text === '(') {
        const end = closing(tokens, i + 1)
        if (
          tokens.slice(i + 2, end).some((token, k) => secret(token, SECRET_BYTES) && tokens[i + 3 + k]?.text !== '.')
        ) {
          faults.push(`${path}:${line} gives a secret to equalBytes`)
        }
      }
    })
  }
  return faults
}

/** The last name of the operand that starts at `start`: `c` of `a.b?.c`. */
function endOfOperand(tokens: readonly Token[], start: number): Token | undefined {
  let i = start
  while (['.', '?.'].includes(tokens[i + 1]?.text ?? '')) i += 2
  return tokens[i]
}

/** The index of the parenthesis that closes the one at `open`. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]?.text === '(') depth++
    if (tokens[i]?.text === ')' && --depth === 0) return i
  }
  return tokens.length
}

/** The name of the function called by the call that ends with the parenthesis at `close`. */
function calleeOf(tokens: readonly Token[], close: number): string | undefined {
  let depth = 0
  for (let i = close; i >= 0; i--) {
    if (tokens[i]?.text === ')') depth++
    if (tokens[i]?.text === '(' && --depth === 0) return tokens[i - 1]?.text
  }
  return undefined
}

/** Files written by hand that are longer than the limit. */
export function lengthFaults(files: Files, limit: number, exceptions: readonly { files: string }[]): string[] {
  return [...files]
    .map(([path, source]) => ({ path, lines: source.split('\n').length - (source.endsWith('\n') ? 1 : 0) }))
    .filter(({ path, lines }) => lines > limit && !exceptions.some((row) => glob(row.files).test(path)))
    .map(({ path, lines }) => `${path} has ${lines} lines`)
}
