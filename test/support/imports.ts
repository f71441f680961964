/** Which modules a module names, in every way that TypeScript and Node offer. */
import { builtinModules } from 'node:module'
import { codeTokens, comments, type Token } from './source.js'

export interface ModuleImport {
  /** The module named; `undefined` when it is computed at run time, which no rule could judge. */
  readonly specifier: string | undefined
  /** The names taken from it: `*` for the whole module or a dynamic import, `default`. */
  readonly names: readonly string[]
  readonly line: number
}

const BUILTINS: ReadonlySet<string> = new Set(builtinModules)
const CALLS = new Set(['require', 'createRequire', 'getBuiltinModule'])
const REFERENCE = /^\/\/\/\s*<reference\s+(?:types|path|lib)\s*=\s*["']([^"']+)["']/

/** The name of a Node built-in always with `node:`, whatever way it was written. */
function canonical(specifier: string): string {
  return BUILTINS.has(specifier) ? `node:${specifier}` : specifier
}

/** The imports, re-exports, dynamic imports, type imports, requires and reference directives of a module. */
export function importsOf(source: string): ModuleImport[] {
  const tokens = codeTokens(source)
  const found: ModuleImport[] = []
  const text = (i: number): string | undefined => tokens[i]?.text
  const isString = (i: number): boolean => tokens[i]?.kind === 'string'
  const add = (i: number, token: Token | undefined, names: readonly string[]): void => {
    const specifier = token === undefined || token.text.includes('\\') ? undefined : canonical(token.text)
    found.push({ specifier, names, line: tokens[i]?.line ?? 0 })
  }
  /** The string or template that stands alone as the first argument of the call whose parenthesis is at `open`. */
  const argument = (open: number): Token | undefined => {
    const token = tokens[open + 1]
    const literal = token?.kind === 'string' || token?.kind === 'template'
    return literal && [')', ','].includes(text(open + 2) ?? '') ? token : undefined
  }

  tokens.forEach((token, i) => {
    if (token.kind !== 'word' || ['.', '?.'].includes(text(i - 1) ?? '')) {
      // A property: only process.getBuiltinModule reaches a module by one.
      if (token.text === 'getBuiltinModule' && text(i + 1) === '(') add(i, argument(i + 1), ['*'])
      return
    }
    if (token.text === 'import') {
      if (text(i + 1) === '(') add(i, argument(i + 1), ['*'])
      else if (isString(i + 1)) add(i, tokens[i + 1], [])
      else if (![':', '.', ';', ',', '}', ')'].includes(text(i + 1) ?? ';')) clause(i)
    } else if (token.text === 'export') {
      const start = text(i + 1) === 'type' ? i + 2 : i + 1
      if (text(start) === '*' || text(start) === '{') clause(i)
    } else if (CALLS.has(token.text) && text(i + 1) === '(') {
      if (token.text !== 'createRequire') add(i, argument(i + 1), ['*'])
      else add(i, undefined, ['*'])
    }
  })

  /** `import … from 'x'`, `export … from 'x'`; an `export { … }` without `from` and an `import x = require()` end it. */
  function clause(start: number): void {
    const names: string[] = []
    let inBraces = false
    for (let i = start + 1; i < tokens.length; i++) {
      const token = tokens[i]
      if (token?.text === 'from' && isString(i + 1)) {
        add(start, tokens[i + 1], names)
        return
      }
      if (token === undefined || ['=', ';'].includes(token.text)) return
      if (token.text === '}' && text(i + 1) !== 'from') return
      if (token.text === '{') inBraces = true
      if (token.text === '*') names.push('*')
      else if (token.kind === 'word' && !['type', 'as'].includes(token.text) && text(i - 1) !== 'as') {
        names.push(inBraces ? token.text : 'default')
      }
    }
  }

  for (const comment of comments(source)) {
    const reference = REFERENCE.exec(comment.text)?.[1]
    if (reference !== undefined) found.push({ specifier: `reference:${reference}`, names: [], line: comment.line })
  }
  return found
}
