/**
 * A small lexer for TypeScript: enough to tell code from comments, strings, templates and regular expressions,
 * so that the tests of the project's habits read programs and not just text.
 */

export type TokenKind = 'word' | 'number' | 'string' | 'template' | 'regex' | 'comment' | 'punct'

/** One token. `text` is the source text; for a string, and each text part of a template, what stands between the quotes. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly line: number
}

const SPACE = /\s+/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*/y
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$]*/uy
const NUMBER = /\.?\d[\w.]*/y
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const PUNCT = /===|!==|==|!=|=>|\?\.|\.\.\.|[^\w\s]/uy
const TEMPLATE_PART = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y

/** After one of these words, as after an operator, a slash starts a regular expression. */
const BEFORE_REGEX = new Set('return typeof instanceof in of new delete void throw case do else yield await'.split(' '))

/** The tokens of a module, comments included. Throws a plain Error, with the line, on text that is no TypeScript. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  /** One entry for each template that is open: the braces that are open inside its `${`. */
  const templates: number[] = []
  let at = 0
  let line = 1
  let last: Token | undefined

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  const push = (kind: TokenKind, raw: string, text = raw): void => {
    const token = { kind, text, line }
    tokens.push(token)
    if (kind !== 'comment') last = token
    at += raw.length
    for (const char of raw) if (char === '\n') line++
  }
  const templatePart = (): void => {
    const text = match(TEMPLATE_PART) ?? ''
    const end = source.startsWith('${', at + text.length) ? '${' : '`'
    if (!source.startsWith(end, at + text.length)) throw new Error(`line ${line}: a template without an end`)
    push('template', text + end, text)
    if (end === '${') templates.push(0)
  }
  const regexMayStart = (): boolean => {
    if (last === undefined) return true
    if (last.kind === 'punct') return !')]}'.includes(last.text)
    return last.kind === 'word' && BEFORE_REGEX.has(last.text)
  }

  while (at < source.length) {
    const space = match(SPACE)
    if (space !== undefined) {
      at += space.length
      for (const char of space) if (char === '\n') line++
      continue
    }
    const comment = match(COMMENT)
    if (comment !== undefined) {
      push('comment', comment)
      continue
    }
    const depth = templates.at(-1)
    const char = source.charAt(at)
    if (char === '`') {
      at++
      templatePart()
    } else if (char === '}' && depth === 0) {
      templates.pop()
      at++
      templatePart()
    } else if (char === "'" || char === '"') {
      const text = match(STRING)
      if (text === undefined) throw new Error(`line ${line}: a string without an end`)
      push('string', text, text.slice(1, -1))
    } else {
      if (depth !== undefined && char === '{') templates[templates.length - 1] = depth + 1
      if (depth !== undefined && char === '}') templates[templates.length - 1] = depth - 1
      const regex = char === '/' && regexMayStart() ? match(REGEX) : undefined
      if (regex !== undefined) {
        push('regex', regex)
        continue
      }
      const word = match(WORD)
      const number = word === undefined ? match(NUMBER) : undefined
      const text = word ?? number ?? match(PUNCT)
      if (text === undefined) throw new Error(`line ${line}: unexpected text`)
      push(word !== undefined ? 'word' : number !== undefined ? 'number' : 'punct', text)
    }
  }
  if (templates.length > 0) throw new Error('a template without an end')
  return tokens
}

/** The tokens without the comments. */
export function codeTokens(source: string): Token[] {
  return tokenize(source).filter((token) => token.kind !== 'comment')
}

/** The comments alone. */
export function comments(source: string): Token[] {
  return tokenize(source).filter((token) => token.kind === 'comment')
}
