/** The lexer behind the tests of the habits: it must not take text for code, or code for text. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are sources to be read
import { describe, expect, it } from 'vitest'
import { importsOf } from './support/imports.js'
import { codeTokens, comments, tokenize } from './support/source.js'
import { projectFiles } from './support/tree.js'

const words = (source: string): string[] =>
  codeTokens(source)
    .filter(({ kind }) => kind === 'word')
    .map(({ text }) => text)

describe('the lexer', () => {
  it.each([
    ['a quote in a regular expression', 'a = /["\']/; b', ['a', 'b']],
    ['a slash in a class of one', 'a = /[/"]/g; b', ['a', 'b']],
    ['a regular expression behind return', 'return /"/.test(a)', ['return', 'test', 'a']],
    ['a division', 'a / b; c / "d"', ['a', 'b', 'c']],
    ['a division behind brackets', '(a) / b / c["x"] / d', ['a', 'b', 'c', 'd']],
    ['an escaped quote', "a = 'it\\'s // b'; c", ['a', 'c']],
    ['comment marks in a string', "a = '/*'; b = '*/'", ['a', 'b']],
    ['quotes in a comment', 'a // it\'s\nb /* " */ c', ['a', 'b', 'c']],
    ['a template in a template', 'a = `x ${b(`y ${c} z`)} w`; d', ['a', 'b', 'c', 'd']],
    ['braces in a template', 'a = `${{ b: "}" }}`; c', ['a', 'b', 'c']],
    ['a dollar in a template', 'a = `$ $1 \\${b}`; c', ['a', 'c']],
  ])('reads %s', (_, source, expected) => expect(words(source)).toEqual(expected))

  it('knows the line of every token, after texts of several lines too', () => {
    const lines = tokenize('a\n`b\n${c}\n`\n/* d\n */ e').map(({ text, line }) => [text, line])
    expect(lines).toEqual([
      ['a', 1],
      ['b\n', 2],
      ['c', 3],
      ['\n', 3],
      ['/* d\n */', 5],
      ['e', 6],
    ])
  })

  it.each(["'a", '"a\nb"', '`a', '`${a', '`${a}'])('refuses %j', (source) => {
    expect(() => tokenize(source)).toThrow('without an end')
  })

  it('reads every source of the project, and finds the comment that each begins with or has', () => {
    for (const [path, source] of projectFiles(/\.(ts|mjs)$/)) {
      const rebuilt = tokenize(source).filter(({ kind }) => kind !== 'string' && kind !== 'template')
      expect(source, path).toContain(rebuilt.at(-1)?.text ?? '')
      if (source.startsWith('/**')) expect(comments(source)[0]?.line, path).toBe(1)
    }
  })
})

describe('the reader of imports', () => {
  it.each([
    ["import a, { b as c, type D } from 'x'", ['default', 'b', 'D']],
    ["import type { A } from 'x'", ['A']],
    ["import type A from 'x'", ['default']],
    ["import * as a from 'x'", ['*']],
    ["export { a as b, type C } from 'x'", ['a', 'C']],
    ["export type * from 'x'", ['*']],
    ["import 'x'", []],
    ["import a from 'x' with { type: 'json' }", ['default']],
  ])('finds what is taken by %s', (source, names) => {
    expect(importsOf(source)).toEqual([{ specifier: 'x', names, line: 1 }])
  })

  it('finds several, with their lines', () => {
    const found = importsOf("import a from 'a'\n\nexport {\n  b,\n} from 'b'\nexport { a }\nlet c = await import('fs')")
    expect(found.map(({ specifier, line }) => [specifier, line])).toEqual([
      ['a', 1],
      ['b', 3],
      ['node:fs', 7],
    ])
  })
})
